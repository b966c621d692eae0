#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Models from a hub of our own: the protocol, what breaks on the way, and hubs that lie. Everything stays on this machine's
# loopback; no node is needed. The hub is tests/models/hub, its log says what was really asked.
# shellcheck disable=SC2016 # expanded by other shells

set -euo pipefail
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
BUILD=${ROOST_BUILD:-$HERE/../../build/release}
ROOST=$BUILD/roost
[ -x "$ROOST" ] || { echo "$ROOST is not built" >&2 && exit 1; }
[ "$(id -u)" = 0 ] || echo "not root: processes of other users cannot be looked at" >&2

DESK=$(mktemp -d)
HUB_PID=
cleanup() {
    [ -z "$HUB_PID" ] || kill "$HUB_PID" 2>/dev/null || true
    ! mountpoint -q "$DESK/small" || umount "$DESK/small"
    chmod -R u+w "$DESK" && rm -rf "$DESK"
}
trap cleanup EXIT
cd "$DESK"
mkdir -p root/acme/tiny/q4 root/files home

fail() {
    printf 'FAILED: %s\n' "$*" >&2
    [ ! -f notes ] || tail -n 5 notes >&2
    exit 1
}
step() { printf -- '- %s\n' "$*"; }
check_equal() { [ "$2" = "$3" ] || fail "$1: '$3', not '$2'"; }
check_has() { case $3 in *"$2"*) ;; *) fail "$1: no '$2' in: $3" ;; esac; }
random_file() { head -c "$2" /dev/urandom >"$1"; }
digest() { sha256sum "$1" | cut -d' ' -f1; }
until_it_reads() { # PID: a file of the store is open
    for _ in $(seq 400); do
        if find "/proc/$1/fd" -lname '*/blobs/*' 2>/dev/null | grep . >/dev/null; then return; fi
        read -rt 0.05 <> <(:) || true
    done
    fail "process $1 does not open the file"
}

random_file root/acme/tiny/model-Q8_0.gguf 3000001
for i in 1 2 3; do random_file "root/acme/tiny/q4/big-Q4_K_M-0000$i-of-00003.gguf" $((2000000 + i)); done
random_file root/acme/tiny/mmproj-F16.gguf 100000
random_file root/acme/tiny/mmproj-BF16.gguf 100000
echo "read me" >root/acme/tiny/README.md

: >log
"$HERE/../models/hub" --root root --ports ports --log log &
HUB_PID=$!
for _ in $(seq 200); do [ ! -s ports ] || break; read -rt 0.05 <> <(:) || true; done
read -r HUB _ <ports
export HF_ENDPOINT=http://127.0.0.1:$HUB HF_TOKEN=hf_topsecret HOME=$DESK/home
unset HF_HOME HF_TOKEN_PATH HF_HUB_OFFLINE http_proxy https_proxy all_proxy HTTPS_PROXY ALL_PROXY ROOST_MODELS_STORE
STORE=$DESK/store
REPO=$STORE/names/hf/127.0.0.1_$HUB/acme

# models CODE ARGUMENT...: roost models, its output in $OUT and its notes and errors in $NOTES; secrets appear in neither.
models() {
    local wanted=$1 code=0
    shift
    timeout 100 "$ROOST" models "$@" --store "$STORE" >out 2>notes </dev/null || code=$?
    OUT=$(cat out) NOTES=$(cat notes)
    [ $code = "$wanted" ] || fail "models $* ended with $code, not $wanted"
    case $OUT$NOTES in *hf_topsecret* | *s3cr3t*) fail "a secret in the output of models $*" ;; esac
}
pull() { models "$1" pull "${@:2}"; }
fresh() { rm -rf "$STORE" && : >log; }
mode() { printf '%s\n' "$2" >"root/$1.json"; }
plain() { mode acme/tiny '{}'; }
# requests SERVER [PATTERN]: how many there were
requests() { grep "\"server\": \"$1\"" log | grep -c -- "${2:-.}" || true; }
# No blob but under its own digest, and nothing half done beside it unless it may be.
check_store() {
    local blob
    for blob in "$STORE"/blobs/sha256/*; do
        [ ! -e "$blob" ] || check_equal "content of a verified name" "$(basename "$blob")" "$(digest "$blob")"
    done
}
check_no_blob() { check_equal "blobs" "" "$(ls -A "$STORE/blobs/sha256" 2>/dev/null)"; }
check_no_partial() { check_equal "partial files" "" "$(ls -A "$STORE/partial" 2>/dev/null)"; }

step "a split model by its folder: all shards, in one folder, verified"
fresh
pull 0 hf://acme/tiny/q4
check_has "path" "/q4/big-Q4_K_M-00001-of-00003.gguf" "$OUT"
for i in 1 2 3; do cmp "$(dirname "$OUT")/big-Q4_K_M-0000$i-of-00003.gguf" "root/acme/tiny/q4/big-Q4_K_M-0000$i-of-00003.gguf"; done
check_store
check_no_partial
cmp "$(dirname "$OUT")/../mmproj-F16.gguf" root/acme/tiny/mmproj-F16.gguf
check_equal "the token at the CDN" 0 "$(requests cdn '"auth": true')"
check_equal "requests of the hub without the token" 0 "$(requests hub '"auth": false')"

step "one shard names them all, and what is there needs no network"
: >log
pull 0 hf://acme/tiny/q4/big-Q4_K_M-00002-of-00003.gguf@main
COMMIT=$(basename "$(readlink "$REPO/tiny/revisions/main")")
pull 0 "hf://acme/tiny@$COMMIT/q4/big-Q4_K_M-00001-of-00003.gguf"
check_equal "requests" "" "$(cat log)"

step "a file, a pattern, a file that is no model, a wrong name"
pull 0 hf://acme/tiny/model-Q8_0.gguf --name chat
cmp "$STORE/links/chat/model-Q8_0.gguf" root/acme/tiny/model-Q8_0.gguf
pull 0 'hf://acme/tiny/mmproj-*.gguf'
pull 0 hf://acme/tiny/README.md
cmp "$OUT" root/acme/tiny/README.md
pull 1 hf://acme/tiny
check_has "choice" "has 2 models, name one: model-Q8_0.gguf, q4/big-Q4_K_M-00001-of-00003.gguf" "$NOTES"
pull 1 hf://acme/tiny/model-Q8.gguf
check_has "nearest" "did you mean 'model-Q8_0.gguf'?" "$NOTES"
models 0 list
check_has "list" "complete        hf://acme/tiny/q4/big-Q4_K_M-00001-of-00003.gguf@main" "$OUT"
check_has "list" "hf://acme/tiny/model-Q8_0.gguf@main  (chat)" "$OUT"
models 0 list --json
python3 -c 'import json, sys; assert sum(m["missing"] for m in json.load(open("out"))) == 0'

step "what is missing: repository, revision, and the branch of another"
pull 1 hf://acme/nothing/x.gguf
check_has "repository" "there is no such repository" "$NOTES"
pull 1 hf://acme/tiny/model-Q8_0.gguf@nowhere
check_has "revision" "there is no such revision (Invalid rev id)" "$NOTES"

step "a repository that wants another token"
fresh
mode acme/tiny '{"token": "hf_other"}'
pull 1 hf://acme/tiny/model-Q8_0.gguf
check_has "gated" "HTTP status 401: access was denied, with the token that is set (Access is restricted)" "$NOTES"
printf 'hf_other\n' >token
HF_TOKEN='' pull 0 hf://acme/tiny/model-Q8_0.gguf --token-file token
mkdir -p home/.cache/huggingface && cp token home/.cache/huggingface/token
HF_TOKEN='' pull 0 hf://acme/tiny/q4
rm -r home/.cache

step "a repository that was renamed, with the token; the tree in pages"
fresh
mode acme/old '{"rename_to": "acme/tiny"}'
mode acme/tiny '{"page": 2, "token": "hf_topsecret"}'
pull 0 hf://acme/old/model-Q8_0.gguf
check_store
mode acme/tiny '{"page": 2, "foreign_page": true}'
fresh
pull 1 hf://acme/tiny/model-Q8_0.gguf
check_has "next page" "goes on at another server" "$NOTES"
check_equal "the CDN was asked" 0 "$(requests cdn)"
plain

step "redirect loops, redirects that lead nowhere, to files, and from a public name to a private address"
fresh
mode acme/tiny '{"redirect": "loop"}'
pull 1 hf://acme/tiny/model-Q8_0.gguf
check_has "loop" "too many redirects" "$NOTES"
mode acme/tiny '{"redirect": "none"}'
pull 1 hf://acme/tiny/model-Q8_0.gguf
check_has "nowhere" "does not say where to" "$NOTES"
mode acme/tiny '{"redirect": "file"}'
pull 1 hf://acme/tiny/model-Q8_0.gguf
check_has "file" "redirect" "$NOTES"
check_no_blob
plain

step "a hub with a public address that sends us to private ones: refused before anything is sent there"
printf '127.0.0.1 localhost\n10.255.255.1 cdn.example\n' >hosts
cat >public.sh <<'CODE'
mount --bind hosts /etc/hosts && ip link set lo up && ip addr add 203.0.113.5/32 dev lo || exit 77
"$1" --root root --ports public-ports --log public-log --address 203.0.113.5 &
hub=$!
for _ in $(seq 200); do [ ! -s public-ports ] || break; read -rt 0.05 <> <(:) || true; done
read -r port _ <public-ports
HF_ENDPOINT=http://203.0.113.5:$port timeout 60 "$2" models pull --store "$3" hf://acme/tiny/model-Q8_0.gguf
code=$?
kill $hub
exit $code
CODE
# public CODE SENTENCE: the hub at a public address, in a network of its own
public() {
    local wanted=$1 code=0
    shift
    rm -f public-ports
    unshare -nm --propagation private bash public.sh "$HERE/../models/hub" "$ROOST" "$STORE" >out 2>notes || code=$?
    if [ $code = 77 ]; then echo "  (no network of one's own can be made here)" && return; fi
    check_equal "exit code" "$wanted" $code
    check_has "public" "$1" "$(cat out notes)"
    [ "$wanted" = 0 ] || check_no_blob
}
if unshare -nm true 2>/dev/null; then
    fresh
    mode acme/tiny '{"redirect": "http://127.0.0.1:1/x"}'
    public 1 "this is a private address, and not where a public server may send us"
    mode acme/tiny '{"redirect": "http://cdn.example/x"}'
    public 1 "refused: a public server sends us to the private address 10.255.255.1"
    mode acme/tiny '{"redirect": "http://[::ffff:127.0.0.1]/x"}'
    public 1 "this is a private address, and not where a public server may send us"
    plain
    public 0 "/model-Q8_0.gguf" # its content server is public, too
else
    echo "  (needs root)"
fi

step "later: 429 with Retry-After, at the hub and at the CDN"
fresh
mode acme/tiny '{"later": {"count": 1, "after": "1"}, "content": {"later": {"count": 2, "after": "0", "status": 503}}}'
pull 0 hf://acme/tiny/model-Q8_0.gguf --no-mmproj
check_equal "refused requests" "3 2" "$(requests hub '"status": 429') $(requests cdn '"status": 503')"
python3 - <<'PYTHON'
import json
hub = [json.loads(line) for line in open("log") if '"hub"' in line]
waits = [b["time"] - a["time"] for a, b in zip(hub, hub[1:]) if a["status"] == 429]
assert waits and min(waits) >= 0.99, waits
PYTHON
mode acme/tiny '{"later": {"count": 1000, "after": "86400"}}'
fresh
pull 1 hf://acme/tiny/model-Q8_0.gguf
check_has "a day" "too many requests" "$NOTES"
check_equal "requests" 1 "$(requests hub)"
plain

step "content servers that refuse large ranges, as for files of more than 50 GB: no range is larger than 32 MiB"
fresh
head -c 104857607 /dev/zero >root/acme/tiny/huge.gguf
mode acme/tiny '{"content": {"largest": 33554432}}'
for connections in 1 4; do
    pull 0 hf://acme/tiny/huge.gguf --no-mmproj --connections $connections
    check_store
    check_equal "refused requests, $connections connections" 0 "$(requests cdn '"status": 400')"
    check_equal "requests for the whole file" 0 "$(requests cdn '"range": null')"
    fresh
done
check_equal "the file as a whole" 400 "$(curl -s -o body -w '%{http_code}' \
    "$(curl -s -o body -w '%{redirect_url}' "$HF_ENDPOINT/acme/tiny/resolve/main/huge.gguf")")"
rm root/acme/tiny/huge.gguf body
plain

step "verify, gc and rm with --json: JSON, and nothing else"
# json CODE EXPRESSION ARGUMENT...: what the command prints, as d, fulfils the expression
json() {
    models "$1" "${@:3}" --json
    python3 -c "import json, sys; d = json.load(open('out')); assert $2, d" || fail "$* printed $OUT"
}
fresh
pull 0 hf://acme/tiny/model-Q8_0.gguf --no-mmproj --name one
json 0 'd["ok"] == 1 and d["files"][0]["state"] == "ok" and d["files"][0]["path"] == "model-Q8_0.gguf"' verify
json 0 'd == {"names": 0, "blobs": 0, "partials": 0, "bytes": 0, "in_use": 0}' gc
json 0 '(d["names"], d["blobs"], d["bytes"]) == (1, 1, 3000001)' rm one --check
chmod u+w "$STORE"/blobs/sha256/*
echo damage >>"$(echo "$STORE"/blobs/sha256/*)"
json 1 '(d["ok"], d["damaged"], d["files"][0]["state"]) == (0, 1, "damaged")' verify
json 0 'd["names"] == 1' rm one

step "URLs that expire are asked for anew; those that always do are given up"
fresh
random_file root/acme/tiny/long.gguf 30000000
mode acme/tiny '{"expire_after": 1}'
pull 0 hf://acme/tiny/long.gguf --no-mmproj --connections 2
check_store
if [ "$(requests cdn '"status": 403')" -lt 1 ] || [ "$(requests hub HEAD)" -lt 2 ]; then fail "nothing had expired"; fi
mode acme/tiny '{"always_expired": true}'
fresh
pull 1 hf://acme/tiny/long.gguf
check_has "given up" "given up, as every new URL is refused" "$NOTES"
check_no_blob
plain

step "a CDN that redirects once more: followed, without the token"
fresh
cp root/acme/tiny/long.gguf root/files/long.gguf
mode acme/tiny "{\"content\": {\"redirect\": \"http://127.0.0.1:$HUB/files/long.gguf\"}}"
pull 0 hf://acme/tiny/long.gguf --no-mmproj
check_store
check_equal "the token, sent back to the hub by a stranger" 0 "$(grep '/files/long' log | grep -c '"auth": true' || true)"
mode acme/tiny '{"content": {"redirect": "/again"}}'
fresh
pull 1 hf://acme/tiny/long.gguf --no-mmproj
check_no_blob
plain

step "a transfer that breaks off goes on where it stood"
fresh
mode acme/tiny '{"content": {"cut_at": 5000000, "once": true}}'
pull 0 hf://acme/tiny/long.gguf --no-mmproj --connections 1
check_store
grep -q '"range": "bytes=[1-9][0-9]*-' log || fail "it did not go on"

step "kill -9 in mid-file: the next run fetches only what had not been verified"
fresh
mode acme/tiny '{"content": {"stall_at": 20000000}}'
setsid "$ROOST" models pull --store "$STORE" --connections 1 --no-mmproj hf://acme/tiny/long.gguf >/dev/null 2>&1 &
PULLER=$!
DIGEST=$(digest root/acme/tiny/long.gguf)
for _ in $(seq 400); do
    [ "$(stat -c %s "$STORE/partial/$DIGEST.journal" 2>/dev/null || echo 0)" = 0 ] || break
    read -rt 0.05 <> <(:) || true
done
kill -9 $PULLER
wait $PULLER 2>/dev/null || true
check_no_blob
plain
: >log
pull 0 hf://acme/tiny/long.gguf --no-mmproj
check_has "note" "are there and verified already" "$NOTES"
check_store
check_no_partial
FIRST=$(sed -n 's/.*"range": "bytes=\([0-9]*\)-.*/\1/p' log | sort -n | head -n 1)
[ "$FIRST" -gt 15000000 ] || fail "it began at byte $FIRST"

step "Ctrl-C leaves a state to go on from"
fresh
mode acme/tiny '{"content": {"stall_at": 20000000}}'
"$ROOST" models pull --store "$STORE" --connections 1 --no-mmproj hf://acme/tiny/long.gguf >/dev/null 2>notes &
PULLER=$!
for _ in $(seq 400); do
    [ "$(stat -c %s "$STORE/partial/$DIGEST" 2>/dev/null || echo 0)" -lt 19000000 ] || break
    read -rt 0.05 <> <(:) || true
done
kill -TERM $PULLER
CODE=0
wait $PULLER || CODE=$?
check_equal "exit code" 130 $CODE
[ -s "$STORE/partial/$DIGEST.journal" ] || fail "no journal was left"
plain
pull 0 hf://acme/tiny/long.gguf --no-mmproj
check_has "note" "are there and verified already" "$NOTES"

step "two pulls of one model: one fetches, both have it"
fresh
mode acme/tiny '{"content": {"later": {"count": 1, "after": "1"}}}'
"$ROOST" models pull --store "$STORE" --no-mmproj hf://acme/tiny/long.gguf >one 2>&1 &
PULLER=$!
pull 0 hf://acme/tiny/long.gguf --no-mmproj
wait $PULLER || fail "the other one failed: $(cat one)"
check_store
BYTES=$(python3 - <<'PYTHON'
import json
total = 0
for line in open("log"):
    entry = json.loads(line)
    if entry["server"] == "cdn" and entry["status"] == 206:
        first, last = entry["range"][6:].split("-")
        total += int(last) + 1 - int(first)
print(total)
PYTHON
)
check_equal "bytes fetched by both" 30000000 "$BYTES"
plain

step "servers without ranges; without a length"
fresh
mode acme/tiny '{"content": {"no_ranges": true}}'
pull 0 hf://acme/tiny/long.gguf --no-mmproj
check_store
fresh
mode acme/tiny '{"content": {"no_ranges": true, "cut_at": 9000000, "once": true}}'
pull 0 hf://acme/tiny/long.gguf --no-mmproj
check_store
fresh
mode acme/tiny '{"content": {"no_ranges": true, "no_length": true}}'
pull 0 hf://acme/tiny/long.gguf --no-mmproj
check_store

step "ranges that nobody asked for, of sizes that there are not"
for range in "bytes 0-0/-5" "bytes 0-9/10" "bytes -1-5/7"; do
    fresh
    mode files "{\"long.gguf\": {\"no_ranges\": true, \"no_length\": true, \"unasked\": \"$range\"}}"
    pull 1 "http://127.0.0.1:$HUB/files/long.gguf"
    check_has "$range" "another range than the one asked for" "$NOTES"
    check_no_blob
done

step "a file that is replaced while it comes, at a server that has dates and no ETag"
fresh
mode files '{"long.gguf": {"etag": "", "replaced_at": 5000000}}'
pull 1 "http://127.0.0.1:$HUB/files/long.gguf"
check_has "replaced" "was replaced while it was being fetched" "$NOTES"
check_no_blob
mode files '{"long.gguf": {"etag": "", "replaced_at": 90000000}}'
pull 0 "http://127.0.0.1:$HUB/files/long.gguf"
check_store
mode files '{}'

step "a wrong bit; and in a transfer that was taken up again"
fresh
mode acme/tiny '{"content": {"corrupt": 1234567}}'
pull 1 hf://acme/tiny/model-Q8_0.gguf --no-mmproj
check_has "digest" "is not what it should be: its SHA-256 is " "$NOTES"
check_no_blob
check_no_partial
plain
pull 0 hf://acme/tiny/model-Q8_0.gguf --no-mmproj
check_store

step "a wrong bit in a small file, which git's name of it gives away"
fresh
mode acme/tiny '{"corrupt": 3}'
pull 1 hf://acme/tiny/README.md
check_has "git" "README.md is not what it should be: git's name of it is " "$NOTES"
check_no_blob
check_no_partial
check_equal "names" "" "$(find "$STORE/names" -type l -name README.md)"
plain
pull 0 hf://acme/tiny/README.md

step "lists of files that are too long: in bytes, in files, in pages"
fresh
mode acme/tiny '{"page": 1, "endless": true, "padding": 8000000}'
pull 1 hf://acme/tiny/model-Q8_0.gguf
check_has "bytes" "the hub's list of files has no end" "$NOTES"
check_equal "pages asked for" 9 "$(requests hub /tree/)"
mode acme/tiny '{"many": 100001}'
pull 1 hf://acme/tiny/model-Q8_0.gguf
check_has "files" "the repository has more than 100000 files" "$NOTES"
: >log
mode acme/tiny '{"page": 1, "endless": true}'
pull 1 hf://acme/tiny/model-Q8_0.gguf
check_has "pages" "the hub's list of files has no end" "$NOTES"
check_equal "pages asked for" 1000 "$(requests hub /tree/)"
plain

step "hubs that lie: size, digest, contradictions, paths, ranges, too much, too little"
# lie MODES SENTENCE
lie() {
    fresh
    mode acme/tiny "$1"
    pull 1 hf://acme/tiny/model-Q8_0.gguf --no-mmproj --retries 2
    check_has "lie $1" "$2" "$NOTES"
    check_no_blob
    [ ! -e "$STORE/names/hf" ] || check_equal "names" "" "$(find "$STORE/names" -type l -name '*.gguf')"
}
lie '{"lie_size": {"model-Q8_0.gguf": 3000000}}' "the file has 3000001 bytes there, not the 3000000 that were announced"
lie '{"lie_size": {"model-Q8_0.gguf": -5}}' "the hub gives no size"
lie '{"lie_size": {"model-Q8_0.gguf": 9000000000000000000}}' "which cannot be"
lie '{"lie_size": {"model-Q8_0.gguf": 4000000000000000000}}' "not enough space"
lie '{"lie_digest": {"model-Q8_0.gguf": "0000000000000000000000000000000000000000000000000000000000000000"}}' "its SHA-256 is $(digest root/acme/tiny/model-Q8_0.gguf), not 0000"
lie '{"lie_digest": {"model-Q8_0.gguf": "../../../../etc/passwd"}}' "is no SHA-256: 64 hexadecimal digits are wanted"
lie '{"lie_digest": {"model-Q8_0.gguf": "ABCDEF0000000000000000000000000000000000000000000000000000000000"}}' "is no SHA-256"
lie '{"lie_head": {"model-Q8_0.gguf": "1111111111111111111111111111111111111111111111111111111111111111"}}' "the hub contradicts itself"
lie '{"bad_path": "../../../../../../tmp/evil"}' "a file whose path cannot be used"
lie '{"bad_path": "/etc/passwd"}' "a file whose path cannot be used"
lie '{"commit": "main/../../x"}' "the hub names no commit"
lie '{"content": {"wrong_range": 1}}' "answers with another range"
lie '{"content": {"other_size": 12}}' "the file has 12 bytes there"
lie '{"content": {"longer": 10, "no_ranges": true, "no_length": true}}' "sends more than it announced"
lie '{"content": {"cut_at": 1000, "no_ranges": true}}' "broke off every time"
lie '{"page": 1, "endless": true, "bad_path": "x\u0000y"}' "a file whose path cannot be used"
plain

step "a branch moves: nothing changes until an update; then collecting takes the old one"
fresh
pull 0 hf://acme/tiny/model-Q8_0.gguf --no-mmproj
OLD=$OUT
random_file root/acme/tiny/model-Q8_0.gguf 3000002
: >log
pull 0 hf://acme/tiny/model-Q8_0.gguf --no-mmproj
check_equal "path" "$OLD" "$OUT"
check_equal "requests" "" "$(cat log)"
pull 0 hf://acme/tiny/model-Q8_0.gguf --no-mmproj --update
cmp "$OUT" root/acme/tiny/model-Q8_0.gguf
if [ "$OLD" = "$OUT" ] || [ ! -e "$OLD" ]; then fail "the old revision is gone"; fi
tail -f "$OLD" >/dev/null 2>&1 &
USER_PID=$!
until_it_reads $USER_PID
models 0 gc
[ -s "$OLD" ] || fail "gc took what is in use"
models 1 rm "hf://acme/tiny/model-Q8_0.gguf@$(basename "$(dirname "$OLD")")"
check_has "in use" "is in use by process $USER_PID (tail): not removed" "$NOTES"
kill $USER_PID
wait $USER_PID 2>/dev/null || true
models 0 gc --check
check_has "check" "would remove 1 names, 1 blobs" "$OUT"
[ -s "$OLD" ] || fail "gc --check removed something"
models 0 gc
check_has "gc" "removed 1 names, 1 blobs, 0 unfinished downloads: 2.9 MiB" "$OUT"
[ ! -e "$OLD" ] && cmp "$(readlink -f "$REPO/tiny/revisions/main")/model-Q8_0.gguf" root/acme/tiny/model-Q8_0.gguf

step "a blob that a process maps, and one that is locked, stay"
python3 - "$OUT" "$(readlink -f "$REPO/tiny/revisions/main")/model-Q8_0.gguf" <<'PYTHON' &
import mmap, os, sys, time
path = os.path.realpath(sys.argv[2])
fd = os.open(path, os.O_RDONLY)
held = mmap.mmap(fd, 0, prot=mmap.PROT_READ)
os.close(fd)
sys.argv = [""]
open("mapped", "w").close()
time.sleep(100)
PYTHON
USER_PID=$!
for _ in $(seq 400); do [ ! -e mapped ] || break; read -rt 0.05 <> <(:) || true; done
models 1 rm hf://acme/tiny
check_has "mapped" "is in use by process $USER_PID (python3): not removed" "$NOTES"
kill $USER_PID
wait $USER_PID 2>/dev/null || true
flock -s "$(readlink -f "$(readlink -f "$REPO/tiny/revisions/main")/model-Q8_0.gguf")" "$ROOST" models rm --store "$STORE" hf://acme/tiny 2>notes && fail "it was removed"
check_has "locked" "is " "$(cat notes)"

step "verify: damage is found, put aside, and fetched anew"
models 0 verify
BLOB=$(readlink -f "$REPO/tiny/revisions/main/model-Q8_0.gguf")
printf X | dd of="$BLOB" bs=1 seek=1000 conv=notrunc status=none
models 1 verify
check_has "verify" "0 ok, 1 damaged, 0 missing" "$OUT"
if [ -e "$BLOB" ] || [ ! -e "$STORE/damaged/$(basename "$BLOB")" ]; then fail "the damaged blob has kept its name"; fi
models 0 list
check_has "list" "1 of 1 missing" "$OUT"
pull 0 hf://acme/tiny/model-Q8_0.gguf --no-mmproj
models 0 verify

step "rm: the names, and what nothing else has"
pull 0 hf://acme/tiny/q4/big-Q4_K_M-00001-of-00003.gguf --no-mmproj
models 0 rm hf://acme/tiny/q4/big-Q4_K_M-00002-of-00003.gguf --check
check_has "check" "would remove 3 names, 3 blobs" "$OUT"
models 0 rm hf://acme/tiny/q4/big-Q4_K_M-00002-of-00003.gguf
[ -s "$BLOB" ] || fail "the other model is gone"
models 0 rm hf://acme/tiny
check_equal "what is left" "" "$(find "$STORE/names" "$STORE/blobs" "$STORE/links" -not -type d)"
models 1 rm hf://acme/tiny

step "collecting while a model comes leaves alone what has come of it"
fresh
mode acme/tiny '{"content": {"stall_at": 2000001}}' # there is no such byte in the first shard
"$ROOST" models pull --store "$STORE" --no-mmproj --timeout 1 --retries 1000 hf://acme/tiny/q4 >one 2>&1 &
PULLER=$!
SECOND=$(digest root/acme/tiny/q4/big-Q4_K_M-00002-of-00003.gguf)
for _ in $(seq 400); do
    [ ! -e "$STORE/partial/$SECOND" ] || break
    read -rt 0.05 <> <(:) || true
done
models 0 gc --partial
check_has "gc" "removed 0 names, 0 blobs, 0 unfinished downloads" "$OUT"
check_equal "blobs" "$(digest root/acme/tiny/q4/big-Q4_K_M-00001-of-00003.gguf)" "$(ls "$STORE/blobs/sha256")"
plain
wait $PULLER || fail "the pull failed: $(cat one)"
models 0 list
check_has "list" "complete        hf://acme/tiny/q4/big-Q4_K_M-00001-of-00003.gguf@main" "$OUT"

step "two models of one repository: an update of one does not move the other, and collecting keeps both"
fresh
mkdir -p root/acme/pair
random_file root/acme/pair/a.gguf 100000
random_file root/acme/pair/b.gguf 100000
pull 0 hf://acme/pair/a.gguf --name a
A=$OUT
pull 0 hf://acme/pair/a.gguf --name former
pull 0 hf://acme/pair/b.gguf --name b
pull 0 hf://acme/pair/b.gguf
B=$OUT
check_equal "one commit" "$(dirname "$A")" "$(dirname "$B")"
cp root/acme/pair/a.gguf old-a
random_file root/acme/pair/a.gguf 100001
random_file root/acme/pair/b.gguf 100001
pull 0 hf://acme/pair/b.gguf --name b --update
[ "$OUT" != "$B" ] || fail "b was not updated"
NEW_B=$OUT
cmp "$STORE/links/b/b.gguf" root/acme/pair/b.gguf
: >log
pull 0 hf://acme/pair/a.gguf --name a --check
check_has "a is there" "is in the store" "$OUT"
pull 0 hf://acme/pair/a.gguf --name a
check_equal "path of a" "$A" "$OUT"
pull 0 hf://acme/pair/b.gguf
check_equal "path of b without a link" "$B" "$OUT"
pull 0 hf://acme/pair/b.gguf --name b
check_equal "path of b" "$NEW_B" "$OUT"
check_equal "requests" "" "$(cat log)"
models 0 gc
cmp "$STORE/links/a/a.gguf" old-a
[ -e "$B" ] || fail "gc took a revision that a model without a link is at"
models 0 list
check_has "list" "hf://acme/pair/a.gguf@main  (a,former)" "$OUT"
rm "$STORE/links/former"
pull 0 hf://acme/pair/a.gguf --name a --update
cmp "$STORE/links/a/a.gguf" root/acme/pair/a.gguf
pull 0 hf://acme/pair/b.gguf --update
models 0 gc
check_has "gc" "removed 2 names, 2 blobs" "$OUT"
if [ -e "$A" ] || [ -e "$B" ]; then fail "the old revision is still there"; fi
cmp "$STORE/links/b/b.gguf" root/acme/pair/b.gguf
models 0 rm hf://acme/pair
check_equal "what is left" "" "$(find "$STORE/names" "$STORE/blobs" "$STORE/links" -not -type d)"
: >log
pull 0 hf://acme/pair/a.gguf
[ "$(requests hub /revision/)" = 1 ] || fail "what was removed is still remembered"
pull 0 hf://acme/pair/b.gguf
models 0 rm hf://acme/pair/a.gguf
random_file root/acme/pair/a.gguf 100002
pull 0 hf://acme/pair/b.gguf --update
pull 0 hf://acme/pair/a.gguf
cmp "$OUT" root/acme/pair/a.gguf

step "rm by the name of a link: what it is for, and nothing else in that commit's folder"
fresh
pull 0 hf://acme/pair/a.gguf --name a
A=$OUT
pull 0 hf://acme/pair/b.gguf --name b
B=$OUT
pull 0 hf://acme/pair/a.gguf --name again
check_equal "one commit" "$(dirname "$A")" "$(dirname "$B")"
models 0 list
check_has "list" "hf://acme/pair/b.gguf@main  (b)" "$OUT"
tail -f "$STORE/links/again/a.gguf" >/dev/null 2>&1 &
USER_PID=$!
until_it_reads $USER_PID
models 1 rm again
check_has "in use" "a.gguf is in use by process $USER_PID (tail): not removed" "$NOTES"
kill $USER_PID
wait $USER_PID 2>/dev/null || true
models 0 rm again
check_has "of another link, too" "removed the link 'again'" "$OUT"
if [ ! -e "$A" ] || [ -L "$STORE/links/again" ]; then fail "the link went with the file, or not at all"; fi
models 0 rm a --check
check_has "check" "would remove 1 names, 1 blobs" "$OUT"
models 0 rm a
if [ -e "$A" ] || [ -L "$STORE/links/a" ]; then fail "a is still there"; fi
cmp "$STORE/links/b/b.gguf" root/acme/pair/b.gguf
models 1 rm a
check_has "gone" "there is no model of the name 'a' in the store" "$NOTES"
pull 0 hf://acme/pair/a.gguf --name a
models 0 rm hf://acme/pair/a.gguf
[ ! -L "$STORE/links/a" ] || fail "a link is left whose file has gone"
rm "$STORE/links/.b.json"
pull 0 hf://acme/pair/a.gguf
models 1 rm b
check_has "no record" "the link 'b' leads to a folder with several models" "$NOTES"
pull 0 hf://acme/pair/b.gguf --name b
models 0 rm b
check_equal "what is left" "$(digest root/acme/pair/a.gguf)" "$(ls "$STORE/blobs/sha256")"
check_equal "links" "" "$(ls -A "$STORE/links")"

step "offline"
HF_HUB_OFFLINE=1 pull 1 hf://acme/tiny/model-Q8_0.gguf
check_has "offline" "HF_HUB_OFFLINE forbids to ask the hub" "$NOTES"

step "plain URLs: recorded at first use, replaced upstream, checksums, changed in mid-file, redirects"
fresh
random_file root/files/plain.gguf 5000000
URL=http://127.0.0.1:$HUB/files/plain.gguf
pull 0 "$URL"
cmp "$OUT" root/files/plain.gguf
check_equal "the token" 0 "$(requests hub '"auth": true')"
: >log
pull 0 "$URL"
check_equal "requests" "" "$(cat log)"
pull 0 "$URL" --update
check_equal "bytes asked for" 1 "$(requests hub)"
random_file root/files/plain.gguf 5000000
rm -f "$STORE"/blobs/sha256/*
pull 1 "$URL"
check_has "replaced" "it was replaced since it was first fetched; an update takes the new one" "$NOTES"
pull 0 "$URL" --update
cmp "$OUT" root/files/plain.gguf
pull 1 "$URL" --checksum 0000000000000000000000000000000000000000000000000000000000000000
check_has "checksum" "not 0000" "$NOTES"
pull 1 "$URL" --checksum ABC
check_has "checksum" "is no SHA-256" "$NOTES"
pull 0 "$URL" --checksum "sha256:$(digest root/files/plain.gguf)"
mode files "{\"moved.gguf\": {\"redirect\": \"http://127.0.0.1:$HUB/files/plain.gguf\"}}"
pull 0 "http://127.0.0.1:$HUB/files/moved.gguf"
mode files "{\"plain.gguf\": {\"no_ranges\": true, \"no_length\": true}}"
fresh
pull 0 "$URL"
cmp "$OUT" root/files/plain.gguf
mode files '{}'
for i in 1 2; do cp root/files/plain.gguf "root/files/s-0000$i-of-00002.gguf"; done
pull 0 "http://127.0.0.1:$HUB/files/s-00001-of-00002.gguf"
cmp "$(dirname "$OUT")/s-00002-of-00002.gguf" root/files/plain.gguf
pull 1 "http://127.0.0.1:$HUB/files/missing.gguf"
check_has "missing" "HTTP status 404" "$NOTES"
pull 1 http://127.0.0.1:1/files/x.gguf
check_has "nobody" "no connection" "$NOTES"

step "a wall clock that jumps with every look at it does not matter"
cat >jump.c <<'CODE'
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
int clock_gettime(clockid_t id, struct timespec *out)
{
    static long jumps;
    int code = (int)syscall(SYS_clock_gettime, id, out);
    if (id == CLOCK_REALTIME)
        out->tv_sec = out->tv_sec + (jumps++ % 2 ? 1000000000 : -1000000000);
    return code;
}
CODE
if ! ldd "$ROOST" | grep -q libasan && ${CC:-cc} -shared -fPIC -o jump.so jump.c 2>/dev/null; then
    fresh
    mode acme/tiny '{"later": {"count": 1, "after": "1"}, "content": {"cut_at": 5000000, "once": true}}'
    mv root/acme/tiny.json jumping.json && mkdir root/acme/jump && ln root/acme/tiny/long.gguf root/acme/jump/ && mv jumping.json root/acme/jump.json
    LD_PRELOAD=$DESK/jump.so timeout 60 "$ROOST" models pull --store "$STORE" --limit-rate 20M hf://acme/jump >/dev/null 2>notes || fail "it did not stand a clock that jumps"
    check_store
    cmp "$STORE"/names/hf/*/acme/jump/revisions/main/long.gguf root/acme/tiny/long.gguf
else
    echo "  (needs a C compiler, and a program without sanitizers)"
fi
plain

step "a disk too small is seen first; one that fills in mid-file leaves no blob"
if [ "$(id -u)" = 0 ] && mkdir small && mount -t tmpfs -o size=8M none small 2>/dev/null; then
    STORE=$DESK/small/store
    pull 1 hf://acme/tiny/long.gguf --no-mmproj
    check_has "space" "not enough space for hf://acme/tiny/long.gguf: 28.6 MiB are needed, 8.0 MiB are free" "$NOTES"
    mode files '{"long.gguf": {"no_ranges": true, "no_length": true}}'
    cp root/acme/tiny/long.gguf root/files/long.gguf
    pull 1 "http://127.0.0.1:$HUB/files/long.gguf"
    check_has "full" "cannot write 'long.gguf' into the store: No space left on device" "$NOTES"
    check_no_blob
    models 0 gc --partial
    check_no_partial
    STORE=$DESK/store
else
    echo "  (no tmpfs can be mounted here)"
fi

step "a rate limit is kept"
fresh
START=${EPOCHREALTIME/[.,]/}
pull 0 hf://acme/tiny/model-Q8_0.gguf --no-mmproj --limit-rate 1500K
[ $((${EPOCHREALTIME/[.,]/} - START)) -gt 1000000 ] || fail "3 MB at 1.5 MB/s came in less than a second"

step "the module, through a playbook: check mode, once, and again"
fresh
cat >play.yml <<YAML
- hosts: localhost
  connection: local
  gather_facts: false
  tasks:
    - name: A model
      model:
        source: hf://acme/tiny/model-Q8_0.gguf
        store: $STORE
        name: chat
        token: hf_topsecret
      environment: { HF_ENDPOINT: "$HF_ENDPOINT" }
      register: model
    - name: Its path
      debug: { msg: "{{ model.link }} {{ model.revision | length }} {{ model.mmproj | basename }} {{ model.files | length }}" }
YAML
unset HF_TOKEN
mode acme/tiny '{"token": "hf_topsecret"}'
HF_ENDPOINT='' "$ROOST" apply -i localhost, play.yml -C -v >out 2>notes || fail "$(cat out)"
check_has "check mode" "changed=1" "$(cat out)"
[ ! -e "$STORE" ] || fail "check mode has made a store"
HF_ENDPOINT='' "$ROOST" apply -i localhost, play.yml -vvv >out 2>notes || fail "$(cat out)"
check_has "first run" "changed=1" "$(cat out)"
check_has "result" "$STORE/links/chat/model-Q8_0.gguf 40 mmproj-F16.gguf 2" "$(cat out)"
! grep -q hf_topsecret out notes || fail "the token is shown"
HF_ENDPOINT='' "$ROOST" apply -i localhost, play.yml >out 2>notes || fail "$(cat out)"
check_has "second run" "changed=0" "$(cat out)"
check_store

echo "models: all good"
