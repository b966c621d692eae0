#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The role unified_memory on a machine with GRUB, Debian's kernel and a disk that forgets what was not synced: looked at; the
# power goes while the boot loader is configured (the drop-in just written; the new grub.cfg just being copied), it boots
# each time; the next run repairs it, restarts it and proves the limit; again, nothing to do; and taken away.

. "$(dirname "$0")/helpers.bash"

built roost roost-agent
reason=$(node can-run vm) || skip "$reason"
desk_begin
export ROOST_TEST_SECONDS=${ROOST_TEST_SECONDS:-1200}
CONSOLE=$NODES_DIR/nodes/box/console
PATIENT=(-i hosts.ini -T 60) # everything is emulated: a login takes seconds

on_box() { node ssh box "$@" </dev/null; }
boot_id() { on_box cat /proc/sys/kernel/random/boot_id; }
apply() { roost_ends 0 apply box.yml "${PATIENT[@]}" "$@"; }

# Where the power goes, without a clock: a script among GRUB's own, and a cat that knows its one place in grub-mkconfig,
# the copy of the finished text. Armed by a file in /run, they say so on the console and go no further.
# shellcheck disable=SC2016 # expanded on the machine
install_cuts() {
    node ssh box 'sh -es' <<'SCRIPT'
cat >/etc/grub.d/00_cut <<'SH'
#!/bin/sh
[ ! -e /run/cut-begin ] || { echo "cut here: begin" >/dev/ttyS0; exec sleep infinity; }
SH
cat >/usr/local/bin/cat-with-cut <<'SH'
#!/bin/sh
if [ -e /run/cut-copy ] && [ $# = 1 ]; then
    case $1 in
    /boot/grub/*.new) sync; echo "cut here: copy" >/dev/ttyS0; exec sleep infinity ;;
    esac
fi
exec /usr/bin/cat.real "$@"
SH
chmod 755 /etc/grub.d/00_cut /usr/local/bin/cat-with-cut
cp /usr/bin/cat /usr/bin/cat.real
mv /usr/local/bin/cat-with-cut /usr/bin/cat
sync
SCRIPT
}

said() { grep -aq "cut here: $1" "$CONSOLE"; }
cut_or_over() { said "$1" || ! kill -0 "$2"; }

# cut_power POINT: an apply that comes as far as POINT, where the power goes; the machine boots again.
cut_power() {
    local run code=0
    on_box touch "/run/cut-$1"
    timeout "$ROOST_TEST_SECONDS" "$BUILD/roost" apply box.yml "${PATIENT[@]}" >out 2>notes </dev/null &
    run=$!
    eventually 400 cut_or_over "$1" $run
    said "$1" || fail "the run ended before it came to the cut"$'\n'"$(cat out notes)"
    node kill box
    node boot box
    wait $run || code=$?
    OUT=$(cat out)
    [ $code = 4 ] || fail "the run that lost its machine ended with $code, not 4"$'\n'"$OUT"$'\n'"$(cat notes)"
    check_contains "marked" 'fatal: [box]: UNREACHABLE! => ' "$OUT"
    node wait box
}

# not_yet: booted as before.
not_yet() {
    local cmdline
    cmdline=$(on_box cat /proc/cmdline)
    check_contains "the command line" "BOOT_IMAGE=/boot/vmlinuz-" "$cmdline"
    [[ $cmdline != *ttm.* && $cmdline != *pcie_aspm* ]] || fail "a parameter is there before its time: $cmdline"
}

play box <<'YAML'
- hosts: all
  vars:
    unified_memory_gtt: 384MiB
    unified_memory_reserve: 256MiB
    unified_memory_kernel_params: { pcie_aspm: "off" }
    unified_memory_accept: [applied]
  pre_tasks:
    - name: Pages of programs stay in memory
      sysctl: { name: vm.swappiness, value: "17", sysctl_file: /etc/sysctl.d/90-memory.conf }
    - name: The driver, as the GPU of a real box would load it
      modprobe: { name: ttm, persistent: present }
  roles: [unified_memory]
YAML

step "a fresh machine with GRUB"
nodes_start trixie+vm box
node inventory box >hosts.ini
install_cuts

step "looked at: nothing happens"
first=$(boot_id)
roost_ends 2 check box.yml "${PATIENT[@]}"
check_recap box failed=0 unreachable=0
check_equal "written" "" "$(on_box 'find /etc/default/grub.d /etc/modprobe.d /etc/sysctl.d -name "*roost*" -o -name 90-memory.conf')"
check_equal "the boot" "$first" "$(boot_id)"

step "the power goes when the drop-in is written and update-grub begins"
cut_power begin
not_yet
dropin=$(on_box 'cat /etc/default/grub.d/*roost* 2>/dev/null || true')
# It was whole, or not there.
[ -z "$dropin" ] || check_contains "the drop-in" 'ttm.pages_limit=98304 ttm.page_pool_size=98304"' "$dropin"

step "the power goes while the new configuration is copied into its file"
cut_power copy
not_yet

step "the next run repairs it, and an empty grub.cfg too, restarts the machine and proves the limit"
on_box ': >/boot/grub/grub.cfg' # as GRUB's own update-grub, which writes in place, leaves it when the power goes
before=$(boot_id)
apply
check_recap box unreachable=0 failed=0
check_contains "judged" "GPU memory of box is applied" "$OUT"
node wait box # the open login went with the restart
after=$(boot_id)
[ "$before" != "$after" ] || fail "the machine was not restarted"
check_equal "what is left of the cuts" "" "$(on_box 'find /boot/grub -maxdepth 1 -name "grub.cfg?*"')"

step "the kernel has it"
cmdline=" $(on_box cat /proc/cmdline) "
for word in ttm.pages_limit=98304 ttm.page_pool_size=98304 pcie_aspm=off console=ttyS0; do
    check_contains "the command line" " $word " "$cmdline"
done
check_equal "in effect, and swappiness after the restart" $'98304\n98304\n17' \
    "$(on_box 'cd /sys/module/ttm/parameters && cat pages_limit page_pool_size /proc/sys/vm/swappiness')"

step "a second run changes nothing, nor does an update-grub between the two matter"
on_box 'update-grub 2>/dev/null'
apply
check_recap box changed=0 failed=0 unreachable=0
check_contains "judged" "GPU memory of box is applied" "$OUT"
check_equal "the boot" "$after" "$(boot_id)"

step "taken away, the restart left to us: owed, and said"
apply -e unified_memory_state=absent -e unified_memory_reboot=never
check_contains "said" "box needs a restart before the limit counts" "$OUT"
check_equal "the boot" "$after" "$(boot_id)"
check_equal "files left" "" "$(on_box 'find /etc/default/grub.d /etc/modprobe.d -name "*roost*"')"
check_equal "words left" "" "$(on_box 'grep -E "ttm|pcie_aspm" /boot/grub/grub.cfg || true')"
