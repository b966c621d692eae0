#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The role network on real nodes, one whose interface systemd-networkd manages and one with ifupdown: an MTU that the path does
# not carry costs a sentence and not the connection, one that it carries stays over a restart, a link like Thunderbolt's gets
# its address, and all of it goes away again.

# shellcheck disable=SC2016 # expanded on the node
. "$(dirname "$0")/helpers.bash"

built roost roost-agent
desk_begin

mtu() { node ssh "$1" cat /sys/class/net/eth0/mtu </dev/null; }

# manage_networkd NAME, manage_ifupdown NAME: eth0 keeps its address, but has somebody who manages it.
manage_networkd() {
    node ssh "$1" 'sh -es' <<'SCRIPT'
address=$(ip -4 -o address show dev eth0 | sed 's/.* inet \([^ ]*\) .*/\1/')
printf '[Match]\nName=eth0\n[Network]\nAddress=%s\nKeepConfiguration=yes\n' "$address" >/etc/systemd/network/10-eth0.network
systemctl enable --now systemd-networkd
SCRIPT
    eventually 20 node ssh "$1" 'grep -qs NETWORK_FILE= /run/systemd/netif/links/$(cat /sys/class/net/eth0/ifindex)' </dev/null
}
manage_ifupdown() {
    node ssh "$1" 'sh -es' <<'SCRIPT'
apt-get install -qq -y --no-install-recommends ifupdown >/dev/null 2>&1
printf 'source /etc/network/interfaces.d/*\nauto eth0\niface eth0 inet manual\n' >/etc/network/interfaces
ifup eth0
SCRIPT
}

play network <<'YAML'
- hosts: all
  vars:
    network_interfaces: [{ name: eth0, mtu: "{{ wanted }}" }]
    network_thunderbolt: true
    network_thunderbolt_module: "" # this kernel has no modules
    network_thunderbolt_address: 10.99.0.1/24
    network_thunderbolt_mtu: 4000
  roles: [network]
YAML

# settings NODE: its network configuration, as one text.
settings() { node ssh "$1" 'find /etc/systemd/network /etc/network -type f -exec md5sum {} + 2>/dev/null | sort' </dev/null; }

step "two nodes, one of each kind, with a cable that is a pair of virtual ones"
nodes_start "${ROOST_TEST_SUITE:-bookworm}" net if
manage_networkd net
manage_ifupdown if
for name in net if; do
    node exec $name sh -c 'ip link add thunderbolt0 type veth peer name far0 && ip link set far0 up' </dev/null
    settings $name >$name.before
done
node inventory >hosts.ini

step "looked at"
roost_ends 2 check network.yml -i hosts.ini -e wanted=1400
for name in net if; do
    check_recap $name failed=0 unreachable=0
    settings $name | diff $name.before - || fail "looking at $name changed it"
    check_equal "MTU of $name" 1500 "$(mtu $name)"
done

step "an MTU that the path does not carry"
roost_ends 2 apply network.yml -i hosts.ini -e wanted=9000
for name in net if; do
    check_recap $name failed=1 unreachable=0
    check_contains "$name" "over eth0; its MTU is 1500 as before" "$OUT"
    check_equal "MTU of $name" 1500 "$(mtu $name)"
    settings $name | diff $name.before - || fail "what failed on $name was written"
done

link() { node ssh "$1" 'ip -o address show dev thunderbolt0; cat /sys/class/net/thunderbolt0/mtu' </dev/null; }
has_address() { [[ $(link "$1") == *"inet ${2:-10.99.0.1}/24"*4000* ]]; }

step "an MTU that it carries"
roost_ends 0 apply network.yml -i hosts.ini -e wanted=1400
for name in net if; do
    check_recap $name failed=0 unreachable=0
    check_equal "MTU of $name" 1400 "$(mtu $name)"
    eventually 20 has_address $name
done

step "again: nothing to do"
roost_ends 0 apply network.yml -i hosts.ini -e wanted=1400
for name in net if; do check_recap $name changed=0 failed=0; done

step "networkd that nobody reaches over D-Bus is restarted"
node exec net systemctl stop dbus.socket dbus.service </dev/null 2>/dev/null
roost_ends 0 apply network.yml -i hosts.ini -e wanted=1400 -e network_thunderbolt_address=10.99.0.2/24 -l net
eventually 20 has_address net 10.99.0.2
node exec net systemctl start dbus.socket </dev/null
roost_ends 0 apply network.yml -i hosts.ini -e wanted=1400 -l net
eventually 20 has_address net

step "it stays over a restart"
for name in net if; do # the cable outlives the restart here, and its MTU would: it is put back
    node exec $name sh -c 'ip link set eth0 mtu 1500; ip address flush dev thunderbolt0; ip link set thunderbolt0 mtu 1500 down' </dev/null
    node reboot $name
done
node wait net if
for name in net if; do
    mtu_is() { [ "$(mtu "$name")" = 1400 ]; }
    eventually 20 mtu_is
done
eventually 20 has_address net # ifupdown waits for udev's hotplug, which a container does not have

step "nobody manages it: refused"
node ssh if 'rm -f /run/network/ifstate*' </dev/null # as if ifupdown had never heard of it
printf -- '- hosts: if\n  vars: { network_interfaces: [{ name: eth0, mtu: 1300 }] }\n  roles: [network]\n' >alone.yml
roost_ends 2 apply alone.yml -i hosts.ini
check_contains "sentence" "its MTU would be gone after a restart" "$OUT"
check_equal "MTU of if" 1400 "$(mtu if)"

step "taken away"
roost_ends 0 apply network.yml -i hosts.ini -e wanted=1400 -e network_state=absent -l net
check_equal "MTU of net" 1500 "$(mtu net)"
settings net | diff net.before - || fail "something is left"
roost_ends 0 apply network.yml -i hosts.ini -e wanted=1400 -e network_state=absent -l net
check_recap net changed=0
