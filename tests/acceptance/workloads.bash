# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# For tests of workloads: nodes with llama.cpp, a model whose answers are known and an agent each, at a controller on this machine.
# Comes after helpers.bash.
# shellcheck disable=SC2034 # some variables are for the tests

on() { node exec "$1" sh -c "$2" </dev/null; }

# controller_start [OPTION...]: of the controller; its models are at $front.
controller_start() {
    setpriv --pdeathsig KILL "$BUILD/roost" controller --state controller --listen "$gateway:$port" --address "$gateway:$port" --gateway "$front" "$@" >>controller.log 2>&1 &
    controller=$!
    eventually 20 curl -sfk "https://$gateway:$port/health"
}

# field WORKLOAD PATH: of the first instance, or of the workload itself with a dot in front.
field() {
    "$BUILD/roost" ps --json | python3 -c '
import json, sys
name, path = sys.argv[1:]
rows = [row for row in json.load(sys.stdin) if row["name"] == name]
row = rows[0] if rows else {}
if not path.startswith("."):
    row = (row.get("instances") or [{}])[0]
value = row.get(path.lstrip("."))
print(",".join(map(str, value)) if isinstance(value, list) else value)' "$1" "$2"
}
is_state() { [ "$(field "$1" .state)" = "$2" ]; }
serves_again() { is_state "$1" serving && [ "$(field "$1" attempt)" -gt "$2" ]; }

# died NODE UNIT: when systemd saw the last of them end, in milliseconds.
died() {
    on "$1" "journalctl -u '$2' -o short-unix --no-pager" | grep 'Main process exited' | tail -n 1 | awk '{ printf "%.0f", $1 * 1000 }'
}
# told KIND [WORKLOAD]: when the controller had the newest event of that kind in its log. Both clocks are this machine's.
told() {
    "$BUILD/roost" events --kind "$1" --json | python3 -c '
import datetime, json, sys
at = max(row["at"] for row in json.load(sys.stdin) if sys.argv[1] in ("", row["detail"]["workload"]))
print(int(datetime.datetime.fromisoformat(at.replace("Z", "+00:00")).timestamp() * 1000))' "${2:-}"
}

port_free() { python3 -c 'import socket; s = socket.socket(); s.bind(("", 0)); print(s.getsockname()[1])'; }

# workloads_begin NODE...: everything up to nodes that have told what they have. $lease: of the controller.
workloads_begin() {
    nodes_start forky+llama "$@"
    node inventory "$@" >hosts.ini
    export XDG_CONFIG_HOME=$DESK/config
    gateway=$(node exec "$1" ip -4 route show default </dev/null | awk '{ print $3 }')
    port=$(port_free) front=127.0.0.1:$(port_free)
    roost_ends 0 controller init --state controller --listen "$gateway:$port" --address "$gateway:$port"
    controller_start --lease "${lease:-30}"
    "$ROOT/tests/models/mkanswer" chat tiny.gguf ctx=4096 layers=6
    for name in "$@"; do node exec "$name" sh -c 'cat >/root/tiny.gguf' <tiny.gguf; done
    roost_ends 0 run -i hosts.ini all -m model -a 'source=file:///root/tiny.gguf name=tiny'
    for name in "$@"; do
        node exec "$name" sh -c 'cp -a /var/lib/roost/agent-* /opt/roost-agent && cat >/usr/local/bin/roost-agent && chmod 755 /usr/local/bin/roost-agent' <<'WRAPPER'
#!/bin/sh
exec /opt/roost-agent/loader --inhibit-cache --library-path /opt/roost-agent/lib /opt/roost-agent/roost-agent "$@"
WRAPPER
        roost_ends 0 joins token --name "$name"
        node exec "$name" roost-agent join - <<<"$OUT" >join.log 2>&1 || fail "$(cat join.log)"
        agent_unit "$name"
    done
    nodes_wanted=$#
    eventually 20 all_told
}
# One that is there after the power was cut, too.
agent_unit() {
    node exec "$1" sh -es <<'SCRIPT'
cat >/etc/systemd/system/roost-agent.service <<END
[Unit]
StartLimitIntervalSec=0
[Service]
ExecStart=/usr/local/bin/roost-agent daemon --program /usr/local/bin/roost-agent
Restart=always
RestartSec=500ms
KillMode=process
[Install]
WantedBy=multi-user.target
END
systemctl daemon-reload
systemctl -q enable --now roost-agent
SCRIPT
}
all_told() { [ "$("$BUILD/roost" nodes | grep -c ' active .*just now\| active .* s ')" = "$nodes_wanted" ]; }

# The workload `spread`: llama.cpp by RPC over three nodes.
declare_spread() {
    mkdir -p inventory/workloads
    cat >inventory/workloads/spread.yml <<'YAML'
name: spread
engine: llama_cpp
models: [tiny]
context: 4096
spread: cluster
nodes_count: 3
on_node_loss: move
options: { threads: 1, device: none, worker_device: CPU }
health: { prompt: Name the alphabet., expect: " alpha bravo", max_tokens: 8, interval_s: 2, timeout_s: 5 }
YAML
}
