#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Workloads on real nodes with llama.cpp of Debian: one node, then RPC over three of them; right words; a worker killed, the head
# killed, the controller killed, a node's power cut, a drained node that no client notices; what is stopped leaves no unit, no port, no rule.
# shellcheck disable=SC2016 # expanded by other shells

. "$(dirname "$0")/helpers.bash"
# shellcheck source=workloads.bash
. "$ACCEPTANCE/workloads.bash"

built roost roost-agent
desk_begin
units() { on "$1" 'systemctl list-units --all --plain --no-legend "roost-piece-*" | cut -d" " -f1'; }
none_left() { # NODE: no unit, no port, no rule of pieces
    [ -z "$(units "$1")" ] && ! on "$1" 'ss -Hltn | grep -E ":(8[0-9]{3}|281[0-9]{2}|500[0-9]{2}) "' >/dev/null &&
        ! on "$1" 'nft list table inet roost 2>/dev/null' | grep -E 'dport' >/dev/null
}

step "three nodes with llama.cpp and a model, at a controller"
lease=5 # seconds
workloads_begin n1 n2 n3
roost_ends 0 keys add desk
key=$(head -n 1 <<<"$OUT" | cut -d' ' -f1)

step "one node"
mkdir -p inventory/workloads
declare_single() { # NAME LINE...
    cat >"inventory/workloads/$1.yml" <<'YAML'
engine: llama_cpp
models: [tiny]
context: 4096
slots: 2
options: { threads: 1, device: none }
health: { prompt: Name the alphabet., expect: " alpha bravo", max_tokens: 8, interval_s: 2, timeout_s: 5 }
YAML
    printf '%s\n' "name: $1" "${@:2}" >>"inventory/workloads/$1.yml"
}
declare_single lone 'on_node_loss: move'
roost_ends 0 launch lone --folder inventory/workloads
placed() { [ -n "$(field lone nodes)" ]; }
eventually 10 placed
victim=$(field lone nodes)
mapfile -t two < <(printf '%s\n' n1 n2 n3 | grep -v "$victim")
declare_single chat "nodes: [${two[0]}, ${two[1]}]"
roost_ends 0 launch --dry-run chat --folder inventory/workloads
roost_ends 0 launch chat --wait --timeout 60 --folder inventory/workloads
check_contains "how it came up" "chat: serving: serves on" "$OUT"
check_equal "told by the nodes" "serving" "$(field chat state)"
roost_ends 0 ps
check_contains "ps" "serves on" "$OUT"
head=$(field chat nodes)
loaded() { "$BUILD/roost" logs chat 2>&1 | grep "model loaded" >/dev/null; }
eventually 10 loaded

step "the power of another node is cut: what was there is looked for again below"
eventually 20 is_state lone serving
node kill "$victim"
cut=$(date +%s%3N)

step "nothing but the controller reaches the head"
other=$([ "$head" = "${two[0]}" ] && echo "${two[1]}" || echo "${two[0]}")
url="http://$(field chat address):$(field chat port)/v1/models"
check_equal "without the key" 401 "$(curl -s -m 5 -o /dev/null -w '%{http_code}' "$url")"
if on "$other" "timeout 2 bash -c '</dev/tcp/$(field chat address)/$(field chat port)'" 2>/dev/null; then fail "$other reaches the head"; fi

step "the head is killed"
attempt=$(field chat attempt)
on "$head" 'systemctl kill -s KILL "roost-piece-chat*"'
eventually 20 serves_again chat "$attempt"

step "its node is drained: another one starts first, and no client notices"
head=$(field chat nodes)
asks() { # one answer after the other, so that some are under way at any time
    until [ -e asks_over ]; do
        curl -s -m 120 -H "Authorization: Bearer $key" -H 'Content-Type: application/json' "http://$front/v1/chat/completions" \
            -d '{"model": "chat", "max_tokens": 500, "logit_bias": {"2": -100}, "messages": [{"role": "user", "content": "Name the alphabet."}]}' || echo "curl: $?"
        echo
    done >answers
}
asks &
asking=$!
answered() { [ "$(grep -c . answers)" -ge "$1" ]; }
eventually 20 answered 1
roost_ends 0 nodes drain "$head"
left() { [ "$(field chat nodes)" != "$head" ]; }
eventually 20 left
ended() { ! units "$head" | grep -q '^roost-piece-chat'; }
eventually 20 ended
before=$(grep -c . answers)
eventually 20 answered $((before + 1))
touch asks_over
wait $asking
check_equal "answers that are not whole" "" "$(grep . answers | grep -v '"finish_reason":"length"' | cut -c 1-300)"
roost_ends 0 nodes undrain "$head"

step "what was on the node without power serves elsewhere, when its lease was over and not before"
moved() { is_state lone serving && [ "$(field lone nodes)" != "$victim" ]; }
eventually 30 moved
took=$(($(told workload.serving lone) - cut))
echo "after $took ms"
[ $took -gt $((lease * 1000)) ] || fail "it moved after $took ms: its lease is $lease s"
node boot "$victim"
node wait "$victim"

step "stopped: nothing is left"
roost_ends 0 stop chat lone
for name in n1 n2 n3; do eventually 20 none_left $name; done

step "a controller with another lease"
kill "$controller"
wait "$controller" || true
controller_start
eventually 20 all_told

step "over three nodes"
declare_spread
roost_ends 0 launch spread --wait --timeout 60 --folder inventory/workloads
check_equal "nodes" 3 "$(field spread nodes | tr , '\n' | wc -l)"
head=$(field spread nodes | cut -d, -f1) worker=$(field spread nodes | cut -d, -f2)
connected() { on "$worker" 'ss -Htn state established "( sport >= :28100 and sport <= :28999 )"' | grep . >/dev/null; }
connected || fail "the head has no connection to its worker"
if on "$(field spread nodes | cut -d, -f3)" "timeout 2 bash -c '</dev/tcp/$(node ip "$worker")/28100'" 2>/dev/null; then
    fail "a worker is open to others than the head"
fi

step "a worker is killed: noticed within 2 s, serves again"
attempt=$(field spread attempt)
on "$worker" 'systemctl kill -s KILL "roost-piece-spread*worker*"'
eventually 20 serves_again spread "$attempt"
died=$(died "$worker" 'roost-piece-spread*worker*') noticed=$(told workload.degraded)
read -r load _ </proc/loadavg
[ $((noticed - died)) -lt $((2000 + 2000 * ${load%.*} / $(nproc))) ] || fail "noticed after $((noticed - died)) ms"
echo "noticed after $((noticed - died)) ms"

step "the controller is killed: what serves goes on"
attempt=$(field spread attempt)
before=$(on "$head" 'systemctl show -P MainPID "roost-piece-spread*head*"')
kill -9 "$controller"
wait "$controller" 2>/dev/null || true
controller_start
eventually 20 is_state spread serving
probed() { [ "$(field spread probed_at)" != "$last" ]; }
last=$(field spread probed_at)
eventually 20 probed
check_equal "the same start" "$attempt" "$(field spread attempt)"
check_equal "the same process" "$before" "$(on "$head" 'systemctl show -P MainPID "roost-piece-spread*head*"')"

step "stopped: nothing is left"
roost_ends 0 stop spread --forget
for name in n1 n2 n3; do eventually 10 none_left $name; done
kill "$controller"
