#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs through the controller: the same output as over ssh; held, let go on, ended, left alone by the operator; a canary; the
# hosts that failed again; the controller killed in the middle.

. "$(dirname "$0")/helpers.bash"

built roost roost-agent
desk_begin
nodes_start trixie n1 n2
node inventory n1 n2 >hosts.ini
export XDG_CONFIG_HOME=$DESK/config
gateway=$(node exec n1 ip -4 route show default </dev/null | awk '{ print $3 }')
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("", 0)); print(s.getsockname()[1])')

controller_start() {
    setpriv --pdeathsig KILL "$BUILD/roost" controller --state controller --listen "$gateway:$port" --address "$gateway:$port" >controller.log 2>&1 &
    controller=$!
    eventually 20 curl -sfk "https://$gateway:$port/health"
}

says() { # PATTERN VERB...: roost's output holds it
    local pattern=$1
    shift
    "$BUILD/roost" "$@" 2>&1 | grep -E "$pattern" >/dev/null # not -q: who is cut off while writing has failed
}

# via FILE ARGUMENT...: a run in the background, its output in FILE; $run is its number once it is known.
via() {
    local file=$1 before
    shift
    before=$(newest)
    "$BUILD/roost" apply --via controller -i hosts.ini "$@" >"$file" 2>"$file.err" </dev/null &
    follower=$!
    eventually 20 newer_than "$before"
    run=$(newest)
}
newest() { "$BUILD/roost" runs --json | python3 -c 'import json, sys; rows = json.load(sys.stdin); print(rows[0]["id"] if rows else 0)'; }
newer_than() { [ "$(newest)" -gt "$1" ]; }
state() { "$BUILD/roost" runs show "$1" --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["state"])'; }
state_is() { [ "$(state "$1")" = "$2" ]; }
ends() { # CODE: of the run in the background
    local code=0
    wait "$follower" || code=$?
    [ "$code" = "$1" ] || fail "the run ended with $code, not $1: $(cat out.run out.run.err)"
}
nothing_is_left() { [ -z "$(ls controller/runs)" ]; } # of the projects
on() { node exec "$1" sh -c "$2" </dev/null; }

step "two nodes at a controller"
roost_ends 0 controller init --state controller --listen "$gateway:$port" --address "$gateway:$port"
controller_start
roost_ends 0 run -i hosts.ini all -m ping
for name in n1 n2; do
    node exec $name sh -c 'cp -a /var/lib/roost/agent-* /opt/roost-agent && cat >/usr/local/bin/roost-agent && chmod 755 /usr/local/bin/roost-agent' <<'WRAPPER'
#!/bin/sh
exec /opt/roost-agent/loader --inhibit-cache --library-path /opt/roost-agent/lib /opt/roost-agent/roost-agent "$@"
WRAPPER
    roost_ends 0 joins token --name $name
    node exec $name roost-agent join - <<<"$OUT" >join.log 2>&1 || fail "$(cat join.log)"
    on $name "systemd-run --quiet --unit=roost-agent /usr/local/bin/roost-agent daemon --program /usr/local/bin/roost-agent"
done
for name in n1 n2; do eventually 20 says "$name +active +[^ ]+ +(just now|[0-9]+ s)" nodes; done

step "the same output as over ssh"
mkdir -p templates
echo 'I am {{ inventory_hostname }}: {{ greeting }} ({{ ansible_distribution }})' >templates/motd.j2
echo 'greeting: hello' >vars.yml
play site <<'PLAY'
- hosts: all
  vars_files: [vars.yml]
  tasks:
    - template: { src: motd.j2, dest: /etc/motd.roost, mode: "0644" }
    - copy: { content: "a file\n", dest: /root/a-file }
      notify: told
    - command: cat /etc/motd.roost
      register: motd
      changed_when: false
    - debug: { var: motd.stdout }
    - command: "false"
      ignore_errors: true
      when: inventory_hostname == 'n2'
  handlers:
    - name: told
      debug: { msg: a handler }
PLAY
roost_ends 0 apply site.yml -i hosts.ini
roost_ends 0 apply site.yml -i hosts.ini -f 1
over_ssh=$(sed -E 's/"(delta|start|end)": "[^"]*"/TIME/g' out)
printf '[galaxy]\ntoken = only-for-the-desk\n[sudo_become_plugin]\npassword = only-for-the-desk\n' >>"$ANSIBLE_CONFIG"
roost_ends 0 apply site.yml -i hosts.ini -f 1 --via controller
check_equal "byte for byte" "$over_ssh" "$(sed -E 's/"(delta|start|end)": "[^"]*"/TIME/g' out)"
check_equal "nothing else is said" "" "$NOTES"
on n1 'echo changed >/root/a-file'
ROOST_VIA=controller roost_ends 2 check site.yml -i hosts.ini
check_recap n1 changed=1
check_equal "a check changes nothing" changed "$(on n1 'cat /root/a-file')"
ROOST_VIA=controller roost_ends 0 apply site.yml -i hosts.ini
check_contains "its handler" "a handler" "$OUT"
check_equal "the node is as declared" "a file" "$(on n1 'cat /root/a-file')"
roost_ends 0 runs
check_contains "in the list" "site.yml" "$OUT"
eventually 10 nothing_is_left

check_fails grep -rq only-for-the-desk controller # the store, the run's files
: >"$ANSIBLE_CONFIG"

step "what it cannot do is refused"
roost_ends 5 apply site.yml -i hosts.ini --via controller --user root
check_contains "ssh's options" "--user has no meaning for a run through the controller" "$NOTES"
echo secret >vault-password
roost_ends 5 apply site.yml -i hosts.ini --via controller --vault-password-file vault-password
check_contains "a vault's password" "the password of a vault has no meaning for a run through the controller" "$NOTES"
roost_ends 5 apply site.yml -i hosts.ini --via controllers
check_contains "which way" "did you mean 'controller'" "$NOTES"
play here <<'PLAY'
- hosts: localhost
  gather_facts: false
  tasks: [{ command: touch here-i-was }]
PLAY
roost_ends 4 apply here.yml -i hosts.ini --via controller
check_contains "not on the controller" "would change the controller's own machine" "$(sentence localhost)"
play lookup <<PLAY
- hosts: n1
  gather_facts: false
  tasks: [{ debug: { msg: "{{ lookup('file', '$DESK/controller/trust/ca.key') }}" } }]
PLAY
roost_ends 2 apply lookup.yml -i hosts.ini --via controller
if grep -q 'PRIVATE KEY' out; then fail "a run has read the controller's keys"; fi

step "held, let go on; the operator goes away meanwhile"
play gates <<'PLAY'
- hosts: all
  gather_facts: false
  tasks:
    - { name: first, wait_for: { path: /run/gate-1, timeout: 60, sleep: 1 } }
    - { name: second, file: { path: /run/second, state: touch } }
    - { name: third, wait_for: { path: /run/gate-2, timeout: 60, sleep: 1 } }
PLAY
via out.run gates.yml
eventually 20 grep -q 'TASK \[first\]' out.run
roost_ends 0 runs pause "$run"
on n1 'touch /run/gate-1'
on n2 'touch /run/gate-1'
eventually 20 state_is "$run" paused
on n1 'test ! -e /run/second' || fail "a task was run while the run was held"
kill -INT "$follower"
ends 99
check_contains "how to come back" "roost runs follow $run" "$(cat out.run.err)"
roost_ends 0 runs resume "$run"
eventually 20 node exec n1 test -e /run/second </dev/null
on n1 'touch /run/gate-2'
on n2 'touch /run/gate-2'
roost_ends 0 runs follow "$run"
check_recap n1 ok=3
check_contains "from its beginning" "TASK [first]" "$OUT"

step "ended"
on n1 'rm /run/gate-1'
via out.run gates.yml --limit n1
eventually 20 grep -q 'TASK \[first\]' out.run
roost_ends 0 runs cancel "$run"
ends 99
check_equal "its state" cancelled "$(state "$run")"
eventually 20 node exec n1 sh -c '! pgrep -f "roost-agent session [0-9a-f]"' </dev/null

step "a node's agent goes in the middle: that host is unreachable, the others go on"
on n2 'rm -f /run/gate-1'
play gone <<'PLAY'
- hosts: all
  gather_facts: false
  tasks:
    - { name: begun, file: { path: /run/begun, state: touch } }
    - { name: first, wait_for: { path: /run/gate-1, timeout: 60, sleep: 1 } }
    - { name: second, file: { path: /run/second, state: touch } }
PLAY
via out.run gone.yml
eventually 20 grep -q 'TASK \[first\]' out.run
node exec n2 pkill -KILL -f 'roost-agent session [0-9a-f]' </dev/null || fail "the node has no session"
on n1 'touch /run/gate-1'
ends 4
cp out.run out
check_recap n1 ok=3 unreachable=0
check_recap n2 ok=1 unreachable=1
check_contains "why" "The connection to node 'n2' was lost: the node, its agent or the network between went away" "$(sentence n2)"

step "a canary; the hosts that failed again"
play canary <<'PLAY'
- hosts: all
  gather_facts: false
  tasks:
    - command: test -e /run/well
    - file: { path: /run/touched, state: touch }
PLAY
roost_ends 2 apply canary.yml -i hosts.ini --via controller --canary n2
check_contains "said" "The canary did not do well" "$NOTES"
on n1 'test ! -e /run/touched' || fail "the second host was touched"
failed=$(newest)
on n2 'touch /run/well'
roost_ends 0 runs again "$failed" --failed
check_recap n2 ok=2
check_equal "n2 alone" "" "$(recap n1)"
roost_ends 0 runs compare "$failed" "$(newest)"
check_contains "what differs" "outcome" "$OUT"

step "the controller is killed in the middle"
on n2 'rm -f /run/gate-1'
via out.run gates.yml --limit n2
eventually 20 grep -q 'TASK \[first\]' out.run
kill -9 "$controller"
wait "$controller" 2>/dev/null || true
killed=$(date -u +%FT%T.%6N)
heard() { [[ $("$BUILD/roost" nodes show n2 --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["seen"])') > $killed ]]; }
eventually 20 node exec n2 sh -c '! pgrep -f "roost-agent session [0-9a-f]"' </dev/null
controller_start
ends 1
check_contains "the follower is told" "Run $run is lost" "$(cat out.run.err)"
eventually 60 heard
on n2 'touch /run/gate-1'
roost_ends 0 apply gates.yml -i hosts.ini --via controller --limit n2
roost_ends 0 audit
check_contains "who did what" "run.cancel" "$OUT"
kill "$controller"
