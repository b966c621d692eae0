#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The main job of an AI box: playbooks/ai-node.yml on a fresh node. llama.cpp from Debian's packages, two models from a hub of
# our own, a chat unit and an embedding unit side by side with 128k tokens of context, right answers, and all of it taken back.
# shellcheck disable=SC2016 # expanded by other shells

. "$(dirname "$0")/helpers.bash"

built roost roost-agent
desk_begin
step "a fresh node, a hub with two models whose answers are known"
nodes_start forky box
packages_before=$(node ssh box 'dpkg-query -W -f "\${Package}\n"' </dev/null | sort)
bridge=$(node ip box | sed 's/[.][0-9]*$/.1/')
mkdir -p root/acme/tiny root/acme/vectors inventory/group_vars
"$ROOT/tests/models/mkanswer" chat root/acme/tiny/chat-F16.gguf ctx=131072
"$ROOT/tests/models/mkanswer" embedding root/acme/vectors/embed-F16.gguf ctx=131072
for name in tiny vectors; do
    echo '{"direct": true}' >root/acme/$name.json # no content server: that is tests/acceptance/models.sh's
done
"$ROOT/tests/models/hub" --root root --ports ports --log hub.log --address "$bridge" </dev/null >hub.out 2>&1 &
HUB=$!
trap 'code=$?; set +e; kill $HUB 2>/dev/null; (exit $code); nodes_end' EXIT
eventually 10 test -s ports
read -r hub_port _ <ports
node inventory >inventory/hosts
declare_units() { # the units of the box, as YAML
    cat >inventory/group_vars/nodes.yml <<YAML
models_endpoint: http://$bridge:$hub_port
models_list:
  - name: chat
    source: hf://acme/tiny/chat-F16.gguf
  - name: embed
    source: hf://acme/vectors/embed-F16.gguf
llama_cpp_backends: []
inference_start_timeout: 60
inference_restart_sec: 1
inference_units:
$(cat)
YAML
}
words=" alpha bravo charlie delta echo foxtrot golf hotel india juliett kilo lima mike november oscar papa quebec romeo sierra tango"
words+=" uniform victor whiskey xray yankee zulu"
chat_unit() {
    cat <<YAML
  - name: chat
    model: chat
    port: 8081
    ctx: 131072
    slots: 2
    kv: q8_0
    flash_attn: "on"
    load_mode: none
    threads: 1
    device: none
    memory_max: 2GiB
    probe: { prompt: Name the alphabet., expect: "$words", max_tokens: 40 }
YAML
}
embed_unit() {
    cat <<YAML
  - name: embed
    model: embed
    kind: embedding
    port: 8082
    ctx: 131072
    slots: 1
    pooling: last
    threads: 1
    device: none
    probe: { prompt: say charlie, expect: "[0.0, 0.0, 1.0, 0.0," }
YAML
}
{ chat_unit && embed_unit; } | declare_units
site=$ROOT/playbooks/ai-node.yml
unit() { node ssh box systemctl show --value "--property=$2" "inference-$1.service" </dev/null; }
ask() { # PATH PORT BODY: from the node itself, for units listen there only
    node ssh box "wget -qO- --header='Content-Type: application/json' --post-data='$3' http://127.0.0.1:$2$1" </dev/null
}
nothing_there() { # nothing of the roles is on the node
    check_equal "units" "" "$(node ssh box 'ls /etc/systemd/system | grep inference' </dev/null || true)"
    check_fails node ssh box id inference
    check_fails node ssh box ls -d /var/lib/roost/models
    check_fails node ssh box ls -d /opt/llama.cpp
    check_fails node ssh box ls -d /etc/ansible
    check_equal "packages" "$packages_before" "$(node ssh box 'dpkg-query -W -f "\${Package}\n"' </dev/null | sort)"
}

step "check says what would be done, and does nothing"
roost_ends 2 check "$site" -i inventory
check_recap box failed=0 unreachable=0
[[ $OUT != *fatal* ]] || fail "check on a fresh node is not calm: $OUT"
nothing_there

step "apply: from nothing to right answers"
roost_ends 0 apply "$site" -i inventory
check_recap box failed=0 unreachable=0
check_contains "the chat's answer" "inference-chat on 127.0.0.1:8081: ${words# } (27 tokens," "$OUT"
check_contains "the embedding" "inference-embed on 127.0.0.1:8082: an embedding of 128 numbers: 0.0, 0.0, 1.0, 0.0, ..." "$OUT"
check_equal "what the chat says to others" "$words" "$(ask /v1/chat/completions 8081 \
    '{"messages": [{"role": "user", "content": "and again?"}], "temperature": 0}' |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["choices"][0]["message"]["content"])')"
check_equal "the embedding of zulu" 25 "$(ask /v1/embeddings 8082 '{"input": "zulu"}' |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["data"][0]["embedding"].index(1.0))')"
check_contains "128k tokens" '"n_ctx":65536' "$(ask /props 8081 '' 2>/dev/null || node ssh box wget -qO- http://127.0.0.1:8081/v1/models </dev/null)"

step "plays for GPUs: not for this node, without a warning; the gate that they share"
check_equal "warnings" "" "$NOTES"
[[ $OUT != *"TASK [vulkan"* && $OUT != *"TASK [unified_memory"* ]] || fail "roles for GPUs ran on a node without one"
{ cat inventory/hosts && printf '[ai_node_gpu]\nbox\n'; } >gpu-hosts
roost_ends 0 apply "$site" -i gpu-hosts --tags doctor
check_contains "the gate ran" "Known faults" "$OUT"

step "units: their own user, no privileges, a read-only system, limits, enabled"
for name in chat embed; do
    check_equal "user of $name" inference "$(unit $name User)"
    check_equal "privileges of $name" yes "$(unit $name NoNewPrivileges)"
    check_equal "system of $name" strict "$(unit $name ProtectSystem)"
    check_equal "restart of $name" on-failure "$(unit $name Restart)"
    check_equal "enabled" enabled "$(unit $name UnitFileState)"
    node ssh box systemd-analyze security --no-pager "inference-$name.service" --threshold=30 </dev/null >security.out ||
        fail "systemd finds $name too open: $(tail -n 1 security.out)"
done
check_equal "memory of chat" 2147483648 "$(unit chat MemoryMax)"
check_equal "account of the process" inference \
    "$(node ssh box "stat -c %U /proc/$(unit chat MainPID)" </dev/null)"
check_contains "flags" "--load-mode none" "$(node ssh box tr "'\\0'" "' '" "</proc/$(unit chat MainPID)/cmdline" </dev/null)"

step "apply again: nothing is left to do, nothing restarts"
pids="$(unit chat MainPID) $(unit embed MainPID)"
: >hub.log
roost_ends 0 apply "$site" -i inventory
check_recap box changed=0 failed=0
check_equal "processes" "$pids" "$(unit chat MainPID) $(unit embed MainPID)"
check_equal "requests of the hub" "" "$(cat hub.log)"
check_contains "answers again" "inference-chat on 127.0.0.1:8081: alpha bravo" "$OUT"

roost_ends 0 check "$site" -i inventory

step "each tag alone"
for tag in engine models inference; do
    roost_ends 0 apply "$site" -i inventory --tags $tag
    check_recap box changed=0 failed=0
done

step "a unit that changes is the only one that restarts"
{ chat_unit && embed_unit | sed 's/ctx: .*/ctx: 65536/'; } | declare_units
roost_ends 0 apply "$site" -i inventory
check_equal "process of chat" "${pids% *}" "$(unit chat MainPID)"
[ "${pids#* }" != "$(unit embed MainPID)" ] || fail "embed was not restarted"

step "a run that was cut between a unit's file and its restart: the next one restarts"
node ssh box 'cd /etc/systemd/system && cp inference-embed.service /root/declared && sed -i s/65536/32768/ inference-embed.service &&
    touch inference-chat.service && systemctl daemon-reload && systemctl restart inference-embed && cp /root/declared inference-embed.service' </dev/null
check_equal "systemd has not read it" yes "$(unit embed NeedDaemonReload)"
roost_ends 2 check "$site" -i inventory
check_contains "check" "changed=2 " "$(recap box) "
roost_ends 0 apply "$site" -i inventory
check_recap box changed=2 failed=0
[ "${pids% *}" != "$(unit chat MainPID)" ] || fail "chat is older than its file and was not restarted"
check_contains "embed" " 65536 " "$(node ssh box tr "'\\0'" "' '" "</proc/$(unit embed MainPID)/cmdline" </dev/null)"

step "a model that changed upstream comes when it is asked for, and restarts its unit only"
pids="$(unit chat MainPID) $(unit embed MainPID)"
older=$(sha256sum root/acme/vectors/embed-F16.gguf | cut -d' ' -f1)
"$ROOT/tests/models/mkanswer" embedding root/acme/vectors/embed-F16.gguf ctx=65536
roost_ends 0 apply "$site" -i inventory
check_recap box changed=0
sed -i 's#^    source: .*/embed-F16.gguf#&\n    update: true#' inventory/group_vars/nodes.yml
roost_ends 0 apply "$site" -i inventory
check_equal "process of chat" "${pids% *}" "$(unit chat MainPID)"
[ "${pids#* }" != "$(unit embed MainPID)" ] || fail "embed was not restarted"

step "a killed server comes back"
node ssh box kill -9 "$(unit chat MainPID)" </dev/null
roost_ends 0 apply "$site" -i inventory
check_recap box changed=0 failed=0

step "an older build: other flags for the same wishes"
cat >older <<'SERVER'
#!/bin/bash
# llama-server as it was: its help, and what its flags are called today
case $1 in
--help)
    printf '%s\n' '-m,    --model FNAME                    model path' '-fa,   --flash-attn                     enable Flash Attention' \
        '--no-mmap                               do not memory-map model (slower load but may reduce pageouts if not using mlock)' \
        '-a,    --alias STRING                   alias' '--host HOST                             address' \
        '--port PORT                             port' '-c,    --ctx-size N                     context' \
        '-np,   --parallel N                     slots' '-ctk,  --cache-type-k TYPE              cache' \
        '-ctv,  --cache-type-v TYPE              cache' '-t,    --threads N                      threads' \
        '-dev,  --device <dev1,dev2,..>          devices' '--pooling {none,mean,cls,last,rank}     pooling' \
        '--embedding, --embeddings               embeddings, like --warp-speed' '--sleep                                 sleeps'
    exit
    ;;
--version) exec llama-server --version ;;
esac
arguments=()
for argument; do
    case $argument in --no-mmap | --flash-attn) ;; --sleep) exec sleep infinity ;; *) arguments+=("$argument") ;; esac
done
exec llama-server "${arguments[@]}"
SERVER
chmod 755 older && node ssh box mkdir /opt/older </dev/null && node scp older box:/opt/older/llama-server
{ chat_unit && embed_unit && echo 'inference_server: /opt/older/llama-server'; } | declare_units
roost_ends 0 apply "$site" -i inventory
file=$(node ssh box cat /etc/systemd/system/inference-chat.service </dev/null)
check_contains "flags" $'--flash-attn \\\n    --no-mmap\n' "$file"
[[ $file != *--load-mode* && $file != *--metrics* ]] || fail "flags that the older build does not have: $file"

step "not ready in time"
{ chat_unit && echo '    extra: [--sleep]' && printf '%s\n' 'inference_server: /opt/older/llama-server'; } | declare_units
roost_ends 2 apply "$site" -i inventory -e inference_start_timeout=1
check_contains "sentence" "inference-chat.service is not ready after 1 seconds (systemd: active, running). The end of its log:" "$(sentence box)"

step "a unit whose program is missing does not stop the run that mends it"
node ssh box rm -r /opt/older </dev/null
roost_ends 2 apply "$site" -i gpu-hosts --tags doctor
check_contains "seen" "starts /opt/older/llama-server, which does not exist" "$OUT"

step "keys of the API"
node ssh box 'umask 077; echo let-me-in-7 >/etc/inference.keys' </dev/null
{ chat_unit && echo '    api_key_file: /etc/inference.keys' && embed_unit; } | declare_units
roost_ends 0 apply "$site" -i inventory -i gpu-hosts --skip-tags drivers,tuned -vvv
check_contains "the gate ran twice" "Known faults, engines included" "$OUT"
[[ $OUT$NOTES != *let-me-in* ]] || fail "the key is in the output"
check_contains "without the key" "401" "$(node ssh box 'wget -qSO- http://127.0.0.1:8081/props 2>&1 || true' </dev/null)"
[[ $(node ssh box tr "'\\0'" "' '" "</proc/$(unit chat MainPID)/cmdline" </dev/null) != *let-me-in* ]] || fail "the key is in the arguments"
{ chat_unit && embed_unit; } | declare_units
roost_ends 0 apply "$site" -i inventory

step "a flag that this build does not have is refused by name"
{ chat_unit && echo '    extra: [--warp-speed, "9"]' && embed_unit; } | declare_units
roost_ends 2 apply "$site" -i inventory
check_contains "sentence" "does not know --warp-speed, which inference-chat would start it with" "$(sentence box)"
check_equal "chat is as it was" active "$(unit chat ActiveState)"

step "what cannot be is refused in one sentence, before anything is changed"
play units <<'YAML'
- hosts: nodes
  gather_facts: false
  roles: [inference]
YAML
refused() { # SED SENTENCE
    { chat_unit | sed "$1"; } | declare_units
    roost_ends 2 apply units.yml -i inventory
    check_contains "$1" "$2" "$(sentence box)"
    check_lines "failures" 1 "$(grep -E '^(fatal|failed):' out)"
    check_recap box changed=0
}
refused 's/8081/99999/' "port 99999 of inference-chat is none: ports are 1 to 65535"
refused 's/8081/0/' "port 0 of inference-chat is none"
refused 's/ctx: .*/ctx: -1/' "ctx of inference-chat is -1: it is a number of tokens"
refused 's/slots: .*/slots: 0/' "slots of inference-chat are 0: at least one"
refused 's/kv: .*/kv: q9/' "the cache of inference-chat cannot be q9: it is one of f32, f16, bf16, q8_0"
for limit in '96 GB' 96GB lots -1 0; do
    refused "s/memory_max: .*/memory_max: $limit/" "memory_max of inference-chat is $limit, which is no limit of memory: it is a size in 1024s"
done
refused '' "wants the model 'chat', which is in models_list, but role models did not run in this play before role inference"

step "a port that is declared twice, and one that somebody else has"
{ chat_unit && embed_unit | sed 's/8082/8081/'; } | declare_units
roost_ends 2 apply "$site" -i inventory
check_contains "sentence" "port 8081 is declared for chat and embed" "$(sentence box)"
node ssh box systemd-run --quiet --unit=squatter llama-server --help '>/dev/null' </dev/null || true
node ssh box systemd-run --quiet --unit=squatter2 --collect systemd-socket-activate -l 8083 /bin/cat </dev/null
{ chat_unit | sed 's/8081/8083/' && embed_unit; } | declare_units
eventually 10 node ssh box 'ss -Hltn "sport = :8083" | grep -q .' </dev/null
roost_ends 2 apply "$site" -i inventory
check_contains "sentence" "port 8083, which inference-chat is to listen on, is in use by" "$(sentence box)"
check_contains "who" "squatter2.service" "$(sentence box)"
check_equal "the unit is as it was" "1" "$(node ssh box grep -c 8081 /etc/systemd/system/inference-chat.service </dev/null)"
node ssh box systemctl stop squatter2 </dev/null

step "a wrong answer is an error"
{ chat_unit | sed 's/expect: "/expect: "zulu/' && embed_unit; } | declare_units
roost_ends 2 apply "$site" -i inventory
check_contains "sentence" "inference-chat.service gave a wrong answer:  alpha bravo" "$(sentence box)"

step "a unit that crashes again and again: one sentence, with the end of its log"
node ssh box 'echo no model >/srv/broken.gguf' </dev/null
{ chat_unit | sed 's#model: chat#model: /srv/broken.gguf#' && embed_unit; } | declare_units
roost_ends 2 apply "$site" -i inventory
check_contains "sentence" "inference-chat.service crashes again and again: 2 restarts by systemd, at last it ended with status 1" "$(sentence box)"
check_contains "log" "failed to load model" "$(sentence box)"
check_equal "embed is not touched" active "$(unit embed ActiveState)"

step "mended by what was declared first"
{ chat_unit && embed_unit; } | declare_units
roost_ends 0 apply "$site" -i inventory
roost_ends 0 apply "$site" -i inventory
check_recap box changed=0

step "a model in use is not removed; one unit goes with its model"
roost_ends 2 apply "$ROOT/playbooks/ai-node-absent.yml" -i inventory --tags models
check_contains "sentence" "in use" "$(sentence box)"
roost_ends 2 apply "$ROOT/playbooks/ai-node-absent.yml" -i inventory --tags engine
check_contains "sentence" "llama.cpp is in use by inference-chat.service, inference-embed.service" "$(sentence box)"
{ chat_unit && embed_unit && echo '    state: absent'; } | declare_units
sed -i 's#^    source: .*/embed-F16.gguf#&\n    state: absent#' inventory/group_vars/nodes.yml
roost_ends 0 apply "$site" -i inventory
check_fails node ssh box ls /var/lib/roost/models/links/embed </dev/null
roost_ends 0 apply "$site" -i inventory
check_recap box changed=0 failed=0
check_equal "units" inference-chat.service "$(node ssh box 'cd /etc/systemd/system && ls | grep ^inference' </dev/null)"

step "absent: nothing is left but what the model was before its update, which nobody declares any more (roost models gc)"
roost_ends 0 apply "$ROOT/playbooks/ai-node-absent.yml" -i inventory
check_recap box failed=0
check_equal "blobs" "$older" "$(node ssh box ls /var/lib/roost/models/blobs/sha256 </dev/null)"
node ssh box rm -r /var/lib/roost/models </dev/null
nothing_there
roost_ends 0 apply "$ROOT/playbooks/ai-node-absent.yml" -i inventory
check_recap box changed=0 failed=0
node destroy box

step "Debian 12 has no llama.cpp, and nothing is changed before that is said"
{ chat_unit; } | declare_units
nodes_start bookworm old
node inventory >inventory/hosts
roost_ends 2 apply "$site" -i inventory
check_contains "sentence" "has no package of llama.cpp: on old use llama_cpp_method archive or source" "$(sentence old)"
check_recap old changed=0
node destroy old

step "Debian 13 takes it from forky by itself"
nodes_start trixie box
node inventory >inventory/hosts
roost_ends 0 apply "$site" -i inventory
check_recap box failed=0
check_contains "the chat's answer" "inference-chat on 127.0.0.1:8081: ${words# } (27 tokens," "$OUT"
roost_ends 0 apply "$site" -i inventory
check_recap box changed=0 failed=0
