#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Role vllm on a fresh node without Python: real environments and pip, from a folder of wheels that stand in for vLLM's.

. "$(dirname "$0")/helpers.bash"
. "$(dirname "$0")/engines/helpers.bash"

built roost roost-agent
desk_begin
nodes_start trixie box
node inventory >inventory.ini
mkdir wheels
for version in 0.16.1 0.17.0; do
    python3 -B "$ENGINES/wheel.py" vllm $version "$ENGINES/vllm-stand-in.py" wheels
done
printf 'def main():\n    raise SystemExit("vllm: libamdhip64.so.7: cannot open shared object file")\n' >broken.py
python3 -B "$ENGINES/wheel.py" vllm 0.18.0 broken.py wheels
tar -C wheels -c . | node ssh box 'mkdir -p /srv/wheels && tar -C /srv/wheels -x'
declare_vllm() { # VERSION [VARIABLE: VALUE]...
    play_role vllm "vllm_requirements: ['vllm==$1']" 'vllm_index_url: ""' "vllm_find_links: /srv/wheels" "vllm_model: acme/tiny" "${@:2}"
}
main_pid() { on systemctl show -P MainPID vllm; }

step "what cannot be is refused; check on a fresh node changes nothing"
traces before
play_role vllm 'vllm_requirements: ["vllm>=0.16"]' "vllm_model: acme/tiny"
role_ends 2
check_contains "not pinned" "vllm>=0.16" "$(sentence box)"
declare_vllm 0.16.1 "vllm_gpu_memory_utilization: 0.95"
role_ends 2
check_contains "too much memory" "at most 0.9" "$(sentence box)"
declare_vllm 0.16.1 "vllm_memory_max: 96 GB"
role_ends 2
check_contains "a limit that systemd would pass over" "vllm_memory_max is 96 GB, which is no limit of memory" "$(sentence box)"
declare_vllm 0.16.1
role_ends 2 check
check_recap box failed=0
traces after
check_equal "what is on the node" "$(cat before)" "$(cat after)"

step "apply: it runs and names its model"
declare_vllm 0.16.1 "vllm_api_key: s3cr3t-key" 'vllm_arguments: [--max-model-len, "4096"]'
role_ends 0
[[ $OUT$NOTES != *s3cr3t* ]] || fail "the key is in the output"
check_equal "unit" "active enabled" "$(on "systemctl is-active vllm; systemctl is-enabled vllm" | xargs)"
check_equal "account" vllm "$(on "ps -o user= -p $(main_pid)")"
check_contains "arguments" "serve acme/tiny --host 127.0.0.1 --port 8000 --gpu-memory-utilization 0.85 --max-model-len 4096" \
    "$(on "tr '\0' ' ' </proc/$(main_pid)/cmdline")"
check_contains "key" "VLLM_API_KEY=s3cr3t-key" "$(on "tr '\0' '\n' </proc/$(main_pid)/environ")"
check_contains "hardening" "NoNewPrivs:	1" "$(on "cat /proc/$(main_pid)/status")"
role_ends 0
check_recap box changed=0 failed=0
role_ends 0 check
check_recap box changed=0

step "wheels that are not there, or do not run: what runs goes on"
pid=$(main_pid)
declare_vllm 9.9.9
role_ends 2
check_contains "pip's words" "vllm==9.9.9" "$(sentence box)"
declare_vllm 0.18.0
role_ends 2
check_contains "its words" "libamdhip64.so.7" "$(sentence box)"
check_equal "service" "$pid" "$(main_pid)"
check_lines "environments" 1 "$(on ls /opt/vllm/envs)"

step "another version"
declare_vllm 0.17.0
role_ends 0
check_contains "version" "0.17.0 listens" "$(on "journalctl --sync && journalctl -u vllm -o cat")"
check_lines "environments" 1 "$(on ls /opt/vllm/envs)"
role_ends 0
check_recap box changed=0

step "absent: nothing is left, Python neither"
declare_vllm 0.17.0 "vllm_state: absent"
role_ends 0
traces after
check_equal "what is on the node" "$(cat before)" "$(cat after)"
role_ends 0
check_recap box changed=0 failed=0
