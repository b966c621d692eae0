#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A machine with GRUB, Debian's kernel and a disk that forgets what was not synced: its GPU memory limit is declared, the
# power goes while the boot loader is configured (the drop-in just written; the new grub.cfg just being copied), it boots
# each time, and the next run repairs it and restarts it. Then the kernel has the parameter, and there is nothing to do.

. "$(dirname "$0")/helpers.bash"

built roost roost-agent
reason=$(node can-run vm) || skip "$reason"
desk_begin
export ROOST_TEST_SECONDS=${ROOST_TEST_SECONDS:-1200}
CONSOLE=$NODES_DIR/nodes/box/console
PATIENT=(-i hosts.ini -T 60) # everything is emulated: a login takes seconds

on_box() { node ssh box "$@" </dev/null; }

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
    eventually 120 cut_or_over "$1" $run
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
    [[ $(on_box cat /proc/cmdline) != *ttm.* ]] || fail "the parameter is on the command line before its time"
    check_contains "the command line" "BOOT_IMAGE=/boot/vmlinuz-" "$(on_box cat /proc/cmdline)"
}

play box <<'YAML'
- hosts: all
  tasks:
    - name: Pages of programs stay in memory
      sysctl: { name: vm.swappiness, value: "17", sysctl_file: /etc/sysctl.d/90-memory.conf }
    - name: The GPU may use this much memory
      unified_memory: { gtt: 384MiB, reserve: 256MiB }
      register: memory
    - name: What came of it
      debug: { msg: "The limit is {{ memory.status }}." }
    - name: Restart when one is owed
      reboot:
      when: memory.reboot_required
YAML

step "a fresh machine with GRUB"
nodes_start trixie+vm box
node inventory box >hosts.ini
install_cuts
not_yet

step "the power goes when the drop-in is written and update-grub begins"
cut_power begin
not_yet
dropins=$(on_box 'cat /etc/default/grub.d/*roost* 2>/dev/null || true')

step "the power goes while the new configuration is copied into its file"
cut_power copy
not_yet

step "the next run repairs it, and an empty grub.cfg too, and restarts the machine"
on_box ': >/boot/grub/grub.cfg' # as GRUB's own update-grub, which writes in place, leaves it when the power goes
before=$(on_box cat /proc/sys/kernel/random/boot_id)
roost_ends 0 apply box.yml "${PATIENT[@]}"
check_recap box unreachable=0 failed=0 skipped=0
check_contains "told" "The limit is pending." "$OUT"
after=$(on_box cat /proc/sys/kernel/random/boot_id)
[ "$before" != "$after" ] || fail "the machine was not restarted"
check_equal "what is left of the cuts" "" "$(on_box 'find /boot/grub -maxdepth 1 -name "grub.cfg?*"')"
# Written before the first cut it was whole, or not there.
[ -z "$dropins" ] || check_equal "the drop-in" "$(on_box 'cat /etc/default/grub.d/*roost*')" "$dropins"

step "the kernel has it"
cmdline=" $(on_box cat /proc/cmdline) "
check_contains "the parameter" " ttm.pages_limit=98304 " "$cmdline"
check_contains "what others set" " console=ttyS0 " "$cmdline"
check_contains "the pool" " ttm.page_pool_size=98304 " "$cmdline"
check_equal "in effect" $'98304\n98304' \
    "$(on_box 'modprobe ttm && cd /sys/module/ttm/parameters && cat pages_limit page_pool_size')"
check_equal "swappiness, after the restart" 17 "$(on_box cat /proc/sys/vm/swappiness)"

step "a second run changes nothing"
roost_ends 0 apply box.yml "${PATIENT[@]}"
check_recap box changed=0 failed=0 unreachable=0 skipped=1
check_contains "told" "The limit is applied." "$OUT"
check_equal "the boot" "$after" "$(on_box cat /proc/sys/kernel/random/boot_id)"
