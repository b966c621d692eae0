#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Role rocm on a fresh node: Debian's packages for real; AMD's repository and TheRock's archive by stand-ins of the same layout.

. "$(dirname "$0")/helpers.bash"
. "$(dirname "$0")/engines/helpers.bash"

built roost roost-agent
desk_begin
nodes_start trixie box
node inventory >inventory.ini
archives_begin box
# Not through the cache that the node's apt uses.
on "echo 'Acquire::http::Proxy::${ARCHIVES%:*} \"DIRECT\";' >/etc/apt/apt.conf.d/99stand-in"

# deb NAME VERSION FOLDER [FILE]: a package; FILE is a program that tells its version.
deb() {
    local tree=deb-$1-$2
    mkdir -p "$tree/DEBIAN" "$3"
    printf 'Package: %s\nVersion: %s\nArchitecture: amd64\nMaintainer: test <test@localhost>\nDescription: stand-in\n' "$1" "$2" >"$tree/DEBIAN/control"
    if [ $# -gt 3 ]; then
        mkdir -p "$tree$(dirname "$4")"
        printf '#!/bin/sh\necho "ROCk module is NOT loaded, ROCm %s"\nexit 1\n' "$2" >"$tree$4"
        chmod 755 "$tree$4"
    fi
    dpkg-deb --root-owner-group -b "$tree" "$3/$1_$2_amd64.deb" >/dev/null
}

# amd_repository VERSION: signed, as AMD's is laid out; it offers amdgpu-dkms as well.
amd_repository() {
    local root=www/apt/$1 name
    mkdir -p "$root/dists/noble/main/binary-amd64"
    deb rocminfo "$1.0-1" "$root/pool/main" "/opt/rocm-$1/bin/rocminfo"
    for name in rocm-hip-runtime rocm-smi-lib amdgpu-dkms; do
        deb $name "$1.0-1" "$root/pool/main"
    done
    mkdir -p "deb-rocminfo-$1.0-1/opt"
    ln -sfn "rocm-$1" "deb-rocminfo-$1.0-1/opt/rocm"
    dpkg-deb --root-owner-group -b "deb-rocminfo-$1.0-1" "$root/pool/main/rocminfo_$1.0-1_amd64.deb" >/dev/null
    (
        cd "$root"
        apt-ftparchive packages pool >dists/noble/main/binary-amd64/Packages
        {
            printf '%s\n' 'Origin: repo.radeon.com' 'Suite: noble' 'Codename: noble' 'Components: main' 'Architectures: amd64'
            apt-ftparchive release dists/noble
        } >Release
        mv Release dists/noble/Release
        gpg --batch --quiet --yes --clearsign -o dists/noble/InRelease dists/noble/Release
    )
}
on_rocminfo() { on "$1/rocminfo || true" 2>&1; }

step "amdgpu-dkms is refused, wanted or there"
traces before
play_role rocm 'rocm_packages: [rocminfo, amdgpu-dkms]'
role_ends 2
check_contains "wanted" "rocm_packages asks for amdgpu-dkms" "$(sentence box)"
deb amdgpu-dkms 6.16.6-1 debs
node scp debs/amdgpu-dkms_6.16.6-1_amd64.deb box:/tmp/
on "dpkg -i /tmp/amdgpu-dkms_6.16.6-1_amd64.deb" >/dev/null
play_role rocm
role_ends 2
check_contains "there" "amdgpu-dkms is installed on box" "$(sentence box)"
on "dpkg -P amdgpu-dkms && rm /tmp/amdgpu-dkms*" >/dev/null
traces after
check_equal "what is on the node" "$(cat before)" "$(cat after)"

step "Debian's packages"
role_ends 2 check
check_recap box failed=0
role_ends 0
check_recap box failed=0
check_contains "rocminfo runs" "ROCk module" "$(on_rocminfo /usr/bin)"
check_contains "record" '"method": "packages"' "$(on cat /etc/ansible/facts.d/rocm.fact)"
role_ends 0
check_recap box changed=0 failed=0

step "AMD's repository takes their place"
export GNUPGHOME=$DESK/gnupg
mkdir -m 700 "$GNUPGHOME"
gpg --batch --quiet --passphrase '' --quick-gen-key 'ROCm stand-in <test@localhost>' rsa2048 sign never 2>/dev/null
gpg --batch --armor --export >www/rocm.gpg.key
for version in 7.1 7.2; do amd_repository $version; done
declare_repository() {
    play_role rocm "rocm_method: repository" "rocm_version: '$1'" "rocm_repository_url: http://$ARCHIVES/apt/{{ rocm_version }}" \
        "rocm_repository_key: http://$ARCHIVES/rocm.gpg.key"
}
declare_repository 7.2
role_ends 2 check
check_recap box failed=0
role_ends 0
check_contains "rocminfo is AMD's" "ROCm 7.2" "$(on_rocminfo /opt/rocm/bin)"
check_fails on test -e /usr/bin/rocminfo
check_contains "never amdgpu-dkms" "Candidate: (none)" "$(on apt-cache policy amdgpu-dkms)"
role_ends 0
check_recap box changed=0 failed=0

step "back to the version before"
declare_repository 7.1
role_ends 0
check_contains "rocminfo" "ROCm 7.1" "$(on_rocminfo /opt/rocm/bin)"
role_ends 0
check_recap box changed=0

step "TheRock's archive takes its place"
for version in 7.14.0a1 7.14.0a2; do
    mkdir -p $version/{bin,lib,share}
    printf '#!/bin/sh\necho "ROCk module is NOT loaded, TheRock %s"\nexit 1\n' $version >$version/bin/rocminfo
    chmod 755 $version/bin/rocminfo
    tar -C $version -czf www/therock-dist-linux-gfx1151-$version.tar.gz bin lib share
done
declare_archive() { # VERSION [SHA256]
    play_role rocm "rocm_method: tarball" "rocm_version: $1" \
        "rocm_sha256: '${2-$(digest "www/therock-dist-linux-gfx1151-$1.tar.gz")}'" \
        "rocm_url: http://$ARCHIVES/therock-dist-linux-{{ rocm_gfx }}-{{ rocm_version }}.tar.gz"
}
declare_archive 7.14.0a1 ''
role_ends 2
check_contains "no digest" "rocm_sha256" "$(sentence box)"
declare_archive 7.14.0a1
role_ends 2 check
check_recap box failed=0
role_ends 0
check_contains "rocminfo" "TheRock 7.14.0a1" "$(on_rocminfo /opt/rocm/bin)"
check_equal "packages" "" "$(on "dpkg-query -W -f '\${Package}\n' | grep ^rocm || true")"
check_equal "in the path" /opt/rocm/bin/rocminfo "$(on bash -lc "'command -v rocminfo'")"
role_ends 0
check_recap box changed=0

step "another archive; one that does not run changes nothing"
printf '#!/nonexistent\n' >7.14.0a2/bin/rocminfo
tar -C 7.14.0a2 -czf www/therock-dist-linux-gfx1151-broken.tar.gz bin lib share
declare_archive broken
role_ends 2
check_contains "sentence" "does not start" "$(sentence box)"
check_contains "rocminfo" "TheRock 7.14.0a1" "$(on_rocminfo /opt/rocm/bin)"
printf '#!/bin/sh\necho "TheRock 7.14.0a2"\n' >7.14.0a2/bin/rocminfo
tar -C 7.14.0a2 -czf www/therock-dist-linux-gfx1151-7.14.0a2.tar.gz bin lib share
declare_archive 7.14.0a2
role_ends 0
check_contains "rocminfo" "TheRock 7.14.0a2" "$(on_rocminfo /opt/rocm/bin)"
check_lines "builds" 1 "$(on ls /opt/rocm-therock/builds)"

step "absent: nothing is left"
play_role rocm "rocm_state: absent"
role_ends 0
traces after
check_equal "what is on the node" "$(cat before)" "$(cat after)"
role_ends 0
check_recap box changed=0 failed=0
