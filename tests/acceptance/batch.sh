#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Batch work through the launcher, with what Debian's packages give: llama-bench on one node and over two by RPC, iperf3 between all pairs, a
# command on a node; the history of benchmarks, and what is left behind: nothing.

. "$(dirname "$0")/helpers.bash"
. "$(dirname "$0")/fleet.bash"

built roost roost-agent
desk_begin
step "two fresh nodes with llama.cpp and iperf3, a controller"
nodes_start forky+llama n1 n2
for name in n1 n2; do
    node exec $name sh -c 'DEBIAN_FRONTEND=noninteractive apt-get install -y -qq iperf3' </dev/null >install.log 2>&1 || fail "$(tail -n 5 install.log)"
done
"$ROOT/tests/models/mkanswer" chat tiny.gguf ctx=4096
for name in n1 n2; do node exec $name sh -c 'cat >/opt/tiny.gguf' <tiny.gguf; done
fleet_begin n1 n2

step "llama-bench on one node and on two"
quick=pp=32,tg=8,repeat=2,threads=1
roost_ends 0 bench file:///opt/tiny.gguf --nodes 1 --set "$quick,device=none"
check_contains "the table's head" "| model | size | params | backend | nodes | pp32 t/s | tg8 t/s | watts |" "$OUT"
check_contains "progress" "bench 1 (1 node): done" "$NOTES"
roost_ends 0 bench file:///opt/tiny.gguf --nodes 2 --set "$quick,worker_device=CPU"
check_contains "over two" "RPC" "$OUT"
check_contains "units that fit" "KiB |" "$OUT"
check_equal "tests" "['pp32', 'tg8']" "$(figure 2 '[t["name"] for t in b["figures"]["tests"]]')"
check_equal "both took part" "['n1', 'n2']" "$(figure 2 'sorted(b["nodes"])')"
check_equal "what the nodes were" True "$(figure 2 'all("build" in h and "kernel" in h for h in b["host"].values())')"
eventually 20 nothing_left n1 n2

step "iperf3 between all pairs, one at a time"
roost_ends 0 bench --iperf3 --nodes n1,n2 --set seconds=1
check_contains "the matrix" "| Gbit/s from \\ to | n1 | n2 |" "$OUT"
check_equal "both ways" "[('n1', 'n2'), ('n2', 'n1')]" "$(figure 3 'sorted((p["from"], p["to"]) for p in b["figures"]["pairs"])')"
check_equal "more than nothing" True "$(figure 3 'b["figures"]["least_bits_per_s"] > 1e6')"
eventually 20 nothing_left n1 n2

step "again: it is compared"
roost_ends 0 bench file:///opt/tiny.gguf --nodes 1 --set "$quick,device=none,flash_attention=1" # the default, said
check_equal "with the first" 1 "$(figure 4 'b["compared"]')"
roost_ends 0 bench list
check_contains "history" "llama_bench" "$OUT"
roost_ends 0 bench compare 1 4
check_contains "figure by figure" "pp32: " "$OUT"
roost_ends 1 bench file:///opt/tiny.gguf --set peep=32
check_contains "the nearest option" "pp" "$NOTES"
roost_ends 1 bench file:///opt/tiny.gguf --nodes 1,2,4
check_contains "nothing is begun for nodes that are not there" "over 4 nodes is asked for, but this controller has 2 active ones" "$NOTES"
fleet_end
