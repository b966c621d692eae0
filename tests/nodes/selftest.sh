#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Every verb of `node`, for real, on both suites; two runs side by side; and what is left
# when the owner of a run is killed.

# shellcheck disable=SC2030,SC2031 # another run's environment lives in a subshell, on purpose
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

in_node() { node ssh "$@" </dev/null; }
ping_from() { in_node "$1" ping -qc 1 -W 1 "$(node ip "$2")"; }
boot_id() { in_node "$1" cat /proc/sys/kernel/random/boot_id; }
host_key() { awk -v name="$1," 'index($1, name) == 1 { print $3 }' "$NODES_DIR/known_hosts"; }
restarted() { [ "$(grep -c " 133$" "$NODES_DIR/nodes/$1/exits")" -ge "$2" ]; }
state() { node list | awk -v name="$1" '$1 == name { print $4 }'; }
not_running() { [ ! -d "/proc/$1" ] || grep -q '^State:[[:space:]]*[ZX]' "/proc/$1/status"; }

test_accounts() {
    step "$1: accounts"
    check_equal "root's login" root "$(in_node "$1" id -un)"
    check_equal "ops becomes root" root "$(in_node "ops@$1" sudo -n id -un)"
    check_fails in_node "admin@$1" sudo -n true
    check_equal "admin becomes root" root "$(in_node "admin@$1" "echo roost-admin | sudo -Sp '' id -un")"
}

test_machine() {
    step "$1: looks like a machine"
    check_equal "systemd" running "$(in_node "$1" systemctl is-system-running --wait)"
    check_equal "host name" "$1" "$(in_node "$1" hostname)"
    check_equal "cgroups" cgroup2fs "$(in_node "$1" stat -fc %T /sys/fs/cgroup)"
    check_fails in_node "$1" command -v python3
    check_equal "exec" "$1" "$(node exec "$1" hostname)"
    check_ok kill -0 "$(node pid "$1")"
    check_ok in_node "$1" "apt-get -qq update && apt-get -qq install -y tree >/dev/null && tree --version"
}

test_files() {
    local tmp
    step "$1: scp"
    tmp=$(mktemp)
    echo "to $1" >"$tmp"
    node scp "$tmp" "$1:/root/file"
    check_equal "the copy" "to $1" "$(in_node "$1" cat /root/file)"
    node scp "$1:/etc/hostname" "$tmp"
    check_equal "the copy back" "$1" "$(cat "$tmp")"
    rm "$tmp"
}

test_cable() {
    step "$1: cable"
    check_ok ping -qc 1 -W 1 "$(node ip "$1")"
    node cut "$1"
    check_equal "state" up,cut "$(state "$1")"
    check_fails ping -qc 1 -W 1 "$(node ip "$1")"
    node heal "$1"
    node wait "$1"
}

test_hang() {
    step "$1: hang"
    node freeze "$1"
    check_equal "state" frozen "$(state "$1")"
    check_fails timeout 1 "$NODES_LIB/node" ssh "$1" true </dev/null
    node thaw "$1"
    node wait "$1"
}

test_power() {
    local before after
    step "$1: reboot, poweroff, power cut"
    before=$(boot_id "$1")
    node reboot "$1"
    node wait "$1"
    after=$(boot_id "$1")
    [ "$before" != "$after" ] || fail "the same boot id after a reboot"
    in_node "$1" 'systemctl reboot' 2>/dev/null || true
    eventually 20 restarted "$1" 2
    node wait "$1"
    node poweroff "$1"
    check_equal "state" down "$(state "$1")"
    check_fails node wait "$1" 5
    node boot "$1"
    node wait "$1"
    node kill "$1"
    check_equal "state" down "$(state "$1")"
    node boot "$1"
    node wait "$1"
    check_equal "its files" "to $1" "$(in_node "$1" cat /root/file)"
    for _ in 1 2; do
        node kill "$1"
        node boot "$1"
        node wait "$1"
        node poweroff "$1"
        node boot "$1"
        node wait "$1"
    done
    check_equal "systemd" running "$(in_node "$1" systemctl is-system-running --wait)"
}

test_wipe() {
    local key address
    step "$1: wipe"
    key=$(host_key "$1") address=$(node ip "$1")
    node wipe "$1"
    node boot "$1"
    node wait "$1"
    check_equal "address" "$address" "$(node ip "$1")"
    [ "$key" != "$(host_key "$1")" ] || fail "the same host key after a wipe"
    check_fails in_node "$1" test -e /root/file
}

test_pinning() {
    local config
    step "$1: the host key is pinned"
    config=$(mktemp)
    node ssh-config | sed "s#^    UserKnownHostsFile .*#    UserKnownHostsFile $config.hosts#" >"$config"
    sed "s/^$1,/other,/; s/,$(node ip "$1") /,192.0.2.1 /" "$NODES_DIR/known_hosts" >"$config.hosts"
    check_fails ssh -F "$config" "$1" true </dev/null
    rm "$config" "$config.hosts"
}

test_pair() {
    step "$1 and $2: partition and limit"
    check_ok ping_from "$1" "$2"
    node partition "$1" "$2"
    check_fails ping_from "$1" "$2"
    check_ok in_node "$2" true
    node unpartition
    check_ok ping_from "$1" "$2"
    node limit "$1" 10mbit
    check_ok in_node "$1" true
    node limit "$1" off
}

test_small_disk() {
    step "a full disk"
    node create small bookworm 32M
    node boot small
    node wait small
    check_contains "dd" "No space left" "$(in_node small 'dd if=/dev/zero of=/root/big bs=1M count=64 2>&1 || true')"
    node destroy small
    check_fails node ip small
}

test_ansible() {
    local inventory
    command -v ansible >/dev/null || return 0
    step "ansible through the inventory"
    nodes_start bookworm+python py
    inventory=$(mktemp)
    node inventory py >"$inventory"
    check_contains "ping" SUCCESS "$(ansible -i "$inventory" nodes -m ping 2>&1)"
    rm "$inventory"
    node destroy py
}

# A second run beside ours, whose owner is killed: nothing of it may stay, ours must not notice.
test_two_runs_and_a_dead_owner() {
    local owner slot forwarder watcher leader trace
    step "two runs side by side"
    trace=$(mktemp -d)
    (
        export ROOST_RUN_ID=$ROOST_RUN_ID-b ROOST_OWNER_PID=$BASHPID
        node net-up
        nodes_start trixie n1
        node ip n1 >"$trace/ip"
        node pid n1 >"$trace/leader"
        (cd "$(node dir)" && cat slot >"$trace/slot" && cat forwarder >"$trace/forwarder" && cat watcher >"$trace/watcher")
        touch "$trace/ready"
        exec sleep 1000
    ) &
    owner=$!
    eventually 60 test -e "$trace/ready"
    check_ok in_node n1 true
    [ "$(cat "$trace/ip")" != "$(node ip n1)" ] || fail "both runs have the same address"

    step "kill -9 of the owner leaves nothing behind"
    kill -9 $owner
    wait $owner 2>/dev/null || true
    slot=$(cat "$trace/slot") leader=$(cat "$trace/leader")
    read -r forwarder _ <"$trace/forwarder"
    read -r watcher _ <"$trace/watcher"
    eventually 20 test ! -e "$NODES_DIR-b"
    eventually 5 not_running "$watcher"
    eventually 5 not_running "$forwarder"
    eventually 5 not_running "$leader"
    # unless another run has the number by now
    if [ "$(cat "/sys/class/net/roost$slot/ifalias" 2>/dev/null || echo "$ROOST_RUN_ID-b")" = "$ROOST_RUN_ID-b" ]; then
        check_fails ip link show "roost$slot"
        check_equal "network namespaces" '' "$(ip netns list | grep "roost$slot-" || true)"
        check_equal "nspawn's folders" '' "$(find /run/systemd/nspawn -name "roost$slot-*")"
    fi
    check_equal "mounts" '' "$(grep -F "$NODES_DIR-b" /proc/mounts || true)"
    check_equal "cgroups" '' "$(find /sys/fs/cgroup -maxdepth 2 -name "roost-$ROOST_RUN_ID-b")"
    check_ok in_node n1 true
    rm -r "$trace"
}

# The watcher is killed too: the next run's start cleans up.
test_gc() {
    local owner trace watcher
    step "gc of a run that lost its watcher"
    trace=$(mktemp)
    (
        export ROOST_RUN_ID=$ROOST_RUN_ID-c ROOST_OWNER_PID=$BASHPID
        node net-up
        node create n1 bookworm
        node boot n1
        cp "$(node dir)/watcher" "$trace"
        exec sleep 1000
    ) &
    owner=$!
    eventually 60 test -s "$trace"
    read -r watcher _ <"$trace"
    kill -9 "$watcher" $owner
    wait $owner 2>/dev/null || true
    check_ok test -d "$NODES_DIR-c"
    node gc
    check_fails test -d "$NODES_DIR-c"
    rm "$trace"
}

somebody_waits_for() { grep -q -- "-> FLOCK .*:$(stat -c %i "$1") " /proc/locks; }

# It is made under the lock, and has no owner for a moment.
test_gc_beside_a_beginning() {
    local lock=${NODES_DIR%/runs/*}/lock new=$NODES_DIR-e held gc
    step "gc leaves a run alone that begins"
    exec {held}>"$lock"
    flock "$held"
    mkdir -p "$new/nodes"
    (
        exec {held}>&-
        node gc
    ) &
    gc=$!
    eventually 20 somebody_waits_for "$lock"
    echo none >"$new/owner"
    exec {held}>&-
    wait $gc
    check_ok test -d "$new/nodes"
    rm -r "$new"
}

# A run that was cut off while it ended, or by a restart of the machine, may find that another one has its number.
test_number_of_another() {
    step "a number that another run has is left alone"
    (
        export ROOST_RUN_ID=$ROOST_RUN_ID-d
        node net-up
        node create n1 bookworm
        slot=$(cat "$(node dir)/slot")
        ip link set "roost$slot" alias another
        node destroy-all
        check_ok ip link show "roost$slot"
        check_ok test -e "/run/netns/roost$slot-n1"
        check_fails test -d "$NODES_DIR-d"
        ip netns del "roost$slot-n1"
        ip link del "roost$slot"
    )
}

nodes_begin
step "images"
node image bookworm
node image trixie
step "boot"
nodes_start bookworm n1
nodes_start trixie n2
for name in n1 n2; do
    test_accounts $name
    test_machine $name
    test_files $name
    test_cable $name
    test_hang $name
    test_power $name
    test_wipe $name
    test_pinning $name
done
test_pair n1 n2
test_small_disk
test_ansible
test_two_runs_and_a_dead_owner
test_gc
test_gc_beside_a_beginning
test_number_of_another
step "all verbs work"
