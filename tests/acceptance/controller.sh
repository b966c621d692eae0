#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A controller and a node's daemon, for real: joining, reporting, being told what to do; both killed again and again while
# reports are made; a rebuilt node, a revoked one.

. "$(dirname "$0")/helpers.bash"

built roost roost-agent
desk_begin
nodes_start trixie n1
node inventory n1 >hosts.ini
export XDG_CONFIG_HOME=$DESK/config
STORE=$DESK/controller/store/store.db
gateway=$(node exec n1 ip -4 route show default </dev/null | awk '{ print $3 }')

controller_start() {
    setpriv --pdeathsig KILL "$BUILD/roost" controller --state controller --listen "$gateway:$port" --address "$gateway:$port" >controller.log 2>&1 &
    controller=$!
    eventually 20 curl -sfk "https://$gateway:$port/health"
}

controller_kill() {
    kill -9 "$controller"
    wait "$controller" 2>/dev/null || true
}

agent() { node exec n1 roost-agent "$@"; }

# The store's own word on a node's reports: how many, the first and the last number.
reports() {
    python3 -B - "$STORE" <<'PYTHON'
import sqlite3, sys
rows = sqlite3.connect(sys.argv[1]).execute(
    "SELECT count(*), min(sequence), max(sequence) FROM report GROUP BY node_id, generation ORDER BY node_id, generation")
print(*(" ".join(map(str, row)) for row in rows), sep="\n")
PYTHON
}

reported() { "$BUILD/roost" nodes show n1 --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["reported"])'; }
reported_more_than() { [ "$(reported)" -gt "$1" ]; }
says() { # PATTERN VERB...: roost's output holds it
    local pattern=$1
    shift
    "$BUILD/roost" "$@" | grep -E "$pattern" >/dev/null # not -q: who is cut off while writing has failed
}
journal_says() { node exec n1 journalctl -u "$1" -o cat </dev/null | grep -Ei "$2" >/dev/null; }

step "a controller with an authority of its own"
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("", 0)); print(s.getsockname()[1])')
roost_ends 1 controller --state controller --listen "$gateway:$port"
check_contains "a folder that init has not made" "there is no controller in controller (--state)" "$NOTES"
check_fails test -e controller
roost_ends 0 controller init --state controller --listen "$gateway:$port" --address "$gateway:$port"
check_equal "the account is for this user only" 600 "$(stat -c %a config/roost/controller.json)"
controller_start
roost_ends 0 nodes
check_contains "nobody yet" "No node has joined yet" "$OUT"

step "a node joins, once approved"
roost_ends 0 run -i hosts.ini n1 -m ping
# what roost has brought to the node, where it stays
node exec n1 sh -c 'cp -a /var/lib/roost/agent-* /opt/roost-agent && cat >/usr/local/bin/roost-agent && chmod 755 /usr/local/bin/roost-agent' <<'WRAPPER'
#!/bin/sh
exec /opt/roost-agent/loader --inhibit-cache --library-path /opt/roost-agent/lib /opt/roost-agent/roost-agent "$@"
WRAPPER
roost_ends 0 joins token --name n1 --approval
agent join - <<<"$OUT" >join.log 2>&1 &
joining=$!
eventually 20 says pending joins
roost_ends 0 joins approve 1
wait "$joining" || fail "the join ended with $?: $(cat join.log)"
check_contains "joined" "joined as 'n1', generation 1" "$(cat join.log)"
roost_ends 0 joins token --name n2
node exec n1 sh -c 'roost-agent join - --state /tmp/other --name n3 2>&1 || true' <<<"$OUT" >join.log
check_contains "a token for another name" "not for a node named 'n3'" "$(cat join.log)"

step "the daemon reports and is told"
node exec n1 systemd-run --quiet --unit=roost-agent --property=Restart=always --property=RestartSec=100ms --property=StartLimitIntervalSec=0 \
    /usr/local/bin/roost-agent daemon --program /usr/local/bin/roost-agent </dev/null
eventually 20 says 'n1 +active' nodes
eventually 20 reported_more_than 0
roost_ends 0 nodes facts n1
eventually 20 says '"facts_at": "20' nodes show n1 --json
roost_ends 0 nodes check n1
# shellcheck disable=SC2016 # for the node's shell
check_equal "libcurl stays out of the daemon" 0 \
    "$(node exec n1 sh -c 'grep -c libcurl "/proc/$(systemctl show --property MainPID --value roost-agent)/maps" || true' </dev/null)"
check_contains "the nearest option" "did you mean '--state'?" "$(node exec n1 sh -c 'roost-agent daemon --sate x 2>&1 || true' </dev/null)"

step "killed, both of them, again and again: nothing that was acknowledged is lost, no number is missing"
for round in 1 2 3 4 5 6 7 8 9 10; do
    roost_ends 0 nodes check n1 # that nothing is declared is a report too
    if [ $((round % 2)) = 0 ]; then
        controller_kill
        controller_start
    else
        node exec n1 systemctl kill --signal=KILL roost-agent </dev/null
    fi
done
before=$(reported)
roost_ends 0 nodes check n1
eventually 60 reported_more_than "$before"
read -r count first last <<<"$(reports)"
check_equal "reports without a gap" "$last 1" "$count $first"

step "alone for a while: what happened meanwhile is told later"
before=$(reported)
controller_kill
node exec n1 systemctl restart roost-agent </dev/null
controller_start
eventually 60 reported_more_than "$before"
read -r count first last <<<"$(reports)"
check_equal "reports without a gap" "$last 1" "$count $first"

step "a rebuilt node comes back as another; a revoked one does not"
node exec n1 systemctl stop roost-agent </dev/null
roost_ends 0 joins token
node exec n1 sh -c 'roost-agent join - --again 2>&1 || true' <<<"$OUT" >join.log
check_contains "not by a string for any name" "only a join string for exactly this name" "$(cat join.log)"
roost_ends 0 joins token --name n1
agent join - --again <<<"$OUT" >join.log 2>&1
check_contains "the next generation" "joined as 'n1', generation 2" "$(cat join.log)"
roost_ends 0 nodes revoke n1
node exec n1 systemd-run --quiet --unit=roost-agent-2 /usr/local/bin/roost-agent daemon --program /usr/local/bin/roost-agent </dev/null
eventually 20 journal_says roost-agent-2 'revoked|certificate|refused|no valid'
roost_ends 0 nodes
check_contains "revoked" "revoked" "$OUT"
roost_ends 0 audit
check_contains "who did it" "node.revoke" "$OUT"
controller_kill
