# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
#
# For cases of kernel_params and unified_memory on nodes: a node that boots by GRUB, by grubby's entries, by systemd-boot
# or by ostree. GRUB's own scripts, kernel-install and initramfs-tools are Debian's; programs Debian does not have
# (grubby, rpm-ostree, dracut) are stand-ins that keep their files as the real ones do and note their calls in $CALLS.
# Sourced by `given`, so each case starts from the same state.

CALLS=/run/roost-calls
KERNELS="6.12.0-1-amd64 6.12.0-2-amd64"

packages() { # PROGRAM PACKAGE...: installs once
    command -v "$1" >/dev/null && return
    shift
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$@" >/dev/null 2>&1 && return
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$@" >/dev/null
}

boot_clear() {
    machine=$(cat /etc/machine-id)
    rm -rf /boot/grub /boot/loader "/boot/${machine:?}" /run/ostree-booted /usr/local/sbin/grubby \
        /usr/local/sbin/rpm-ostree /usr/local/sbin/dracut /usr/local/sbin/lsinitrd /usr/local/sbin/update-initramfs \
        /usr/local/sbin/update-grub /usr/local/sbin/lsinitramfs /etc/kernel/cmdline /etc/kernel/install.conf \
        /etc/default/grub.d /var/lib/roost /etc/modprobe.d/roost-unified-memory.conf /etc/modprobe.d/ttm.conf \
        /etc/modprobe.d/amdgpu.conf /etc/grub.d/*_case
    rm -f /boot/vmlinuz-* /boot/initrd.img-* /boot/initramfs-* /etc/default/grub
    mkdir -p /etc/default/grub.d /usr/local/sbin
    : >"$CALLS"
    for version in $KERNELS; do
        echo kernel >"/boot/vmlinuz-$version"
        printf 'CONFIG_RD_GZIP=y\nCONFIG_RD_ZSTD=y\n' >"/boot/config-$version"
        mkdir -p "/lib/modules/$version"
    done
    memory 131048576
    parameters
    running "root=/dev/vda1 ro quiet"
}

running() { # TEXT: the running kernel's command line
    umount /proc/cmdline 2>/dev/null || :
    printf '%s\n' "$1" >/run/roost-cmdline
    mount --bind /run/roost-cmdline /proc/cmdline
}

memory() { # KIB: what the host has
    umount /proc/meminfo 2>/dev/null || :
    printf 'MemTotal:       %s kB\nMemFree: 1 kB\n' "$1" >/run/roost-meminfo
    mount --bind /run/roost-meminfo /proc/meminfo
}

# parameters [MODULE.NAME=VALUE...]: modules that are loaded, and their parameters in effect. A container's /sys has no
# modules and no cards.
parameters() {
    mount -o remount,rw /sys
    rm -rf /sys/module
    mkdir -p /sys/module
    for parameter; do
        mkdir -p "/sys/module/${parameter%%.*}/parameters"
        name=${parameter#*.}
        echo "${name#*=}" >"/sys/module/${parameter%%.*}/parameters/${name%%=*}"
    done
}

# An initramfs with ttm inside, made by Debian's own program.
initramfs_with_ttm() {
    packages update-initramfs initramfs-tools
    # small, and not pressed hard: what is looked at is small, too
    printf 'MODULES=list\nCOMPRESSLEVEL=1\n' >/etc/initramfs-tools/conf.d/case
    cat >/etc/initramfs-tools/hooks/ttm_case <<'PROGRAM'
#!/bin/sh
[ "$1" != prereqs ] || exit 0
mkdir -p "$DESTDIR/usr/lib/modules/$version/kernel/drivers/gpu/drm/ttm"
echo module >"$DESTDIR/usr/lib/modules/$version/kernel/drivers/gpu/drm/ttm/ttm.ko.xz"
PROGRAM
    chmod 755 /etc/initramfs-tools/hooks/ttm_case
    update-initramfs -c -k 6.12.0-1-amd64 >/dev/null 2>&1
    update-initramfs -c -k 6.12.0-2-amd64 >/dev/null 2>&1
}

initramfs_file() { # VERSION FILE: as it is in the image
    rm -rf /run/roost-image
    unmkinitramfs "/boot/initrd.img-$1" /run/roost-image
    find /run/roost-image -path "*$2" -exec cat {} +
}

# A disk, where a container has none: all that GRUB's scripts ask of grub-probe.
probe_stand_in() {
    [ -e /usr/sbin/grub-probe.real ] && return
    dpkg-divert --quiet --local --rename --divert /usr/sbin/grub-probe.real --add /usr/sbin/grub-probe
    cat >/usr/sbin/grub-probe <<'PROGRAM'
#!/bin/sh
case "$*" in
*target=device*) echo /dev/vda1 ;;
*fs_uuid*) echo 6c1f5a2e-0000-4000-8000-000000000001 ;;
*partuuid*) echo 00000000-01 ;;
*target=fs) echo ext2 ;;
*drive*) echo '(hostdisk//dev/vda,msdos1)' ;;
esac
PROGRAM
    chmod 755 /usr/sbin/grub-probe
}

boots_by_grub() {
    boot_clear
    packages update-grub grub2-common grub-common
    probe_stand_in
    mkdir -p /boot/grub
    cp /usr/share/grub/default/grub /etc/default/grub
    # the same each time
    [ -e /var/cache/roost-grub.cfg ] || { update-grub >/dev/null 2>&1 && cp /boot/grub/grub.cfg /var/cache/roost-grub.cfg; }
    cp /var/cache/roost-grub.cfg /boot/grub/grub.cfg
}

grub_lines() { # the command lines of entries that are not for recovery
    sed -n '/BEGIN .*10_linux/,/END .*10_linux/p' /boot/grub/grub.cfg | grep -E '^\s*linux\s' | grep -v ' single'
}

# A program that notes its call: stand_in NAME <<'PROGRAM' ... the shell that follows
stand_in() {
    {
        printf '#!/bin/sh\nprintf "%%s\\n" "%s $*" >>%s\n' "$1" "$CALLS"
        cat
    } >"/usr/local/sbin/$1"
    chmod 755 "/usr/local/sbin/$1"
}

entry() { # VERSION OPTIONS
    mkdir -p /boot/loader/entries
    cat >"/boot/loader/entries/$(cat /etc/machine-id)-$1.conf" <<ENTRY
title Fedora Linux ($1) 43 (Server Edition)
version $1
linux /vmlinuz-$1
initrd /initramfs-$1.img \$tuned_initrd
options $2
grub_users \$grub_users
grub_arg --unrestricted
grub_class fedora
ENTRY
}

# grubby as of 8.40-41: all entries, and GRUB_CMDLINE_LINUX in /etc/default/grub.
boots_by_grubby() {
    boot_clear
    for version in $KERNELS; do
        entry "$version" "root=UUID=1 ro rootflags=subvol=root rhgb quiet \$tuned_params"
    done
    echo 'GRUB_CMDLINE_LINUX="rhgb quiet"' >/etc/default/grub
    echo "root=UUID=1 ro rootflags=subvol=root rhgb quiet" >/etc/kernel/cmdline
    stand_in grubby <<'PROGRAM'
for argument; do
    case $argument in
    --remove-args=*) remove=${argument#*=} ;;
    --args=*) add=${argument#*=} ;;
    esac
done
edit() {
    text=" $(cat) "
    for word in $remove; do
        text=$(printf '%s' "$text" | sed -E "s/ $word(=[^ ]*)?( |\$)/ /g")
    done
    for word in $add; do
        text="$text $word"
    done
    echo $text
}
for file in /boot/loader/entries/*.conf; do
    options=$(sed -n 's/^options //p' "$file" | edit)
    sed -i "s|^options .*|options $options|" "$file"
done
words=$(sed -n 's/^GRUB_CMDLINE_LINUX="\(.*\)"/\1/p' /etc/default/grub | edit)
sed -i "s|^GRUB_CMDLINE_LINUX=.*|GRUB_CMDLINE_LINUX=\"$words\"|" /etc/default/grub
PROGRAM
}

# kernel-install is systemd's own.
boots_by_systemd_boot() {
    boot_clear
    printf 'layout=bls\nBOOT_ROOT=/boot\n' >/etc/kernel/install.conf
    running "initrd=\\x\\initrd BOOT_IMAGE=/x root=/dev/vda1 ro quiet"
    for version in $KERNELS; do
        echo initrd >"/boot/initrd.img-$version"
        kernel-install add "$version" "/boot/vmlinuz-$version" "/boot/initrd.img-$version" >/dev/null 2>&1
    done
    ls /boot/loader/entries/*.conf >/dev/null
}

boots_by_ostree() {
    boot_clear
    : >/run/ostree-booted
    echo "${1:-root=UUID=1 rw ostree=/ostree/boot.1/x quiet}" >/run/roost-kargs
    stand_in rpm-ostree <<'PROGRAM'
text=" $(cat /run/roost-kargs) "
for argument; do
    word=${argument#*=}
    case $argument in
    --delete-if-present=*) text=$(printf '%s' "$text" | awk -v w=" $word " '{ i = index($0, w); if (i) $0 = substr($0, 1, i) substr($0, i + length(w)); print }') ;;
    --append-if-missing=*) case $text in *" $word "*) ;; *) text="$text $word " ;; esac ;;
    esac
done
[ $# -gt 1 ] || { echo $text; exit 0; }
echo $text >/run/roost-kargs
PROGRAM
}
