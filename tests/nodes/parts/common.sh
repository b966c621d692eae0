# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What every part of `node` needs: messages, locks, leases on processes, waiting on a
# condition, and starting a process that keeps nothing of ours open.

say() { printf '%s\n' "node: $*" >&2; }
die() { say "$@"; exit 1; }

need_root() { [ "$(id -u)" = 0 ] || die "this verb needs root"; }

# lock_take FILE: waits for the lock; it is given back by lock_drop or when we end.
lock_take() {
    mkdir -p "${1%/*}"
    exec {LOCK_FD}>"$1"
    flock "$LOCK_FD"
}
lock_drop() { exec {LOCK_FD}>&-; }

# process_start PID: the start time of a living process; fails for zombies and the dead.
process_start() {
    local stat
    { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
    read -ra stat <<<"${stat##*) }"
    [[ ${stat[0]} != [ZX] ]] || return 1
    echo "${stat[19]}"
}

# A lease is a file that names a process by pid, start time and boot, so that a reused
# number is never taken for it. "none" is a lease without end.
lease_write() {
    local start
    if [ "$2" = none ]; then
        echo none >"$1"
        return
    fi
    start=$(process_start "$2") || start=gone
    echo "$2 $start $(</proc/sys/kernel/random/boot_id)" >"$1"
}

lease_alive() {
    local pid start boot
    { read -r pid start boot <"$1"; } 2>/dev/null || return 1
    [ "$pid" != none ] || return 0
    [ "$boot" = "$(</proc/sys/kernel/random/boot_id)" ] && [ "$(process_start "$pid")" = "$start" ]
}

lease_dead() { ! lease_alive "$1"; }

lease_kill() {
    local pid
    lease_alive "$1" || return 0
    read -r pid _ <"$1"
    [ "$pid" != none ] || return 0
    kill -"${2:-TERM}" "$pid" 2>/dev/null || true
}

# scaled SECONDS: the same time in milliseconds, longer on a loaded machine (x6 at load 10 on 2 cores).
scaled() {
    local load cpus
    read -r load _ </proc/loadavg
    cpus=$(nproc)
    echo $(($1 * 1000 * (cpus + ${load%.*}) / cpus))
}

now_ms() { echo $((${EPOCHREALTIME/./} / 1000)); }

# await SECONDS COMMAND...: polls until the command succeeds or the (scaled) time is over.
await() {
    local deadline=$(($(now_ms) + $(scaled "$1")))
    shift
    until "$@"; do
        (($(now_ms) < deadline)) || return 1
        sleep 0.02
    done
}

# detach LEASE LOG COMMAND...: runs it in a session of its own with none of our files open.
detach() {
    local lease=$1 log=$2
    shift 2
    (
        trap - EXIT
        cd /
        exec </dev/null >>"$log" 2>&1
        for fd in /proc/self/fd/*; do
            fd=${fd##*/}
            ((fd <= 2)) || eval "exec $fd>&-"
        done
        exec setsid "$@"
    ) &
    lease_write "$lease" $!
}
