# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# A run: one bridge with its own subnet, one cgroup, one key pair, one folder of state,
# all named after the run id, and a watcher that takes everything down when the owner
# process is gone.

RUN=${ROOST_RUN_ID:-manual}
RUN_DIR=$STATE/runs/$RUN

run_get() { cat "$RUN_DIR/$1"; }
run_need() { [ -e "$RUN_DIR/ready" ] || die "there is no run '$RUN': call net-up first"; }
run_lock() { lock_take "$STATE/lock"; }
gateway() { echo "$(run_get net).1"; }

cgroup_root() { awk '$3 == "cgroup2" && !n++ { print $2 }' /proc/mounts; }
run_cgroup() { echo "$(cgroup_root)/roost-$RUN"; }

# The reason why there can be no nodes here, or nothing.
obstacle() {
    local tool dir
    if [ "$(id -u)" != 0 ]; then
        echo "test nodes need root"
        return
    fi
    for tool in systemd-nspawn mmdebstrap systemd-socket-activate apt-cacher-ng ip flock unshare nsenter ssh \
        ssh-keygen; do
        if ! PATH=$PATH:/usr/sbin command -v $tool >/dev/null; then
            echo "test nodes need $tool, which is not installed (scripts/setup test)"
            return
        fi
    done
    mkdir -p "$STATE" 2>/dev/null || true
    dir=$(mktemp -d "$STATE/probe.XXXXXX" 2>/dev/null) || true
    if [ -z "$dir" ]; then
        echo "test nodes need a writable $STATE"
    elif ! mirror_find main >/dev/null; then
        echo "no Debian mirror in this machine's apt sources; set ROOST_TEST_MIRROR to one"
    elif ! mkdir "$(cgroup_root)/roost-probe-$$" 2>/dev/null; then
        echo "test nodes need a writable cgroup2 file system"
    elif [ ! -e "$(cgroup_root)/roost-probe-$$/cgroup.kill" ]; then
        echo "test nodes need a kernel with cgroup.kill (5.14 or later)"
    elif ! unshare --net true 2>/dev/null; then
        echo "test nodes need network namespaces, which this machine refuses"
    elif ! ip link add "rp$$" type bridge 2>/dev/null; then
        echo "test nodes need network bridges, which this kernel refuses"
    elif ! overlay_possible "$dir" && ! overlay_possible "$dir" tmpfs; then
        echo "test nodes need overlayfs, which this machine refuses"
    fi
    ip link del "rp$$" 2>/dev/null || true
    rmdir "$(cgroup_root)/roost-probe-$$" 2>/dev/null || true
    [ -z "$dir" ] || rm -rf --one-file-system "$dir"
}

# overlay_possible DIR [tmpfs]: tried in a mount namespace that ends at once.
overlay_possible() {
    # shellcheck disable=SC2016 # expanded by the inner shell
    unshare --mount --propagation private sh -ec '
        cd "$1"; [ -z "$2" ] || mount -t tmpfs tmpfs .; cd "$1"; mkdir -p low up work root
        mount -t overlay overlay -o lowerdir="$1/low",upperdir="$1/up",workdir="$1/work" root' \
        _ "$1" "${2:-}" 2>/dev/null
}

run_can() {
    local reason
    reason=$(obstacle)
    [ -n "$reason" ] || [ "${1:-}" != vm ] || reason=$(vm_obstacle)
    [ -n "$reason" ] || return 0
    echo "$reason"
    exit 77
}

subnet_free() {
    [ -z "$(ip -4 route show table all root "$1.0/24" 2>/dev/null)" ] &&
        ! ip -4 route show match "$1.0/24" | grep -qv ^default
}

# The bridge of our number is another run's by now: ours is gone since the machine was restarted, or whoever ended us was ended.
run_slot_is_others() {
    local owner
    owner=$(cat "/sys/class/net/roost$(run_get slot 2>/dev/null)/ifalias" 2>/dev/null) || return 1
    [ -n "$owner" ] && [ "$owner" != "$RUN" ]
}

# Making a bridge is atomic: who makes bridge roostN owns subnet N, and its name stands there.
run_take_subnet() {
    local slot net
    for slot in $(seq 0 999); do
        net=10.$((79 + slot / 250)).$((slot % 250))
        subnet_free $net || continue
        ip link add "roost$slot" type bridge forward_delay 0 2>/dev/null || continue
        ip link set "roost$slot" alias "$RUN"
        echo "$slot" >"$RUN_DIR/slot"
        echo "$net" >"$RUN_DIR/net"
        ip addr add "$net.1/24" dev "roost$slot"
        echo 0 >"/proc/sys/net/ipv4/conf/roost$slot/forwarding"
        ip link set "roost$slot" up
        return
    done
    die "no free subnet"
}

run_up() {
    local owner=${ROOST_OWNER_PID:-$PPID} reason
    reason=$(obstacle)
    [ -z "$reason" ] || die "$reason"
    run_gc
    run_lock
    [ ! -e "$RUN_DIR" ] || die "run '$RUN' is up already"
    mkdir -p "$RUN_DIR/nodes"
    trap run_destroy EXIT
    lease_write "$RUN_DIR/owner" "$owner"
    lease_alive "$RUN_DIR/owner" || die "the owner process $owner is gone"
    detach "$RUN_DIR/watcher" "$RUN_DIR/log" "$SELF" __watch
    overlay_possible "$RUN_DIR" || touch "$RUN_DIR/on-tmpfs"
    run_take_subnet
    mkdir -p "$(run_cgroup)"
    ssh-keygen -q -t ed25519 -N '' -C "roost test run $RUN" -f "$RUN_DIR/key"
    apt_acquire "run-$RUN" "$RUN_DIR/owner"
    apt_forward "$(gateway)"
    await 10 port_listens "$(gateway)" "$APT_BRIDGE_PORT" || die "the forwarder to the apt cache does not start"
    ssh_files_write
    touch "$RUN_DIR/ready"
    trap - EXIT
}

# run_destroy: takes down whatever exists of the run; may be called twice.
run_destroy() {
    local name
    [ -d "$RUN_DIR" ] || return 0
    rm -f "$RUN_DIR/ready"
    for name in $(node_names); do
        node_destroy "$name" || say "$name is not quite gone"
    done
    lease_kill "$RUN_DIR/forwarder"
    [ ! -e "$RUN_DIR/slot" ] || run_slot_is_others || ip link del "roost$(run_get slot)" 2>/dev/null || true
    cgroup_remove "$(run_cgroup)"
    apt_release "run-$RUN"
    rm -rf --one-file-system "$RUN_DIR"
}

cgroup_empty() {
    [ -d "$1" ] || return 0
    find "$1" -depth -type d -exec rmdir {} + 2>/dev/null
    [ ! -d "$1" ]
}

cgroup_remove() {
    [ -d "$1" ] || return 0
    echo 1 >"$1/cgroup.kill"
    await 10 cgroup_empty "$1" || say "cgroup $1 remains"
}

# run_watch: what the watcher does all its life.
run_watch() {
    exec {never}<> <(:)
    while [ -d "$RUN_DIR" ]; do
        if lease_dead "$RUN_DIR/owner"; then
            run_lock
            run_destroy
            return
        fi
        read -rt 0.25 -u "$never" || true
    done
}

# run_reap: looks again under the lock, as a run that begins has no owner yet.
run_reap() {
    run_lock
    ! lease_dead "$RUN_DIR/owner" || run_destroy
}

# run_gc: destroys the runs whose owners are gone and that no watcher has cleaned.
run_gc() {
    local dir
    for dir in "$STATE"/runs/*; do
        [ -d "$dir" ] || continue
        lease_dead "$dir/owner" || continue
        ROOST_RUN_ID=${dir##*/} "$SELF" __reap
    done
    apt_release
    image_prune
}
