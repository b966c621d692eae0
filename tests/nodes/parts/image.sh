# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Root file systems, cached by the hash of everything that made them: a plain Debian
# server without Python, and layers of packages on top (bookworm+python). Each is built
# in a temporary folder and renamed, under a lock, so a reader never sees half of one.

IMAGES=$CACHE/images

# The packages of a layer, by its name.
layer_packages() {
    case $1 in
    python) echo python3 python3-apt acl sudo ;;
    # what cases of tests/modules call or would install themselves, each time
    modules) echo make git python3-venv nftables firewalld netbase locales dnf rpm createrepo-c grub2-common grub-common ;;
    # llama.cpp with its RPC server, and what guards its ports
    llama) echo llama.cpp-tools llama.cpp-tools-extra libggml0-backend-rpc nftables ;;
    # for stand-ins of engines, and what guards their ports
    engines) echo python3 nftables ;;
    # what roles hpl and slurm install, for a test of jobs
    batch) echo hpcc openmpi-bin libopenblas0-pthread slurm-client munge slurmctld slurmd ;;
    # what upstream's integration targets call, ansible-core beside them, and what roost is linked with
    compat) echo ansible-core python3-apt python3-passlib python3-pexpect python3-jmespath python3-netaddr python3-toml bsdextrautils acl \
        attr unzip zip zstd bzip2 xz-utils git cron iptables virtualenv locales wget rsync \
        libyaml-0-2 libarchive13 libpcre2-8-0 libcurl4 libgnutls30 libhogweed6 libmicrohttpd12 libsqlite3-0 ;;
    *) die "no layer is called '$1' (there are: python, modules, llama, engines, batch, compat, vm)" ;;
    esac
}

image_packages() {
    echo systemd systemd-sysv dbus openssh-server iproute2 iputils-ping ca-certificates sudo kmod procps udev \
        libpam-systemd
}

# What a node's own apt reads: the mirrors as this machine has them, those pockets that exist.
image_sources() {
    local suite=$1 probe=$2
    local main security
    main=$(mirror_as_seen main) || die "no Debian mirror in this machine's apt sources; set ROOST_TEST_MIRROR"
    echo "deb $main $suite main"
    ! pocket_exists "$main" "$suite-updates" "$probe" || echo "deb $main $suite-updates main"
    security=$(mirror_as_seen security) || return 0
    ! pocket_exists "$security" "$suite-security" "$probe" || echo "deb $security $suite-security main"
}

pocket_exists() {
    /usr/lib/apt/apt-helper -o "Acquire::http::Proxy=http://127.0.0.1:$(apt_port)" \
        download-file "$1/dists/$2/InRelease" "$3" >/dev/null 2>&1
}

# image_customise ROOT: accounts for the tests of become, and nothing that surprises a test.
image_customise() {
    local root=$1 name
    chroot "$root" useradd --create-home --shell /bin/bash --groups sudo admin
    chroot "$root" useradd --create-home --shell /bin/bash ops
    printf '%s\n' root:roost-root admin:roost-admin ops:roost-ops | chroot "$root" chpasswd
    echo 'ops ALL=(ALL:ALL) NOPASSWD: ALL' >"$root/etc/sudoers.d/ops"
    chmod 440 "$root/etc/sudoers.d/ops"
    for name in root home/admin home/ops; do
        install -d -m 700 "$root/$name/.ssh"
        chown --reference="$root/$name" "$root/$name/.ssh"
    done
    rm -f "$root"/etc/ssh/ssh_host_* "$root"/etc/systemd/system/timers.target.wants/apt-daily*.timer
    : >"$root/etc/machine-id"
    echo '# nodes have no resolver' >"$root/etc/resolv.conf"
    echo localhost >"$root/etc/hostname"
    printf '%s\n' 'Acquire::Check-Valid-Until "false";' 'Acquire::Languages "none";' \
        >"$root/etc/apt/apt.conf.d/00roost-tests"
    echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/00roost-tests"
    # the key exchange that takes a tenth of the time
    mkdir -p "$root/etc/ssh/sshd_config.d"
    echo 'KexAlgorithms curve25519-sha256' >"$root/etc/ssh/sshd_config.d/roost-tests.conf"
    # Generators that look for what a node never has; all of them run at each daemon-reload, and are half of what it costs.
    mkdir -p "$root/etc/systemd/system-generators"
    for name in cryptsetup debug getty gpt-auto hibernate-resume integritysetup rc-local run ssh system-update tpm2 veritysetup; do
        ln -s /dev/null "$root/etc/systemd/system-generators/systemd-$name-generator"
    done
    chroot "$root" apt-cache gencaches # or every node's first apt-get would read the lists anew
}

# image_build_base SUITE DIR
image_build_base() {
    image_sources "$1" "$2.probe" >"$2.sources"
    rm -f "$2.probe"
    http_proxy=http://127.0.0.1:$(apt_port) nice mmdebstrap --quiet --mode=root --format=directory \
        --variant=minbase --skip=cleanup/apt/lists \
        --aptopt='Acquire::Check-Valid-Until "false"' --aptopt='Acquire::Languages "none"' \
        --include="$(image_packages | tr ' ' ,)" "$1" "$2" - <"$2.sources"
    image_customise "$2"
}

# image_build_layer PACKAGES DIR LOWER, in a mount and pid namespace of its own
image_build_layer() {
    mkdir -p "$2.work" "$2.root"
    mount -t overlay overlay -o "lowerdir=$3,upperdir=$2,workdir=$2.work" "$2.root"
    mount -t proc proc "$2.root/proc"
    printf '%s\n' '#!/bin/sh' 'exit 101' >"$2.root/usr/sbin/policy-rc.d"
    chmod 755 "$2.root/usr/sbin/policy-rc.d"
    # shellcheck disable=SC2086 # a list of packages
    http_proxy=http://127.0.0.1:$(apt_port) DEBIAN_FRONTEND=noninteractive nice chroot "$2.root" \
        apt-get -qq -o Dpkg::Use-Pty=0 install --yes --no-install-recommends $1
    rm -f "$2.root"/var/cache/apt/archives/*.deb # not apt-get clean: what apt made of its lists stays
    chroot "$2.root" apt-cache gencaches
    # Its services are there but wait to be started. The upper folder has only what this layer brought.
    if [ -d "$2/etc/systemd/system" ]; then
        (cd "$2" && find etc/systemd/system -path '*.wants/*' -type l) | sed "s#^#$2.root/#" | xargs -r rm
    fi
    rm "$2.root/usr/sbin/policy-rc.d"
    umount "$2.root/proc" "$2.root"
}

# image_key SUITE[+LAYER] LOWER: the name of the folder, by the hash of the recipe; for a
# layer, that of what it stands on too (each build of a base has an identity of its own).
image_key() {
    local hash
    hash=$({
        if [[ $1 = *+vm ]]; then
            vm_recipe
            cat "$2.id"
        elif [ -n "$2" ]; then
            declare -f image_build_layer
            layer_packages "${1#*+}"
            cat "$2.id"
        else
            declare -f image_packages image_sources image_customise image_build_base
            mirror_as_seen main || true
            mirror_as_seen security || true
        fi
    } | sha256sum)
    echo "$1-${hash:0:12}"
}

image_discard() {
    local path
    for path in "$@"; do
        [ ! -e "$path" ] || rm -rf --one-file-system "$path"
    done
}

# image_build KEY SUITE LAYER LOWER: into a temporary folder, then renamed.
image_build() {
    local tmp=$IMAGES/.new-$1
    image_discard "$tmp" "$tmp".*
    mkdir -p "$tmp"
    lease_write "$tmp.lease" $$
    apt_acquire "image-$1" "$tmp.lease"
    say "building image $1, which is kept: about a minute"
    if [ -z "$3" ]; then
        "$SELF" __build base "$2" "$tmp"
    elif [ "$3" = vm ]; then
        unshare --mount --propagation private --pid --fork --kill-child "$SELF" __build vm "$tmp" "$4"
    else
        unshare --mount --propagation private --pid --fork --kill-child \
            "$SELF" __build layer "$(layer_packages "$3")" "$tmp" "$4"
    fi >"$tmp.log" 2>&1 || {
        tail -n 20 "$tmp.log" >&2
        die "image $1 could not be built"
    }
    apt_release "image-$1"
    now_ms >"$IMAGES/$1.id"
    mv -T "$tmp" "$IMAGES/$1"
    image_discard "$tmp".*
}

# image_get SUITE[+LAYER]: builds what is missing, prints the overlay's lowerdir; of SUITE+vm, the folder of the disk.
image_get() {
    local suite=${1%%+*} layer=${1#"${1%%+*}"} lower='' key
    [[ $1 =~ ^[a-z]+(\+[a-z]+)?$ ]] || die "'$1' is not SUITE or SUITE+LAYER"
    if [ -n "$layer" ]; then
        [ "$layer" = +vm ] || layer_packages "${layer#+}" >/dev/null
        lower=$(image_get "$suite")
    fi
    key=$(image_key "$1" "$lower")
    if [ ! -d "$IMAGES/$key" ]; then
        (
            lock_take "$IMAGES/lock-$1"
            [ -d "$IMAGES/$key" ] || image_build "$key" "$suite" "${layer#+}" "$lower"
        ) >&2
    fi
    touch "$IMAGES/$key.used"
    [ "$layer" != +vm ] || lower=''
    echo "$IMAGES/$key${lower:+:$lower}"
}

# image_prune: drops images of older recipes that no node stands on and nobody used for a week.
image_prune() {
    local path used
    used=$(cat "$STATE"/runs/*/nodes/*/lower 2>/dev/null || true)
    for path in "$IMAGES"/*-*.used; do
        [ -n "$(find "$path" -mmin +10080 2>/dev/null)" ] || continue
        [[ $used != *"${path%.used}"* ]] || continue
        image_discard "${path%.used}" "${path%.used}.id" "$path"
    done
}
