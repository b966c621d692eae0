#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every module's cases (tests/modules) on fresh nodes, where they may change the machine.
#   modules.sh [NAME...]     only these modules

# shellcheck disable=SC2016 # expanded on the node
. "$(dirname "$0")/helpers.bash"

# ship_program PROGRAM NODE: with its libraries and its loader, to /opt/cases on the node.
ship_program() {
    local folder=$DESK/shipped
    if [ ! -d "$folder" ]; then
        mkdir -p "$folder/lib"
        cp "$1" "$folder/program"
        cp -L "$(readelf -l "$1" | sed -n 's/.*program interpreter: \(.*\)]/\1/p')" "$folder/loader"
        {
            ldd "$1"
            ldconfig -p | awk '/libcurl-gnutls.so.4 / && !n++ { print $NF }' | xargs -r ldd
            ldconfig -p | awk '/libcurl-gnutls.so.4 / && !n++ { print "=> " $NF }'
        } | awk '{ for (i = 1; i < NF; i++) if ($i == "=>") print $(i + 1) }' | sort -u |
            xargs -I{} cp -L {} "$folder/lib/"
    fi
    tar -C "$folder" -c . | node ssh "$2" 'mkdir -p /opt/cases && tar -C /opt/cases -x'
}

run_cases() { # NODE FILE...
    local name=$1
    shift
    node ssh "$name" "cd /opt/cases/files && /opt/cases/loader --inhibit-cache --library-path /opt/cases/lib \
        /opt/cases/program --node --network $*" </dev/null
}

built tests/roost-module-cases
desk_begin
names=("$@")
[ $# -gt 0 ] || mapfile -t names < <(cd "$ROOT/tests/modules" && printf '%s\n' *.yml | sed 's/\.yml$//')
nodes_start bookworm old
nodes_start trixie new
bad=0
for name in old new; do
    step "module cases on $(node ssh $name '. /etc/os-release; echo $PRETTY_NAME' </dev/null)"
    ship_program "$BUILD/tests/roost-module-cases" $name
    tar -C "$ROOT/tests/modules" -c . | node ssh $name 'mkdir -p /opt/cases/files && tar -C /opt/cases/files -x'
    # what the cases of the module make call; the others install their own
    node ssh $name 'apt-get -qq update && apt-get -qq install -y make >/dev/null 2>&1' </dev/null
    for module in "${names[@]}"; do
        run_cases $name "$module.yml" >"$name-$module" 2>&1 || bad=$((bad + 1))
        printf '%s: %s\n' "$module" "$(tail -n 1 "$name-$module")"
        grep -A3 '^FAIL' "$name-$module" || true
    done
done
check_equal "modules with failures" 0 $bad
