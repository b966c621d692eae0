#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# roost rebuild: three machines become nodes; one shows another host key than was told, is named, and the rest goes on; the controller is
# killed at a random step. That one is built alone, the others are left alone. Then the others are wiped and built again, one after the other,
# while both serve a model to clients, who notice nothing; the rebuild is killed at a random step and goes on. What was built is on record, signed.

. "$(dirname "$0")/helpers.bash"

built roost roost-agent
desk_begin
nodes_start forky+llama n1 n3 &
nodes_start bookworm n2 &
wait %1 && wait %2
node inventory n1 n2 n3 >hosts.ini
printf '[serving]\nn1\nn3\n' >>hosts.ini
export XDG_CONFIG_HOME=$DESK/config XDG_STATE_HOME=$DESK/state
gateway=$(node exec n1 ip -4 route show default </dev/null | awk '{ print $3 }')
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("", 0)); print(s.getsockname()[1])'; }
port=$(free_port) endpoint=127.0.0.1:$(free_port)
"$ROOT/tests/models/mkanswer" chat tiny.gguf ctx=4096 layers=2
seed=${REBUILD_SEED:-$RANDOM}
RANDOM=$seed
echo "seed $seed"

controller_start() {
    setpriv --pdeathsig KILL "$BUILD/roost" controller --state controller --listen "$gateway:$port" --address "$gateway:$port" --gateway "$endpoint" >>controller.log 2>&1 &
    controller=$!
    eventually 20 curl -sfk "https://$gateway:$port/health"
}
controller_kill() {
    kill -9 "$controller"
    wait "$controller" 2>/dev/null || true
}
rebuild_start() { # ARGUMENT...
    "$BUILD/roost" rebuild "$@" </dev/null >rebuild.out 2>rebuild.notes &
    rebuild=$!
}
rebuild_is_over() { ! kill -0 "$rebuild" 2>/dev/null; }
rebuild_ends() { # CODE
    local code=0
    eventually 60 rebuild_is_over
    wait "$rebuild" || code=$?
    OUT=$(cat rebuild.out) NOTES=$(cat rebuild.notes)
    [ $code = "$1" ] || fail "the rebuild ended with $code, not $1"$'\n'"$OUT"$'\n'"$NOTES"$'\n'"$(tail -n 5 "$XDG_STATE_HOME"/roost/rebuild/*/*.log)"
}
has_done() { grep -E "^$1: $2: " rebuild.out; } # NODE STEP
any_of() { shift $((RANDOM % $#)) && echo "$1"; }
generation() { "$BUILD/roost" nodes show "$1" --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["generation"])'; }

play light <<'YAML'
- hosts: nodes
  tasks:
    - name: A file
      copy: { content: "built\n", dest: /etc/built }
- hosts: serving
  tasks:
    - name: A model, not over ssh where it is there
      stat: { path: /var/lib/roost/models/names/tiny }
      register: kept
    - name: It comes
      copy: { src: tiny.gguf, dest: /root/tiny.gguf }
      when: not kept.stat.exists
    - name: The store has it
      model: { source: "file:///root/tiny.gguf", name: tiny }
      when: not kept.stat.exists
YAML

# What wipes a node here, and tells its new host key: of n2 a wrong one, while the file `liar` is there.
cat >wipe <<WIPE
#!/bin/sh
set -e
models="$NODES_DIR/nodes/\$ROOST_NODE/root/var/lib/roost/models" kept="$DESK/models.\$ROOST_NODE"
"$NODES_LIB/node" kill "\$ROOST_NODE"
if [ -n "\$ROOST_KEEP_MODELS" ] && [ -d "\$models" ]; then rm -rf "\$kept" && cp -a "\$models" "\$kept"; fi
"$NODES_LIB/node" wipe "\$ROOST_NODE"
if [ -n "\$ROOST_KEEP_MODELS" ] && [ -d "\$kept" ]; then mkdir -p "\${models%/*}" && mv "\$kept" "\$models"; fi
"$NODES_LIB/node" boot "\$ROOST_NODE"
key="$NODES_DIR/nodes/\$ROOST_NODE/host_key.pub"
if [ \$ROOST_NODE = n2 ] && [ -e liar ]; then key=$NODES_DIR/key.pub; fi
echo "host-key: \$(cat "\$key")"
WIPE
chmod 755 wipe
touch liar

step "what is refused before anything is wiped"
roost_ends 0 controller init --state controller --listen "$gateway:$port" --address "$gateway:$port"
controller_start
roost_ends 5 rebuild light.yml -i hosts.ini --sereal 2
check_contains "the nearest option" "did you mean" "$NOTES"
roost_ends 5 rebuild light.yml -i hosts.ini --check
check_contains "what would be passed over" "rebuild does not take --check" "$NOTES"
roost_ends 5 rebuild light.yml -i hosts.ini --serial 0 --yes
check_contains "how many at a time" "--serial is '0'" "$NOTES"
roost_ends 1 rebuild light.yml -i hosts.ini -e roost_host_key=AAAA --yes
check_contains "no host key" "roost_host_key is 'AAAA'" "$NOTES"
roost_ends 1 rebuild --resume
check_contains "nothing to go on with" "there is no rebuild to go on with" "$NOTES"
roost_ends 5 rebuild light.yml -i hosts.ini --wipe ./wipe
check_contains "nobody to ask" "--yes says that it is meant" "$NOTES"
check_contains "what it would do" "all that is on it goes, by: ./wipe (--wipe)" "$OUT"
check_fails node ssh n1 test -e /etc/built

step "three machines, one of them not the one that was told; the controller is killed on the way"
rebuild_start light.yml -i hosts.ini --keep-models --wipe ./wipe --yes
at=$(any_of wipe ssh enrol apply restart)
echo "controller killed after n1's $at"
eventually 60 has_done n1 "$at"
controller_kill
controller_start
rebuild_ends 2
check_contains "it is named" "n2 has failed at ssh: its host key is SHA256:" "$OUT"
check_contains "with what was told" "the wipe command says SHA256:" "$OUT"
check_contains "the rest goes on" "2 of 3 nodes are built" "$OUT"
for name in n1 n3; do
    check_equal "as declared" built "$(node ssh $name cat /etc/built </dev/null)"
    check_equal "generation of $name" 1 "$(generation $name)"
done
check_fails node ssh n2 test -e /etc/roost
roost_ends 1 nodes show n2

step "the one that had failed is built alone; the others serve meanwhile, logs are followed"
rm liar
rebuild_start --resume --yes
eventually 60 grep "n2 has failed" rebuild.out # it was told wrongly, and that is not forgotten
rebuild_ends 2
rebuild_start light.yml -i hosts.ini --limit n2 --wipe ./wipe --yes
mkdir declared
cat >declared/chat.yml <<'YAML'
name: chat
engine: llama_cpp
models: [tiny]
context: 4096
nodes: [n1, n3]
replicas: 2
options: { threads: 1, device: none }
health: { prompt: Name the alphabet., expect: " alpha bravo", max_tokens: 4, interval_s: 5, timeout_s: 5 }
YAML
roost_ends 0 launch chat --wait --timeout 60 --folder declared
roost_ends 0 keys add client
key=$OUT
ask() { # its status and its body
    curl -s -m 60 -o answer -w '%{http_code} ' "http://$endpoint/v1/chat/completions" -H "Authorization: Bearer $key" \
        -H 'Content-Type: application/json' -d '{"model": "chat", "max_tokens": 4, "messages": [{"role": "user", "content": "Name the alphabet."}]}'
    tr -d '\n' <answer
    echo
}
env --default-signal=INT "$BUILD/roost" logs chat -f >followed 2>&1 &
follower=$!
eventually 10 grep . followed
before=$(wc -l <followed)
follows() { ask >/dev/null && [ "$(wc -l <followed)" -gt "$before" ]; }
eventually 10 follows
kill -INT "$follower"
code=0
wait "$follower" || code=$?
check_equal "roost logs -f, ended by Ctrl-C" 130 "$code"
rebuild_ends 0
check_contains "who is not meant" "left alone, as --limit does not take them: n1, n3" "$OUT"
check_contains "it alone" "1 of 1 nodes are built" "$OUT"
for name in n1 n2 n3; do check_equal "generation of $name" 1 "$(generation $name)"; done
check_equal "as declared" built "$(node ssh n2 cat /etc/built </dev/null)"

step "one after the other, models kept, while both serve: killed on the way, gone on with, and clients notice nothing"
mv declared workloads # beside the inventory
mkfifo never
client() { while kill -0 $$ 2>/dev/null && [ ! -e enough ]; do ask || true; read -rt 0.2 _ <>never || true; done >asked; } # five times a second
client &
rebuild_start light.yml -i hosts.ini --limit serving --serial 1 --keep-models --wipe ./wipe --yes
at=$(any_of drain wipe ssh enrol apply restart doctor) on=$(any_of n1 n3)
echo "rebuild killed after $on's $at"
eventually 90 has_done "$on" "$at"
kill -9 "$rebuild"
wait "$rebuild" 2>/dev/null || true
cp rebuild.out first.out
rebuild_start --resume --yes
rebuild_ends 0
touch enough
wait %client
check_contains "all of them" "2 of 2 nodes are built" "$OUT"
check_contains "what comes next" "roost publish" "$OUT"
check_contains "it answers" "chat answered" "$OUT"
for name in n1 n3; do
    cat first.out rebuild.out | grep -E "^$name: models: .* there \(" >/dev/null || fail "$name has not kept its models"$'\n'"$OUT"
    check_equal "generation of $name" 2 "$(generation $name)"
done
echo "$(wc -l <asked) completions meanwhile"
[ "$(wc -l <asked)" -ge 10 ] || fail "hardly anybody asked"
check_equal "clients that were turned away" "" "$(grep -v '^200 ' asked | head -n 5)"
roost_ends 1 rebuild --resume
check_contains "it has ended" "there is no rebuild to go on with" "$NOTES"
roost_ends 0 stop chat

step "on record, signed"
roost_ends 0 records verify
check_contains "unchanged" "records: unchanged since the key" "$OUT"
roost_ends 0 records --node n3 --json
id=$(python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["id"])' <<<"$OUT")
roost_ends 0 records show "$id"
check_contains "how its key is known" "as the wipe command says" "$OUT"
roost_ends 0 events
check_contains "it is told" "rebuild.done" "$OUT"
controller_kill
python3 -B - "$id" <<'PYTHON'
import sqlite3, sys
store = sqlite3.connect("controller/store/store.db")
store.execute("UPDATE build_record SET record = replace(record, 'wipe command', 'inventory') WHERE id = ?", sys.argv[1:])
store.commit()
PYTHON
controller_start
roost_ends 1 records verify
check_contains "what was changed is named" "record $id: the signature is not of the key" "$NOTES"
controller_kill
