# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# A node that is a whole machine: SeaBIOS, GRUB, Debian's kernel and an ext4 disk in QEMU, on the run's bridge beside the
# others. Its image is made of the plain node's and a kernel, without loop devices, partitions or grub-install, which
# not every kernel and container has. What makes it somebody (name, address, keys) lies on a second disk, as a tar.

VM_DISK_MIB=3072
VM_MEMORY_MIB=1024
VM_PARAMETERS="console=ttyS0 mitigations=off nokaslr audit=0 apparmor=0 selinux=0 cryptomgr.notests=1 tsc=reliable"
# What emulation makes dear: pages cleared twice, or by instructions that repeat; workers of udev; ports that nobody has.
VM_PARAMETERS+=" init_on_alloc=0 hardened_usercopy=off clearcpuid=rep_good transparent_hugepage=never nowatchdog"
VM_PARAMETERS+=" udev.children_max=2 8250.nr_uarts=1 net.ifnames=0 rcupdate.rcu_expedited=1"
# Emulation of two processors brings the kernel down once in many boots: it starts again, as a server's does.
VM_PARAMETERS+=" panic=1"

vm_is() { [ -e "$(node_dir "$1")/vm" ]; }

# The reason why there can be no virtual machines here, or nothing.
vm_obstacle() {
    local tool
    if [ "$(uname -m)" != x86_64 ]; then
        echo "virtual machines are made for x86_64 only"
        return
    fi
    for tool in qemu-system-x86_64 qemu-img mkfs.ext4 python3 tar; do
        if ! command -v $tool >/dev/null; then
            echo "virtual machines need $tool, which is not installed (scripts/setup test)"
            return
        fi
    done
    if ! ip tuntap add dev "rp$$" mode tap 2>/dev/null; then
        echo "virtual machines need tap devices, which this kernel refuses"
    elif [ "$(awk '/^MemAvailable:/ { print int($2 / 1024) }' /proc/meminfo)" -lt $((VM_MEMORY_MIB + 512)) ]; then
        echo "a virtual machine needs $((VM_MEMORY_MIB + 512)) MiB of free memory"
    fi
    ip link del "rp$$" 2>/dev/null || true
}

# --- the image -----------------------------------------------------------------------

vm_packages() { echo linux-image-amd64 grub-pc initramfs-tools e2fsprogs zstd; }

# vm_initramfs UPPER: before the kernel comes, as its installation makes the first one. Only what finds the disk.
vm_initramfs() {
    mkdir -p "$1/usr/share/initramfs-tools/conf.d" "$1/usr/share/initramfs-tools/modules.d"
    echo MODULES=list >"$1/usr/share/initramfs-tools/conf.d/roost-tests"
    printf '%s\n' virtio_pci virtio_blk virtio_net ext4 >"$1/usr/share/initramfs-tools/modules.d/roost-tests"
}

vm_identity_unit() {
    cat <<'UNIT'
[Unit]
Description=Take name, address and keys from the second disk
DefaultDependencies=no
ConditionPathExists=!/var/lib/roost-tests-seeded
After=systemd-remount-fs.service
Before=sysinit.target ssh.service

[Service]
Type=oneshot
ExecStart=/bin/sh -ec 'tar -xf /dev/vdb -C /; hostname -F /etc/hostname; sync; touch /var/lib/roost-tests-seeded'

[Install]
WantedBy=sysinit.target
UNIT
}

# vm_initramfs_short ROOT: the disk is found without udev, which looks at every device, and later again.
vm_initramfs_short() {
    local tools=$1/usr/share/initramfs-tools
    chmod -x "$tools"/hooks/{udev,thermal,dmsetup,keymap,resume} "$tools"/scripts/init-{top,bottom}/udev \
        "$tools"/scripts/init-top/keymap "$tools/scripts/local-premount/resume"
    # shellcheck disable=SC2016 # a script
    printf '%s\n' '#!/bin/sh' '[ "$1" != prereqs ] || exit 0' '. /usr/share/initramfs-tools/hook-functions' 'copy_exec /sbin/blkid' \
        >"$tools/hooks/roost-tests"
    chmod 755 "$tools/hooks/roost-tests"
    chroot "$1" update-initramfs -u
}

# vm_udev ROOT: only devices that are used are asked for at boot; others may come.
vm_udev() {
    mkdir -p "$1/etc/systemd/system/systemd-udev-trigger.service.d"
    cat >"$1/etc/systemd/system/systemd-udev-trigger.service.d/roost-tests.conf" <<'UNIT'
[Service]
ExecStart=
ExecStart=-udevadm trigger --action=add --subsystem-match=virtio --subsystem-match=block
UNIT
}

# The address, without a daemon.
vm_network_unit() {
    cat <<'UNIT'
[Unit]
Description=Take the address from the second disk
DefaultDependencies=no
After=roost-tests-identity.service
Before=network.target ssh.service
Wants=network.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/ip -batch /etc/roost-tests-address

[Install]
WantedBy=multi-user.target
UNIT
}

# vm_probe ROOT: what update-grub asks of grub-probe, a second each time, stays the same as long as this machine lives.
vm_probe() {
    mv "$1/usr/sbin/grub-probe" "$1/usr/sbin/grub-probe.real"
    cat >"$1/usr/sbin/grub-probe" <<'PROGRAM'
#!/bin/sh
answer="/var/cache/roost-tests-probe/$*/answer"
if [ ! -s "$answer" ]; then
    mkdir -p "${answer%/answer}"
    grub-probe.real "$@" >"$answer.new" || exit
    mv "$answer.new" "$answer"
fi
while read -r line; do printf '%s\n' "$line"; done <"$answer"
PROGRAM
    chmod 755 "$1/usr/sbin/grub-probe"
}

# vm_customise ROOT: its network, its identity, and a boot without what no test looks at.
vm_customise() {
    local root=$1 unit
    rm -f "$root/etc/dpkg/dpkg.cfg.d/00roost-tests" # here a power cut does lose what was not synced
    echo 'LABEL=root / ext4 rw,noatime 0 1' >"$root/etc/fstab"
    vm_identity_unit >"$root/etc/systemd/system/roost-tests-identity.service"
    vm_network_unit >"$root/etc/systemd/system/roost-tests-network.service"
    chroot "$root" systemctl --quiet enable roost-tests-network roost-tests-identity
    for unit in getty@tty1 serial-getty@ttyS0 grub-common systemd-pstore systemd-networkd-persistent-storage e2scrub_reap \
        modprobe@ systemd-binfmt systemd-journal-flush; do
        ln -sf /dev/null "$root/etc/systemd/system/$unit.service"
    done
    for unit in dpkg-db-backup e2scrub_all fstrim; do
        ln -sf /dev/null "$root/etc/systemd/system/$unit.timer"
    done
    ln -sf /dev/null "$root/etc/systemd/system/user@.service" # or logins start a user manager
    for unit in dev-hugepages.mount dev-mqueue.mount sys-kernel-debug.mount sys-kernel-tracing.mount sys-kernel-config.mount \
        sys-fs-fuse-connections.mount proc-sys-fs-binfmt_misc.automount; do
        ln -sf /dev/null "$root/etc/systemd/system/$unit"
    done
    sed -i '/pam_motd/d; /pam_mail/d' "$root/etc/pam.d/sshd"
    vm_udev "$root"
    vm_initramfs_short "$root"
    mkdir -p "$root/etc/systemd/system-generators"
    for unit in "$root"/usr/lib/systemd/system-generators/*; do # each is a program that finds nothing
        [[ $unit = *-fstab-generator ]] || ln -sf /dev/null "$root/etc/systemd/system-generators/${unit##*/}"
    done
    touch "$root/etc/.updated" "$root/var/.updated"
    # Devices of this machine that nobody uses: loading the drivers is a third of the boot.
    printf 'blacklist %s\n' ahci cfg80211 i2c_i801 iTCO_wdt lpc_ich pcspkr psmouse serio_raw vga16fb \
        >"$root/usr/lib/modprobe.d/roost-tests.conf"
}

# vm_grub ROOT: as an installer leaves it, but for a grub.cfg that is short: the machine's own update-grub makes the next.
vm_grub() {
    local root=$1 version
    version=$(cd "$root/boot" && for file in vmlinuz-*; do echo "${file#vmlinuz-}"; done)
    sed -i -e 's/^GRUB_TIMEOUT=.*/GRUB_TIMEOUT=0/' -e 's/^GRUB_CMDLINE_LINUX_DEFAULT=.*/GRUB_CMDLINE_LINUX_DEFAULT="quiet"/' \
        -e "s/^GRUB_CMDLINE_LINUX=.*/GRUB_CMDLINE_LINUX=\"$VM_PARAMETERS\"/" "$root/etc/default/grub"
    printf '%s\n' GRUB_TERMINAL=serial 'GRUB_SERIAL_COMMAND="serial --unit=0 --speed=115200"' \
        GRUB_DISABLE_RECOVERY=true >>"$root/etc/default/grub"
    # update-grub runs what may be executed; each takes a second or two, and none of these has anything to say here.
    chmod -x "$root"/etc/grub.d/{05_debian_theme,20_linux_xen,30_os-prober,30_uefi-firmware}
    mkdir -p "$root/boot/grub/i386-pc"
    cp "$root"/usr/lib/grub/i386-pc/*.{mod,lst} "$root/boot/grub/i386-pc/"
    cat >"$root/boot/grub/grub.cfg" <<CFG
### BEGIN /etc/grub.d/10_linux ###
set timeout=0
menuentry 'Debian GNU/Linux' --class debian --class gnu-linux {
	search --no-floppy --label root --set=root
	linux	/boot/vmlinuz-$version root=LABEL=root ro $VM_PARAMETERS quiet
	initrd	/boot/initrd.img-$version
}
### END /etc/grub.d/10_linux ###
CFG
    vm_probe "$root"
    chroot "$root" grub-mkimage -O i386-pc -p '(hd0,msdos1)/boot/grub' -o /boot/grub/i386-pc/core.img \
        biosdisk part_msdos ext2 search search_label search_fs_uuid normal linux serial
}

# vm_disk ROOT DISK: a partition table, the tree as ext4 in partition 1, GRUB in front of it. The features are named, as
# GRUB does not know the newest.
vm_disk() {
    local features=has_journal,ext_attr,resize_inode,dir_index,filetype,extent,64bit,flex_bg,sparse_super
    features+=,large_file,huge_file,dir_nlink,extra_isize,metadata_csum
    truncate -s "${VM_DISK_MIB}M" "$2"
    mkfs.ext4 -q -L root -O "none,$features" -E offset=1048576,lazy_itable_init=0,lazy_journal_init=0 \
        -d "$1" "$2" $(((VM_DISK_MIB - 1) * 1024))k
    python3 -B - "$1/boot/grub/i386-pc/core.img" "$1/usr/lib/grub/i386-pc/boot.img" "$2" <<'PYTHON'
import os, struct, sys
core, boot = (bytearray(open(path, "rb").read()) for path in sys.argv[1:3])
sectors = (len(core) + 511) // 512
assert sectors < 2047, "core.img does not fit before the first partition"
first = 2048
count = os.path.getsize(sys.argv[3]) // 512 - first
boot[0x5C:0x64] = struct.pack("<Q", 1)  # where core.img begins
boot[0x64] = 0xFF  # the drive the BIOS names
boot[0x1B8:0x1BE] = b"rst0\0\0"
boot[0x1BE:0x1FE] = struct.pack("<B3sB3sII", 0x80, b"\xfe\xff\xff", 0x83, b"\xfe\xff\xff", first, count).ljust(64, b"\0")
boot[0x1FE:0x200] = b"\x55\xaa"
core[0x1F4:0x200] = struct.pack("<QHH", 2, sectors - 1, 0x820)  # the rest of core.img, and where it is loaded
with open(sys.argv[3], "r+b") as disk:
    disk.write(boot + core)
PYTHON
}

# vm_build DIR LOWER, in a mount and pid namespace of its own: DIR/disk.raw, and the folders that identities go to.
vm_build() {
    local root=$1.layer.root
    mkdir -p "$1.layer"
    vm_initramfs "$1.layer"
    image_build_layer "$(vm_packages)" "$1.layer" "$2"
    mount -t overlay overlay -o "lowerdir=$2,upperdir=$1.layer,workdir=$1.layer.work" "$root"
    vm_customise "$root"
    vm_grub "$root"
    mkdir "$1/skeleton"
    tar -C "$root" --no-recursion -c etc/{ssh,systemd/network,apt/apt.conf.d} {root,home/admin,home/ops}{,/.ssh} |
        tar -C "$1/skeleton" -xp
    vm_disk "$root" "$1/disk.raw"
    umount "$root"
}

# vm_recipe: what the image's key is made of, beside the base it stands on.
vm_recipe() {
    declare -f image_build_layer vm_packages vm_initramfs vm_initramfs_short vm_udev vm_network_unit vm_probe vm_identity_unit vm_customise vm_grub vm_disk vm_build
    echo "$VM_DISK_MIB $VM_PARAMETERS"
}

# --- one machine ---------------------------------------------------------------------

# vm_disk_make NAME: a disk that holds what differs from the image, and the empty tree of the second.
vm_disk_make() {
    local dir image
    dir=$(node_dir "$1")
    image=$(cat "$dir/lower")
    qemu-img create -q -f qcow2 -b "$image/disk.raw" -F raw "$dir/disk.qcow2"
    cp -a "$image/skeleton" "$dir/root"
}

vm_disk_remove() { rm -rf --one-file-system "$(node_dir "$1")"/{disk.qcow2,seed,root}; }

# vm_seed NAME: after node_identity has filled the tree.
vm_seed() {
    local dir
    dir=$(node_dir "$1")
    cat >"$dir/root/etc/roost-tests-address" <<BATCH
link set eth0 up
addr add $(node_ip "$1")/24 dev eth0
route add default via $(gateway)
BATCH
    tar -C "$dir/root" -cf "$dir/seed" etc root home
}

vm_net_make() {
    local link
    link=$(node_link "$1")
    ip tuntap add dev "$link" mode tap
    ip link set "$link" master "roost$(run_get slot)" up
}

# vm_run NAME [ARGUMENT...]: becomes QEMU. It ends when the machine powers off; a restart stays inside.
vm_run() {
    local dir
    dir=$(node_dir "$1")
    exec nice qemu-system-x86_64 -name "$1" -machine q35,sata=off,smbus=off -accel "${ROOST_TEST_ACCEL:-tcg,thread=multi}" \
        -cpu "${ROOST_TEST_CPU:-Nehalem}" -smp 2 -m $VM_MEMORY_MIB -display none -nodefaults -no-user-config \
        -drive "file=$dir/disk.qcow2,if=virtio,cache=writeback,discard=unmap" \
        -drive "file=$dir/seed,format=raw,if=virtio,readonly=on" \
        -netdev "tap,id=net,ifname=$(node_link "$1"),script=no,downscript=no" \
        -device "virtio-net-pci,netdev=net,mac=$(node_mac "$1"),romfile=" \
        -object rng-random,id=rng,filename=/dev/urandom -device virtio-rng-pci,rng=rng \
        -chardev "file,id=console,path=$dir/console,append=on" -serial chardev:console "${@:2}"
}

vm_ssh() { ssh -F "$RUN_DIR/ssh_config" "$@" </dev/null; }

vm_boot_id() { vm_ssh "$1" cat /proc/sys/kernel/random/boot_id 2>/dev/null; }

vm_poweroff() {
    vm_ssh "$1" systemctl poweroff || true
    await 120 node_stopped "$1" || die "$1 does not power off"
}

vm_rebooted() {
    local now
    now=$(vm_boot_id "$1") && [ -n "$now" ] && [ "$now" != "$2" ]
}

vm_reboot() {
    local before
    before=$(vm_boot_id "$1") || die "$1 is down"
    vm_ssh "$1" systemctl reboot || true
    await 240 vm_rebooted "$1" "$before" || die "$1 does not reboot"
}
