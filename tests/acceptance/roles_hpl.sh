#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The role hpl on two fresh nodes: Debian's HPL over both by MPI, its result checked by itself; then builds from sources, keyed by
# versions and options, of stand-in archives; then nothing is left.

. "$(dirname "$0")/helpers.bash"

built roost roost-agent
desk_begin

play hpl <<'YAML'
- hosts: all
  vars:
    hpl_ranks_per_host: 1
    hpl_max_n: 400
    hpl_nb: 80
    hpl_address: "{{ ansible_host }}"
    hpl_network: "{{ ansible_host | regex_replace('[0-9]+$', '0') }}/24"
  roles: [hpl]
YAML

step "two fresh nodes, looked at"
nodes_start "${ROOST_TEST_SUITE:-bookworm}" h1 h2
node inventory >hosts.ini
node ssh h2 mv /etc/ssh/ssh_host_ed25519_key.pub /root </dev/null # as where sshd has not made its keys yet
roost_ends 2 check hpl.yml -i hosts.ini
node ssh h2 mv /root/ssh_host_ed25519_key.pub /etc/ssh </dev/null
for name in h1 h2; do
    check_recap $name failed=0 unreachable=0
    check_fails node ssh $name 'test -e /var/lib/hpl || getent passwd hpl || command -v hpcc' </dev/null
done

step "applied, and run over both"
roost_ends 0 apply hpl.yml -i hosts.ini -e hpl_run=true
check_contains "the rate" "HPL on 2 host(s), 2 ranks, N 400: " "$OUT"
check_contains "the check of the result" "GFLOP/s, PASSED" "$OUT"
check_contains "the grid" "     2" "$(node ssh h1 "grep -A 2 '^T/V' /var/lib/hpl/run/hpccoutf.txt" </dev/null)"
check_contains "both took part" "CommWorldProcs=2" "$(node ssh h1 cat /var/lib/hpl/run/hpccoutf.txt </dev/null)"

step "each may start it"
check_ok node ssh h1 "runuser -u hpl -- ssh -o BatchMode=yes $(node ip h2) true" </dev/null
check_ok node ssh h2 "runuser -u hpl -- ssh -o BatchMode=yes $(node ip h1) true" </dev/null

step "again: nothing to do"
roost_ends 0 apply hpl.yml -i hosts.ini
for name in h1 h2; do check_recap $name changed=0 failed=0; done
roost_ends 0 check hpl.yml -i hosts.ini

step "a host that takes nobody in fails the run"
node exec h2 systemctl stop ssh </dev/null
check_fails node ssh h1 'runuser -u hpl -- roost-hpl' </dev/null
node exec h2 systemctl start ssh </dev/null
node ssh h2 'setsid runuser -u hpl -- sleep 1000 >/dev/null 2>&1 &' </dev/null # what a broken run leaves behind

step "taken away"
roost_ends 0 apply hpl.yml -i hosts.ini -e hpl_state=absent
for name in h1 h2; do
    check_fails node ssh $name 'test -e /var/lib/hpl || test -e /usr/local/bin/roost-hpl || getent passwd hpl || dpkg-query -W hpcc openmpi-bin' </dev/null
done
roost_ends 0 apply hpl.yml -i hosts.ini -e hpl_state=absent
for name in h1 h2; do check_recap $name changed=0; done
