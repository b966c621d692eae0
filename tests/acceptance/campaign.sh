#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A controller and three agents, work under way, and faults: kill -9 of one or the other at random points, a controller back from
# a backup, the cable cut, disks full, clocks a day off, certificates that have run out. After each a checker reads the history:
# nothing acknowledged is lost or doubled, no number is missing, every node has come to rest.
#   campaign.sh [kills|restore|cable|disk-node|disk-controller|clock|expired]...     all of them; the last two need libfaketime
#   CAMPAIGN_KILLS=200 campaign.sh     the full campaign, a minute; CAMPAIGN_SEED=N: the same choices again

. "$(dirname "$0")/helpers.bash"

agents=3
faketime=/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1
phases=("$@")
if [ $# = 0 ]; then
    phases=(kills restore cable disk-node disk-controller clock expired)
fi
clock=()
if [[ " ${phases[*]} " == *" clock "* || " ${phases[*]} " == *" expired "* ]]; then
    clock=(--clock)
    [ -e $faketime ] || fail "clock and expired need $faketime (package faketime); name the other phases to run without"
fi

step "the checker finds what is planted"
python3 -B "$ACCEPTANCE/campaign_check.py" --selftest

built roost roost-agent
desk_begin
nodes_start trixie n1
node inventory n1 >hosts.ini
export XDG_CONFIG_HOME=$DESK/config
gateway=$(node exec n1 ip -4 route show default </dev/null | awk '{ print $3 }')
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("", 0)); print(s.getsockname()[1])')

# A file system of their own for the controller and the first agent, small enough to be filled.
mkdir controller
mount -t tmpfs -o size=400m,mode=0700 roost-campaign controller
campaign_end() {
    umount -l "$DESK/controller" 2>/dev/null || true
}
trap 'code=$?; set +e; campaign_end; (exit $code); nodes_end' EXIT

step "a controller, and $agents agents on a node"
roost_ends 0 controller init --state controller --listen "$gateway:$port" --address "$gateway:$port"
roost_ends 0 run -i hosts.ini n1 -m ping
# What roost has brought to the node, on the node's own libc: the program starts itself, which a loader in front would be in the way of.
preload=
[ ${#clock[@]} = 0 ] || preload="LD_PRELOAD=/opt/roost-agent/libfaketime.so FAKETIME_TIMESTAMP_FILE=/srv/clock FAKETIME_CACHE_DURATION=1 FAKETIME_DONT_FAKE_MONOTONIC=1 DONT_FAKE_MONOTONIC=1"
node exec n1 sh -c 'cp -a /var/lib/roost/agent-* /opt/roost-agent && cd /opt/roost-agent/lib && rm -f libc.so.* libm.so.* libdl.so.* libpthread.so.* librt.so.* libresolv.so.* &&
    cat >/usr/local/bin/roost-agent && chmod 755 /usr/local/bin/roost-agent' <<WRAPPER
#!/bin/sh
exec env LD_LIBRARY_PATH=/opt/roost-agent/lib $preload /opt/roost-agent/roost-agent "\$@"
WRAPPER
if [ ${#clock[@]} -gt 0 ]; then
    node exec n1 sh -c 'cat >/opt/roost-agent/libfaketime.so; echo +0 >/srv/clock' <"$faketime"
    echo +0 >clock
fi
node exec n1 sh -c 'mkdir -p /var/lib/roost/a1 && mount -t tmpfs -o size=128m,mode=0700 a1 /var/lib/roost/a1' </dev/null

setpriv --pdeathsig KILL "$BUILD/roost" controller --state controller --listen "$gateway:$port" --address "$gateway:$port" >controller.log 2>&1 &
controller=$!
eventually 20 curl -sfk "https://$gateway:$port/health"
for ((number = 1; number <= agents; number++)); do
    name=a$number
    roost_ends 0 joins token --name $name
    node exec n1 roost-agent join - --state /var/lib/roost/$name --name $name <<<"$OUT" >join.log 2>&1 || fail "$(cat join.log)"
    node exec n1 sh -es $name <<'SCRIPT'
mkdir -p /srv/$1/etc /var/lib/roost/$1/kept
cat >/srv/$1/agent.yml <<END
{ policy: repair }
END
cat >/run/systemd/system/roost-$1.service <<END
[Unit]
StartLimitIntervalSec=0
[Service]
ExecStart=/usr/local/bin/roost-agent daemon --state /var/lib/roost/$1 --config /srv/$1/agent.yml
Restart=always
RestartSec=50ms
END
systemctl daemon-reload
systemctl start roost-$1
SCRIPT
done
kill $controller
wait $controller || true
mkdir -p project/files project/group_vars
cat >project/site.yml <<'YAML'
- hosts: all
  gather_facts: false
  tasks:
    - copy: { dest: "{{ place }}/{{ item }}", content: "{{ item }} as declared\n", mode: "0644" }
      loop: [one, two, three, four]
    - copy: { dest: "{{ place }}/version", src: version }
    - command: sleep 0.3
      changed_when: false
    - copy: { dest: "{{ place }}/number", content: "version {{ number }}\n" }
YAML
for ((number = 1; number <= agents; number++)); do
    echo "a$number place=/srv/a$number/etc"
done >project/hosts.ini
# Every segment of a spool gets a second name, so that it outlives its acknowledgement.
node exec n1 sh -c 'cat >/srv/keeper; systemd-run --quiet --unit=keeper sh /srv/keeper' <<'SCRIPT'
while sleep 0.2; do
    for state in /var/lib/roost/a*; do
        for segment in "$state"/identity/spool/reports.*; do
            [ -e "$state/kept/${segment##*/}" ] || ln "$segment" "$state/kept/"
        done
    done
done
SCRIPT

step "${phases[*]}"
seed=()
[ -z "${CAMPAIGN_SEED:-}" ] || seed=(--seed "$CAMPAIGN_SEED")
python3 -B "$ACCEPTANCE/campaign.py" --build "$BUILD" --node-tool "$NODES_LIB/node" --address "$gateway:$port" --agents $agents \
    --kills "${CAMPAIGN_KILLS:-25}" "${seed[@]}" "${clock[@]}" "${phases[@]}"
