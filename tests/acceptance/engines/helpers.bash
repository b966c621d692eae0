# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# For tests of roles whose engines cannot be had here: an archive server on the bridge, and stand-ins for the engines.
# shellcheck disable=SC2034 # ARCHIVES is for the tests

ENGINES=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# archives_begin NODE: serves $DESK/www on the bridge of the run; its address is in $ARCHIVES.
archives_begin() {
    local gateway
    gateway=$(node ip "$1" | sed 's/[0-9]*$/1/')
    mkdir -p "$DESK/www"
    python3 -B "$ENGINES/archives.py" "$gateway" "$DESK/www" "$DESK/archives.port" "$DESK/archives.log" $$ &
    eventually 10 test -s "$DESK/archives.port"
    ARCHIVES=$gateway:$(cat "$DESK/archives.port")
}

# requests PATTERN: how many there were.
requests() { grep -c -- "$1" "$DESK/archives.log" || true; }

# stand_in VERSION FILE
stand_in() {
    mkdir -p "$(dirname "$2")"
    sed "s/VERSION/$1/" "$ENGINES/stand-in.pl" >"$2"
    chmod 755 "$2"
}

digest() { sha256sum "$1" | cut -d' ' -f1; }

# play_role ROLE [VARIABLE: VALUE]...: role.yml applies it to every node of inventory.ini.
play_role() {
    local role=$1
    shift
    {
        printf -- '- hosts: all\n  become: true\n  vars:\n'
        printf '    %s\n' "$@"
        printf '  roles: [%s]\n' "$role"
    } | play role
}

role_ends() { roost_ends "$1" "${2:-apply}" role.yml -i inventory.ini; }

# on COMMAND...: on the node called box.
on() { node ssh box "$@" </dev/null; }

# traces FILE: what is where the role could have left something.
traces() {
    on "ls -d /opt/* /etc/systemd/system/* /etc/systemd/system/*/* /var/lib/* /var/cache/* /usr/local/*/* /etc/apt/*/* /etc/ansible/* \
        /etc/profile.d/* /etc/default/* 2>/dev/null | grep -v '^/var/cache/\|^/var/lib/roost' ; cut -d: -f1 /etc/passwd; cut -d: -f1 /etc/group; \
        dpkg-query -W -f '\${Package}\n'" >"$1"
}
