#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# kernel_params on a node with Debian 13's systemd-boot: its kernel-install made the entries, of kernels that are dummies.
# Looked at, set, nothing to do, a kernel that comes later has it, an entry left behind is made anew, taken away.

. "$(dirname "$0")/helpers.bash"

built roost roost-agent
desk_begin

on_box() { node ssh box "$@" </dev/null; }
options() { on_box 'sed -n "s/^options *//p" /boot/loader/entries/*.conf | sed "s/ *systemd.machine_id=.*//"'; }

# install_kernel VERSION: as its package does in the end.
install_kernel() {
    on_box "mkdir -p /lib/modules/$1 && echo kernel >/boot/vmlinuz-$1 && echo initrd >/boot/initrd.img-$1 &&
        kernel-install add $1 /boot/vmlinuz-$1 /boot/initrd.img-$1" >kernel 2>&1 || fail "kernel-install: $(cat kernel)"
}

play box <<'YAML'
- hosts: all
  vars: { parameters_state: present }
  tasks:
    - name: Parameters
      kernel_params: { params: { iommu: pt, ttm.pages_limit: "98304" }, state: "{{ parameters_state }}" }
      register: kernel
    - debug: { msg: "{{ kernel.boot_loader }}: {{ kernel.boot_loader_detected_by }}" }
YAML

step "a node with systemd-boot and a kernel"
nodes_start trixie box
node inventory >hosts.ini
# /boot is a plain folder, which bootctl refuses: the file by which kernel-install knows the layout is written here
on_box 'apt-get -qq install -y --no-install-recommends systemd-boot && mkdir -p /etc/kernel /boot/loader/entries &&
    echo type1 >/boot/loader/entries.srel && echo "root=/dev/vda1 ro quiet" >/etc/kernel/cmdline' >prepared 2>&1 ||
    fail "$(cat prepared)"
install_kernel 6.12.1-test
check_equal "the entry" "root=/dev/vda1 ro quiet" "$(options)"

step "looked at: nothing happens"
roost_ends 2 check box.yml -i hosts.ini
check_equal "the entry" "root=/dev/vda1 ro quiet" "$(options)"

step "set, and nothing to do again"
roost_ends 0 apply box.yml -i hosts.ini
check_contains "found" "systemd-boot: the program kernel-install and entries in /boot/loader/entries are there" "$OUT"
set="root=/dev/vda1 ro quiet iommu=pt ttm.pages_limit=98304"
check_equal "the entry" "$set" "$(options)"
check_equal "initrd" 1 "$(on_box 'grep -c "^initrd .*/initrd.img-6.12.1-test" /boot/loader/entries/*.conf')"
roost_ends 0 apply box.yml -i hosts.ini
check_recap box changed=0 failed=0

step "a kernel that comes later has it"
install_kernel 6.12.2-test
check_equal "the entries" "$set"$'\n'"$set" "$(options)"
roost_ends 0 apply box.yml -i hosts.ini
check_recap box changed=0 failed=0

step "an entry that a run left behind is made anew"
on_box "sed -i 's/ iommu=pt//' /boot/loader/entries/*6.12.2-test.conf"
roost_ends 0 apply box.yml -i hosts.ini
check_recap box changed=1 failed=0
check_equal "the entries" "$set"$'\n'"$set" "$(options)"

step "taken away"
roost_ends 0 apply box.yml -i hosts.ini -e parameters_state=absent
check_equal "the entries" $'root=/dev/vda1 ro quiet\nroot=/dev/vda1 ro quiet' "$(options)"
check_equal "for kernels to come" "root=/dev/vda1 ro quiet" "$(on_box cat /etc/kernel/cmdline)"
