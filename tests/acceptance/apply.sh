#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The main job: playbooks/site.yml on fresh nodes of two releases without Python, twice, a change by hand, check, mended.

. "$(dirname "$0")/helpers.bash"

built roost roost-agent
desk_begin
step "two fresh nodes without Python"
nodes_start bookworm old
nodes_start trixie new
for name in old new; do
    check_fails node ssh "$name" command -v python3
done
mkdir -p inventory/group_vars
node inventory >inventory/hosts # Ansible passes over *.ini in a folder
ssh-keygen -q -t ed25519 -N '' -C rack@desk -f rack
cat >inventory/group_vars/nodes.yml <<YAML
base_timezone: Europe/Zurich
base_users:
  - name: rack
    comment: Operators of the rack
    sudo: true
    keys: ["$(cat rack.pub)"]
YAML
site=$ROOT/playbooks/site.yml

step "what can be asked without touching a node"
roost_ends 0 apply "$site" -i inventory --syntax-check
roost_ends 0 apply "$site" -i inventory --list-hosts
check_contains "hosts" "hosts (2):" "$OUT"
roost_ends 0 apply "$site" -i inventory --list-tasks
check_contains "tasks" "base : Keep the journal" "$OUT"
printf -- '- hosts: all\n  tasks:\n    - no_such_module_here: {}\n' >broken.yml
roost_ends 4 apply broken.yml -i inventory --syntax-check
check_contains "a module that is not there" "no_such_module_here" "$OUT$NOTES"
check_contains "where it is" "broken.yml" "$OUT$NOTES"
printf -- '- hosts: [all\n' >worse.yml
roost_ends 4 apply worse.yml -i inventory --syntax-check
roost_ends 1 apply nowhere.yml -i inventory
node ssh old test ! -e /var/lib/roost </dev/null || fail "the agent is on the node although nothing was applied"

step "apply: the nodes become what the playbook declares"
roost_ends 0 apply "$site" -i inventory --json-lines events.jsonl
for name in old new; do
    check_recap $name unreachable=0 failed=0
    [[ $(recap $name) != *changed=0* ]] || fail "nothing was changed on $name"
    check_equal "host name of $name" "$name" "$(node ssh $name hostname </dev/null)"
    check_equal "zone of $name" Europe/Zurich "$(node ssh $name readlink /etc/localtime </dev/null | sed 's#.*/zoneinfo/##')"
    check_equal "health timer of $name" active "$(node ssh $name systemctl is-active node-health.timer </dev/null)"
    check_ok node ssh $name command -v curl htop rsync
    check_equal "rights of rack on $name" root \
        "$(ssh -F "$NODES_DIR/ssh_config" -i rack "rack@$name" sudo -n id -un </dev/null)"
    check_fails node ssh $name command -v python3
done

step "the record of it"
python3 -B - events.jsonl <<'PYTHON' || fail "events.jsonl"
import json, sys
events = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
kinds = [event["event"] for event in events]
assert kinds[0] == "run_start" and kinds[-1] == "run_end", kinds[:2] + kinds[-2:]
numbers = [event["sequence"] for event in events]
assert numbers == sorted(set(numbers)), "sequence"
stats = {event["host"]: event["stats"] for event in events if event["event"] == "stats"}
assert set(stats) == {"old", "new"}, stats
for host, counts in stats.items():
    done = [e for e in events if e["event"] == "result" and e.get("host") == host]
    assert counts["changed"] == sum(e["outcome"] == "changed" for e in done), (host, counts)
    assert counts["skipped"] == sum(e["outcome"] == "skipped" for e in done), (host, counts)
    assert counts["failed"] == counts["unreachable"] == 0, (host, counts)
PYTHON

step "apply again: nothing is left to do"
roost_ends 0 apply "$site" -i inventory
check_recap old changed=0 failed=0
check_recap new changed=0 failed=0
roost_ends 0 check "$site" -i inventory
check_recap old changed=0

step "a change by hand is found, named and shown; nothing is changed by looking"
node ssh new "sed -i 's/Storage=.*/Storage=volatile/' /etc/systemd/journald.conf.d/50-base.conf" </dev/null
before=$(node ssh new md5sum /etc/systemd/journald.conf.d/50-base.conf </dev/null)
roost_ends 2 check "$site" -i inventory
check_recap old changed=0
check_recap new failed=0
check_equal "tasks that differ" 2 "$(grep -c '^changed: \[new\]$' out)" # the file, and the handler it would notify
check_equal "the task it names" "Keep the journal" \
    "$(awk '/^TASK \[/ { task = $0 } /^changed: \[new\]/ { sub(/^TASK \[(base : )?/, "", task); sub(/\].*/, "", task); print task; exit }' out)"
check_contains "what is there" "-Storage=volatile" "$OUT"
check_contains "what should be" "+Storage=persistent" "$OUT"
check_equal "the file after the check" "$before" "$(node ssh new md5sum /etc/systemd/journald.conf.d/50-base.conf </dev/null)"

step "apply mends it, and only it"
roost_ends 0 apply "$site" -i inventory --diff
check_recap old changed=0
check_recap new changed=2
check_equal "the file" "Storage=persistent" "$(node ssh new grep ^Storage= /etc/systemd/journald.conf.d/50-base.conf </dev/null)"
roost_ends 0 check "$site" -i inventory

step "a limit and tags"
roost_ends 0 apply "$site" -i inventory --limit old --tags identity
check_equal "recap of the other" "" "$(recap new)"
