# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# One node: an overlay on an image, a network namespace on the run's bridge, a cgroup,
# and systemd-nspawn inside a mount namespace where /sys/fs/cgroup is a pure cgroup2 (so
# that systemd sees what a real machine shows).

FIRST_OCTET=11
LAST_OCTET=250

node_dir() { echo "$RUN_DIR/nodes/$1"; }
node_get() { cat "$(node_dir "$1")/$2"; }
node_ip() { echo "$(run_get net).$(node_get "$1" octet)"; }
node_netns() { echo "roost$(run_get slot)-$1"; } # systemd-nspawn's machine has this name too
node_link() { echo "rv$(run_get slot)n$(node_get "$1" octet)"; }
node_cgroup() { echo "$(run_cgroup)/$1"; }
node_runs() { lease_alive "$(node_dir "$1")/supervisor"; }
node_stopped() { ! node_runs "$1"; }

node_names() {
    local dir
    for dir in "$RUN_DIR"/nodes/*; do
        [ ! -d "$dir" ] || echo "${dir##*/}"
    done
}

node_need() {
    run_need
    [ -n "${1:-}" ] || die "which node?"
    [ -e "$(node_dir "$1")/ready" ] || die "there is no node '$1' in run '$RUN'"
}

# node_leader NAME: the pid of the node's init, seen from here; of a virtual machine, QEMU's.
node_leader() {
    local pid child
    { read -r pid _ <"$(node_dir "$1")/nspawn"; } 2>/dev/null || return 1
    if vm_is "$1"; then
        node_runs "$1" && echo "$pid"
        return
    fi
    # shellcheck disable=SC2013 # one line of words
    for child in $(cat "/proc/$pid/task/$pid/children" 2>/dev/null || true); do
        awk '/^NSpid:/ { exit !(NF > 2 && $NF == 1) }' "/proc/$child/status" 2>/dev/null || continue
        echo "$child"
        return
    done
    return 1
}

need_leader() { node_leader "$1" || die "$1 is down"; }

# The MAC stays the same for a name's life: a wiped node is the same box.
node_mac() {
    printf '02:72:6f:%02x:%02x:%02x' $(($(run_get slot) / 256)) $(($(run_get slot) % 256)) "$(node_get "$1" octet)"
}

# --- making and unmaking -------------------------------------------------------------

node_take_octet() {
    local octet taken
    taken=" $(cat "$RUN_DIR"/nodes/*/octet 2>/dev/null | tr '\n' ' ' || true)"
    for octet in $(seq "$FIRST_OCTET" "$LAST_OCTET"); do
        [[ $taken != *" $octet "* ]] || continue
        echo "$octet" >"$(node_dir "$1")/octet"
        return
    done
    die "the subnet is full"
}

# node_disk_make NAME: an empty overlay; on a tmpfs of its own if a size was asked for, so
# that a full disk is really full, or if the disk's file system cannot carry an overlay.
node_disk_make() {
    local dir size
    if vm_is "$1"; then
        vm_disk_make "$1"
        return
    fi
    dir=$(node_dir "$1")
    size=$(cat "$dir/size")
    mkdir -p "$dir/disk" "$dir/root"
    if [ -n "$size" ] || [ -e "$RUN_DIR/on-tmpfs" ]; then
        mount -t tmpfs -o "${size:+size=$size,}mode=755" tmpfs "$dir/disk"
    fi
    mkdir "$dir/disk/upper" "$dir/disk/work"
    mount -t overlay overlay -o \
        "lowerdir=$(cat "$dir/lower"),upperdir=$dir/disk/upper,workdir=$dir/disk/work,volatile" "$dir/root"
}

node_disk_remove() {
    local dir
    dir=$(node_dir "$1")
    ! vm_is "$1" || vm_disk_remove "$1"
    mountpoint -q "$dir/root" && umount "$dir/root"
    mountpoint -q "$dir/disk" && umount "$dir/disk"
    rm -rf --one-file-system "$dir/disk" "$dir/root"
}

# node_identity NAME: what an installer leaves behind: name, host key, who may log in.
node_identity() {
    local root home
    root=$(node_dir "$1")/root
    echo "$1" >"$root/etc/hostname"
    printf '%s\n' '127.0.0.1 localhost' "127.0.1.1 $1" '::1 localhost ip6-localhost ip6-loopback' >"$root/etc/hosts"
    echo "Acquire::http::Proxy \"http://$(gateway):$APT_BRIDGE_PORT\";" >"$root/etc/apt/apt.conf.d/01roost-tests-proxy"
    ssh-keygen -q -t ed25519 -N '' -C "$1" -f "$root/etc/ssh/ssh_host_ed25519_key"
    for home in root home/admin home/ops; do
        cp "$RUN_DIR/key.pub" "$root/$home/.ssh/authorized_keys"
        chown --reference="$root/$home" "$root/$home/.ssh/authorized_keys"
    done
    cp "$root/etc/ssh/ssh_host_ed25519_key.pub" "$(node_dir "$1")/host_key.pub"
    ! vm_is "$1" || vm_seed "$1"
}

node_net_make() {
    local netns link
    if vm_is "$1"; then
        vm_net_make "$1"
        return
    fi
    netns=$(node_netns "$1")
    link=$(node_link "$1")
    ip netns add "$netns"
    ip link add "$link" type veth peer name eth0 address "$(node_mac "$1")" netns "$netns"
    ip link set "$link" master "roost$(run_get slot)" up
    ip -n "$netns" -batch - <<BATCH
link set lo up
addr add $(node_ip "$1")/24 dev eth0
link set eth0 up
route add default via $(gateway)
BATCH
}

node_net_remove() {
    ip link del "$(node_link "$1")" 2>/dev/null || true
    ip netns del "$(node_netns "$1")" 2>/dev/null || true
}

# node_create NAME IMAGE [SIZE]
node_create() {
    local dir lower reason
    [[ $1 =~ ^[a-z][a-z0-9-]{0,30}$ ]] || die "'$1' is not a node name (a-z 0-9 -, at most 31)"
    if [[ $2 = *+vm ]]; then
        reason=$(vm_obstacle)
        [ -z "$reason" ] || die "$reason"
        [ -z "${3:-}" ] || die "a virtual machine's disk has $VM_DISK_MIB MiB"
    fi
    lower=$(image_get "$2")
    dir=$(node_dir "$1")
    run_lock
    run_need
    mkdir "$dir" 2>/dev/null || die "node '$1' exists"
    trap 'node_destroy "$NEW_NODE"' EXIT
    NEW_NODE=$1
    [[ $2 != *+vm ]] || touch "$dir/vm"
    echo "$2" >"$dir/image"
    echo "$lower" >"$dir/lower"
    echo "${3:-}" >"$dir/size"
    node_take_octet "$1"
    node_disk_make "$1"
    node_identity "$1"
    node_net_make "$1"
    touch "$dir/ready"
    ssh_files_write
    trap - EXIT
    lock_drop
}

node_destroy() {
    local dir
    dir=$(node_dir "$1")
    [ -d "$dir" ] || return 0
    rm -f "$dir/ready"
    node_kill "$1"
    cgroup_remove "$(node_cgroup "$1")"
    if ! run_slot_is_others; then
        [ ! -e "$dir/octet" ] || node_net_remove "$1"
        rm -rf --one-file-system /run/systemd/nspawn/{propagate,unix-export}/"$(node_netns "$1")"
    fi
    node_disk_remove "$1"
    rm -rf --one-file-system "$dir"
}

# node_wipe NAME: the same box, installed anew: other host key, nothing kept.
node_wipe() {
    node_kill "$1"
    run_lock
    node_net_remove "$1"
    node_disk_remove "$1"
    node_disk_make "$1"
    node_identity "$1"
    node_net_make "$1"
    ssh_files_write
    lock_drop
}

# --- power ---------------------------------------------------------------------------

# node_boot NAME [ARGUMENT...], of systemd-nspawn or QEMU. The cgroup is always a new one: a kernel from 6.14 on counts how
# often a group was killed, and kills what systemd starts in a group with another count than its own.
node_boot() {
    local name=$1 dir
    shift
    dir=$(node_dir "$name")
    ! node_runs "$name" || die "$name is up already"
    rm -f "$dir/stay-down" "$dir/nspawn"
    cgroup_remove "$(node_cgroup "$name")"
    mkdir "$(node_cgroup "$name")"
    detach "$dir/supervisor" "$dir/console" "$SELF" __supervise "$name" "$@"
}

# node_supervise: plays the power supply: a node that reboots (133) is started again.
node_supervise() {
    local dir code
    dir=$(node_dir "$1")
    while [ ! -e "$dir/stay-down" ]; do
        (
            echo "$BASHPID" >"$(node_cgroup "$1")/cgroup.procs"
            exec unshare --mount --propagation private "$SELF" __enter "$@"
        ) &
        lease_write "$dir/nspawn" $!
        code=0
        wait $! || code=$?
        echo "$(now_ms) $code" >>"$dir/exits"
        [ $code = 133 ] || break
    done
}

# node_enter NAME [ARGUMENT...]: becomes systemd-nspawn (or QEMU). Copies of other nodes' mounts would
# keep their disks and networks alive after they are destroyed, so they go first.
node_enter() {
    local dir root mount
    ! vm_is "$1" || vm_run "$@"
    dir=$(node_dir "$1")
    root=$dir/root
    findmnt -rn -o TARGET | while read -r mount; do
        # shellcheck disable=SC2153 # set by node
        case $mount in
        "$root" | "$dir/disk" | "/run/netns/$(node_netns "$1")") ;;
        "$STATE"/runs/*/nodes/* | /run/netns/roost*) umount -l "$mount" 2>/dev/null || true ;;
        esac
    done
    mount -t cgroup2 cgroup2 /sys/fs/cgroup
    exec env -i PATH="$PATH" TERM=dumb SYSTEMD_NSPAWN_LOCK=0 SYSTEMD_NSPAWN_API_VFS_WRITABLE=network \
        systemd-nspawn --quiet --register=no --keep-unit --directory="$root" \
        --machine="$(node_netns "$1")" --hostname="$1" \
        --network-namespace-path="/run/netns/$(node_netns "$1")" --capability=CAP_NET_ADMIN \
        --resolv-conf=off --timezone=off --console=pipe "${@:2}" --boot
}

node_cut_power() {
    echo 1 2>/dev/null >"$(node_cgroup "$1")/cgroup.kill" || true
    node_stopped "$1"
}

# node_kill NAME: the power goes. Repeated, as a reboot may be starting init just now.
node_kill() {
    touch "$(node_dir "$1")/stay-down"
    login_close "$1"
    await 20 node_cut_power "$1" || die "$1 does not die"
}

node_poweroff() {
    local leader
    login_close "$1"
    if vm_is "$1"; then
        vm_poweroff "$1"
        return
    fi
    leader=$(need_leader "$1")
    kill -s RTMIN+4 "$leader"
    await 60 node_stopped "$1" || die "$1 does not power off"
}

node_rebooted() { [ "$(node_leader "$1")" != "${2:-}" ] && node_leader "$1" >/dev/null; }

node_reboot() {
    local leader
    login_close "$1"
    if vm_is "$1"; then
        vm_reboot "$1"
        return
    fi
    leader=$(need_leader "$1")
    kill -s RTMIN+5 "$leader"
    await 60 node_rebooted "$1" "$leader" || die "$1 does not reboot"
}

node_freeze() {
    node_runs "$1" || die "$1 is down"
    echo "$2" >"$(node_cgroup "$1")/cgroup.freeze"
}

# --- reaching it ---------------------------------------------------------------------

# ssh_files_write: the run's ssh configuration and the true host keys of its nodes.
ssh_files_write() {
    local name
    for name in $(node_names); do
        [ -e "$(node_dir "$name")/ready" ] || continue
        echo "$name,$(node_ip "$name") $(cut -d' ' -f1,2 "$(node_dir "$name")/host_key.pub")"
    done >"$RUN_DIR/known_hosts.new"
    mv "$RUN_DIR/known_hosts.new" "$RUN_DIR/known_hosts"
    {
        for name in $(node_names); do
            [ -e "$(node_dir "$name")/ready" ] || continue
            printf 'Host %s\n    HostName %s\n' "$name" "$(node_ip "$name")"
        done
        cat <<CONF
Host *
    User root
    IdentityFile $RUN_DIR/key
    IdentitiesOnly yes
    IdentityAgent none
    BatchMode yes
    StrictHostKeyChecking yes
    UserKnownHostsFile $RUN_DIR/known_hosts
    GlobalKnownHostsFile /dev/null
    ConnectTimeout 10
    LogLevel ERROR
CONF
    } >"$RUN_DIR/ssh_config.new"
    mv "$RUN_DIR/ssh_config.new" "$RUN_DIR/ssh_config"
}

# A login costs more than most commands: the one of `node wait` stays open, and `node ssh` and `node scp` go through it as
# long as it is there. What takes the node away closes it; so does the node.
LOGIN_PATH="ControlPath=$RUN_DIR/m-%r-%n"

login_open() (
    for fd in /proc/self/fd/*; do
        fd=${fd##*/}
        ((fd <= 2)) || eval "exec $fd>&-"
    done
    exec ssh -F "$RUN_DIR/ssh_config" -o "$LOGIN_PATH" -o ControlMaster=yes -o ServerAliveInterval=30 -fN "$1" </dev/null >/dev/null 2>&1
)

login_close() {
    [ ! -S "$RUN_DIR/m-root-$1" ] || ssh -F "$RUN_DIR/ssh_config" -o "$LOGIN_PATH" -O exit "$1" 2>/dev/null || true
    rm -f "$RUN_DIR/m-root-$1"
}

# node_listens NAME: sshd has its port, by the node's own table. Not by a connection: sshd from 9.8 on holds that against us.
node_listens() {
    local leader
    leader=$(node_leader "$1") || return 1
    [[ $(cat "/proc/$leader/net/tcp" "/proc/$leader/net/tcp6" 2>/dev/null) =~ :0016\ [0-9A-F:]+\ 0A ]]
}

# A login is what counts.
node_answers() {
    node_runs "$1" || return 0
    vm_is "$1" || node_listens "$1" || return 1
    login_open "$1" && ssh -F "$RUN_DIR/ssh_config" -o "$LOGIN_PATH" "$1" true </dev/null 2>/dev/null
}

node_wait() {
    login_close "$1"
    await "$2" node_answers "$1" || die "$1 does not answer ssh"
    node_runs "$1" || die "$1 is down: $(tail -n 3 "$(node_dir "$1")/console" 2>/dev/null)"
}

node_exec() {
    local leader
    ! vm_is "$1" || die "$1 is a virtual machine: it is reached by ssh only"
    leader=$(need_leader "$1")
    exec nsenter --target "$leader" --mount --uts --ipc --net --pid --cgroup --root --wd -- \
        env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
        "${@:2}"
}

node_inventory() {
    local name options
    options="-o UserKnownHostsFile=$RUN_DIR/known_hosts -o GlobalKnownHostsFile=/dev/null"
    options+=" -o StrictHostKeyChecking=yes -o IdentitiesOnly=yes -o IdentityAgent=none"
    echo '[nodes]'
    for name in "$@"; do
        node_need "$name"
        echo "$name ansible_host=$(node_ip "$name") ansible_user=root" \
            "ansible_ssh_private_key_file=$RUN_DIR/key ansible_ssh_common_args='$options'"
    done
}

node_state() {
    local state=down
    ! node_runs "$1" || state=up
    [ "$(cat "$(node_cgroup "$1")/cgroup.freeze" 2>/dev/null)" != 1 ] || state=frozen
    [ -n "$(ip link show up dev "$(node_link "$1")")" ] || state+=,cut
    echo "$state"
}

node_list() {
    local name
    for name in $(node_names); do
        printf '%-12s %-16s %-16s %-10s %s\n' "$name" "$(node_get "$name" image)" "$(node_ip "$name")" \
            "$(node_state "$name")" "$(node_leader "$name" || echo -)"
    done
}

# --- faults on the wire --------------------------------------------------------------

node_partition() {
    local a b table
    a=$(node_link "$1") b=$(node_link "$2") table="bridge roost$(run_get slot)"
    nft -f - <<RULES
add table $table
add chain $table cuts { type filter hook forward priority 0; }
add rule $table cuts iifname $a oifname $b drop
add rule $table cuts iifname $b oifname $a drop
RULES
}

node_unpartition() { nft delete table bridge "roost$(run_get slot)" 2>/dev/null || true; }

# node_limit NAME RATE|off: what the node can receive, for instance 10mbit.
node_limit() {
    if [ "$2" = off ]; then
        tc qdisc del dev "$(node_link "$1")" root
    else
        tc qdisc replace dev "$(node_link "$1")" root tbf rate "$2" burst 32kbit latency 50ms
    fi
}
