#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The light roles (unified_memory, vulkan, tuned, power, iperf3) on one fresh node without Python: looked at, applied,
# applied again, what each promises, taken away again with nothing left.

# shellcheck disable=SC2016 # expanded on the node
. "$(dirname "$0")/helpers.bash"

built roost roost-agent
desk_begin

on_box() { node ssh box "$@" </dev/null; }

# Energy counters as a kernel shows them: folders of a tmpfs under the links of sysfs.
# shellcheck disable=SC2016 # expanded on the node
fake_rapl() {
    node exec box sh -c '
        mkdir -p /run/rapl/class/powercap
        for zone in 0 0:0; do
            mkdir -p "/run/rapl/zones/intel-rapl:$zone"
            echo 123456 >"/run/rapl/zones/intel-rapl:$zone/energy_uj"
            chmod 400 "/run/rapl/zones/intel-rapl:$zone/energy_uj"
            ln -s "/run/rapl/zones/intel-rapl:$zone" "/run/rapl/class/powercap/intel-rapl:$zone"
        done
        mount -t overlay -o lowerdir=/run/rapl/class:/sys/class overlay /sys/class' </dev/null
}

play light <<'YAML'
- hosts: all
  vars:
    unified_memory_method: modprobe
    unified_memory_gtt: 25%
    unified_memory_reboot: never
    unified_memory_accept: [ignored] # no ttm in a container's kernel
    vulkan_users: [gpu]
    power_users: [meter]
    tuned_verify: warn # a container may not write most settings
    iperf3_server: true
  roles: [unified_memory, vulkan, tuned, power, iperf3]
YAML
cat >gone.yml <<'YAML'
- hosts: all
  vars:
    unified_memory_method: modprobe
    unified_memory_reboot: never
    vulkan_users: [gpu]
  roles:
    - { role: iperf3, iperf3_state: absent }
    - { role: power, power_state: absent }
    - { role: tuned, tuned_state: absent }
    - { role: vulkan, vulkan_state: absent }
    - { role: unified_memory, unified_memory_state: absent }
YAML

step "a fresh node, looked at"
nodes_start "${ROOST_TEST_SUITE:-bookworm}" box
node inventory >hosts.ini
fake_rapl
packages() { on_box "dpkg-query -W -f '\${Package}\n'"; }
packages >packages.before
roost_ends 2 check light.yml -i hosts.ini
check_recap box failed=0 unreachable=0
packages | diff packages.before - || fail "looking at the node installed something"
on_box 'test ! -e /etc/udev/rules.d/70-roost-gpu.rules && ! getent group roost-power' || fail "looking changed the node"

step "applied"
roost_ends 0 apply light.yml -i hosts.ini
check_recap box failed=0 unreachable=0
[[ $OUT == *"RUNNING HANDLER [vulkan : Apply udev"*"TASK [vulkan : Ask for the devices]"* ]] ||
    fail "rules of the GPU are loaded after what may fail"

step "applied again: nothing to do"
roost_ends 0 apply light.yml -i hosts.ini
check_recap box changed=0 failed=0
roost_ends 0 check light.yml -i hosts.ini
check_recap box changed=0

step "unified_memory: the limit is written, and judged"
check_contains "modprobe.d" "options ttm " "$(on_box cat /etc/modprobe.d/roost-unified-memory.conf)"

step "vulkan: a device, memberships, rules"
check_contains "vulkaninfo" llvmpipe "$(on_box vulkaninfo --summary 2>&1)"
check_contains "groups of gpu" "video" "$(on_box id -nG gpu)"
check_contains "groups of gpu" "render" "$(on_box id -nG gpu)"
check_contains "rules" 'KERNEL=="render*", GROUP="render", MODE="0660"' "$(on_box cat /etc/udev/rules.d/70-roost-gpu.rules)"
roost_ends 2 apply light.yml -i hosts.ini -e vulkan_require_hardware=true
check_contains "no hardware" "has no hardware, only llvmpipe" "$OUT"

step "tuned: the profile is active, a missing one falls back, none is a sentence"
check_equal "active" "Current active profile: accelerator-performance" "$(on_box tuned-adm active)"
printf -- '- hosts: all\n  roles: [tuned]\n' >tuned.yml
roost_ends 0 apply tuned.yml -i hosts.ini -e '{"tuned_profiles": ["of-tomorrow", "hpc-compute"], "tuned_verify": "warn"}'
check_equal "active" "Current active profile: hpc-compute" "$(on_box tuned-adm active)"
roost_ends 2 apply tuned.yml -i hosts.ini -e '{"tuned_profiles": ["of-tomorrow"]}'
check_contains "none" "has none of the profiles of-tomorrow; it has" "$OUT"

step "power: the group reads the counters, the world does not"
check_equal "counters" $'440 roost-power\n440 roost-power' \
    "$(on_box "stat -L -c '%a %G' /sys/class/powercap/intel-rapl:*/energy_uj")"
check_equal "a reader" 123456 "$(on_box runuser -u meter -- cat /sys/class/powercap/intel-rapl:0/energy_uj)"
check_fails on_box runuser -u gpu -- cat /sys/class/powercap/intel-rapl:0/energy_uj
on_box 'chmod 444 /run/rapl/zones/intel-rapl:0/energy_uj'
printf -- '- hosts: all\n  roles: [power]\n' >power.yml
roost_ends 0 apply power.yml -i hosts.ini
check_equal "closed again" 440 "$(on_box stat -c %a /run/rapl/zones/intel-rapl:0/energy_uj)"

step "iperf3: the server answers, as nobody in particular"
check_contains "a measurement" '"sum_received"' "$(on_box iperf3 --json -c 127.0.0.1 -n 1M)"
check_fails on_box 'test "$(ps -o user= -C iperf3)" = root'

step "taken away"
roost_ends 0 apply gone.yml -i hosts.ini
check_recap box failed=0
for package in iperf3 tuned vulkan-tools mesa-vulkan-drivers; do
    check_fails on_box "dpkg-query -W $package"
done
# What apt keeps then, something else on the node suggests or recommends.
check_contains "what nobody needs" " 0 to remove" "$(on_box 'apt-get -s autoremove')"
check_equal "what is left" "" "$(on_box 'find /etc /var/lib /usr/lib/systemd -path /var/lib/roost -prune -o ! -name "*roost-tests*" \( -name "*roost*" -o -name "*tuned*" -o -name "*iperf3*" \) -print')"
check_equal "counters" $'400 root\n400 root' "$(on_box "stat -L -c '%a %G' /sys/class/powercap/intel-rapl:*/energy_uj")"
check_fails on_box getent group roost-power
check_equal "groups of gpu" gpu "$(on_box id -nG gpu)"
check_equal "failed units" "" "$(on_box systemctl list-units --failed --plain --no-legend)"
roost_ends 0 apply gone.yml -i hosts.ini
check_recap box changed=0 failed=0
