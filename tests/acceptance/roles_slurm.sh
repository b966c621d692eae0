#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The role slurm on two fresh nodes, one of them the controller too: looked at, applied, a job on both, applied again,
# hosts that are not in the play refused, taken away.

. "$(dirname "$0")/helpers.bash"

built roost roost-agent
desk_begin

play slurm <<'YAML'
- hosts: all
  vars:
    slurm_controller: s1
    slurm_nodes: [s1, s2]
    slurm_address: "{{ ansible_host }}"
    slurm_use_cgroups: false # a container's cgroups have no controllers
  roles: [slurm]
YAML

step "two fresh nodes, looked at"
nodes_start "${ROOST_TEST_SUITE:-bookworm}" s1 s2
node inventory >hosts.ini
roost_ends 2 check slurm.yml -i hosts.ini
for name in s1 s2; do
    check_recap $name failed=0 unreachable=0
    check_fails node ssh $name 'command -v scontrol || test -e /etc/slurm' </dev/null
done

step "applied: a job runs on both"
roost_ends 0 apply slurm.yml -i hosts.ini
check_equal "hosts of the job" $'s1\ns2' "$(node ssh s1 'srun -N2 hostname | sort' </dev/null)"
check_equal "the key" "$(node ssh s1 md5sum /etc/munge/munge.key </dev/null)" "$(node ssh s2 md5sum /etc/munge/munge.key </dev/null)"
check_fails grep -q "$(node ssh s1 head -c 40 /etc/munge/munge.key </dev/null)" out

step "the key is the cluster's, and needed"
check_fails node ssh s2 'runuser -u ops -- cat /etc/munge/munge.key' </dev/null
check_equal "munge from node to node" STATUS:Success/0 \
    "$(node ssh s2 munge -n </dev/null | node ssh s1 unmunge | sed -n 's/^STATUS: *\(Success\) (\(.*\))/STATUS:\1\/\2/p')"

step "again: nothing to do"
roost_ends 0 apply slurm.yml -i hosts.ini
for name in s1 s2; do check_recap $name changed=0 failed=0; done
roost_ends 0 check slurm.yml -i hosts.ini

step "hosts of the cluster that are not in the play are refused"
roost_ends 2 apply slurm.yml -i hosts.ini -e '{"slurm_nodes": ["s1", "s2", "s3"]}'
check_contains "sentence" "for all hosts of the cluster in one play: controller s1, nodes s1, s2, s3" "$(tr -s ' \n' ' ' <out)"

step "taken away"
roost_ends 0 apply slurm.yml -i hosts.ini -e slurm_state=absent
for name in s1 s2; do
    check_fails node ssh $name 'test -e /etc/slurm || test -e /var/lib/slurm || test -e /etc/munge || dpkg-query -W slurmd munge' </dev/null
done
roost_ends 0 apply slurm.yml -i hosts.ini -e slurm_state=absent
for name in s1 s2; do check_recap $name changed=0; done
