#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Role distributed_llama on a fresh node, from a git repository whose Makefile makes stand-ins of the two programs.

. "$(dirname "$0")/helpers.bash"
. "$(dirname "$0")/engines/helpers.bash"

built roost roost-agent
desk_begin
nodes_start trixie box
node inventory >inventory.ini

mkdir source
export GIT_AUTHOR_NAME=test GIT_AUTHOR_EMAIL=test@localhost GIT_COMMITTER_NAME=test GIT_COMMITTER_EMAIL=test@localhost
git -C source init --quiet --initial-branch main
stand_in MADE source/engine.pl
cat >source/Makefile <<'MAKE'
dllama dllama-api: engine.pl
	sed 's/MADE/'"$$(cat version)$(if $(DLLAMA_VULKAN),+vulkan)"'/' engine.pl >$@
	chmod 755 $@
MAKE
for version in v0.16.4 v0.16.5; do
    echo $version >source/version
    git -C source add .
    git -C source commit --quiet -m $version
    git -C source tag $version
done
printf 'dllama:\n\t@echo "app.cpp:1: error: no such thing" >&2; false\n' >source/Makefile
git -C source commit --quiet -am broken
git -C source tag broken
tar -C source -c . | node ssh box 'mkdir -p /srv/dllama.git && tar -C /srv/dllama.git -x --no-same-owner && touch /srv/model.m /srv/tokenizer.t'
declare_dllama() { # VERSION [VARIABLE: VALUE]...
    play_role distributed_llama "distributed_llama_version: $1" "distributed_llama_repo: file:///srv/dllama.git" \
        "distributed_llama_packages: [git, make]" "distributed_llama_allow: [192.168.7.0/24]" "${@:2}"
}
last_log() { on "journalctl --sync && journalctl -u dllama-$1 -o cat | grep listens | tail -n 1"; }

step "what cannot be is refused; check with the packages of the distribution changes nothing"
traces before
play_role distributed_llama
role_ends 2
check_contains "no version" "distributed_llama_version" "$(sentence box)"
declare_dllama v0.16.4 "distributed_llama_api: true" "distributed_llama_model: /srv/model.m" "distributed_llama_tokenizer: /srv/tokenizer.t" \
    "distributed_llama_workers: [192.168.7.2, 192.168.7.3]"
role_ends 2
check_contains "three nodes" "not on 3" "$(sentence box)"
declare_dllama v0.16.4 "distributed_llama_memory_max: 96 GB"
role_ends 2
check_contains "a limit that systemd would pass over" "distributed_llama_memory_max is 96 GB, which is no limit of memory" "$(sentence box)"
play_role distributed_llama "distributed_llama_version: v0.16.4"
role_ends 2 check
check_recap box failed=0
traces after
check_equal "what is on the node" "$(cat before)" "$(cat after)"

step "apply: built with its options, the worker listens"
declare_dllama v0.16.4
role_ends 0
check_contains "worker" "dllama v0.16.4+vulkan listens on 0.0.0.0:9999" "$(last_log worker)"
check_equal "account" dllama "$(on "ps -o user= -p \$(systemctl show -P MainPID dllama-worker)")"
check_contains "who may talk to it" 192.168.7.0/24 "$(on systemctl show -P IPAddressAllow dllama-worker)"
check_equal "no API" "" "$(on "ls /etc/systemd/system | grep dllama-api || true")"
role_ends 0
check_recap box changed=0 failed=0
role_ends 0 check
check_recap box changed=0

step "a version that does not build leaves what runs"
pid=$(on systemctl show -P MainPID dllama-worker)
declare_dllama broken
role_ends 2
check_contains "the compiler's words" "no such thing" "$(sentence box)"
check_equal "the worker" "$pid" "$(on systemctl show -P MainPID dllama-worker)"
check_lines "builds" 1 "$(on ls /opt/distributed-llama/builds)"

step "other options, then another version, build anew"
declare_dllama v0.16.4 "distributed_llama_options: {}"
role_ends 0
check_contains "worker" "dllama v0.16.4 listens" "$(last_log worker)"
declare_dllama v0.16.5
role_ends 0
check_contains "worker" "dllama v0.16.5+vulkan listens" "$(last_log worker)"
check_lines "builds" 1 "$(on ls /opt/distributed-llama/builds)"

step "the root node: the API instead of the worker"
declare_dllama v0.16.5 "distributed_llama_worker: false" "distributed_llama_api: true" "distributed_llama_model: /srv/model.m" \
    "distributed_llama_tokenizer: /srv/tokenizer.t" "distributed_llama_workers: [192.168.7.2, '192.168.7.3:9990', 192.168.7.4]"
role_ends 0
check_equal "units" "dllama-api.service" "$(on "ls /etc/systemd/system | grep dllama")"
check_contains "its arguments" "--model /srv/model.m --tokenizer /srv/tokenizer.t" "$(on "tr '\0' ' ' </proc/\$(systemctl show -P MainPID dllama-api)/cmdline")"
check_contains "its workers" "--workers 192.168.7.2:9999 192.168.7.3:9990 192.168.7.4:9999" \
    "$(on "tr '\0' ' ' </proc/\$(systemctl show -P MainPID dllama-api)/cmdline")"
role_ends 0
check_recap box changed=0

step "absent: nothing is left"
declare_dllama v0.16.5 "distributed_llama_state: absent"
role_ends 0
traces after
check_equal "what is on the node" "$(cat before)" "$(cat after)"
role_ends 0
check_recap box changed=0 failed=0
