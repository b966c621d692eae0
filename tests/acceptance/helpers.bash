# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# For acceptance tests: the programs that were built, runs of roost whose end is checked, playbooks written in place.
# Sources tests/nodes/lib.sh. ROOST_BUILD: where roost lies (default build/release).
# shellcheck disable=SC2034 # OUT and NOTES are for the tests

ACCEPTANCE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ROOT=$(cd "$ACCEPTANCE/../.." && pwd)
BUILD=${ROOST_BUILD:-$ROOT/build/release}
# shellcheck source=../nodes/lib.sh
. "$ACCEPTANCE/../nodes/lib.sh"

# A python3 that is a script which looks for the real one takes twice as long, each time.
PYTHON=$(python3 -ISc 'import sys; print(sys.executable)')
[ "$PYTHON" = "$(type -P python3)" ] || PATH=${PYTHON%/*}:$PATH
unset PYTHON

# built PROGRAM...: fails if one is missing.
built() {
    local program
    for program in "$@"; do
        [ -x "$BUILD/$program" ] || fail "$BUILD/$program is not built"
    done
}

# desk_begin: a folder for playbooks and outputs ($DESK), settings that are nobody's but this test's.
desk_begin() {
    nodes_begin
    DESK=$NODES_DIR/desk
    mkdir -p "$DESK"
    : >"$DESK/ansible.cfg"
    export ANSIBLE_CONFIG=$DESK/ansible.cfg ANSIBLE_ROLES_PATH=$ROOT/roles
    cd "$DESK"
}

# roost_ends CODE ARGUMENT...: runs roost; its output is in $OUT, its warnings and errors in $NOTES.
roost_ends() {
    local wanted=$1 code=0
    shift
    timeout "${ROOST_TEST_SECONDS:-240}" "$BUILD/roost" "$@" >"$DESK/out" 2>"$DESK/notes" </dev/null || code=$?
    OUT=$(cat "$DESK/out") NOTES=$(cat "$DESK/notes")
    [ $code = "$wanted" ] ||
        fail "roost $* ended with $code, not $wanted"$'\n'"$(tail -n 40 "$DESK/out")"$'\n'"$(tail -n 20 "$DESK/notes")"
}

# recap HOST: its numbers in the last output, as "ok=3 changed=1 unreachable=0 ...".
recap() {
    sed -n "s/^$1 *: \\(ok=.*\\)/\\1/p" "$DESK/out" | tail -n 1 | tr -s ' ' | sed 's/ $//'
}

check_recap() { # HOST PART...
    local host=$1 part
    shift
    for part in "$@"; do
        check_contains "recap of $host" "$part " "$(recap "$host") "
    done
}

# sentence HOST: the msg of what failed or was unreachable last on that host.
sentence() {
    python3 -B - "$1" "$DESK/out" <<'PYTHON'
import json, re, sys
found = ""
for line in open(sys.argv[2], encoding="utf-8"):
    match = re.match(r"(?:fatal|failed): \[" + re.escape(sys.argv[1]) + r"[^]]*\].*?=> (\{.*)", line)
    if match:
        found = json.loads(match.group(1)).get("msg", "")
print(found)
PYTHON
}

check_lines() { # WHAT COUNT TEXT: that many lines
    check_equal "$1" "$2" "$(printf '%s' "$3" | grep -c '' || true)"
}

# play NAME: standard input becomes $DESK/NAME.yml.
play() { cat >"$DESK/$1.yml"; }

# rx_bytes NODE: what it has received so far.
rx_bytes() { node exec "$1" cat /sys/class/net/eth0/statistics/rx_bytes </dev/null; }
