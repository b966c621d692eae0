#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What goes wrong between here and a node: only that host is marked, the others go on, one sentence says why, the exit
# code is ansible-playbook's (4 unreachable, 2 failed), and nothing is left half done.
# shellcheck disable=SC2016 # expanded on the node

. "$(dirname "$0")/helpers.bash"

built roost roost-agent
desk_begin
nodes_start bookworm good bad
node inventory >hosts.ini
head -c 100000000 /dev/urandom >big.bin
play steps <<'YAML'
- hosts: all
  gather_facts: false
  tasks:
    - name: One
      command: "true"
      changed_when: false
    - name: Two
      command: "true"
      changed_when: false
YAML
play wait <<'YAML'
- hosts: all
  gather_facts: false
  tasks:
    - name: One
      command: "true"
      changed_when: false
    - name: Long
      shell: touch /run/waiting; sleep {{ seconds }}; echo done
      changed_when: false
      vars: { seconds: "{{ 60 if inventory_hostname == 'bad' else 0 }}" }
    - name: After
      command: "true"
      changed_when: false
YAML

# good_went_on OK: the other host did all its tasks.
good_went_on() { check_recap good "ok=$1" unreachable=0 failed=0; }

# unreachable PART: how the bad host ended.
unreachable() {
    check_recap bad unreachable=1 failed=0
    check_contains "marked" 'fatal: [bad]: UNREACHABLE! => ' "$OUT"
    check_lines "the sentence" 1 "$(sentence bad)"
    check_contains "the sentence" "$1" "$(sentence bad)"
}

# in_background ARGUMENT...: as roost_ends, but the end is awaited by background_ends CODE.
in_background() {
    timeout 120 "$BUILD/roost" "$@" >"$DESK/out" 2>"$DESK/notes" </dev/null &
    BACKGROUND=$!
}

background_ends() {
    local code=0
    wait $BACKGROUND || code=$?
    OUT=$(cat "$DESK/out")
    [ $code = "$1" ] || fail "it ended with $code, not $1"$'\n'"$OUT"$'\n'"$(cat "$DESK/notes")"
}

node_back() {
    node boot bad
    node wait bad
}

step "a cable that is out before the run"
node cut bad
roost_ends 4 apply steps.yml -i hosts.ini -T 3
unreachable "Failed to connect to the host via ssh: "
good_went_on 2
node heal bad
node wait bad

step "a port that nobody listens on"
roost_ends 4 apply steps.yml -i hosts.ini -e '{"ansible_port": "{{ 2299 if inventory_hostname == \"bad\" else 22 }}"}'
unreachable "Connection refused"
good_went_on 2

step "a name that does not resolve"
sed 's/^bad ansible_host=[^ ]*/bad ansible_host=no-such-name.invalid/' hosts.ini >name.ini
roost_ends 4 apply steps.yml -i name.ini
unreachable "Could not resolve hostname no-such-name.invalid"
good_went_on 2

step "a user who may not log in"
roost_ends 4 apply steps.yml -i hosts.ini -e '{"ansible_user": "{{ \"nobody-here\" if inventory_hostname == \"bad\" else \"root\" }}"}'
unreachable "Permission denied"
good_went_on 2

step "a host key that is not known"
grep -v '^bad,' "$NODES_DIR/known_hosts" >known
sed "s#$NODES_DIR/known_hosts#$DESK/known#" hosts.ini >unknown.ini
roost_ends 4 apply steps.yml -i unknown.ini
unreachable "host key is unknown"
good_went_on 2

step "a host key that is not the one on record: the machine was installed anew"
cp "$NODES_DIR/known_hosts" known
node wipe bad
node_back
roost_ends 4 apply steps.yml -i unknown.ini
unreachable "host key is not the one on record"
good_went_on 2

step "a node that hangs"
node freeze bad
began=$SECONDS
roost_ends 4 apply steps.yml -i hosts.ini -T 3
unreachable "Failed to connect to the host via ssh: "
good_went_on 2
check_equal "in time" yes "$([ $((SECONDS - began)) -lt 60 ] && echo yes)"
node thaw bad
node wait bad

step "the power goes in the middle of a task"
in_background apply wait.yml -i hosts.ini
eventually 30 node exec bad test -e /run/waiting
node kill bad
background_ends 4
unreachable ""
check_recap bad ok=1
good_went_on 3
node_back

step "the session is killed in the middle of a task"
in_background apply wait.yml -i hosts.ini
eventually 30 node exec bad test -e /run/waiting
node exec bad pkill -KILL -f roost-agent </dev/null
background_ends 4
unreachable ""
check_recap bad ok=1
good_went_on 3
eventually 10 node exec bad sh -c '! pgrep -f "[r]oost-agent"'
roost_ends 0 apply steps.yml -i hosts.ini
check_recap bad ok=2

step "this end is killed: nothing goes on running on the node"
node exec bad sh -c 'pkill -x sleep; rm -f /run/waiting' </dev/null
"$BUILD/roost" apply wait.yml -i hosts.ini >out 2>notes </dev/null &
BACKGROUND=$!
eventually 30 node exec bad test -e /run/waiting
kill -KILL $BACKGROUND
wait $BACKGROUND 2>/dev/null || true
eventually 20 node exec bad sh -c '! pgrep -f "[r]oost-agent" && ! pgrep -x sleep'

step "the power goes in the middle of a copy: no half file"
play copy <<'YAML'
- hosts: all
  gather_facts: false
  tasks:
    - name: Big
      copy: { src: big.bin, dest: /srv/big, mode: "0640" }
YAML
roost_ends 0 apply copy.yml -i hosts.ini --limit good
node limit bad 100mbit
in_background apply copy.yml -i hosts.ini
eventually 30 node exec bad sh -c 'find /srv /tmp /var/tmp /var/lib/roost /root -xdev -type f -size +3M ! -path "*/agent-*" | grep -q .'
node kill bad
background_ends 4
unreachable ""
good_went_on 1
node limit bad off
node_back
check_equal "the file" absent "$(node ssh bad 'test -e /srv/big && echo there || echo absent' </dev/null)"
roost_ends 0 apply copy.yml -i hosts.ini
check_recap bad changed=1
check_equal "the file now" "$(sha256sum <big.bin)" "$(node ssh bad sha256sum </dev/null '</srv/big')"
node exec bad rm -f /srv/big </dev/null

step "a library of the agent on the node is damaged"
node exec bad sh -c 'for f in /var/lib/roost/agent-*/lib/libc.so.6; do truncate -s 1000 "$f"; done' </dev/null
roost_ends 0 apply steps.yml -i hosts.ini
check_recap bad ok=2
good_went_on 2

step "the folder of the agent is a link to elsewhere"
node exec bad sh -c 'mv /var/lib/roost /srv/elsewhere && ln -s /srv/elsewhere /var/lib/roost' </dev/null
roost_ends 4 apply steps.yml -i hosts.ini
unreachable "/var/lib/roost"
good_went_on 2
node exec bad sh -c 'rm /var/lib/roost; mv /srv/elsewhere /var/lib/roost' </dev/null

step "a folder of the agent that belongs to somebody else"
node exec bad sh -c 'mkdir -m 777 /var/tmp/roost-$(id -u ops)' </dev/null
roost_ends 4 apply steps.yml -i hosts.ini -u ops -e ansible_user=ops --limit bad
unreachable "/var/tmp/roost-"
node exec bad sh -c 'rmdir /var/tmp/roost-*' </dev/null

step "a full disk"
node create small bookworm 150M
node boot small
node wait small
node inventory good small >small.ini
truncate -s 200M big.bin
roost_ends 0 apply steps.yml -i small.ini
node exec good rm -f /srv/big </dev/null
roost_ends 2 apply copy.yml -i small.ini
check_recap small failed=1 unreachable=0
check_lines "the sentence" 1 "$(sentence small)"
check_contains "the sentence" "No space left on device" "$(sentence small)"
check_recap good changed=1 failed=0
check_equal "the file" absent "$(node ssh small 'test -e /srv/big && echo there || echo absent' </dev/null)"
check_equal "temporary files" "" "$(node exec small find /srv /tmp /var/tmp /root -xdev -type f -size +1M </dev/null)"
roost_ends 0 apply steps.yml -i small.ini

step "a disk too small for the agent"
node destroy small
node create small bookworm 12M
node boot small
node wait small
node inventory good small >small.ini
roost_ends 4 apply steps.yml -i small.ini
check_recap small unreachable=1
check_contains "the sentence" "The agent could not be put on the host: " "$(sentence small)"
check_contains "what is missing" "disk full" "$(sentence small)"
good_went_on 2
check_equal "temporary files" "" "$(node exec small find /var/lib/roost -mindepth 1 </dev/null)"
