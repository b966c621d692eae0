#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# How the agent gets onto a node: once, on every release, through jump hosts, other ports and users.
# shellcheck disable=SC2016 # expanded on the node

. "$(dirname "$0")/helpers.bash"

# received NODE COMMAND...: bytes that the node got while the command ran.
received() {
    local before
    before=$(rx_bytes "$1")
    "${@:2}"
    RECEIVED=$(($(rx_bytes "$1") - before))
}

check_below() { # WHAT LIMIT ACTUAL
    [ "$3" -lt "$2" ] || fail "$1 is $3, not below $2"
}

built roost roost-agent
desk_begin
nodes_start bookworm old gate
nodes_start trixie new
node inventory >hosts.ini
export XDG_CACHE_HOME=$DESK/cache

step "first contact brings the agent, the second does not"
received old roost_ends 0 run old -i hosts.ini -m ping
first=$RECEIVED
[ "$first" -gt 1000000 ] || fail "only $first bytes arrived at first contact"
check_below "what arrives at first contact" 30000000 "$first"
received old roost_ends 0 run old -i hosts.ini -m ping
check_below "what arrives at second contact" 100000 "$RECEIVED"
printf '   first contact %d bytes, second %d\n' "$first" "$RECEIVED"

step "the same bundle on another release, with libraries of its own"
roost_ends 0 run all -i hosts.ini -m setup -a 'filter=ansible_distribution_release'
check_contains "old" bookworm "$OUT"
check_contains "new" trixie "$OUT"
check_equal "one archive here" 1 "$(find cache/roost -name 'agent-*.tar.gz' | wc -l)"
check_equal "the same folder on both" "$(node ssh old ls /var/lib/roost </dev/null)" "$(node ssh new ls /var/lib/roost </dev/null)"
check_equal "nothing is left over" 1 "$(node ssh old 'ls -A /var/lib/roost | wc -l' </dev/null)"
check_equal "who may read it" "root 755" "$(node ssh old stat -c '%U\ %a' /var/lib/roost </dev/null)"

step "a user without rights, without become"
roost_ends 0 run old -i hosts.ini -e ansible_user=ops -m command -a 'id -un'
check_contains "who" ops "$OUT"
received old roost_ends 0 run old -i hosts.ini -e ansible_user=ops -m command -a 'id -un'
check_below "what arrives at second contact" 100000 "$RECEIVED"

step "another port, another address, the user's own words for ssh"
node exec old /usr/sbin/sshd -p 2222 </dev/null
eventually 20 node exec old sh -c 'ss -Hltn "sport = :2222" | grep -q .' </dev/null
printf 'box ansible_host=%s ansible_port=2222 ansible_user=root ansible_ssh_private_key_file=%s/key ansible_ssh_common_args="%s"\n' \
    "$(node ip old)" "$NODES_DIR" "-o 'UserKnownHostsFile=$DESK/known' -o GlobalKnownHostsFile=/dev/null -o StrictHostKeyChecking=yes -o IdentityAgent=none" >port.ini
sed "s/^old,[^ ]*/[$(node ip old)]:2222/" "$NODES_DIR/known_hosts" >known
roost_ends 0 run box -i port.ini -m shell -a 'echo port ${SSH_CONNECTION##* }'
check_contains "the port" "port 2222" "$OUT"

step "through a jump host of an ssh_config"
{
    printf 'Host far\n    HostName %s\n    ProxyJump gate\n' "$(node ip new)"
    cat "$NODES_DIR/ssh_config"
} >ssh_config
printf 'far ansible_ssh_common_args="-F %s/ssh_config"\n' "$DESK" >jump.ini
node exec new rm -rf /var/lib/roost </dev/null
roost_ends 0 run far -i jump.ini -m shell -a 'echo from ${SSH_CONNECTION%% *}'
check_contains "where it comes from" "from $(node ip gate)" "$OUT"

step "login scripts that print do not disturb"
node exec old sh -c 'echo "echo Welcome; echo >&2 to the rack" >/root/.bashrc; echo "echo profile" >/etc/profile.d/noise.sh' </dev/null
roost_ends 0 run old -i hosts.ini -m ping
check_contains "answer" pong "$OUT"

step "login shells that are not sh"
node exec old sh -c 'usermod -s /usr/sbin/nologin ops' </dev/null
roost_ends 4 run old -i hosts.ini -e ansible_user=ops -m ping
check_contains "the sentence" "UNREACHABLE" "$OUT"

step "two runs at once onto a node that has nothing"
node exec old rm -rf /var/lib/roost </dev/null
"$BUILD/roost" run old -i hosts.ini -m ping >one 2>&1 </dev/null &
other=$!
roost_ends 0 run old -i hosts.ini -m ping
wait $other || fail "the other one: $(cat one)"
check_equal "nothing is left over" 1 "$(node ssh old 'ls -A /var/lib/roost | wc -l' </dev/null | tail -n 1)"
