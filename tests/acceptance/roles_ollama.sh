#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Role ollama on a fresh node, with an archive of the same layout as upstream's: its program is a stand-in.
# shellcheck disable=SC2016 # expanded on the node

. "$(dirname "$0")/helpers.bash"
. "$(dirname "$0")/engines/helpers.bash"

built roost roost-agent
desk_begin
nodes_start trixie box
node inventory >inventory.ini
archives_begin box
for version in 0.30.4 0.31.0; do
    stand_in $version $version/bin/ollama
    mkdir -p $version/lib/ollama
    echo library >$version/lib/ollama/libggml-base.so
    tar -C $version --zstd -cf www/ollama-$version.tar.zst bin lib
done
declare_ollama() { # VERSION [VARIABLE: VALUE]...
    play_role ollama "ollama_version: $1" "ollama_sha256: $(digest www/ollama-"$1".tar.zst)" \
        "ollama_url: http://$ARCHIVES/ollama-{{ ollama_version }}.tar.zst" "${@:2}"
}

step "what is not declared is refused, by name"
traces before
play_role ollama "ollama_version: 0.30.4"
role_ends 2
check_contains "no digest" "ollama_sha256" "$(sentence box)"
declare_ollama 0.30.4 "ollama_memory_max: 96 GB"
role_ends 2
check_contains "a limit that systemd would pass over" "ollama_memory_max is 96 GB, which is no limit of memory" "$(sentence box)"

step "check on a fresh node changes nothing"
declare_ollama 0.30.4 'ollama_pull: ["tiny"]' 'ollama_memory_max: 2GiB'
role_ends 2 check
check_recap box failed=0
traces after
check_equal "what is on the node" "$(cat before)" "$(cat after)"

step "apply: it runs, answers, has the model"
role_ends 0
check_recap box failed=0
check_equal "unit" active "$(on systemctl is-active ollama)"
check_equal "at boot" enabled "$(on systemctl is-enabled ollama)"
check_equal "memory" 2147483648 "$(on systemctl show -P MemoryMax ollama)"
check_equal "account" ollama "$(on "ps -o user= -p \$(systemctl show -P MainPID ollama)")"
check_equal "model" tiny:latest "$(on ls /var/lib/ollama/models)"
check_contains "hardening" "NoNewPrivs:	1" "$(on "cat /proc/\$(systemctl show -P MainPID ollama)/status")"
check_equal "only this machine's own address" "127.0.0.1:11434" "$(on "ss -Hltn 'sport = :11434'" | awk '{ print $4 }')"
role_ends 0
check_recap box changed=0 failed=0
check_equal "downloads" 1 "$(requests 'GET /ollama-0.30.4')"
role_ends 0 check
check_recap box changed=0

step "a run that was cut before its restart: the next one restarts"
for cut in 'touch /etc/systemd/system/ollama.service; systemctl daemon-reload' 'ln -sfn "$(readlink /opt/ollama/current)" /opt/ollama/current' \
    'sed -i s/OOMScoreAdjust=500/OOMScoreAdjust=400/ /etc/systemd/system/ollama.service; systemctl daemon-reload; systemctl restart ollama
     sed -i s/OOMScoreAdjust=400/OOMScoreAdjust=500/ /etc/systemd/system/ollama.service'; do
    on "$cut"
    role_ends 0
    check_recap box changed=1 failed=0
done
check_equal "what runs is what is declared" 500 "$(on 'cat /proc/$(systemctl show -P MainPID ollama)/oom_score_adj')"
role_ends 0
check_recap box changed=0

step "a model that cannot be pulled is a failure"
declare_ollama 0.30.4 'ollama_pull: [tiny, nothing]'
role_ends 2
check_equal "unit" active "$(on systemctl is-active ollama)"
check_equal "models" tiny:latest "$(on ls /var/lib/ollama/models)"

step "an archive that is something else: the old version goes on running"
play_role ollama "ollama_version: 0.31.0" "ollama_sha256: $(digest www/ollama-0.30.4.tar.zst | rev)" \
    "ollama_url: http://$ARCHIVES/ollama-0.30.4.tar.zst"
role_ends 2
check_contains "wrong digest" "checksum" "$(sentence box)"
printf '# another archive\n' >>0.30.4/bin/ollama
tar -C 0.30.4 --zstd -cf www/other.tar.zst bin lib
play_role ollama "ollama_version: 0.31.0" "ollama_sha256: $(digest www/other.tar.zst)" "ollama_url: http://$ARCHIVES/other.tar.zst"
role_ends 2
check_contains "wrong version" "not Ollama 0.31.0" "$(sentence box)"
check_equal "unit" active "$(on systemctl is-active ollama)"
check_lines "builds" 1 "$(on ls /opt/ollama/builds)"

step "another version"
pid=$(on systemctl show -P MainPID ollama)
declare_ollama 0.31.0 'ollama_environment: { OLLAMA_CONTEXT_LENGTH: "32768" }'
role_ends 0
[ "$pid" != "$(on systemctl show -P MainPID ollama)" ] || fail "it was not restarted"
check_lines "builds" 1 "$(on ls /opt/ollama/builds)"
check_contains "setting" "OLLAMA_CONTEXT_LENGTH=32768" "$(on "cat /proc/\$(systemctl show -P MainPID ollama)/environ" | tr '\0' ' ')"
check_equal "models stay" tiny:latest "$(on ls /var/lib/ollama/models)"
role_ends 0
check_recap box changed=0

step "a port that is taken: a sentence with the last words"
declare_ollama 0.31.0 "ollama_port: 22" "ollama_ready_timeout: 2"
role_ends 2
check_contains "sentence" "does not answer on 127.0.0.1:22" "$(sentence box)"
check_contains "its log" "listen on 127.0.0.1:22" "$(sentence box)"

step "absent: nothing is left"
declare_ollama 0.31.0 "ollama_state: absent"
role_ends 0
traces after
check_equal "what is on the node" "$(cat before)" "$(cat after)"
role_ends 0
check_recap box changed=0 failed=0
