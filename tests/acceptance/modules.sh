#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every module's cases (tests/modules) on fresh nodes, where they may change the machine: two nodes side by side, one boot and
# one connection each. A line a module and node, with its time and the CPU that the whole node used meanwhile.
#   modules.sh [NAME...]     only these modules

# shellcheck disable=SC2016 # expanded on the node
. "$(dirname "$0")/helpers.bash"

# ship_pack PROGRAM: into a folder, with its libraries and its loader, and the cases.
ship_pack() {
    mkdir -p shipped/lib shipped/files
    cp "$1" shipped/program
    cp -L "$(readelf -l "$1" | sed -n 's/.*program interpreter: \(.*\)]/\1/p')" shipped/loader
    {
        ldd "$1"
        ldconfig -p | awk '/libcurl-gnutls.so.4 / && !n++ { print $NF }' | xargs -r ldd
        ldconfig -p | awk '/libcurl-gnutls.so.4 / && !n++ { print "=> " $NF }'
    } | awk '{ for (i = 1; i < NF; i++) if ($i == "=>") print $(i + 1) }' | sort -u | xargs -I{} cp -L {} shipped/lib/
    cp -r "$ROOT/tests/modules/." shipped/files/
    run_script >shipped/run
}

# What the node runs. A login of its own for each module would cost more than most of them.
run_script() {
    cat <<'SCRIPT'
cpu() { awk '$1 == "usage_usec" { print int($2 / 10000) }' /sys/fs/cgroup/cpu.stat; }
node=$1 bad=0
shift
cd /opt/cases/files || exit 1
for module; do
    began=$(date +%s) cpu_began=$(cpu) code=0
    ../loader --inhibit-cache --library-path ../lib ../program --node --network "$module.yml" >../out 2>&1 </dev/null || code=$?
    cpu=$(($(cpu) - cpu_began))
    printf '%s %s: %s (%d s, CPU %d.%02d s)\n' "$node" "$module" "$(tail -n 1 ../out)" $(($(date +%s) - began)) \
        $((cpu / 100)) $((cpu % 100))
    [ $code = 0 ] || { bad=$((bad + 1)); grep -A3 '^FAIL' ../out || tail -n 5 ../out; }
done
exit $bad
SCRIPT
}

# run_cases NODE NAME...: its lines go out at once and into a file; the exit status counts the modules with failures.
run_cases() {
    tar -C shipped -c . | node ssh "$1" 'mkdir -p /opt/cases && tar -C /opt/cases -x'
    node ssh "$1" "sh /opt/cases/run $*" </dev/null | tee "results-$1"
    # a node that went away half through has said less than it should
    check_equal "modules that $1 told of" $(($# - 1)) "$(grep -cE "^$1 [a-z0-9_]+: " "results-$1" || true)"
}

built tests/roost-module-cases
desk_begin
names=("$@")
[ $# -gt 0 ] || mapfile -t names < <(cd "$ROOT/tests/modules" && printf '%s\n' *.yml | sed 's/\.yml$//')
# What costs much and has little to do with Debian's release, or goes the way that other cases go (package that of apt, unified_memory
# that of kernel_params): on one of the nodes.
on_old=("${names[@]}")
[ $# -gt 0 ] || mapfile -t on_old < <(printf '%s\n' "${names[@]}" | grep -vxE 'dnf|git|model|openssh_keypair|package|pip|unified_memory')
ship_pack "$BUILD/tests/roost-module-cases"
nodes_start bookworm+modules old
nodes_start trixie+modules new
step "module cases on old (Debian 12) and new (Debian 13)"
run_cases old "${on_old[@]}" &
old=$!
run_cases new "${names[@]}" &
new=$!
bad=0
wait $old || bad=$((bad + $?))
wait $new || bad=$((bad + $?))
step "the slowest"
cat results-old results-new | sed -nE 's/^([a-z]+ [a-z0-9_]+): .*\(([0-9]+) s, CPU ([0-9.]+) s\)$/\3 s of CPU, \2 s: \1/p' |
    sort -rn | head -n 5
awk '/CPU/ { sum += $(NF - 1) } END { printf "all: %.0f s of CPU\n", sum }' results-old results-new
check_equal "modules with failures" 0 $bad
