# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Where packages come from. The mirrors are the machine's own; one apt-cacher-ng on
# loopback, shared by all runs and image builds and ended with the last of them, is
# all that nodes can reach (through a forwarder on their bridge).

APT_DIR=$CACHE/apt
APT_BRIDGE_PORT=3142

# machine_sources: every enabled http(s) archive of this machine, as lines "URI SUITE".
machine_sources() {
    local file
    for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
        [ -r "$file" ] || continue
        sed -nE 's/#.*//; s/\[[^]]*\]//; s/^[[:space:]]*deb[[:space:]]+//p' "$file" |
            awk '$1 ~ /^https?:/ { print $1, $2 }'
    done
    for file in /etc/apt/sources.list.d/*.sources; do
        [ -r "$file" ] || continue
        awk '
            function flush(   i, j, u, s, nu, ns) {
                nu = split(field["uris"], u); ns = split(field["suites"], s)
                if (tolower(field["enabled"]) !~ /no/ && (" " field["types"] " ") ~ / deb /)
                    for (i = 1; i <= nu; i++) for (j = 1; j <= ns; j++)
                        if (u[i] ~ /^https?:/) print u[i], s[j]
                delete field
            }
            /^#/ { next }
            /^[[:space:]]*$/ { flush(); next }
            /^[[:space:]]/ { field[key] = field[key] " " $0; next }
            { key = tolower($1); sub(/:.*/, "", key); sub(/^[^:]*:[[:space:]]*/, ""); field[key] = $0 }
            END { flush() }' "$file"
    done
}

# mirror_find main|security: the URI of Debian's archive this machine uses; fails if there is none.
mirror_find() {
    local wanted uri
    case $1 in
    main) uri=${ROOST_TEST_MIRROR:-} wanted='%s' ;;
    security) uri=${ROOST_TEST_SECURITY_MIRROR:-} wanted='%s-security' ;;
    esac
    # shellcheck disable=SC2059 # the pattern is chosen two lines up
    if [ -z "$uri" ] && [ "$(. /etc/os-release && echo "${ID:-}")" = debian ]; then
        wanted=$(printf "$wanted" "$(. /etc/os-release && echo "${VERSION_CODENAME:-}")")
        uri=$(machine_sources | awk -v wanted="$wanted" '$2 == wanted && !n++ { print $1 }')
    fi
    [ -n "$uri" ] && echo "${uri%/}"
}

# A node asks for plain http; the cache knows the true address (which may be https).
mirror_as_seen() { mirror_find "$1" | sed 's#^https:#http:#'; }

apt_port() { cat "$APT_DIR/port"; }

apt_config() {
    local port=$1 kind uri
    cat <<CONF
CacheDir: $APT_DIR/cache
LogDir: $APT_DIR/log
SocketPath: $APT_DIR/run/socket
PidFile: $APT_DIR/run/pid
SupportDir: /usr/lib/apt-cacher-ng
Port: $port
BindAddress: 127.0.0.1
ConnectProto: v4 v6
ForeGround: 1
VerboseLog: 0
CONF
    for kind in main security; do
        uri=$(mirror_find $kind) || continue
        echo "Remap-roost$kind: $(mirror_as_seen $kind) /roost-$kind ; $uri"
    done
}

port_listens() { (exec 3<>"/dev/tcp/$1/$2") 2>/dev/null; }

apt_answers() { lease_alive "$APT_DIR/daemon" && port_listens 127.0.0.1 "$1"; }

apt_start() {
    local port try
    mkdir -p "$APT_DIR"/{conf,cache,log,run}
    for try in $(seq 20); do
        port=$((20000 + (RANDOM + try) % 10000))
        port_listens 127.0.0.1 $port && continue
        apt_config $port >"$APT_DIR/conf/acng.conf"
        detach "$APT_DIR/daemon" "$APT_DIR/log/out" /usr/sbin/apt-cacher-ng -c "$APT_DIR/conf"
        if await 10 apt_answers $port; then
            echo $port >"$APT_DIR/port"
            return
        fi
        lease_kill "$APT_DIR/daemon"
    done
    die "apt-cacher-ng does not start, see $APT_DIR/log/out"
}

# apt_acquire USER LEASE: the cache runs at least until this user releases it or its process is gone.
apt_acquire() {
    (
        lock_take "$APT_DIR/lock"
        mkdir -p "$APT_DIR/users"
        cp "$2" "$APT_DIR/users/$1"
        apt_answers "$(cat "$APT_DIR/port" 2>/dev/null || echo 0)" || apt_start
    )
}

apt_release() {
    [ -d "$APT_DIR/users" ] || return 0
    (
        lock_take "$APT_DIR/lock"
        [ -z "${1:-}" ] || rm -f "$APT_DIR/users/$1"
        for user in "$APT_DIR"/users/*; do
            [ -e "$user" ] || continue
            ! lease_alive "$user" || exit 0
            rm -f "$user"
        done
        lease_kill "$APT_DIR/daemon"
        await 10 lease_dead "$APT_DIR/daemon" || lease_kill "$APT_DIR/daemon" KILL
        rm -f "$APT_DIR/daemon" "$APT_DIR/port"
    )
}

# apt_forward ADDRESS: makes the cache reachable on a bridge.
apt_forward() {
    local proxy
    for proxy in /usr/lib/systemd/systemd-socket-proxyd /lib/systemd/systemd-socket-proxyd; do
        [ ! -x "$proxy" ] || break
    done
    detach "$RUN_DIR/forwarder" "$RUN_DIR/log" \
        systemd-socket-activate -l "$1:$APT_BRIDGE_PORT" "$proxy" "127.0.0.1:$(apt_port)"
}
