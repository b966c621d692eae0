#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# roost enroll: two fresh nodes join over ssh and are heard of; again: nothing to do; one is rebuilt: only --again takes it back, as the next
# generation; strings that nobody used are taken back, and none is left anywhere. The agent is updated in place, and taken away.

. "$(dirname "$0")/helpers.bash"

built roost roost-agent
desk_begin
nodes_start trixie n1 &
nodes_start bookworm n2 &
wait %1 && wait %2
node inventory n1 n2 >hosts.ini
export XDG_CONFIG_HOME=$DESK/config
gateway=$(node exec n1 ip -4 route show default </dev/null | awk '{ print $3 }')
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("", 0)); print(s.getsockname()[1])')

on() { node exec "$@" </dev/null; }
is_active() { [ "$(on "$1" systemctl is-active roost-agent)" = active ]; }
process() { on "$1" systemctl show --property=MainPID --value roost-agent; }
process_is_not() { is_active "$1" && [ "$(process "$1")" != "$2" ]; }
verdict_is() { "$BUILD/roost" nodes show "$1" --json | grep '"verdict": *"'"$2"'"' >/dev/null; }
waits() { "$BUILD/roost" joins | grep "^[0-9]* *$1 *pending" >/dev/null; }
lines_with() { printf '%s\n' "$2" | grep -c "$1" || true; }
audit() { "$BUILD/roost" audit | grep -c "$1" || true; }

step "a controller"
roost_ends 0 controller init --state controller --listen "$gateway:$port" --address "$gateway:$port"
setpriv --pdeathsig KILL "$BUILD/roost" controller --state controller --listen "$gateway:$port" --address "$gateway:$port" >controller.log 2>&1 &
eventually 20 curl -sfk "https://$gateway:$port/health"

step "what is refused before anybody is connected to"
roost_ends 5 enroll -i hosts.ini
check_contains "no pattern" "expected one host pattern" "$NOTES"
roost_ends 5 enroll all --agian
check_contains "the nearest option" "did you mean '--again'" "$NOTES"
roost_ends 1 enroll nobody -i hosts.ini
check_contains "no host" "no host of the inventory matches 'nobody'" "$NOTES"
roost_ends 1 enroll all -i "n1,n2," -e roost_node=x -i hosts.ini
check_contains "two of one name" "would both be the node 'x'" "$NOTES"

step "looked at only: nothing fails for what was only pretended, nothing is there afterwards"
play look <<'YAML'
- hosts: n1
  roles: [{ role: roost_agent, roost_agent_join: "roost1:of-nobody" }]
YAML
roost_ends 2 check look.yml -i hosts.ini
check_recap n1 failed=0
check_equal "left" "" "$(on n1 sh -c 'ls -d /opt/roost-agent /usr/bin/roost-agent /var/lib/roost/agent 2>/dev/null' || true)"

step "two fresh nodes, one of them by way of sudo"
roost_ends 0 enroll all -i hosts.ini -vvv
first=$OUT$NOTES
check_recap n1 unreachable=0 failed=0
check_recap n2 unreachable=0 failed=0
for name in n1 n2; do
    check_contains "it is told" "$name: has joined, generation 1" "$OUT"
    is_active $name || fail "the daemon of $name does not run"
    check_equal "after the next boot too" enabled "$(on $name systemctl is-enabled roost-agent)"
done
roost_ends 0 nodes
check_equal "both are active" 2 "$(lines_with active "$OUT")"
check_equal "the string is in no output" 0 "$(lines_with roost1: "$first")"
left=$(on n1 sh -c 'grep -rIl roost1: /etc /var /run /tmp /opt /root 2>/dev/null; journalctl --no-pager | grep roost1:' || true)
check_equal "nor anywhere on the node" "" "$left"

step "what is published is looked at by the program that enrol has left there"
play declared <<'YAML'
- hosts: all
  tasks: [{ ping: }]
YAML
roost_ends 0 publish declared.yml -i hosts.ini
for name in n1 n2; do
    eventually 30 verdict_is $name ok
done

step "again: nothing to do, and no string is left"
roost_ends 0 enroll all -i hosts.ini -u ops -b
check_recap n1 changed=0 failed=0
check_recap n2 changed=0 failed=0
check_contains "as before" "n1: was a node before, generation 1" "$OUT"
check_equal "strings that were made" 2 "$(audit join_token.add)"

step "one is rebuilt: it is not let in by accident"
node kill n2
node wipe n2
node boot n2
node wait n2
roost_ends 2 enroll all -i hosts.ini
check_contains "why" "this machine has joined no controller, and this controller knows n2 as generation 1: with --again" "$(sentence n2)"
check_recap n1 changed=0 failed=0
roost_ends 0 enroll all -i hosts.ini --again
check_recap n1 changed=0 failed=0
check_contains "the next generation" "n2: has joined, generation 2" "$OUT"
check_equal "the string for n1 was taken back" 1 "$(audit join_token.revoke)"

step "not reached: the string is taken back"
node cut n2
roost_ends 4 enroll n2 -i hosts.ini --again -T 2
check_equal "taken back" 2 "$(audit join_token.revoke)"
node heal n2
node wait n2

step "let in by hand, under another name"
on n2 systemctl stop roost-agent
on n2 rm -rf /var/lib/roost/agent
"$BUILD/roost" enroll n2 -i hosts.ini --approval -e roost_node=ai-2 </dev/null >approval.log 2>&1 &
enrolling=$!
eventually 60 waits ai-2
roost_ends 0 joins approve "$("$BUILD/roost" joins | awk '$2 == "ai-2" { print $1 }')"
wait $enrolling || fail "enroll ended with $?: $(cat approval.log)"
check_contains "under that name" "ai-2: has joined, generation 1" "$(cat approval.log)"

step "another program: the daemon begins anew in place"
play update <<'YAML'
- hosts: n1
  roles: [{ role: roost_agent, roost_agent_config: { policy: report, check_interval_s: 600 } }]
YAML
before=$(process n1) build=$(on n1 readlink /opt/roost-agent/current)
mkdir other
cp "$BUILD/roost" "$BUILD/roost-agent" other/
printf 'another' >>other/roost-agent # behind the end of the program
BUILD=$DESK/other roost_ends 0 apply update.yml -i hosts.ini
eventually 20 process_is_not n1 "$before"
[ "$(on n1 readlink /opt/roost-agent/current)" != "$build" ] || fail "the program is the same"
check_equal "its settings" "check_interval_s: 600" "$(on n1 grep interval /etc/roost/agent.yml)"
BUILD=$DESK/other roost_ends 0 apply update.yml -i hosts.ini
check_recap n1 changed=0
check_equal "reports of n1 without a gap, none twice" "1 yes" "$(python3 -B - <<'PYTHON'
import sqlite3
first, last, count = sqlite3.connect("controller/store/store.db").execute(
    "SELECT min(sequence), max(sequence), count(*) FROM report JOIN node ON node.id = node_id WHERE name = 'n1'").fetchone()
print(first, "yes" if last == count else f"no: {count} of {last}")
PYTHON
)"

step "taken away"
play gone <<'YAML'
- hosts: all
  roles: [{ role: roost_agent, roost_agent_state: absent }]
YAML
roost_ends 0 apply gone.yml -i hosts.ini
roost_ends 0 apply gone.yml -i hosts.ini
check_recap n1 changed=0
left=$(on n1 sh -c 'ls -d /opt/roost-agent /usr/bin/roost-agent /etc/systemd/system/*roost* /etc/roost/agent.yml /var/lib/roost/agent 2>/dev/null' || true)
check_equal "left" "" "$left"
