#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Virtual machines for real: two runs side by side, what is left when the owner of one is killed while its machine boots,
# and the other's machine through its life.

# shellcheck disable=SC2030,SC2031 # another run's environment lives in a subshell, on purpose
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

in_box() { node ssh box "$@" </dev/null; }
boot_id() { in_box cat /proc/sys/kernel/random/boot_id; }
state() { node list | awk -v name="$1" '$1 == name { print $4 }'; }
not_running() { [ ! -d "/proc/$1" ] || grep -q '^State:[[:space:]]*[ZX]' "/proc/$1/status"; }
port_of() { ip -br link show master "roost$(cat "$1/slot")" | awk '{ print $1 }'; }

# A run with a machine that boots; its owner ends with a signal before it is up.
other_run() {
    export ROOST_RUN_ID=$ROOST_RUN_ID-b ROOST_OWNER_PID=$BASHPID
    node net-up
    node create box trixie+vm
    node boot box
    port_of "$(node dir)" >"$1/port"
    node ip box >"$1/ip"
    node pid box >"$1/qemu"
    touch "$1/ready"
    exec sleep 1000
}

test_two_runs_and_a_dead_owner() {
    local trace owner qemu
    step "two runs side by side"
    trace=$(mktemp -d)
    other_run "$trace" &
    owner=$!
    eventually 60 test -e "$trace/ready"
    [ "$(cat "$trace/ip")" != "$(node ip box)" ] || fail "both machines have the same address"
    [ "$(cat "$trace/port")" != "$(port_of "$NODES_DIR")" ] || fail "both machines have the same port"
    qemu=$(cat "$trace/qemu")
    eventually 10 grep -q qemu "/proc/$qemu/comm"

    step "kill -9 of the owner leaves nothing behind"
    kill -9 $owner
    wait $owner 2>/dev/null || true
    eventually 20 test ! -e "$NODES_DIR-b"
    eventually 5 not_running "$qemu"
    check_fails ip link show "$(cat "$trace/port")"
    check_equal "cgroups" '' "$(find /sys/fs/cgroup -maxdepth 2 -name "roost-$ROOST_RUN_ID-b")"
    check_equal "state of ours" up "$(state box)"
    rm -r "$trace"
}

test_machine() {
    step "a machine of its own"
    node wait box
    check_equal "host name" box "$(in_box hostname)"
    check_equal "who may log in" ops "$(node ssh ops@box id -un </dev/null)"
    check_equal "systemd" running "$(in_box systemctl is-system-running --wait)"
    check_contains "its kernel" "BOOT_IMAGE=/boot/vmlinuz-" "$(in_box cat /proc/cmdline)"
    check_ok in_box "modprobe ttm && sysctl -q vm.swappiness=11"
    check_ok ping -qc 1 -W 5 "$(node ip box)"
    check_contains "exec" "by ssh only" "$(node exec box true 2>&1 || true)"
}

test_power() {
    local before
    step "what was not synced is lost with the power"
    before=$(boot_id)
    in_box 'echo kept >/root/kept; sync; echo lost >/root/lost'
    node kill box
    check_equal "state" down "$(state box)"
    node boot box
    node wait box
    [ "$before" != "$(boot_id)" ] || fail "the same boot id after a power cut"
    check_equal "files" kept "$(in_box 'cat /root/kept /root/lost 2>/dev/null; true')"

    step "reboot and poweroff in good order"
    before=$(boot_id)
    node reboot box
    [ "$before" != "$(boot_id)" ] || fail "the same boot id after a reboot"
    node poweroff box
    check_equal "state" down "$(state box)"
    node destroy box
    check_equal "ports" '' "$(port_of "$NODES_DIR")"
}

reason=$(node can-run vm) || skip "$reason"
nodes_begin
step "image and boot"
node create box trixie+vm
node boot box
test_two_runs_and_a_dead_owner
test_machine
test_power
step "all verbs work"
