#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Four nodes with llama.cpp, three workloads (two replicas of one, one by RPC over three nodes, one that fills what is left), clients that ask
# all the time through the gateway, and kills at random points: workers, heads, agents, the controller, a node's power. No request is lost
# without a word, no memory promised twice, never two heads of one replica, and in the end nothing is left.
#   WORKLOAD_KILLS=100 workload_campaign.sh     the full campaign; nodes stay away for longer than leases, cables are cut and nodes drained too
#   WORKLOAD_SEED=N                             the same choices again
# shellcheck disable=SC2016 # expanded by other shells

. "$(dirname "$0")/helpers.bash"
# shellcheck source=workloads.bash
. "$ACCEPTANCE/workloads.bash"

kills=${WORKLOAD_KILLS:-8}
nodes=(n1 n2 n3 n4)

step "the checker finds what is planted"
python3 -B "$ACCEPTANCE/workload_campaign_check.py" --selftest

built roost roost-agent
desk_begin

step "four nodes with llama.cpp and a model, at a controller"
workloads_begin "${nodes[@]}"
kill "$controller"
wait "$controller" || true

declare_spread
# Together these two are more than a node of up to 32 GiB has to give.
have=$(on n1 'sed -n "s/^MemTotal: *\([0-9]*\) kB/\1/p" /proc/meminfo')
cat >inventory/workloads/others.yml <<YAML
- name: chat
  engine: llama_cpp
  models: [tiny]
  context: 4096
  slots: 2
  replicas: 2
  on_node_loss: wait
  give_up_after: 0
  resources: { memory: $((have * 44 / 100))KiB }
  options: { threads: 1, device: none }
  health: { prompt: Name the alphabet., expect: " alpha bravo", max_tokens: 8, interval_s: 2, timeout_s: 5 }
- name: tight
  engine: llama_cpp
  models: [tiny]
  context: 4096
  slots: 2
  on_node_loss: move
  give_up_after: 0
  resources: { memory: $((have * 45 / 100))KiB }
  options: { threads: 1, device: none }
  health: { prompt: Name the alphabet., expect: " alpha bravo", max_tokens: 8, interval_s: 2, timeout_s: 5 }
YAML
echo 'give_up_after: 0' >>inventory/workloads/spread.yml

step "$kills kills"
more=()
[ -z "${WORKLOAD_SEED:-}" ] || more+=(--seed "$WORKLOAD_SEED")
[ "$kills" -le 10 ] || more+=(--long)
for name in "${nodes[@]}"; do more+=(--node "$name"); done
python3 -B "$ACCEPTANCE/workload_campaign.py" --build "$BUILD" --node-tool "$NODES_LIB/node" --cgroup "$(findmnt -fn -t cgroup2 -o TARGET)/roost-$ROOST_RUN_ID" \
    --address "$gateway:$port" --gateway "$front" --kills "$kills" "${more[@]}"
