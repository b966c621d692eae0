# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# For scripts/demo --cluster, which sources it: four fresh nodes on this machine, `roost rebuild`, a tiny model over three of them by
# llama.cpp's RPC and on the fourth alone, a completion through the gateway, a worker killed, benchmarks. All times are printed.

ALPHABET=" alpha bravo charlie"

seconds_since() { awk -v a="$1" -v b="$(date +%s.%N)" 'BEGIN { printf "%.1f s", b - a }'; }

# cluster_hub ADDRESS: a hub with one tiny model of which every answer is known; its port is in $hub_port.
cluster_hub() {
    mkdir -p "$NODES_DIR/hub/acme/tiny"
    tests/models/mkanswer chat "$NODES_DIR/hub/acme/tiny/chat-F16.gguf" ctx=4096 layers=6
    echo '{"direct": true}' >"$NODES_DIR/hub/acme/tiny.json"
    tests/models/hub --root "$NODES_DIR/hub" --ports "$NODES_DIR/ports" --log "$NODES_DIR/hub.log" --address "$1" </dev/null &
    programs+=($!)
    trap demo_end EXIT
    eventually 10 test -s "$NODES_DIR/ports"
    read -r hub_port _ <"$NODES_DIR/ports"
}

# cluster_inventory FOLDER HUB: the rack, and what is to run on it.
cluster_inventory() {
    mkdir -p "$1/group_vars" "$1/workloads"
    node inventory >"$1/hosts"
    cat >"$1/group_vars/nodes.yml" <<EOF_VARS
roost_wipe_command: $NODES_DIR/wipe
llama_cpp_backends: []
models_endpoint: $2
models_list: [{ name: tiny, source: "hf://acme/tiny/chat-F16.gguf" }]
base_packages: [ca-certificates]
EOF_VARS
    cat >"$1/workloads/tiny.yml" <<'EOF_WORKLOADS'
- name: wide
  engine: llama_cpp
  model: tiny
  nodes: [box1, box2, box3]
  spread: cluster
  nodes_count: 3
  context: 4096
  slots: 2
  options: { threads: 1, worker_device: CPU }
  health: { prompt: "Name the alphabet.", expect: " alpha bravo charlie", max_tokens: 8, interval_s: 1 }
- name: single
  engine: llama_cpp
  model: tiny
  nodes: [box4]
  spread: single
  context: 4096
  slots: 2
  options: { threads: 1, device: none }
  health: { prompt: "Name the alphabet.", expect: " alpha bravo charlie", max_tokens: 8 }
EOF_WORKLOADS
    # What wipes a node of this machine; in a rack: a network boot, an image, a BMC.
    cat >"$NODES_DIR/wipe" <<EOF_WIPE
#!/bin/sh
set -e
"$NODES_LIB/node" kill "\$ROOST_NODE"
"$NODES_LIB/node" wipe "\$ROOST_NODE"
"$NODES_LIB/node" boot "\$ROOST_NODE"
echo "host-key: \$(cat "$NODES_DIR/nodes/\$ROOST_NODE/host_key.pub")"
EOF_WIPE
    chmod 755 "$NODES_DIR/wipe"
}

# completion MODEL: its text, through the gateway; fails when there is none.
completion() {
    curl -sf --max-time 10 "http://$gateway/v1/chat/completions" \
        -H "Authorization: Bearer $key" -H 'Content-Type: application/json' \
        -d "{\"model\": \"$1\", \"temperature\": 0, \"max_tokens\": 12, \"messages\": [{\"role\": \"user\", \"content\": \"Name the alphabet.\"}]}" |
        python3 -c 'import json, sys; print(json.load(sys.stdin)["choices"][0]["message"]["content"])'
}
answers() { [[ $(completion "$1") == "$ALPHABET"* ]]; }

worker_of() { # WORKLOAD: the node of one of its RPC workers
    roost ps --json | python3 -c '
import json, sys
for workload in json.load(sys.stdin):
    for instance in workload["instances"] if workload["name"] == "'"$1"'" else []:
        print(*[part["node"] for part in instance["parts"] if part["role"] == "worker"][:1])'
}

cluster_kill() {
    local victim began
    victim=$(worker_of wide)
    say "one of the workers is killed, on $victim"
    began=$(date +%s.%N)
    node ssh "$victim" 'systemctl kill --signal=KILL "roost-piece-wide.*"' </dev/null
    eventually 60 answers_again "$began"
    echo "answers again after $(seconds_since "$began")"
    run roost ps
}

# Not an answer that was given before the launcher has noticed: its instance is another, or was started again.
answers_again() {
    roost events --kind workload.degraded --json | grep '"wide"' >/dev/null && answers wide
}

demo_cluster() {
    local began
    say "four fresh forky nodes: systemd, sshd, apt; no Python, nothing of Roost"
    nodes_begin
    node image forky >/dev/null
    nodes_start forky box1 box2 box3 box4
    export XDG_CONFIG_HOME=$NODES_DIR/config XDG_STATE_HOME=$NODES_DIR/state
    bridge=$(node ip box1 | sed 's/[.][0-9]*$/.1/')
    gateway=127.0.0.1:$(python3 -c 'import socket; s = socket.socket(); s.bind(("", 0)); print(s.getsockname()[1])')
    cluster_hub "$bridge"
    cluster_inventory "$NODES_DIR/inventory" "http://$bridge:$hub_port"
    cat "$NODES_DIR/inventory/workloads/tiny.yml"

    say "a controller on this machine"
    run roost controller init --state "$NODES_DIR/controller" --listen "$bridge:8470" --address "$bridge:8470"
    setpriv --pdeathsig KILL "$(command -v roost)" controller --state "$NODES_DIR/controller" --listen "$bridge:8470" --address "$bridge:8470" --gateway "$gateway" \
        2>"$NODES_DIR/controller.log" &
    programs+=($!)
    eventually 20 curl -sfk -o "$NODES_DIR/health" "https://$bridge:8470/health"

    say "one command: from fresh nodes to tokens"
    began=$(date +%s.%N)
    run roost rebuild playbooks/cluster.yml -i "$NODES_DIR/inventory" --yes
    key=$(run roost keys add demo)
    show curl "http://$gateway/v1/chat/completions" -H 'Authorization: Bearer ...' -d '{"model": "wide", "messages": [{"role": "user", "content": "Name the alphabet."}]}'
    completion wide
    echo "from four fresh nodes to a served completion: $(seconds_since "$began")"
    run roost ps
    run roost records

    say "the same question to the single node"
    completion single
    cluster_kill

    say "how fast: one node, and three by RPC"
    run roost bench tiny --nodes 1,3 --set pp=32,tg=16,repeat=1
    run roost bench --iperf3 --nodes box1,box2 --set seconds=1

    say "that was a rack; the nodes go now, nothing of them stays. Your own: docs/first-box.md, then docs/rebuild.md"
}
