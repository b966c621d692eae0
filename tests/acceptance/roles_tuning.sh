#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Role fine_tuning on a fresh node without Python: real environments and pip, from a folder of wheels that stand in for PyTorch's.

. "$(dirname "$0")/helpers.bash"
. "$(dirname "$0")/engines/helpers.bash"

built roost roost-agent
desk_begin
nodes_start trixie box
node inventory >inventory.ini
mkdir wheels
printf '__version__ = "VERSION"\n' >torch.py
for version in 2.9.0 2.9.1; do
    python3 -B "$ENGINES/wheel.py" torch $version torch.py wheels
done
printf 'raise ImportError("libamdhip64.so.7: cannot open shared object file")\n' >broken.py
python3 -B "$ENGINES/wheel.py" torch 2.10.0 broken.py wheels
tar -C wheels -c . | node ssh box 'mkdir -p /srv/wheels && tar -C /srv/wheels -x'
declare_torch() { # VERSION [VARIABLE: VALUE]...
    play_role fine_tuning "fine_tuning_requirements: ['torch==$1']" 'fine_tuning_index_url: ""' "fine_tuning_find_links: /srv/wheels" "${@:2}"
}
torch_version() { on "runuser -u ops -- /opt/fine-tuning/current/bin/python -c 'import torch; print(torch.__version__)'"; }

step "what is not pinned is refused; check on a fresh node changes nothing"
traces before
play_role fine_tuning 'fine_tuning_requirements: [torch]'
role_ends 2
check_contains "not pinned" "some: torch" "$(sentence box)"
declare_torch 2.9.0 "fine_tuning_users: [ops]"
role_ends 2 check
check_recap box failed=0
traces after
check_equal "what is on the node" "$(cat before)" "$(cat after)"

step "apply: people can import it"
role_ends 0
check_equal "version" 2.9.0 "$(torch_version)"
check_contains "groups" render "$(on id -nG ops)"
role_ends 0
check_recap box changed=0 failed=0
role_ends 0 check
check_recap box changed=0

step "an account that is not there; wheels that cannot be imported: what is there stays"
declare_torch 2.9.0 "fine_tuning_users: [nobody-here]"
role_ends 2
declare_torch 2.10.0
role_ends 2
check_contains "its words" "libamdhip64.so.7" "$(sentence box)"
check_equal "version" 2.9.0 "$(torch_version)"

step "another version"
declare_torch 2.9.1
role_ends 0
check_equal "version" 2.9.1 "$(torch_version)"
check_lines "environments" 1 "$(on ls /opt/fine-tuning/envs)"
role_ends 0
check_recap box changed=0

step "absent: nothing is left, Python neither"
declare_torch 2.9.1 "fine_tuning_state: absent"
role_ends 0
traces after
check_equal "what is on the node" "$(cat before)" "$(cat after)"
role_ends 0
check_recap box changed=0 failed=0
