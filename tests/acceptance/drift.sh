#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Drift, seen when it happens and told with its cause: a stopped unit, a managed file that a person edits, a package that is
# removed, an operator's own run. Nothing wakes the daemon in between.

. "$(dirname "$0")/helpers.bash"

built roost roost-agent
desk_begin
nodes_start bookworm n1
node logout n1 # who is logged in is told as a cause
node inventory n1 >hosts.ini
export XDG_CONFIG_HOME=$DESK/config
gateway=$(node exec n1 ip -4 route show default </dev/null | awk '{ print $3 }')
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("", 0)); print(s.getsockname()[1])')

says() { # PATTERN VERB...: roost's output holds it
    local pattern=$1
    shift
    "$BUILD/roost" "$@" | grep -E "$pattern" >/dev/null # not -q: who is cut off while writing has failed
}

# drift RESOURCE MEMBER: of its newest row, open or not; nothing while there is none.
drift() {
    "$BUILD/roost" drift n1 --all --json | python3 -c '
import json, sys
rows = [row for row in json.load(sys.stdin) if row["resource"] == sys.argv[1]]
print((max(rows, key=lambda row: row["id"]).get(sys.argv[2]) or "") if rows else "")' "$1" "$2"
}
drifts() { [ -n "$(drift "$1" first_seen)" ] && [ -z "$(drift "$1" resolved)" ]; }
mended() { [ -n "$(drift "$1" resolved)" ]; }

# seen_after RESOURCE SINCE: says how long after SINCE (of date +%s.%N) it was first seen. That it was seen at all, long before the next
# look at everything, is what counts.
seen_after() {
    python3 -c '
import datetime, sys
seen = datetime.datetime.fromisoformat(sys.argv[1].replace("Z", "+00:00")).timestamp()
print(f"{sys.argv[3]}: seen after {seen - float(sys.argv[2]):.2f} s")' "$(drift "$1" first_seen)" "$2" "$1"
}
cause_is() { check_equal "cause ($(drift "$1" reason))" "$2" "$(drift "$1" cause)"; }

step "a controller, a node that joins it, a playbook on the node"
roost_ends 0 controller init --state controller --listen "$gateway:$port" --address "$gateway:$port"
setpriv --pdeathsig KILL "$BUILD/roost" controller --state controller --listen "$gateway:$port" --address "$gateway:$port" >controller.log 2>&1 &
eventually 20 curl -sfk "https://$gateway:$port/health"
roost_ends 0 run -i hosts.ini n1 -m ping
node exec n1 sh -c 'cp -a /var/lib/roost/agent-* /opt/roost-agent && cat >/usr/local/bin/roost-agent && chmod 755 /usr/local/bin/roost-agent' <<'WRAPPER'
#!/bin/sh
case $1 in check | apply) set -- "$@" --agent /usr/local/bin/roost-agent ;; esac
exec /opt/roost-agent/loader --inhibit-cache --library-path /opt/roost-agent/lib /opt/roost-agent/roost-agent "$@"
WRAPPER
roost_ends 0 joins token --name n1
node exec n1 roost-agent join - <<<"$OUT" >join.log 2>&1
play site <<'PLAY'
- hosts: all
  tasks:
    - name: the unit
      copy:
        dest: /etc/systemd/system/thing.service
        content: |
          [Service]
          ExecStart=/bin/sleep infinity
          [Install]
          WantedBy=multi-user.target
    - name: runs
      systemd: {name: thing, state: started, enabled: true, daemon_reload: true}
    - name: what is here
      command: uname -n
      changed_when: false
      check_mode: false
      register: here
    - name: motd
      copy: {dest: /etc/motd, content: "declared\n"}
    - name: issue
      copy: {dest: /etc/issue, content: "{{ here.stdout }}\n"}
    - name: tree
      apt: {name: tree, state: present}
    - name: memory
      mount: {path: /srv, src: tmpfs, fstype: tmpfs, state: mounted}
PLAY
node exec n1 sh -c 'mkdir -p /etc/roost && cat >/etc/roost/site.yml && echo "playbook: /etc/roost/site.yml" >/etc/roost/agent.yml' <site.yml
node exec n1 roost-agent apply /etc/roost/site.yml </dev/null >apply.log 2>&1 || fail "$(cat apply.log)"
applied=$(date +%s)
is_long_ago() { [ $(($(date +%s) - applied)) -ge 2 ]; }
node exec n1 systemd-run --quiet --unit=roost-agent /usr/local/bin/roost-agent daemon --program /usr/local/bin/roost-agent </dev/null
eventually 20 says 'n1 +active' nodes
roost_ends 0 nodes check n1
eventually 20 says 'n1 +active +ok' nodes

step "a unit is stopped"
eventually 10 is_long_ago # or it would be the doing of that run
since=$(date +%s.%N)
node exec n1 systemctl stop thing </dev/null
eventually 10 drifts "systemd thing"
seen_after "systemd thing" "$since"
cause_is "systemd thing" external
node exec n1 systemctl start thing </dev/null
eventually 10 mended "systemd thing"

step "a unit is disabled"
since=$(date +%s.%N)
node exec n1 systemctl disable thing </dev/null
eventually 10 drifts "systemd thing"
seen_after "systemd thing" "$since"
node exec n1 systemctl enable thing </dev/null

step "a mount is gone"
since=$(date +%s.%N)
node exec n1 umount /srv </dev/null
eventually 10 drifts "mount /srv"
seen_after "mount /srv" "$since"

step "a person edits a managed file"
since=$(date +%s.%N)
node ssh ops@n1 'sudo tee -a /etc/motd' <<<"by hand" >/dev/null
eventually 10 drifts "copy /etc/motd"
seen_after "copy /etc/motd" "$since"
cause_is "copy /etc/motd" external
check_contains "who" "sudo of ops: tee /etc/motd at " "$(drift "copy /etc/motd" reason)"
check_contains "from where" "; a login session of ops from $gateway, " "$(drift "copy /etc/motd" reason)"
check_contains "the diff" "-by hand" "$(drift "copy /etc/motd" diff)"
[ -n "$(drift "copy /etc/motd" window_from)" ] || fail "no window"

step "a task that needs the results of others is looked at with all of them"
since=$(date +%s.%N)
node exec n1 sh -c 'echo x >>/etc/issue' </dev/null
eventually 10 drifts "copy /etc/issue"
seen_after "copy /etc/issue" "$since"
check_equal "nobody's doing that is known" "" "$(drift "copy /etc/issue" reason)"

step "a package is removed"
node ssh ops@n1 'sudo apt-get remove -y -q tree' </dev/null >/dev/null 2>&1
eventually 10 drifts "apt tree"
cause_is "apt tree" external
check_contains "who" "apt-get remove tree (by ops) at " "$(drift "apt tree" reason)"
roost_ends 0 drift n1
check_contains "for people" "  cause: external, apt-get remove tree (by ops) at " "$OUT"
check_contains "the window" "  last in order 20" "$OUT"

step "an operator's run is no stranger"
node exec n1 sh -c 'echo declared >/etc/motd' </dev/null
eventually 10 mended "copy /etc/motd"
roost_ends 0 run -i hosts.ini n1 -m shell -a 'echo other >/etc/motd; sleep 1' # the daemon looks while it is there
eventually 10 drifts "copy /etc/motd"
cause_is "copy /etc/motd" intentional
check_contains "who" "a run of Roost by root from $gateway at " "$(drift "copy /etc/motd" reason)"

step "samples arrive"
"$BUILD/roost" nodes show n1 >/dev/null
python3 -B - "$DESK/controller/store/store.db" <<'PYTHON' || fail "no samples"
import sqlite3, sys
rows = sqlite3.connect(sys.argv[1]).execute("SELECT memory_used, memory_total, load FROM sample").fetchall()
sys.exit(0 if rows and all(0 < used < total and load >= 0 for used, total, load in rows) else 1)
PYTHON

step "between two changes the daemon sleeps"
pid=$(node exec n1 systemctl show -P MainPID roost-agent </dev/null)
# shellcheck disable=SC2016 # $2 is awk's
switches() { node exec n1 awk '/ctxt_switches/ { n += $2 } END { print n }' "/proc/$pid/status" </dev/null; }
quiet() { # no child, and nothing happened for a second
    local before
    before=$(switches)
    read -rt 1 <> <(:) || true
    [ "$(switches)" = "$before" ]
}
eventually 20 quiet
asleep() { # hardly awake in six seconds; a sample, one a minute, may come in between
    local before
    before=$(switches)
    read -rt 6 <> <(:) || true
    [ $(($(switches) - before)) -le 8 ]
}
eventually 20 asleep
