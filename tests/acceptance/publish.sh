#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A bundle, for real: published at the desk, pulled by a node's daemon, checked and repaired under the desk's name of the host;
# a second one taken over it, an old one played back and refused, withdrawn in the end.

. "$(dirname "$0")/helpers.bash"

built roost roost-agent
desk_begin
nodes_start trixie n1
export XDG_CONFIG_HOME=$DESK/config
gateway=$(node exec n1 ip -4 route show default </dev/null | awk '{ print $3 }')
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("", 0)); print(s.getsockname()[1])')

says() { # PATTERN VERB...: roost's output holds it
    local pattern=$1
    shift
    "$BUILD/roost" "$@" 2>&1 | grep -E "$pattern" >/dev/null # not -q: who is cut off while writing has failed
}
on_node() { node exec n1 sh -c "$1" </dev/null; }
log_says() { on_node 'journalctl -u roost-agent -o cat' | grep -E "$1" >/dev/null; }

# manifests save|replay: the controller's own row, kept aside and put back as if nothing had been published since.
manifests() {
    python3 -B - "$DESK/controller/store/store.db" "$DESK/old.manifest" "$1" <<'PYTHON'
import sqlite3, sys
store, path, what = sys.argv[1:]
rows = sqlite3.connect(store, timeout=10)
if what == "save":
    open(path, "w").write(rows.execute("SELECT manifest FROM bundle").fetchone()[0])
else:
    rows.execute("UPDATE bundle SET version = 1, manifest = ?", (open(path).read(),))
    rows.commit()
PYTHON
}

step "a controller and a node whose name at the desk is another one"
node inventory n1 | sed -n 's|^n1 |box-1 |p' >hosts.txt
cat >hosts.ini <<INI
[boxes]
$(cat hosts.txt) roost_node=n1 ansible_password=not-for-the-node
box-2 secret=of-box-2
[boxes:vars]
greeting="{{ inventory_hostname }} says {{ word }}"
INI
mkdir -p group_vars roles/motd/tasks roles/motd/templates
echo 'word: hello' >group_vars/boxes.yml
cat >roles/motd/tasks/main.yml <<'YAML'
- name: Greeting
  ansible.builtin.template: { src: greeting.j2, dest: /etc/greeting, mode: "0644" }
YAML
echo "{{ greeting }} to {{ groups['boxes'] | difference([inventory_hostname]) | join }}" >roles/motd/templates/greeting.j2
play site <<'YAML'
- hosts: boxes
  gather_facts: false
  roles: [motd]
YAML
export ANSIBLE_ROLES_PATH=$DESK/roles
roost_ends 0 controller init --state controller --listen "$gateway:$port" --address "$gateway:$port"
setpriv --pdeathsig KILL "$BUILD/roost" controller --state controller --listen "$gateway:$port" --address "$gateway:$port" >controller.log 2>&1 &
eventually 20 curl -sfk "https://$gateway:$port/health"
roost_ends 1 publish site.yml -i hosts.ini
check_contains "nobody to publish for" "none of the chosen hosts is a node" "$NOTES"
roost_ends 0 run -i hosts.ini box-1 -m ping
node exec n1 sh -c 'cp -a /var/lib/roost/agent-* /opt/roost-agent && cat >/usr/local/bin/roost-agent && chmod 755 /usr/local/bin/roost-agent' <<'WRAPPER'
#!/bin/sh
case $1 in check | apply) set -- "$@" --agent /usr/local/bin/roost-agent ;; esac
exec /opt/roost-agent/loader --inhibit-cache --library-path /opt/roost-agent/lib /opt/roost-agent/roost-agent "$@"
WRAPPER
roost_ends 0 joins token --name n1
node exec n1 roost-agent join - <<<"$OUT" >join.log 2>&1 || fail "$(cat join.log)"
on_node 'mkdir -p /etc/roost && echo "policy: repair" >/etc/roost/agent.yml'
on_node 'systemd-run --quiet --unit=roost-agent /usr/local/bin/roost-agent daemon --program /usr/local/bin/roost-agent'

step "published, taken, repaired under the desk's name"
roost_ends 0 publish site.yml -i hosts.ini
check_contains "for whom" "n1: version" "$OUT"
check_contains "not for those who are no nodes" "left out: box-2" "$NOTES"
eventually 30 says 'n1 +site.yml +[0-9]+ +taken' publish --list
eventually 30 on_node 'grep -q "box-1 says hello to box-2" /etc/greeting'
eventually 20 says '^n1 +active +ok' nodes
check_equal "no other's variables, no secret of the desk" "" \
    "$(on_node 'grep -rlE "of-box-2|not-for-the-node" /var/lib/roost/agent || true')"
manifests save

step "edited on the node: drift, and mended"
on_node 'echo mine >>/etc/greeting'
eventually 30 says 'template /etc/greeting' drift n1 --all
eventually 30 on_node '! grep -q mine /etc/greeting'

step "a second one is taken, an old one refused"
echo 'word: good morning' >group_vars/boxes.yml
roost_ends 0 publish site.yml -i hosts.ini
eventually 30 on_node 'grep -q "box-1 says good morning" /etc/greeting'
eventually 30 says 'n1 +site.yml +[0-9]+ +taken' publish --list
manifests replay
on_node 'roost-agent bundle 2>&1; echo "exit $?"' >replay.log
check_contains "a rollback" "which this node has taken" "$(cat replay.log)"
check_contains "its exit code" "exit 2" "$(cat replay.log)"
on_node 'grep -q "good morning" /etc/greeting'

step "withdrawn"
roost_ends 0 publish site.yml -i hosts.ini -e word=ciao
eventually 30 on_node 'grep -q ciao /etc/greeting'
roost_ends 0 publish --withdraw 'n*'
eventually 30 log_says 'the bundle was withdrawn'
eventually 20 says 'n1 +active +unknown' nodes
