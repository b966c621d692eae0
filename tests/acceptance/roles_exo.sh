#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Role exo on a fresh node without Python: stand-ins for its sources, for Rust's archive, for uv and npm; pip, venv, unit are real.

# shellcheck disable=SC2016 # written on the node
. "$(dirname "$0")/helpers.bash"
. "$(dirname "$0")/engines/helpers.bash"

built roost roost-agent
desk_begin
nodes_start trixie box
node inventory >inventory.ini
archives_begin box
for version in 1.0.71 1.0.72; do
    python3 -B "$ENGINES/exo.py" $version "$ENGINES/exo-stand-in.py" www/v$version.tar.gz
done
printf 'raise ImportError("libmlx.so: cannot open shared object file")\n' >broken.py
python3 -B "$ENGINES/exo.py" 1.0.73 broken.py www/v1.0.73.tar.gz
mkdir -p wheels rust-nightly
python3 -B "$ENGINES/wheel.py" uv 0.8.23 "$ENGINES/uv-stand-in.py" wheels
tar -C wheels -c . | node ssh box 'mkdir -p /srv/wheels && tar -C /srv/wheels -x'
cat >rust-nightly/install.sh <<'SCRIPT'
#!/bin/sh
for word; do case $word in --prefix=*) prefix=${word#--prefix=} ;; esac; done
mkdir -p "$prefix/bin" && printf '#!/bin/sh\necho cargo 1.97.0-nightly\n' >"$prefix/bin/cargo" && chmod 755 "$prefix/bin/cargo"
SCRIPT
chmod 755 rust-nightly/install.sh
tar -cJf www/rust-nightly.tar.xz rust-nightly
(cd www && sha256sum rust-nightly.tar.xz >rust-nightly.tar.xz.sha256)
# npm, where the dashboard is asked for
printf '%s\n' '#!/bin/sh' '[ "$1" = ci ] && mkdir -p node_modules && exit' 'mkdir -p build && echo dashboard >build/index.html' |
    node ssh box 'cat >/usr/bin/npm && chmod 755 /usr/bin/npm'

declare_exo() { # VERSION [VARIABLE: VALUE]...
    play_role exo "exo_version: '$1'" "exo_sha256: ${DIGEST:-$(digest "www/v$1.tar.gz")}" \
        "exo_url: 'http://$ARCHIVES/v{{ exo_version }}.tar.gz'" "exo_rust_url: http://$ARCHIVES/rust-nightly.tar.xz" \
        'exo_index_url: ""' "exo_find_links: /srv/wheels" "exo_packages: [ca-certificates, python3, python3-venv]" "${@:2}"
}
main_pid() { on systemctl show -P MainPID exo; }
answer() { on "exec 3<>/dev/tcp/127.0.0.1/$1 && printf 'GET $2 HTTP/1.0\r\n\r\n' >&3 && cat <&3" | tail -n 1; }

step "what cannot be is refused; check on a fresh node changes nothing"
traces before
play_role exo "exo_version: '1.0.71'"
role_ends 2
check_contains "no digest" "exo_sha256" "$(sentence box)"
declare_exo 1.0.71 "exo_uv: uv"
role_ends 2
check_contains "not pinned" "exo_uv must be pinned" "$(sentence box)"
declare_exo 1.0.71 "exo_memory_max: 96 GB"
role_ends 2
check_contains "a limit that systemd would pass over" "exo_memory_max is 96 GB, which is no limit of memory" "$(sentence box)"
declare_exo 1.0.71
role_ends 2 check
check_recap box failed=0
traces after
check_equal "what is on the node" "$(cat before)" "$(cat after)"

step "apply: it runs and answers"
declare_exo 1.0.71 "exo_interfaces: [host0]" "exo_peer_port: 52416" "exo_bootstrap_peers: [/ip4/192.0.2.7/tcp/52416]" "exo_namespace: lab"
role_ends 0
check_equal "unit" "active enabled" "$(on "systemctl is-active exo; systemctl is-enabled exo" | xargs)"
check_equal "account" exo "$(on "ps -o user= -p $(main_pid)")"
check_equal "answer" '"stand-in"' "$(answer 52415 /node_id)"
check_contains "arguments" "--api-port 52415 --libp2p-port 52416 --bootstrap-peers /ip4/192.0.2.7/tcp/52416" \
    "$(on "tr '\0' ' ' </proc/$(main_pid)/cmdline")"
check_contains "namespace" "EXO_LIBP2P_NAMESPACE=lab" "$(on "tr '\0' '\n' </proc/$(main_pid)/environ")"
check_equal "interfaces" "host0 lo" "$(on systemctl show -P RestrictNetworkInterfaces exo | xargs -n1 | sort | xargs)"
check_contains "hardening" "NoNewPrivs:	1" "$(on "cat /proc/$(main_pid)/status")"
check_equal "what is not root's, or stayed of the build" "" \
    "$(on "find /opt/exo/builds ! -user root; find /opt/exo/builds -name rust -o -name .build -o -name '*.tar.*'")"
role_ends 0
check_recap box changed=0 failed=0
role_ends 0 check
check_recap box changed=0

step "a wrong digest, sources that do not run: what runs goes on"
pid=$(main_pid)
DIGEST=$(printf 'a%.0s' {1..64}) declare_exo 1.0.72
role_ends 2
check_contains "digest" "Fetch the sources" "$(sentence box)"
declare_exo 1.0.73
role_ends 2
check_contains "its words" "libmlx.so" "$(sentence box)"
declare_exo 1.0.72 "exo_extras: [rocm]"
role_ends 2
check_contains "no such extra" 'Extra `rocm` is not defined' "$(sentence box)"
check_equal "service" "$pid" "$(main_pid)"
check_lines "builds" 1 "$(on ls /opt/exo/builds)"

step "another version, with the dashboard, on another port"
declare_exo 1.0.72 "exo_dashboard: true" "exo_port: 8100"
role_ends 0
check_contains "version" "1.0.72 listens" "$(on "journalctl --sync && journalctl -u exo -o cat")"
check_equal "dashboard" dashboard "$(answer 8100 /)"
check_lines "builds" 1 "$(on ls /opt/exo/builds)"
role_ends 0
check_recap box changed=0

step "absent: nothing is left, Python neither"
declare_exo 1.0.72 "exo_state: absent"
role_ends 0
traces after
check_equal "what is on the node" "$(cat before)" "$(cat after)"
role_ends 0
check_recap box changed=0 failed=0
