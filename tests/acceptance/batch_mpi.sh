#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Cluster work through the launcher: HPL over two nodes by mpirun as role hpl sets it up, then as a job of Slurm, and any command through Slurm as
# role slurm does. The roles are applied here to nodes that have the packages already; what they do on fresh ones is tested in roles_hpl.sh and
# roles_slurm.sh.

. "$(dirname "$0")/helpers.bash"
. "$(dirname "$0")/fleet.bash"

built roost roost-agent
desk_begin
play cluster <<'YAML'
- hosts: all
  vars:
    hpl_ranks_per_host: 1
    hpl_max_n: 160
    hpl_nb: 80
    hpl_address: "{{ ansible_host }}"
    hpl_network: "{{ ansible_host | regex_replace('[0-9]+$', '0') }}/24"
    slurm_controller: s1
    slurm_nodes: [s1, s2]
    slurm_address: "{{ ansible_host }}"
    slurm_use_cgroups: false # a container's cgroups have no controllers
  roles: [hpl, slurm]
YAML

step "two nodes with roles hpl and slurm, a controller"
nodes_start "${ROOST_TEST_SUITE:-bookworm}+batch" s1 s2
node inventory s1 s2 >hosts.ini
roost_ends 0 apply cluster.yml -i hosts.ini
# Both nodes are on one machine: ranks that wait let others work.
for name in s1 s2; do on $name 'echo "mpi_yield_when_idle = 1" >>/etc/openmpi/openmpi-mca-params.conf'; done
fleet_begin s1 s2
network=$(node ip s1 | sed 's/[0-9]*$/0/')/24

step "HPL over both, by mpirun"
roost_ends 0 bench --hpl --nodes s1,s2 --set "ranks_per_node=1,max_n=160,nb=80" --network "$network"
check_contains "the table" "| 2 | 160 | 80 | 1 x 2 |" "$OUT"
check_contains "its own check" "PASSED" "$OUT"
check_contains "both took part" "CommWorldProcs=2" "$(figure 1 'b["output"][0]["output"]')"

step "HPL over both, as a job of Slurm"
roost_ends 0 bench --hpl --nodes s1,s2 --set "via=slurm,ranks_per_node=1,max_n=160,nb=80" --network "$network"
check_contains "the table" "| 2 | 160 | 80 | 1 x 2 |" "$OUT"
check_contains "its own check" "PASSED" "$OUT"
check_equal "the result is kept" "True 2 True" "$(figure 2 'b["figures"]["passed"], b["figures"]["nodes"], b["figures"]["gflops"] > 0' | tr -d '(,)')"
check_contains "both took part" "CommWorldProcs=2" "$(figure 2 'b["output"][0]["output"]')"

step "a command through Slurm, on both nodes"
mkdir -p workloads
launch() { # CODE NAME: the declaration on standard input
    cat >"workloads/$2.yml"
    roost_ends "$1" launch "$2" --folder workloads --wait --timeout 220
}
launch 0 hosts <<'YAML'
name: hosts
kind: batch
engine: command
arguments: [sh, -c, "srun --nodes=2 --ntasks=2 hostname; stat -c %a:%U $(dirname $(readlink /proc/$$/fd/1))"]
resources: { nodes: 2, tasks: 2 }
YAML
check_equal "both nodes; its output is its own" "['700:nobody', 's1', 's2']" \
    "$(api /api/v1/workloads/hosts 'sorted(a["instances"][0]["result"]["figures"]["output"].split())')"
launch 2 wrong <<'YAML'
name: wrong
kind: batch
engine: command
arguments: [sh, -c, "echo it went wrong; exit 7"]
YAML
check_contains "as it ended" "it ended with exit code 7" "$OUT"
check_contains "its output is kept" "it went wrong" "$(api /api/v1/workloads/wrong 'a["instances"][0]["result"]')"
eventually 20 nothing_left s1 s2
for name in s1 s2; do check_equal "left in /tmp" "" "$(on $name 'ls -d /tmp/roost* /tmp/tmp.* 2>/dev/null || true')"; done
fleet_end
