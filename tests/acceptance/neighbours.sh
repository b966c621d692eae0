#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Models to nodes once from the origin: one download's worth of bytes for three nodes, a child killed at work, a seed whose power goes, a
# neighbour whose blob was changed behind its back, and nothing that listens when all is done. The origin is tests/models/hub on the bridge.

# shellcheck disable=SC2016,SC2154 # expanded on the nodes; of fleet.bash
. "$(dirname "$0")/helpers.bash"
. "$(dirname "$0")/fleet.bash"

built roost roost-agent
desk_begin
nodes_start trixie n1 n2 n3 n4
fleet_begin n1 n2 n3 n4

step "a hub on the bridge"
SIZE=$((128 * 1024 * 1024 + 12345))
mkdir -p root/acme/one root/acme/two root/files
declare -A digests
iv=0
for name in one two; do
    iv=$((iv + 1))
    # noise that is quick to make: blocks of AES in counter mode
    { openssl enc -aes-128-ctr -K 00 -iv $iv -in /dev/zero 2>/dev/null || true; } | head -c $SIZE >root/acme/$name/$name.gguf
    digests[$name.gguf]=$(sha256sum root/acme/$name/$name.gguf | cut -d' ' -f1)
    # the origin says nothing more at 90%: the seed is at work for as long as it takes to end it
    printf '{"content": {"stall_at": %d}}' $((SIZE * 90 / 100)) >root/acme/$name.json
done
: >log
setpriv --pdeathsig KILL "$ROOT/tests/models/hub" --root root --ports ports --log log --address "$gateway" --rate 64000000 &
eventually 10 test -s ports
read -r hub _ <ports
for name in n1 n2 n3 n4; do
    node exec $name sh -c 'mkdir -p /etc/roost && cat >/etc/roost/models.yml' <<<"endpoint: http://$gateway:$hub"
done

token=$(python3 -c 'import json; print(json.load(open("config/roost/controller.json"))["token"])')
fetches() { # SOURCE EXPRESSION: of the rows, by Python: `rows` by the node's name
    curl -sfk -H "Authorization: Bearer $token" "https://$gateway:$port/api/v1/models/fetches" |
        python3 -ISc "import json, sys; rows = {r['node']: r for r in json.load(sys.stdin)['items'] if r['source'] == '$1'}; print($2)"
}
is_so() { [ "$(fetches "$1" "$2")" = True ]; }
origin_bytes() { # FILE: of its content, that the hub gave
    python3 -c 'import json, sys; print(json.load(open("log.bytes")).get(sys.argv[1], 0))' "$1"
}
has() { # NODE FILE: as the hub has it
    check_equal "$2 on $1" "${digests[$2]}" "$(on "$1" "sha256sum /var/lib/roost/models/names/hf/*/acme/*/commits/*/$2" | cut -d' ' -f1)"
}
is_quiet() { on "$1" '! ss -Hltn | grep -q ":8483 "'; }

step "three nodes, one download"
"$BUILD/roost" models fetch hf://acme/one/one.gguf --nodes n1,n2,n3 --wait >out 2>notes &
waiting=$!
eventually 20 is_so hf://acme/one/one.gguf 'any(r["is_seed"] and r["percent"] > 15 for r in rows.values())'
seed=$(fetches hf://acme/one/one.gguf 'next((n for n, r in rows.items() if r["is_seed"]), "n1")')
on "$seed" 'kill -9 $(pgrep -f "[r]oost-agent fetch")'
rm root/acme/one.json
python3 - "$(node exec "$seed" hostname -I </dev/null | cut -d' ' -f1)" <<'PYTHON' || fail "who has no certificate is listened to"
import socket, ssl, sys
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
try:
    with context.wrap_socket(socket.create_connection((sys.argv[1], 8483), 5)) as peer:
        peer.sendall(b'{"ask":"plan","source":"hf://acme/one/one.gguf"}\n')
        sys.exit(1 if peer.recv(1) else 0)
except OSError:  # refused, reset, too slow: not a byte was told
    sys.exit(0)
PYTHON
wait $waiting || fail "$(cat out notes)"
for name in n1 n2 n3; do has $name one.gguf; done
bytes=$(origin_bytes one.gguf)
echo "from the origin: $bytes bytes of $SIZE"
# a child that is killed loses what its four connections had of their chunks of 16 MiB
[ "$bytes" -le $((SIZE * 105 / 100 + 4 * 16 * 1024 * 1024)) ] || fail "$bytes bytes came from the origin, of $SIZE"
check_contains "they took it from each other" "True" "$(fetches hf://acme/one/one.gguf "all(any(k != 'origin' for k in r['from']) for n, r in rows.items() if n != '$seed')")"
roost_ends 0 models where
check_contains "the matrix" "one.gguf" "$OUT"
for name in n1 n2 n3; do eventually 20 is_quiet $name; done

step "a neighbour that lies is named, and the model comes all the same"
on n2 'for i in 0 1 2 3 4 5 6 7 8 9; do printf X | dd of=$(readlink -f /var/lib/roost/models/names/hf/*/acme/one/commits/*/one.gguf) bs=1 seek=$((i * 16777216 + 77)) conv=notrunc status=none; done'
node limit n4 300mbit # slow enough that each neighbour is asked
roost_ends 0 models fetch hf://acme/one/one.gguf --nodes n4 --wait
node limit n4 off
check_contains "by name" "n2" "$OUT"
has n4 one.gguf
check_equal "nothing from the origin" "$bytes" "$(origin_bytes one.gguf)"
roost_ends 0 events --kind neighbour.bad
check_contains "told" "n2" "$OUT"

step "the seed's power goes"
roost_ends 0 models fetch hf://acme/two/two.gguf --nodes n1,n3,n4
eventually 20 is_so hf://acme/two/two.gguf 'any(r["is_seed"] for r in rows.values()) and all(r["percent"] > 40 for r in rows.values())'
seed=$(fetches hf://acme/two/two.gguf 'next((n for n, r in rows.items() if r["is_seed"]), "n1")')
node kill "$seed"
rm root/acme/two.json
eventually 60 is_so hf://acme/two/two.gguf "all(r['state'] == 'ready' for n, r in rows.items() if n != '$seed')"
for name in n1 n3 n4; do [ $name = "$seed" ] || has $name two.gguf; done
bytes=$(origin_bytes two.gguf)
echo "from the origin: $bytes bytes of $SIZE"
[ "$bytes" -le $((SIZE * 150 / 100)) ] || fail "$bytes bytes came from the origin, of $SIZE: what neighbours had was fetched again"
kill "$controller"
