# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# For acceptance tests of what the controller runs on nodes: a controller of the test's own, nodes that have joined it.
# Sourced behind helpers.bash. fleet_begin NODE...: the nodes are up; $controller is its process, $gateway its address.
# shellcheck disable=SC2034 # for the tests

controller_start() {
    setpriv --pdeathsig KILL "$BUILD/roost" controller --state controller --listen "$gateway:$port" --address "$gateway:$port" >>controller.log 2>&1 &
    controller=$!
    eventually 20 curl -sfk -o /dev/null "https://$gateway:$port/health"
}

# says PATTERN VERB...: roost's output holds it
says() {
    local pattern=$1
    shift
    "$BUILD/roost" "$@" 2>&1 | grep -E "$pattern" >/dev/null # not -q: who is cut off while writing has failed
}

# on NODE COMMAND: in a shell there
on() { node exec "$1" sh -c "$2" </dev/null; }

# fleet_join NODE: the agent that is there becomes a daemon of the controller's; all nodes side by side.
fleet_join() {
    node exec "$1" sh -c 'cp -a /var/lib/roost/agent-* /opt/roost-agent && cat >/usr/local/bin/roost-agent && chmod 755 /usr/local/bin/roost-agent' <<'WRAPPER'
#!/bin/sh
exec /opt/roost-agent/loader --inhibit-cache --library-path /opt/roost-agent/lib /opt/roost-agent/roost-agent "$@"
WRAPPER
    "$BUILD/roost" joins token --name "$1" >"join.$1"
    node exec "$1" roost-agent join - <"join.$1"
    agent_start "$1"
}
agent_start() { on "$1" "systemd-run --quiet --unit=roost-agent /usr/local/bin/roost-agent daemon --program /usr/local/bin/roost-agent"; }

fleet_begin() {
    local name joining=()
    node inventory "$@" >hosts.ini
    export XDG_CONFIG_HOME=$DESK/config
    gateway=$(node exec "$1" ip -4 route show default </dev/null | awk '{ print $3 }')
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("", 0)); print(s.getsockname()[1])')
    roost_ends 0 controller init --state controller --listen "$gateway:$port" --address "$gateway:$port"
    controller_start
    roost_ends 0 run -i hosts.ini all -m ping
    for name in "$@"; do
        fleet_join "$name" >"join.$name.log" 2>&1 &
        joining+=($!)
    done
    for name in "${joining[@]}"; do
        wait "$name" || fail "$(tail -n 5 join.*.log)"
    done
    for name in "$@"; do
        eventually 30 says "$name +active +[^ ]+ +(just now|[0-9]+ s)" nodes
    done
}

fleet_end() { kill "$controller"; }

# figure ID EXPRESSION: of a benchmark, by Python: `b` is what the API tells.
figure() { "$BUILD/roost" bench show "$1" --json | python3 -c "import json, sys; b = json.load(sys.stdin); print($2)"; }

# api PATH EXPRESSION: what the controller's API tells there is `a` for Python.
api() {
    python3 - "$XDG_CONFIG_HOME/roost/controller.json" "$1" "$2" <<'PYTHON'
import json, ssl, sys, urllib.request
account = json.load(open(sys.argv[1], encoding="utf-8"))
context = ssl._create_unverified_context()  # loopback of a test
request = urllib.request.Request(account["url"] + sys.argv[2], headers={"Authorization": "Bearer " + account["token"]})
with urllib.request.urlopen(request, context=context) as answer:
    a = json.load(answer)
print(eval(sys.argv[3]))
PYTHON
}

# nothing_left NODE...: no unit, no rule, no port of a piece is there any more.
nothing_left() {
    local name
    for name in "$@"; do
        on "$name" '! systemctl list-units --all --plain --no-legend "roost-piece-*" | grep -q . && ! nft list table inet roost 2>/dev/null | grep -q dport && ! ss -Hltn | grep -qE ":(81[0-9]{2}|281[0-9]{2}) "' || return 1
    done
}
