#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The gateway with a real llama.cpp behind it: keys, answers and streams with the right words, what clients send and what is refused, a client that
# leaves, a head that is killed in the middle of a stream; every request is in the books once. Meanwhile the node has a counter of 60 W that stands in for
# RAPL, and `roost energy` makes of all that tokens and joules that add up to what was measured.

. "$(dirname "$0")/helpers.bash"

built roost roost-agent
desk_begin
nodes_start forky+llama n1
node inventory n1 >hosts.ini
export XDG_CONFIG_HOME=$DESK/config
address=$(node exec n1 ip -4 route show default </dev/null | awk '{ print $3 }')
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("", 0)); print(s.getsockname()[1])'; }
port=$(free_port) front=$(free_port)
url=http://127.0.0.1:$front/v1
on() { node exec "$1" sh -c "$2" </dev/null; }
asked=0

# ask PATH JSON [CURL OPTION...]: status in $STATUS, the answer in $ANSWER, its head in $HEAD.
ask() {
    local path=$1 body=$2
    shift 2
    asked=$((asked + 1))
    STATUS=$(curl -s -m 60 -o answer -D head -w '%{http_code}' "$url/$path" -H "Authorization: Bearer $key" \
        -H 'Content-Type: application/json' -d "$body" "$@") || true
    ANSWER=$(cat answer) HEAD=$(cat head)
}
chat() { # MORE [CURL OPTION...]
    local more=$1
    shift
    ask chat/completions "{\"model\":\"chat\",\"messages\":[{\"role\":\"user\",\"content\":\"Name the alphabet.\"}]$more}" "$@"
}
usage() { # MEMBER: of all models together
    "$BUILD/roost" keys usage laptop --json | python3 -c 'import json, sys; print(sum(row[sys.argv[1]] for row in json.load(sys.stdin)))' "$1"
}
used() { [ "$(usage "$1")" = "$2" ]; }
known() { chat ''; [ "$STATUS" != 404 ]; }
# energy EXPRESSION: of the answer `a` and its workload `chat` as `w`.
energy() {
    "$BUILD/roost" energy --json | python3 -c '
import json, sys
a = json.load(sys.stdin)
w = next((row for row in a["workloads"] if row["workload"] == "chat"), None)
sys.exit(0 if w is not None and eval(sys.argv[1], {"a": a, "w": w}) else 1)' "$1"
}
worked_and() { chat ',"logit_bias":{"2":-100},"max_tokens":400'; [ "$STATUS" = 200 ] && energy "$1"; }
answers_by_tls() { chat ',"max_tokens":4' --cacert ca.pem; [ "$STATUS" = 200 ]; }
answers() { chat ',"max_tokens":4'; [ "$STATUS" = 200 ]; }

step "a controller with a gateway, a node with llama.cpp and a model"
roost_ends 0 controller init --state controller --listen "$address:$port" --address "$address:$port"
roost_ends 1 controller --state controller --listen "$address:$port" --gateway "$address:$front"
check_contains "beyond loopback without a key" "there is no key yet" "$NOTES"
setpriv --pdeathsig KILL "$BUILD/roost" controller --state controller --listen "$address:$port" --address "$address:$port" \
    --gateway "127.0.0.1:$front" >controller.log 2>&1 &
controller=$!
eventually 20 curl -sf "http://127.0.0.1:$front/health"
eventually 20 grep -qF "models are at http://127.0.0.1:$front/v1" controller.log
# long enough for an answer without an end to last for many seconds
"$ROOT/tests/models/mkanswer" chat tiny.gguf ctx=65536
node exec n1 sh -c 'cat >/root/tiny.gguf' <tiny.gguf
roost_ends 0 run -i hosts.ini n1 -m model -a 'source=file:///root/tiny.gguf name=tiny'
node exec n1 sh -c 'cp -a /var/lib/roost/agent-* /opt/roost-agent && cat >/usr/local/bin/roost-agent && chmod 755 /usr/local/bin/roost-agent' <<'WRAPPER'
#!/bin/sh
exec /opt/roost-agent/loader --inhibit-cache --library-path /opt/roost-agent/lib /opt/roost-agent/roost-agent "$@"
WRAPPER
node exec n1 sh -c 'mkdir -p /run/class && { cp -a /sys/class/. /run/class/ 2>/dev/null; mkdir -p /run/class/powercap/intel-rapl:0; } && cat >/run/counter && chmod 755 /run/counter' <<'COUNTER'
#!/bin/sh
# 60 joules for each second of the clock
cd /run/class/powercap/intel-rapl:0 || exit 1
echo package-0 >name
echo 65532610987 >max_energy_range_uj
while :; do
    at=$(date +%s%N)
    echo $((at / 1000 * 60 % 65532610987)) >energy_uj.new && mv energy_uj.new energy_uj
    sleep 0.1
done
COUNTER
on n1 'systemd-run --quiet --unit=counter /run/counter'
roost_ends 0 joins token --name n1
node exec n1 roost-agent join - <<<"$OUT" >join.log 2>&1 || fail "$(cat join.log)"
on n1 "systemd-run --quiet --unit=roost-agent -p BindPaths=/run/class:/sys/class -p Restart=always -p RestartSec=1 -p KillMode=process /usr/local/bin/roost-agent daemon --program /usr/local/bin/roost-agent"
roost_ends 0 energy settings --intensity 400 --wall-factor 1.2 --idle n1=10

step "a key, and a model on its way"
roost_ends 0 keys add laptop --models chat
key=$OUT
roost_ends 0 keys
check_contains "listed" "laptop" "$OUT"
check_fails grep -q "${key##*_}" <<<"$OUT"
chat ''
check_equal "nobody serves it" 404 "$STATUS"
mkdir -p inventory/workloads
cat >inventory/workloads/chat.yml <<'YAML'
name: chat
engine: llama_cpp
models: [tiny]
context: 65536
slots: 2
options: { threads: 1, device: none }
health: { prompt: Name the alphabet., expect: " alpha bravo", max_tokens: 8, interval_s: 2, timeout_s: 5 }
YAML
roost_ends 0 launch chat --folder inventory/workloads
eventually 10 known
if [ "$STATUS" != 200 ]; then
    check_equal "on its way" 503 "$STATUS"
    check_contains "when to come back" "Retry-After: " "$HEAD"
    check_contains "why" '"code":"model_loading"' "$ANSWER"
fi
eventually 40 answers

step "answers and streams"
chat ',"max_tokens":8'
check_contains "the right words" " alpha bravo charlie" "$ANSWER"
check_contains "its name" '"model":"chat"' "$ANSWER"
check_contains "usage" '"completion_tokens":8' "$ANSWER"
chat ',"max_tokens":8,"stream":true' -N
check_contains "a stream" "text/event-stream" "$HEAD"
check_contains "its end" "data: [DONE]" "$ANSWER"
check_fails grep -q '"usage"' answer
chat ',"max_tokens":8,"stream":true,"stream_options":{"include_usage":true}' -N
check_contains "usage when asked for" '"completion_tokens":8' "$ANSWER"
ask completions '{"model":"chat","prompt":"Name the alphabet.","max_tokens":4}'
check_equal "completions" 200 "$STATUS"
check_contains "models" '"id":"chat"' "$(curl -s -H "Authorization: Bearer $key" "$url/models")"

step "what clients send"
chat ',"max_tokens":8,"temperature":1,"top_p":1,"presence_penalty":0,"frequency_penalty":0,"user":"6650","stream":true,"stream_options":{"include_usage":true}' -N
check_contains "LibreChat" '"completion_tokens":8' "$ANSWER"
chat ',"max_completion_tokens":8,"stream":false,"stop":[],"seed":7,"min_p":0.05,"reasoning_effort":"low","metadata":{"chat_id":"c"},"stream_options":{"include_usage":true}'
check_contains "Open WebUI" " alpha bravo charlie" "$ANSWER"
ask chat/completions '{"model":"chat","n":1,"store":false,"service_tier":"auto","prompt_cache_key":"k","logprobs":false,"max_completion_tokens":8,"messages":[
    {"role":"developer","content":"Be brief."},{"role":"user","content":[{"type":"text","text":"Name the alphabet."}]},
    {"content":" alpha","refusal":null,"role":"assistant","annotations":[],"audio":null,"function_call":null,"tool_calls":null},
    {"role":"user","content":"Name the alphabet."}]}'
check_contains "OpenAI's own, with an answer sent back as it came" " alpha bravo charlie" "$ANSWER"

step "what is refused"
chat ',"n_discard":-1'
check_equal "a field for engines" 400 "$STATUS"
check_contains "by name" "'n_discard' is not taken here" "$ANSWER"
ask chat/completions '{"model":"other","messages":[{"role":"user","content":"x"}]}'
check_equal "another model" 403 "$STATUS"
check_equal "no key" 401 "$(curl -s -o /dev/null -w '%{http_code}' "$url/models")"

step "a client leaves, a head is killed"
# stream FILE: in the background, $streaming; 2 ends an answer: without it the model goes on
stream() {
    asked=$((asked + 1))
    curl -sN -m 240 "$url/chat/completions" -H "Authorization: Bearer $key" -H 'Content-Type: application/json' \
        -d '{"model":"chat","stream":true,"messages":[{"role":"user","content":"Name the alphabet."}],"logit_bias":{"2":-100},"max_tokens":30000}' >"$1" &
    streaming=$!
    eventually 30 grep -q alpha "$1"
}
stream left
kill $streaming
wait $streaming || true
check_fails grep -q 'DONE' left
stream broken
on n1 'systemctl kill -s KILL "roost-piece-chat*"'
wait $streaming || true
check_contains "a word to its client" '"code":"upstream_broken"' "$(cat broken)"
eventually 40 answers

step "the books"
eventually 10 used requests $asked
check_equal "each once" "$asked" "$(($(usage "done") + $(usage failed) + $(usage cancelled) + $(usage refused)))"
[ "$(usage tokens_out)" -gt 30 ] || fail "tokens: $(usage tokens_out)"
roost_ends 0 keys usage
check_contains "as a table" "laptop" "$OUT"
roost_ends 0 keys revoke laptop
chat ''
check_equal "revoked" 401 "$STATUS"

step "embeddings"
roost_ends 0 keys add vectors --models embed
vectors=$OUT
"$ROOT/tests/models/mkanswer" embedding embed.gguf
node exec n1 sh -c 'cat >/root/embed.gguf' <embed.gguf
roost_ends 0 run -i hosts.ini n1 -m model -a 'source=file:///root/embed.gguf name=embed'
cat >inventory/workloads/embed.yml <<'YAML'
name: embed
engine: llama_cpp
models: [embed]
embedding: true
context: 512
options: { threads: 1, device: none, pooling: last }
YAML
roost_ends 0 launch embed --folder inventory/workloads
embedded() {
    ANSWER=$(curl -s -m 20 "$url/embeddings" -H "Authorization: Bearer $vectors" -H 'Content-Type: application/json' \
        -d '{"model":"embed","input":["alpha bravo","alpha charlie"]}')
    grep '"embedding"' <<<"$ANSWER" >/dev/null
}
eventually 40 embedded
check_equal "which words they end in" "[1, 2]" "$(python3 -c '
import json, sys
print([one["embedding"].index(max(one["embedding"])) for one in json.load(sys.stdin)["data"]])' <<<"$ANSWER")"

step "what it took"
roost_ends 0 keys add phone
key=$OUT
eventually 60 worked_and 'w["tokens_out"] >= 32 and (w["active_joules"] or 0) > 100'
roost_ends 0 energy
check_contains "as a table" "CO2E" "$OUT"
printf '%s\n' "$OUT"
energy '51 < a["nodes"][0]["watts"] < 69' || fail "not 60 W: $("$BUILD/roost" energy --json)"
energy 'abs((a["idle_joules"] + a["node_idle_joules"]) / a["node_seconds"] - 10) < 0.1' || fail "not 10 W idle: $("$BUILD/roost" energy --json)"
energy 'abs(a["joules"] - a["active_joules"] - a["idle_joules"] - a["node_idle_joules"] - a["unattributed_joules"] - a["pending_joules"]) < 0.01 * a["joules"]' ||
    fail "it does not add up: $("$BUILD/roost" energy --json)"
energy 'w["joules_per_token"] > 0 and w["grams_co2e"] > 0 and w["decode_per_second"] > 0' || fail "figures are missing"
roost_ends 0 stop embed --forget

step "asked by the dashboard's form"
token=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["token"])' "$XDG_CONFIG_HOME/roost/controller.json")
curl -sk -o page -b "roost_session=$token" -H "Origin: https://$address:$port" --data-urlencode 'prompt=Name the alphabet.' -d 'model=chat&max_tokens=4' \
    "https://$address:$port/playground"
check_contains "the right words" " alpha bravo" "$(cat page)"

step "beyond loopback: TLS"
kill "$controller"
wait "$controller" || true
setpriv --pdeathsig KILL "$BUILD/roost" controller --state controller --listen "$address:$port" --address "$address:$port" \
    --gateway "$address:$front" >controller.log 2>&1 &
controller=$!
eventually 20 curl -sfk "https://$address:$front/health"
cp controller/trust/ca.pem ca.pem
url=https://$address:$front/v1
eventually 40 answers_by_tls
check_contains "the same words" " alpha" "$ANSWER"
roost_ends 0 stop chat --forget
kill "$controller"
