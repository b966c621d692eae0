#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Role lemonade on a fresh node, with a package laid out as upstream's (unit, account by sysusers, /usr/bin/lemond): a stand-in.

. "$(dirname "$0")/helpers.bash"
. "$(dirname "$0")/engines/helpers.bash"

built roost roost-agent
desk_begin
nodes_start trixie box
node inventory >inventory.ini
archives_begin box
for version in 11.0.0 11.9.0; do
    mkdir -p $version/DEBIAN $version/usr/lib/s{ystemd/system,ysusers.d}
    stand_in $version $version/usr/bin/lemond
    printf 'u lemonade - "Lemonade Server" /var/lib/lemonade\n' >$version/usr/lib/sysusers.d/lemonade.conf
    cat >$version/usr/lib/systemd/system/lemond.service <<'UNIT'
[Service]
ExecStart=/usr/bin/lemond
User=lemonade
WorkingDirectory=/var/lib/lemonade
EnvironmentFile=-/etc/default/lemond
[Install]
WantedBy=multi-user.target
UNIT
    printf '%s\n' "Package: lemonade-server" "Version: $version~13" "Architecture: amd64" "Depends: lua5.4" \
        "Maintainer: test <test@localhost>" "Description: stand-in" >$version/DEBIAN/control
    printf '#!/bin/sh\nsystemd-sysusers lemonade.conf\nsystemctl daemon-reload\n' >$version/DEBIAN/postinst
    chmod 755 $version/DEBIAN/postinst
    dpkg-deb --root-owner-group -b $version www/lemonade-server_$version-debian13_amd64.deb >/dev/null
done
declare_lemonade() { # VERSION [VARIABLE: VALUE]...
    play_role lemonade "lemonade_version: $1" "lemonade_sha256: $(digest "www/lemonade-server_$1-debian13_amd64.deb")" \
        "lemonade_url: http://$ARCHIVES/lemonade-server_{{ lemonade_version }}-debian13_amd64.deb" "${@:2}"
}
main_pid() { on systemctl show -P MainPID lemond; }

step "what is not declared is refused, by name; check changes nothing"
traces before
play_role lemonade "lemonade_version: 11.0.0"
role_ends 2
check_contains "no digest" "lemonade_sha256" "$(sentence box)"
declare_lemonade 11.0.0 "lemonade_memory_max: 96 GB"
role_ends 2
check_contains "a limit that systemd would pass over" "lemonade_memory_max is 96 GB, which is no limit of memory" "$(sentence box)"
declare_lemonade 11.0.0
role_ends 2 check
check_recap box failed=0
traces after
check_equal "what is on the node" "$(cat before)" "$(cat after)"

step "apply: it runs and answers"
declare_lemonade 11.0.0 'lemonade_config: { max_loaded_models: 2 }' 'lemonade_api_key: s3cr3t-key'
role_ends 0
check_recap box failed=0
[[ $OUT$NOTES != *s3cr3t* ]] || fail "the key is in the output"
check_equal "unit" "active enabled" "$(on "systemctl is-active lemond; systemctl is-enabled lemond" | xargs)"
check_equal "account" lemonade "$(on "ps -o user= -p \$(systemctl show -P MainPID lemond)")"
check_contains "hardening" "NoNewPrivs:	1" "$(on "cat /proc/$(main_pid)/status")"
check_contains "key" "LEMONADE_API_KEY=s3cr3t-key" "$(on "cat /proc/$(main_pid)/environ" | tr '\0' '\n')"
check_equal "nobody else reads it" 600 "$(on stat -c %a /etc/default/lemond)"
check_contains "setting" '"max_loaded_models": 2' "$(on cat /var/lib/lemonade/config.json)"
role_ends 0
check_recap box changed=0 failed=0
role_ends 0 check
check_recap box changed=0

step "a setting of its own stays; another port"
on "sed -i 's/\"max_loaded_models\"/\"config_version\": 1, \"max_loaded_models\"/' /var/lib/lemonade/config.json"
declare_lemonade 11.0.0 'lemonade_config: { max_loaded_models: 3 }' 'lemonade_port: 13306'
role_ends 0
check_contains "its own" '"config_version": 1' "$(on cat /var/lib/lemonade/config.json)"
check_contains "declared" '"max_loaded_models": 3' "$(on cat /var/lib/lemonade/config.json)"
check_equal "port" 127.0.0.1:13306 "$(on "ss -Hltnp 'sport = :13306'" | awk '{ print $4 }')"
check_equal "no key any more" "" "$(on "grep KEY /etc/default/lemond || true")"

step "another version, and back"
for version in 11.9.0 11.0.0; do
    pid=$(main_pid)
    declare_lemonade $version
    role_ends 0
    [ "$pid" != "$(main_pid)" ] || fail "it was not restarted"
    check_contains "version" "listens" "$(on "journalctl --sync && journalctl -u lemond -o cat | grep 'lemond $version listens'")"
    role_ends 0
    check_recap box changed=0
done

step "a port that is taken: a sentence with the last words"
declare_lemonade 11.0.0 "lemonade_port: 22" "lemonade_ready_timeout: 2"
role_ends 2
check_contains "sentence" "Lemonade 11.0.0 does not answer on http://127.0.0.1:22" "$(sentence box)"
check_contains "its log" "listen on 127.0.0.1:22" "$(sentence box)"

step "absent: nothing is left"
declare_lemonade 11.0.0 "lemonade_state: absent"
role_ends 0
traces after
check_equal "what is on the node" "$(cat before)" "$(cat after)"
role_ends 0
check_recap box changed=0 failed=0
