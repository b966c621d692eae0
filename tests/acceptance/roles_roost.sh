#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The role roost_controller on a fresh node, from packages: looked at, applied, applied again; the desk has the account and enrolls the same machine,
# whose agent is the package's; taken away with its keys.

. "$(dirname "$0")/helpers.bash"

built roost roost-agent
command -v dpkg-shlibdeps >/dev/null || skip "dpkg-shlibdeps is not here (dpkg-dev)"
desk_begin
on() { node exec "$@" </dev/null; }

step "packages"
ROOST_BUILD=$BUILD ROOST_PACKAGES=DEB "$ROOT/scripts/package" 0.1.2 -B "$DESK" -D CPACK_DEBIAN_COMPRESSION_TYPE=gzip >/dev/null &
nodes_start bookworm boss
wait %1
ARCH=$(dpkg --print-architecture)
node inventory boss >hosts.ini
address=$(on boss ip -4 -o addr show dev eth0 | awk '{ sub("/.*", "", $4); print $4 }')
export XDG_CONFIG_HOME=$DESK/config

cat >vars.yml <<YAML
roost_controller_packages: [$DESK/roost_0.1.2_$ARCH.deb, $DESK/roost-agent_0.1.2_$ARCH.deb]
roost_controller_address: "$address:8470"
roost_controller_desk_account: $DESK/config/roost/controller.json
YAML
play controller <<'YAML'
- hosts: boss
  vars_files: [vars.yml]
  roles: [roost_controller]
YAML

step "a fresh node is looked at; nothing fails for what was only pretended"
roost_ends 2 check controller.yml -i hosts.ini
check_recap boss failed=0

step "applied, and again"
roost_ends 0 apply controller.yml -i hosts.ini -vv
[[ $OUT$NOTES != *roost_????????????????_* ]] || fail "the token is in the output"
check_equal "the account at the desk" 600 "$(stat -c %a config/roost/controller.json)"
roost_ends 0 status
roost_ends 0 apply controller.yml -i hosts.ini
check_recap boss changed=0
check_equal "enabled" enabled "$(on boss systemctl is-enabled roost-controller)"

step "the machine itself is a node of it: the package's agent"
roost_ends 0 enroll boss -i hosts.ini
check_contains "joined" "boss: has joined, generation 1" "$OUT"
on boss test ! -e /opt/roost-agent
check_contains "the package's unit" /lib/systemd/system/roost-agent.service "$(on boss systemctl show -p FragmentPath roost-agent)"
roost_ends 0 enroll boss -i hosts.ini
check_recap boss changed=0

step "taken away, with keys and store"
play gone <<'YAML'
- hosts: boss
  roles:
    - { role: roost_controller, roost_controller_state: absent, roost_controller_keep_state: false }
    - { role: roost_agent, roost_agent_state: absent }
YAML
roost_ends 0 apply gone.yml -i hosts.ini
roost_ends 0 apply gone.yml -i hosts.ini
check_recap boss changed=0
left=$(on boss sh -c 'ls -d /usr/bin/roost* /etc/default/roost* /etc/roost/* /usr/lib/systemd/system/roost* /var/lib/roost/controller /var/lib/roost/agent 2>/dev/null; getent passwd roost' || true)
check_equal "left" "" "$left"
