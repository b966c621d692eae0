#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The packages on fresh Debian 12 and 13 nodes: installed by apt, nothing started; a controller and an agent by their real units
# (watchdog, reload, stop in the middle of a run); upgraded while reports are made: none lost, none doubled; removed, purged.

. "$(dirname "$0")/helpers.bash"

built roost roost-agent
command -v dpkg-shlibdeps >/dev/null || skip "dpkg-shlibdeps is not here (dpkg-dev)"
desk_begin

on() { node exec "$@" </dev/null; }
desk() { on boss env HOME=/root roost "$@"; }
property() { on "$1" systemctl show --property="$2" --value "$3"; }
is_active() { [ "$(property "$1" ActiveState "$2")" = active ]; }
process_is_not() { is_active "$1" "$2" && [ "$(property "$1" MainPID "$2")" != "$3" ]; }
version_of() { on "$1" dpkg-query -W -f "\${Version}" "$2"; }
node_row() { desk nodes show box --json | python3 -c "import json, sys; print(json.load(sys.stdin)['$1'])"; }
is_told() { [ "$(node_row reported)" -gt "$1" ]; }
run_is_over() { desk runs --json | grep "\"$1\"" >/dev/null; }
begun() { on box test -e /run/begun; }

# The store's own word on the reports: generation, how many, first and last number.
reports() {
    local folder=$DESK/store
    mkdir -p "$folder"
    for file in store.db store.db-wal; do
        on boss cat "/var/lib/roost/controller/store/$file" >"$folder/$file"
    done
    python3 -B - "$folder/store.db" <<'PYTHON'
import sqlite3, sys
for row in sqlite3.connect(sys.argv[1]).execute(
        "SELECT generation, count(*), min(sequence), max(sequence) FROM report GROUP BY node_id, generation"):
    print(*row)
PYTHON
}

check_gapless() {
    local generation count first last
    read -r generation count first last <<<"$(reports)"
    check_equal "reports of generation $generation without a gap, none twice" "1 $last" "$first $count"
}

install() { # NODE VERSION PACKAGE...
    local node=$1 version=$2 package files=()
    shift 2
    for package in "$@"; do
        node exec "$node" sh -c "cat >/var/tmp/${package}.deb" <"$DESK/$version/${package}_${version}_$ARCH.deb"
        files+=("/var/tmp/$package.deb")
    done
    node exec "$node" apt-get -qq -o Dpkg::Use-Pty=0 install -y --no-install-recommends "${files[@]}" </dev/null >"$DESK/apt.log" 2>&1 ||
        fail "apt on $node: $(tail -n 20 "$DESK/apt.log")"
}

step "packages of some versions, and two nodes"
ARCH=$(dpkg --print-architecture)
mkdir 0.1.0 0.1.1 0.1.2
ROOST_BUILD=$BUILD ROOST_PACKAGES=DEB "$ROOT/scripts/package" 0.1.0 -B "$DESK/0.1.0" -D CPACK_DEBIAN_COMPRESSION_TYPE=gzip >/dev/null &
packing=$!
nodes_start bookworm boss
nodes_start trixie box
wait $packing
next() { # PACKAGE VERSION: the same, but for its number
    dpkg-deb -R "0.1.0/$1_0.1.0_$ARCH.deb" next
    sed -i -E "s/^(Version: |Depends: roost-agent \\(= )0[.]1[.]0/\\1$2/" next/DEBIAN/control
    dpkg-deb -Zgzip -b next "$2/$1_$2_$ARCH.deb" >/dev/null
    rm -r next
}
next roost-agent 0.1.1
next roost 0.1.1
next roost-agent 0.1.2
step "installed: nothing runs, nothing is enabled"
install boss 0.1.0 roost-agent roost &
install box 0.1.0 roost-agent &
wait %1 && wait %2
for unit in roost-agent roost-controller; do
    check_equal "$unit" "inactive disabled" "$(property boss ActiveState "$unit") $(property boss UnitFileState "$unit")"
done
check_equal "whose" roost "$(on boss getent passwd roost | cut -d: -f1)"
on boss systemd-analyze verify roost-controller.service roost-agent.service 2>&1 | grep . && fail "systemd-analyze verify"
on boss systemctl start roost-controller
check_equal "without an authority it does not start" inactive "$(property boss ActiveState roost-controller)"

step "a controller by its unit: as roost, closed in, told systemd that it is ready"
address=$(on boss ip -4 -o addr show dev eth0 | awk '{ sub("/.*", "", $4); print $4 }')
on boss sh -c "echo 'ROOST_CONTROLLER_OPTIONS=--address $address:8470' >>/etc/default/roost-controller"
on boss env HOME=/root roost controller init --listen "$address:8470" --address "$address:8470" >/dev/null
on boss systemctl enable --quiet --now roost-controller
check_equal "its user" roost "$(on boss ps -o user= -p "$(property boss MainPID roost-controller)")"
check_equal "its keys are its own" "roost 700" "$(on boss stat -c '%U %a' /var/lib/roost/controller)"
desk status >/dev/null
desk joins token --name box >joining
node exec box roost-agent join - <joining >/dev/null
[ "$(on box systemctl is-active roost-agent || true)" = inactive ] || fail "it was started by nobody"
on box systemctl enable --quiet --now roost-agent
eventually 20 is_told 0

step "the units under systemd: watchdog, reload, stop in the middle of a run, restart"
on box sh -c 'mkdir -p /etc/roost && cat >/etc/roost/site.yml' <<<""
node exec box sh -c 'cat >/etc/roost/site.yml' <<'YAML'
- hosts: all
  gather_facts: false
  tasks:
    - command: sh -c 'umask >/run/umask; touch /run/begun; until [ -e /run/go ]; do sleep 0.1; done'
      changed_when: false
      check_mode: false
    - copy: { content: "declared\n", dest: /etc/declared }
YAML
node exec box sh -c 'cat >/etc/roost/agent.yml' <<<$'playbook: /etc/roost/site.yml\ncheck_interval_s: 604800'
process=$(property box MainPID roost-agent)
on box systemctl reload roost-agent
eventually 10 sh -c "'$NODES_LIB/node' exec box journalctl -u roost-agent -o cat </dev/null | grep -q 'configuration was read again'"
check_equal "the same process" "$process" "$(property box MainPID roost-agent)"
desk nodes check box >/dev/null
eventually 20 begun
on box systemctl restart roost-agent
eventually 20 run_is_over cancelled
check_equal "files of tasks are as over ssh" 0022 "$(on box cat /run/umask)"
for pair in roost-agent:box roost-controller:boss; do
    name=${pair#*:} unit=${pair%:*}
    on "$name" sh -c "mkdir -p /run/systemd/system/$unit.service.d && printf '[Service]\nWatchdogSec=6\n' >/run/systemd/system/$unit.service.d/test.conf
        systemctl daemon-reload && systemctl restart $unit"
    process=$(on "$name" sh -c "pid=\$(systemctl show --property=MainPID --value $unit) && kill -STOP \$pid && echo \$pid")
    eventually 20 process_is_not "$name" "$unit" "$process"
    on "$name" sh -c "rm -r /run/systemd/system/$unit.service.d && systemctl daemon-reload && systemctl restart $unit"
done

step "roles that came with the package are found"
node exec boss sh -c 'cat >/tmp/play.yml' <<<'[{ hosts: all, roles: [iperf3] }]'
on boss sh -c 'cd /tmp && roost apply -i localhost, play.yml --syntax-check' >/dev/null

step "upgraded in the middle of a run: the run ends as it would have, then the new program is there"
on box rm -f /run/begun /run/go
desk nodes check box >/dev/null
eventually 20 begun
process=$(property box MainPID roost-agent)
install box 0.1.1 roost-agent
check_equal "the version" 0.1.1 "$(version_of box roost-agent)"
check_equal "the daemon finishes" "$process" "$(property box MainPID roost-agent)"
process=$(property boss MainPID roost-controller)
install boss 0.1.1 roost-agent roost
eventually 20 process_is_not boss roost-controller "$process"
process=$(property box MainPID roost-agent)
on box touch /run/go
eventually 20 process_is_not box roost-agent "$process"
eventually 20 run_is_over ok
before=$(node_row reported)
desk nodes check box >/dev/null
eventually 20 is_told "$before"
check_gapless
check_equal "no run was lost" "" "$(desk runs --json | grep '"lost"' || true)"

step "upgraded by a run of its own: it is not cut off; nor may it remove itself"
node exec box sh -c 'cat >/var/tmp/roost-agent.deb' <"0.1.2/roost-agent_0.1.2_$ARCH.deb"
node exec box sh -c 'cat >/etc/roost/site.yml' <<'YAML'
- hosts: all
  gather_facts: false
  tasks:
    - apt: { deb: /var/tmp/roost-agent.deb }
    - command: dpkg --remove roost-agent
      register: removed
      failed_when: removed.rc == 0 or 'its own daemon cannot remove it' not in removed.stderr
    - copy: { content: "to the end\n", dest: /run/ended }
YAML
process=$(property box MainPID roost-agent)
desk nodes apply box >/dev/null
eventually 20 process_is_not box roost-agent "$process"
check_equal "the run went on to its end" "to the end" "$(on box cat /run/ended)"
check_equal "the version" 0.1.2 "$(version_of box roost-agent)"
before=$(node_row reported)
desk nodes check box >/dev/null
eventually 20 is_told "$before"
check_gapless

step "removed: what it keeps; purged: nothing stays"
on box apt-get -qq -o Dpkg::Use-Pty=0 remove -y roost-agent >/dev/null 2>&1
check_equal "stopped" inactive "$(property box ActiveState roost-agent)"
on box test -s /var/lib/roost/agent/identity/node.json
on box apt-get -qq -o Dpkg::Use-Pty=0 purge -y roost-agent >"$DESK/purge.log" 2>&1
check_contains "it says so" "this node's key" "$(cat "$DESK/purge.log")"
on boss apt-get -qq -o Dpkg::Use-Pty=0 purge -y roost roost-agent >"$DESK/purge.log" 2>&1
check_contains "it says so" "its nodes must be enrolled anew" "$(cat "$DESK/purge.log")"
for name in box boss; do
    left=$(on $name sh -c 'ls -d /var/lib/roost /etc/roost/agent.yml /etc/default/roost* /usr/bin/roost* /usr/share/roost \
        /usr/lib/systemd/system/roost* /etc/systemd/system/*/roost* 2>/dev/null' || true)
    check_equal "left on $name" "" "$left"
done

command -v rpmbuild >/dev/null || exit 0
step "an .rpm: what it brings, keeps and takes away"
ROOST_BUILD=$BUILD ROOST_PACKAGES=RPM "$ROOT/scripts/package" 0.1.0 -B "$DESK" >/dev/null
cp roost-agent-0.1.0-1.*.rpm agent.rpm
check_equal "settings" /etc/roost/agent.yml "$(rpm -qpc agent.rpm)"
for library in libgnutls.so.30 libhogweed.so.6 libcurl.so.4 libyaml-0.so.2; do
    check_contains "what it needs" "$library" "$(rpm -qp --requires agent.rpm)"
done
check_contains "the desk needs the same agent" "roost-agent = 0.1.0" "$(rpm -qp --requires roost-0.1.0-1.*.rpm)"
on box apt-get -qq -o Dpkg::Use-Pty=0 install -y --no-install-recommends rpm >/dev/null 2>&1
node exec box sh -c 'cat >/tmp/agent.rpm' <agent.rpm
on box rpm -i --nodeps /tmp/agent.rpm # Debian's libraries are not in rpm's book
check_equal "systemd knows it" "loaded disabled" "$(property box LoadState roost-agent) $(property box UnitFileState roost-agent)"
on box sh -c 'mkdir -p /var/lib/roost/agent && echo "policy: report" >/etc/roost/agent.yml'
on box rpm -U --nodeps --replacepkgs /tmp/agent.rpm
check_equal "settings are kept" "policy: report" "$(on box cat /etc/roost/agent.yml)"
on box rpm -e roost-agent >/dev/null 2>&1
check_equal "state is kept" "/var/lib/roost/agent" "$(on box ls -d /var/lib/roost/agent)"
on box test ! -e /usr/bin/roost-agent
