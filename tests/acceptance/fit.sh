#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `roost models fit` beside what llama-server of Debian's packages says it allocates, for generated models of many
# architectures: sums within 5 percent. And the limits of a node, by its facts.

. "$(dirname "$0")/helpers.bash"

built roost roost-agent
desk_begin
nodes_start forky+llama box

step "llama.cpp from Debian's packages"
node exec box llama-server --version </dev/null 2>&1 | sed -n 1p
# On a machine with two NUMA nodes, and that is all that llama-server looks for, it does not read models ahead: up to 60 GB of holes.
node exec box sh -c 'mount -t tmpfs tmpfs /sys/devices/system/node && mkdir /sys/devices/system/node/node0 /sys/devices/system/node/node1' </dev/null

step "generated models"
mapfile -t names < <("$ROOT/tests/models/mkgguf" --list | grep -vx mmproj)
mkdir models
for name in "${names[@]}"; do
    "$ROOT/tests/models/mkgguf" "$name" "models/$name.gguf"
done
tar -C models --sparse -c . | node ssh box 'mkdir /models && tar -C /models -x'

compare() { # [--short] NAME...
    "$ROOT/tests/models/compare_fit" --roost "$BUILD/roost" --models models --there /models "$@" -- \
        "$NODES_LIB/node" exec box || fail "a sum differs by more than 5 percent"
}

step "sums beside llama-server's, with many options"
every=(llama gemma3 deepseek2 qwen3next)
compare "${every[@]}"

step "sums of the other architectures"
others=()
for name in "${names[@]}"; do
    [[ " ${every[*]} " == *" $name "* ]] || others+=("$name")
done
compare --short "${others[@]}"

step "sums of large models"
"$ROOT/tests/models/mkgguf" llama models/llama-8b.gguf embd=4096 heads=32 kv_heads=8 head_dim=128 ff=14336 layers=32 vocab=128256 \
    type=q4_k
"$ROOT/tests/models/mkgguf" qwen3moe models/qwen3-30b.gguf embd=2048 heads=32 kv_heads=4 head_dim=128 expert_ff=768 experts=128 \
    used=8 layers=48 vocab=151936 type=q4_k
"$ROOT/tests/models/mkgguf" gpt-oss models/gpt-oss-120b.gguf embd=2880 heads=64 kv_heads=8 head_dim=64 expert_ff=2880 experts=128 \
    used=4 layers=36 vocab=201088
tar -C models --sparse -c llama-8b.gguf qwen3-30b.gguf gpt-oss-120b.gguf | node ssh box 'tar -C /models -x'
compare --short llama-8b qwen3-30b gpt-oss-120b

step "limits of a node by its facts"
node exec box umount /sys/devices/system/node </dev/null
node inventory box >hosts.ini
total=$(($(node exec box sed -n 's/^MemTotal: *\([0-9]*\) kB/\1/p' /proc/meminfo </dev/null) * 1024))
roost_ends 0 models fit models/llama.gguf --ctx 8192 --node box -i hosts.ini
check_contains "verdict" "box: fits: it needs" "$OUT"
roost_ends 0 models fit models/llama.gguf --ctx 8192 --node box -i hosts.ini --json
check_contains "the host's memory is the limit" "\"ram_bytes\": $total" "$OUT"
check_contains "no GPU: all of it in host memory" '"gpu_bytes": 0' "$OUT"
roost_ends 2 models fit models/gpt-oss-120b.gguf --node box -i hosts.ini
check_contains "verdict" "box: does not fit: it needs" "$OUT"
roost_ends 3 models fit models/llama.gguf --node nobody -i hosts.ini
