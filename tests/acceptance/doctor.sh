#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `roost doctor` and the task `doctor` on real nodes: nothing found, an error and its exit code, a gate in a playbook, recorded
# facts, a host that is not there.

. "$(dirname "$0")/helpers.bash"

built roost roost-agent
desk_begin
nodes_start trixie n1 n2
node inventory n1 n2 >hosts.ini

step "nodes that are well"
roost_ends 0 doctor -i hosts.ini
check_equal "a line for each host" "n1: nothing found"$'\n'"n2: nothing found" "$OUT"
roost_ends 0 doctor n2 -i hosts.ini
check_equal "a pattern" "n2: nothing found" "$OUT"

step "a unit that starts llama.cpp's RPC server by its old name"
node ssh n2 'cat >/etc/systemd/system/llama-rpc.service' <<'UNIT'
[Service]
ExecStart=/opt/llama.cpp/build/bin/rpc-server --port 50052
UNIT
roost_ends 2 doctor -i hosts.ini
check_contains "the other is well" "n1: nothing found" "$OUT"
check_contains "how many" "n2: 1 error" "$OUT"
check_contains "sentence" "starts /opt/llama.cpp/build/bin/rpc-server, which does not exist: llama.cpp renamed it" "$OUT"
check_contains "remedy" "remedy: Name ggml-rpc-server in ExecStart" "$OUT"
check_contains "source" "source: https://" "$OUT"
roost_ends 0 doctor -i hosts.ini --ignore unit-without-program
roost_ends 2 doctor n2 -i hosts.ini --json
check_equal "JSON" "unit-without-program" \
    "$(printf '%s' "$OUT" | python3 -c 'import json, sys; print(json.load(sys.stdin)["n2"]["findings"][0]["id"])')"

step "a playbook that goes on only where nothing is wrong"
play gate <<'PLAY'
- hosts: all
  gather_facts: false
  tasks:
    - doctor:
      register: found
    - command: touch /gone-on
PLAY
roost_ends 2 apply --check -i hosts.ini gate.yml
check_recap n2 failed=1
roost_ends 2 apply -i hosts.ini gate.yml
check_recap n1 failed=0 changed=1
check_recap n2 failed=1 changed=0
check_contains "why" "error: llama-rpc.service" "$(sentence n2)"
check_fails node ssh n2 test -e /gone-on </dev/null

step "recorded facts say the same as the node"
roost_ends 0 facts n2 -i hosts.ini
cp "$DESK/out" facts.json
roost_ends 2 doctor --facts facts.json
check_contains "n2's finding" "n2: 1 error" "$OUT"

step "rules of one's own"
cat >rules.yml <<'RULES'
dated: 2026-11-21
rules:
  - id: kernel
    since: 2026-11-21
    severity: warning
    when: roost.kernel.version is version('1.0', '>')
    sentence: Kernel {{ roost.kernel.version }} on {{ ansible_facts.distribution }}.
    remedy: none
    source: none
RULES
roost_ends 1 doctor n1 -i hosts.ini --rules rules.yml
check_contains "sentence" "on Debian. [kernel]" "$OUT"
sed -i 's/severity/severty/' rules.yml
roost_ends 4 doctor n1 -i hosts.ini --rules rules.yml
check_contains "nearest name" "did you mean 'severity'?" "$NOTES"
check_contains "place" "rules.yml:5:5" "$NOTES"

step "a host that is not there"
node kill n1
roost_ends 4 doctor n1 -i hosts.ini -T 5
check_contains "unreachable" "n1: unreachable: " "$OUT"
roost_ends 2 doctor -i hosts.ini -T 5
check_contains "an error is worse" "n2: 1 error" "$OUT"
