# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# For test scripts: a run of nodes that ends with the script, checks that say what they
# expected and what they saw, and skipping with a reason. Source it, then `nodes_begin`.

set -euo pipefail
shopt -s inherit_errexit

NODES_LIB=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
NODES_STEP=start

node() { "$NODES_LIB/node" "$@"; }

# step TITLE: what the following lines are about; a failure names it.
step() {
    NODES_STEP=$*
    printf '== %s\n' "$*"
}

fail() {
    printf 'FAIL (%s): %s\n' "$NODES_STEP" "$*" >&2
    exit 1
}

# skip REASON: ctest reads 77 as skipped. Where tests must not be skipped (CI), it fails.
skip() {
    [ -z "${ROOST_TEST_NO_SKIP:-}" ] || fail "must not be skipped here: $*"
    printf 'SKIP: %s\n' "$*"
    exit 77
}

# nodes_begin: a run of our own, destroyed when this script ends, however it ends.
nodes_begin() {
    local reason name
    reason=$(node can-run) || skip "$reason"
    name=$(basename "$0" .sh | tr -cs 'a-z0-9\n' - | cut -c1-16)
    export ROOST_RUN_ID=${name%-}-$$ ROOST_OWNER_PID=$$
    trap nodes_end EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    node net-up
    NODES_DIR=$(node dir)
    export NODES_DIR
}

nodes_end() {
    local code=$? console
    trap - EXIT
    if [ $code != 0 ] && [ $code != 77 ]; then
        for console in "$NODES_DIR"/nodes/*/console; do
            [ ! -s "$console" ] || printf -- '-- end of %s\n%s\n' "$console" "$(tail -n 5 "$console")" >&2
        done
    fi
    [ $code = 77 ] || printf '== %s s of processor time on the nodes\n' "$(node cpu 2>/dev/null || echo '?')"
    node destroy-all || code=1
    exit $code
}

# nodes_start SUITE NAME...: created, booted, answering.
nodes_start() {
    local suite=$1 name
    shift
    for name in "$@"; do
        node create "$name" "$suite"
        node boot "$name"
    done
    node wait "$@"
}

# check_equal WHAT EXPECTED ACTUAL
check_equal() {
    [ "$2" = "$3" ] || fail "$1"$'\n'"  expected: $2"$'\n'"  actual:   $3"
}

# check_contains WHAT PART TEXT
check_contains() {
    [[ $3 == *"$2"* ]] || fail "$1"$'\n'"  expected in it: $2"$'\n'"  actual:         $3"
}

# check_ok COMMAND...
check_ok() {
    local output code=0
    output=$("$@" 2>&1) || code=$?
    [ $code = 0 ] || fail "'$*' ended with $code"$'\n'"$output"
}

# check_fails COMMAND...
check_fails() {
    local output
    ! output=$("$@" 2>&1) || fail "'$*' should have failed"$'\n'"$output"
}

# eventually SECONDS COMMAND...: until it succeeds, asked less and less often; the time grows with the machine's load, as it is by then.
eventually() {
    local load seconds=$1 begun=$SECONDS pause=50
    shift
    until "$@" >/dev/null 2>&1; do
        read -r load _ </proc/loadavg
        [ $((SECONDS - begun)) -le $((seconds + seconds * (${load%.*} + 1) / $(nproc))) ] || fail "'$*' did not become true"
        sleep "$(printf '0.%03d' $pause)"
        pause=$((pause < 300 ? pause * 5 / 4 : pause))
    done
}
