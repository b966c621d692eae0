# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2016 # expanded on the node
#
# Nodes dressed as another distribution (README.md): stand-in packages from the lists of this folder, os-release, repositories.

FAMILIES=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# trees LIST FOLDER: the files of every package of a list, in FOLDER/NAME.
trees() {
    local name files account file from
    while read -r name _ files account; do
        [ "$name" != '#' ] || continue
        mkdir -p "$2/$name/usr/share/doc/$name" && : >"$2/$name/usr/share/doc/$name/stand-in"
        for file in ${files//,/ }; do
            case $file in
            -) continue ;;
            *.service) from=unit.service ;;
            */scontrol | */munged | */stand-in) from=nothing ;;
            *) from=$(basename "$file") ;;
            esac
            install -D -m "$(stat -c %a "$FAMILIES/files/$from")" "$FAMILIES/files/$from" "$2/$name/$file"
        done
    done <"$FAMILIES/$1"
}

# account_script ACCOUNT: what the package does before it is unpacked.
account_script() { [ "$1" = - ] || echo "getent passwd $1 >/dev/null || useradd --system --no-create-home $1"; }

# rpm_spec LIST: one spec file for all packages of the list, for trees in /srv/trees.
rpm_spec() {
    local name requires account
    printf 'Name: stand-ins\nVersion: 1\nRelease: 1\nSummary: stand-in\nLicense: none\nBuildArch: noarch\nAutoReqProv: no\n%%description\n-\n'
    printf '%%install\nfor tree in /srv/trees/*; do cp -r "$tree"/. %%{buildroot}/; done\n'
    while read -r name requires _ account; do
        [ "$name" != '#' ] || continue
        printf '%%package -n %s\nSummary: stand-in\nAutoReqProv: no\n' "$name"
        [ "$requires" = - ] || printf 'Requires: %s\n' "${requires//,/ }"
        [ "$name" != fedora-release ] || printf 'Provides: system-release = 43\nProvides: system-release(releasever) = 43\nProvides: /bin/sh\n'
        printf '%%description -n %s\n-\n%%files -n %s\n' "$name" "$name"
        (cd "$DESK/trees/$name" && find . ! -type d -printf '/%P\n')
        [ "$account" = - ] || printf '%%pre -n %s\n%s\n' "$name" "$(account_script "$account")"
    done <"$FAMILIES/$1"
}

# deb_repository LIST FOLDER: the packages of the list and their index.
deb_repository() {
    local name requires account tree
    mkdir -p "$2"
    while read -r name requires _ account; do
        [ "$name" != '#' ] || continue
        tree=$DESK/trees/$name
        mkdir -p "$tree/DEBIAN"
        printf 'Package: %s\nVersion: 9999\nArchitecture: all\nMaintainer: tests <tests@localhost>\nDescription: stand-in\n' "$name" >"$tree/DEBIAN/control"
        [ "$requires" = - ] || printf 'Depends: %s\n' "${requires//,/, }" >>"$tree/DEBIAN/control"
        [ "$account" = - ] || {
            printf '#!/bin/sh\n%s\n' "$(account_script "$account")" >"$tree/DEBIAN/preinst" && chmod 755 "$tree/DEBIAN/preinst"
        }
        dpkg-deb --root-owner-group -Znone --build "$tree" "$2/$name.deb" >/dev/null
        cat "$tree/DEBIAN/control"
        printf 'Filename: ./%s.deb\nSize: %s\nSHA256: %s\n\n' "$name" "$(stat -c %s "$2/$name.deb")" "$(sha256sum "$2/$name.deb" | cut -d' ' -f1)"
        rm -r "$tree/DEBIAN"
    done <"$FAMILIES/$1" >"$2/Packages"
}

# dress_fedora NODE (forky, which has Fedora's dnf 5): dnf and rpm know nothing but the stand-ins, Debian's package manager is out of sight, sshd is called sshd.
dress_fedora() {
    rm -rf "$DESK/trees" && trees fedora-43 "$DESK/trees" && rpm_spec fedora-43 >"$DESK/stand-ins.spec"
    tar -C "$DESK" -c trees stand-ins.spec | node ssh "$1" 'tar -C /srv -x'
    node exec "$1" sh -es <<'NODE'
export DEBIAN_FRONTEND=noninteractive
apt-get -qq install -y --no-install-recommends dnf5 rpm createrepo-c >/dev/null 2>&1
ln -s dnf5 /usr/bin/dnf # as on Fedora
rpmbuild -bb --quiet --define '_rpmdir /srv/repo' --define '_topdir /srv/top' /srv/stand-ins.spec >/srv/rpmbuild.log 2>&1 ||
    { cat /srv/rpmbuild.log >&2; exit 1; }
createrepo_c -q /srv/repo
rm -rf /etc/yum.repos.d && mkdir -p /etc/yum.repos.d
printf '[fedora]\nname=Fedora\nbaseurl=file:///srv/repo\ngpgcheck=0\n' >/etc/yum.repos.d/fedora.repo
rm -f /etc/os-release /etc/debian_version
printf '%s\n' 'NAME="Fedora Linux"' 'VERSION="43 (Server Edition)"' ID=fedora VERSION_ID=43 'PRETTY_NAME="Fedora Linux 43 (Server Edition)"' >/etc/os-release
echo 'Fedora release 43 (Forty Three)' | tee /etc/fedora-release /etc/redhat-release >/etc/system-release
mkdir -p /usr/lib/was-debian/bin
mv /var/lib/dpkg /etc/apt /usr/lib/was-debian/
mv /usr/bin/apt* /usr/bin/dpkg* /usr/lib/was-debian/bin/
systemctl --quiet disable --now ssh.service 2>/dev/null
sed '/^Alias=/d' /usr/lib/systemd/system/ssh.service >/usr/lib/systemd/system/sshd.service
rm /usr/lib/systemd/system/ssh.service
systemctl daemon-reload
systemctl --quiet enable --now sshd.service 2>/dev/null
NODE
    node wait "$1"
}

# dress_ubuntu NODE VERSION CODENAME: apt knows nothing but the stand-ins.
dress_ubuntu() {
    rm -rf "$DESK/trees" "$DESK/debs" && trees "ubuntu-$2" "$DESK/trees" && deb_repository "ubuntu-$2" "$DESK/debs"
    tar -C "$DESK" -c debs | node ssh "$1" 'rm -rf /srv/debs && tar -C /srv -x'
    node exec "$1" sh -es -- "$2" "$3" <<'NODE'
rm -rf /etc/os-release /etc/debian_version /etc/apt/sources.list /etc/apt/sources.list.d/* /var/lib/apt/lists/*
printf '%s\n' "PRETTY_NAME=\"Ubuntu $1 LTS\"" NAME=Ubuntu "VERSION_ID=\"$1\"" "VERSION_CODENAME=$2" ID=ubuntu ID_LIKE=debian "UBUNTU_CODENAME=$2" >/etc/os-release
printf 'DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=%s\nDISTRIB_CODENAME=%s\n' "$1" "$2" >/etc/lsb-release
echo 'deb [trusted=yes] file:/srv/debs ./' >/etc/apt/sources.list
apt-get -qq update
NODE
}
