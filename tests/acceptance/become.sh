#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Becoming root and others: without a password, with one, with a wrong one, with none; and a password that shows nowhere.

. "$(dirname "$0")/helpers.bash"

built roost roost-agent
desk_begin
secret="Pw-$RANDOM$RANDOM-tell-nobody" wrong="Pw-$RANDOM-wrong"
nodes_start bookworm a
nodes_start trixie b
for name in a b; do
    printf 'admin:%s\n' "$secret" | node exec $name chpasswd
    node exec $name useradd -m third </dev/null
done
node inventory | sed 's/ansible_user=root//' >hosts.ini
printf '%s\n' "$secret" >right.txt
printf '%s\n' "$wrong" >wrong.txt
chmod 600 ./*.txt

# Looks at every process of this machine, nodes included, until its folder is gone.
cat >watch.py <<'PYTHON'
import glob, os, sys, time
words = [open(path, "rb").read().strip() for path in sys.argv[1:3]]
rounds = 0
while os.path.exists(sys.argv[3]):
    rounds += 1
    for path in glob.glob("/proc/[0-9]*/cmdline") + glob.glob("/proc/[0-9]*/environ"):
        try:
            data = open(path, "rb").read()
        except OSError:
            continue
        if any(word in data for word in words):
            print(path, data[:300], flush=True)
print("rounds", rounds)
PYTHON
touch watching
python3 -B watch.py right.txt wrong.txt watching >seen 2>&1 &
watcher=$!
trap 'code=$?; set +e; rm -f "$DESK/watching"; (exit $code); nodes_end' EXIT

play who <<'YAML'
- hosts: all
  gather_facts: false
  tasks:
    - command: id -un
      register: me
      changed_when: false
    - command: id -un
      register: root
      become: true
      changed_when: false
    - shell: id -un; cat /etc/shadow 2>/dev/null | wc -l; echo $HOME
      register: third
      become: true
      become_user: third
      changed_when: false
    - copy: { content: "of the third\n", dest: ~/file, mode: "0600" }
      become: true
      become_user: third
    - command: sleep 1
      become: true
      changed_when: false
    - debug: { msg: "{{ me.stdout }} {{ root.stdout }} {{ third.stdout_lines | join(' ') }}" }
YAML

step "a user who needs no password"
roost_ends 0 apply who.yml -i hosts.ini -u ops
check_contains "who" '"msg": "ops root third 0 /home/third"' "$OUT"
check_recap a changed=1 failed=0
check_equal "owner and mode" "third third 600" "$(node ssh a stat -c '%U\ %G\ %a' /home/third/file </dev/null)"
roost_ends 0 apply who.yml -i hosts.ini -u ops
check_recap b changed=0

step "a user who gives a password from a file"
roost_ends 0 apply who.yml -i hosts.ini -u admin --become-password-file right.txt -vvvv --json-lines events.jsonl
check_contains "who" 'admin root third 0 /home/third' "$OUT"

step "su asks for its password on a terminal: it gets one; root needs none"
for name in a b; do
    printf 'root:%s\nthird:%s\n' "$secret" "$secret" | node exec $name chpasswd
done
roost_ends 0 apply who.yml -i hosts.ini -u admin --become-method su --become-password-file right.txt -vvvv
check_contains "who" 'admin root third 0 /home/third' "$OUT"
roost_ends 2 apply who.yml -i hosts.ini -u admin --become-method su --become-password-file wrong.txt
check_equal "the sentence" "Incorrect su password" "$(sentence a)"
check_recap a ok=1 failed=1 unreachable=0
roost_ends 2 apply who.yml -i hosts.ini -u admin --become-method su
check_equal "the sentence" "Missing su password" "$(sentence a)"
roost_ends 0 apply who.yml -i hosts.ini -u root --become-method su
check_contains "who" '"msg": "root root third 0 /home/third"' "$OUT"

step "modules that are not Roost's own, over ssh: a script, one that reads JSON, a program; as others, and as jobs"
mkdir -p library
cat >library/sourced <<'END'
#!/bin/bash
. "$1"
printf '{"changed": true, "said": "%s %s"}\n' "$(id -un)" "$said"
END
cat >library/reader <<'END'
#!/bin/sh
# WANT_JSON
printf '{"given": %s}' "$(cat "$1")"
END
printf '#include <stdio.h>\nint main(int c, char **v) { FILE *f = c > 1 ? fopen(v[1], "r") : 0; printf("{\\"opened\\": %%d}", f != 0); }\n' |
    cc -static -x c -o library/compiled -
chmod +x library/*
play foreign <<'YAML'
- hosts: all
  gather_facts: false
  tasks:
    - { sourced: "said=\"it's mine\"", register: own }
    - { sourced: { said: "$HOME `id`" }, become: true, become_user: third, register: third }
    - { reader: { a: [1, { b: c }], t: "\u00fc'" }, register: read }
    - { compiled: { x: 1 }, register: compiled }
    - { sourced: said=later, async: 60, poll: 1, register: job }
    - assert:
        that:
          - own.said == "ops it's mine"
          - third.said == "third $HOME `id`"
          - read.given.a[1].b == 'c' and read.given.t == "\u00fc'"
          - compiled.opened == 1
          - job.said == "ops later" and job.finished == 1
YAML
roost_ends 0 apply foreign.yml -i hosts.ini -u ops
check_recap a failed=0
check_recap b failed=0

step "a wrong password is said so, at once, for each host"
began=$SECONDS
roost_ends 2 apply who.yml -i hosts.ini -u admin --become-password-file wrong.txt
[ $((SECONDS - began)) -lt 40 ] || fail "it took $((SECONDS - began)) s"
for name in a b; do
    check_lines "the sentence" 1 "$(sentence $name)"
    check_contains "the sentence" "assword" "$(sentence $name)"
    check_recap $name ok=1 failed=1 unreachable=0
done

step "no password where one is needed"
roost_ends 2 apply who.yml -i hosts.ini -u admin
check_lines "the sentence" 1 "$(sentence a)"
check_contains "the sentence" "assword" "$(sentence a)"
check_recap a ok=1 failed=1

step "not a user"
roost_ends 2 run all -i hosts.ini -u ops -b --become-user nobody-of-this-name -m command -a id
check_contains "the sentence" "nobody-of-this-name" "$OUT"

step "the password shows nowhere"
rm -f watching
wait $watcher
check_contains "the watcher looked" "rounds" "$(cat seen)"
check_equal "processes that show it" "" "$(grep -v '^rounds' seen || true)"
for file in out notes events.jsonl; do
    check_fails grep -qF "$secret" $file
done
for name in a b; do
    node exec $name sh -c 'journalctl --no-pager -q; cat /var/log/* 2>/dev/null; find /tmp /var/tmp /var/lib/roost /run/user /home /root -xdev -type f -size -1M -exec cat {} +' \
        >logs </dev/null 2>/dev/null || true
    [ -s logs ] || fail "no logs were read"
    check_fails grep -qF "$secret" logs
    check_fails grep -qF "$wrong" logs
done
