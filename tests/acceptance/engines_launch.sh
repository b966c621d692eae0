#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Engines that cannot be had here, through the launcher: stand-ins that keep to their documented command lines, ports and answers are started as
# pieces of workloads, told to get what they have not, and serve when a completion says the right words; one whose words are wrong does not.

. "$(dirname "$0")/helpers.bash"
. "$(dirname "$0")/engines/helpers.bash"
. "$(dirname "$0")/fleet.bash"

built roost roost-agent
desk_begin
step "two nodes with stand-ins, a controller"
nodes_start trixie+engines box mate
stand_in 0.30.4 ollama
# Where roles and upstream's instructions put them; vLLM, Ray and exo tell their version as packages of Python.
tar -C "$ENGINES/launch" -cf stand-ins.tar .
for name in box mate; do
    # shellcheck disable=SC2016 # for the shell there
    node exec $name sh -ec '
        mkdir -p /opt/stand-in /opt/ollama/current/bin /opt/vllm/current/bin /opt/exo/.venv/bin /opt/distributed-llama/current
        tar -C /opt/stand-in -x
        for program in vllm ray; do ln -s /opt/stand-in/$program.py /opt/vllm/current/bin/$program; done
        ln -s /opt/stand-in/exo.py /opt/exo/.venv/bin/exo
        ln -s /opt/stand-in/lemond.py /usr/local/bin/lemond
        for program in dllama dllama-api; do ln -s /opt/stand-in/dllama.py /opt/distributed-llama/current/$program; done
        mkdir -p /opt/vllm/current/lib/python3.13/site-packages/vllm-0.16.1.dist-info /opt/vllm/current/lib/python3.13/site-packages/ray-2.49.0.dist-info
        mkdir -p /opt/exo/.venv/lib/python3.13/site-packages/exo-0.3.70.dist-info
        echo "{\"kv_heads\": 2, \"weights\": \"q40\"}" >/opt/tiny.m
        echo tokens >/opt/tiny.t' <stand-ins.tar
done
node exec box sh -c 'cat >/opt/ollama/current/bin/ollama && chmod 755 /opt/ollama/current/bin/ollama' <ollama
fleet_begin box mate

# declare NAME: standard input is what it is beside its name and the memory that it needs.
mkdir -p workloads
declare_workload() {
    { echo "name: $1" && cat && echo 'resources: { memory: 128MiB }'; } >"workloads/$1.yml"
}
declare_workload chat <<'YAML'
engine: ollama
model: llama3.2:3b
options: { version: 0.30.4 }
health: { expect: I stand in }
YAML
declare_workload lemon <<'YAML'
engine: lemonade
model: Qwen3-0.6B-GGUF
context: 8192
options: { version: "1.2", backend: vulkan, llamacpp_args: -fa on }
health: { expect: I am Lemonade }
YAML
declare_workload tensor <<'YAML'
engine: vllm
model: hf://Qwen/Qwen3-8B
nodes_count: 2
spread: cluster
context: 16384
slots: 2
options: { version: "0.16", eager: true, attention: TRITON_ATTN }
health: { expect: I am vLLM }
YAML
declare_workload ring <<'YAML'
engine: exo
model: mlx-community/Llama-3.2-1B-4bit
nodes_count: 2
spread: cluster
options: { version: 0.3.70, offline: true }
health: { expect: I am exo }
YAML
declare_workload halves <<'YAML'
engine: distributed_llama
models: [file:///opt/tiny.m, file:///opt/tiny.t]
nodes_count: 2
spread: cluster
context: 4096
options: { kv_heads: 2 }
health: { expect: I am distributed, interval_s: 2 }
YAML
sed 's/name: chat/name: other/; s/0.30.4/0.99.0/' workloads/chat.yml >workloads/other.yml
sed 's/name: chat/name: wrong/; s/I stand in/Something else/; $a give_up_after: 1' workloads/chat.yml >workloads/wrong.yml
sed 's/name: halves/name: heads/; s/kv_heads: 2/kv_heads: 1/' workloads/halves.yml >workloads/heads.yml
all=(chat lemon tensor ring halves)

# of WORKLOAD EXPRESSION: `a` is what the API tells of it; first: `i` is its first instance.
of() { api "/api/v1/workloads/$1" "$2"; }
first() { api "/api/v1/workloads/$1" "(lambda i: ($2))(a[\"instances\"][0])"; }
serves_again() { [ "$(first "$1" 'i["state"] == "serving" and i["attempt"] > '"$2")" = True ]; }
is_failed() { [ "$(of "$1" 'a["state"]')" = failed ]; }
explains() { [[ "$(of "$1" 'a["sentence"]')" == *"$2"* ]]; } # WORKLOAD PART

step "they get their models, find one another, and serve"
roost_ends 0 launch "${all[@]}" --folder workloads --wait --timeout 220
roost_ends 0 ps
for name in "${all[@]}"; do check_contains "$name serves" "serving" "$(grep "^$name " <<<"$OUT")"; done
for name in tensor ring halves; do check_equal "both nodes" "['box', 'mate']" "$(first $name 'sorted(i["nodes"])')"; done
check_contains "Ollama has pulled" "llama3.2:3b" "$(on "$(first chat 'i["nodes"][0]')" 'ls /var/lib/roost-pieces/ollama-chat/models')"
state=http://127.0.0.1:$(first ring 'i["port"]')/state
check_equal "exo was told once" 1 \
    "$(on "$(first ring 'i["nodes"][0]')" "python3 -c 'import json, urllib.request as u; print(len(json.load(u.urlopen(\"$state\"))[\"instances\"]))'")"
check_contains "others than the controller and its own nodes are kept out" "drop" "$(on mate 'nft list table inet roost')"

step "an agent begun anew sees that a worker runs, though it listens no more once its root is there"
worker() { # its node, its state, when that was told
    api /api/v1/placements '[" ".join([n["node"], p["state"], p["told_at"]]) for n in a["items"] for p in n["pieces"] if p["name"].startswith("halves.") and p["role"] != "head"][0]'
}
read -r name _ < <(worker)
on "$name" 'systemctl stop roost-agent'
before=$(worker)
check_contains "as it was" " running " "$before"
agent_start "$name"
runs_still() { now=$(worker) && [ "$now" != "$before" ] && [[ $now == *" running "* ]]; }
eventually 20 runs_still

step "a worker is lost: it serves again, the others go on"
attempt=$(first halves 'i["attempt"]')
check_equal "nothing had to be started twice" 1 "$attempt"
on "$(first halves 'i["nodes"][1]')" "systemctl kill --signal KILL 'roost-piece-halves.*.worker1.service'"
eventually 30 serves_again halves "$attempt"
for name in chat lemon tensor ring; do check_equal "$name was left alone" "serving 1" "$(first $name 'i["state"], i["attempt"]' | tr -d "(',)")"; done

step "another version than is there, too many nodes, other words than are expected"
roost_ends 0 launch wrong --folder workloads
roost_ends 2 launch other heads --folder workloads --wait --timeout 2
eventually 10 explains other "version '0.99.0' of ollama is declared, but"
eventually 10 explains heads "2 nodes, 1 heads"
eventually 30 is_failed wrong
check_contains "what it said" "its completion is 'I stand in', not 'Something else'" "$(of wrong 'a["sentence"]')"

step "stopped: nothing is left"
roost_ends 0 stop "${all[@]}" other heads wrong
eventually 20 nothing_left box mate
for name in box mate; do check_equal "processes" "" "$(on $name 'ps -eo args | grep "[/]opt/stand-in\|[/]bin/sleep infinity\|[o]llama serve" || true')"; done
fleet_end
