#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The role unified_memory on a machine with GRUB and a kernel of its own: looked at, applied without a restart, applied with one,
# the kernel has it, nothing to do, and taken away again.

. "$(dirname "$0")/helpers.bash"

built roost roost-agent
reason=$(node can-run vm) || skip "$reason"
desk_begin
export ROOST_TEST_SECONDS=${ROOST_TEST_SECONDS:-1200}
PATIENT=(-i hosts.ini -T 60) # everything is emulated: a login takes seconds

on_box() { node ssh box "$@" </dev/null; }
boot_id() { on_box cat /proc/sys/kernel/random/boot_id; }

play box <<'YAML'
- hosts: all
  vars:
    unified_memory_gtt: 384MiB
    unified_memory_reserve: 256MiB
    unified_memory_kernel_params: { pcie_aspm: "off" }
    unified_memory_accept: [applied]
  pre_tasks:
    - name: The driver, as the GPU of a real box would load it
      modprobe: { name: ttm, persistent: present }
  roles: [unified_memory]
YAML

step "a fresh machine with GRUB, looked at"
nodes_start trixie+vm box
node inventory box >hosts.ini
roost_ends 2 check box.yml "${PATIENT[@]}"
check_recap box failed=0 unreachable=0
first=$(boot_id)

step "never restarted: owed, and said"
roost_ends 0 apply box.yml "${PATIENT[@]}" -e unified_memory_reboot=never
check_contains "said" "box needs a restart before the limit counts" "$OUT"
check_contains "judged" "is pending" "$OUT"
check_equal "the boot" "$first" "$(boot_id)"

step "applied: restarted once, and proven"
roost_ends 0 apply box.yml "${PATIENT[@]}"
check_contains "judged" "GPU memory of box is applied" "$OUT"
seen=" $(on_box 'cat /proc/cmdline /sys/module/ttm/parameters/pages_limit /proc/sys/kernel/random/boot_id' | tr '\n' ' ')"
check_contains "the command line" " ttm.pages_limit=98304 " "$seen"
check_contains "the other parameter" " pcie_aspm=off " "$seen"
check_contains "in effect" " 98304 " "$seen"
[[ $seen != *"$first"* ]] || fail "not restarted"

step "again: nothing to do"
second=$(boot_id)
roost_ends 0 apply box.yml "${PATIENT[@]}"
check_recap box changed=0 failed=0
check_equal "the boot" "$second" "$(boot_id)"

step "taken away"
roost_ends 0 apply box.yml "${PATIENT[@]}" -e unified_memory_state=absent
seen=" $(on_box 'cat /proc/cmdline; find /etc/default/grub.d /etc/modprobe.d -name "*roost*"' | tr '\n' ' ')"
[[ $seen != *ttm.* && $seen != *pcie_aspm* && $seen != *roost* ]] || fail "left: $seen"
