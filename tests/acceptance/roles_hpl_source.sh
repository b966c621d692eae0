#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The role hpl from sources, on one fresh node: builds named by versions and options, so that a change of either builds anew; a
# build that breaks leaves the old one in use; digests are checked. The archives are stand-ins of ours with upstream's layout and
# steps (upstream's cannot be had in a test); what is not a stand-in: compiler, make, linking, digests, links, what is left.

. "$(dirname "$0")/helpers.bash"

built roost roost-agent
desk_begin
nodes_start "${ROOST_TEST_SUITE:-bookworm}" box
node inventory >hosts.ini
bridge=$(node ip box | sed 's/[.][0-9]*$/.1/')
mkdir files
python3 -B -m http.server --bind "$bridge" --directory files 0 >http.port 2>http.log </dev/null &
SERVER=$!
trap 'code=$?; set +e; kill $SERVER 2>/dev/null; (exit $code); nodes_end' EXIT
eventually 10 bash -c "ss -Hltnp | grep -q 'pid=$SERVER,'"
port=$(ss -Hltnp | sed -n "s/.*$bridge:\\([0-9]*\\) .*pid=$SERVER,.*/\\1/p")
on_box() { node ssh box "$@" </dev/null; }
in_use() { on_box readlink /opt/hpl/current; }
builds() { on_box 'ls /opt/hpl | grep -vc current'; }
result() { on_box runuser -u hpl -- roost-hpl; }

pack() { tar -C stand-ins -czf "files/$1.tar.gz" "$1" && rm -rf stand-ins; }

# mpich: mpicc is the compiler, mpirun starts one rank.
stand_in_mpich() {
    mkdir -p "stand-ins/mpich-$1"
    cat >"stand-ins/mpich-$1/configure" <<'SH'
#!/bin/sh
for word; do case $word in --prefix=*) echo "PREFIX = ${word#*=}" >config.mk ;; esac; done
SH
    cat >"stand-ins/mpich-$1/Makefile" <<'MAKE'
include config.mk
all:
install:
	mkdir -p $(PREFIX)/bin
	printf '#!/bin/sh\nexec gcc "$$@"\n' >$(PREFIX)/bin/mpicc
	printf '#!/bin/sh\n[ "$$1$$3$$5" = "-f-n-wdir" ] && test -s "$$2" && cd "$$6" && exec "$$7"\n' >$(PREFIX)/bin/mpirun
	chmod 755 $(PREFIX)/bin/mpicc $(PREFIX)/bin/mpirun
MAKE
    chmod 755 "stand-ins/mpich-$1/configure"
    pack "mpich-$1"
}

stand_in_openblas() {
    mkdir -p "stand-ins/OpenBLAS-$1"
    echo 'int roost_dgemm(void); int roost_dgemm(void) { return THREADS; }' >"stand-ins/OpenBLAS-$1/blas.c"
    cat >"stand-ins/OpenBLAS-$1/Makefile" <<'MAKE'
THREADS = 1
all:
	gcc -DTHREADS=$(THREADS) -c blas.c
	ar rcs libopenblas.a blas.o
install:
	mkdir -p $(PREFIX)/lib
	cp libopenblas.a $(PREFIX)/lib
MAKE
    pack "OpenBLAS-$1"
}

# hpl: prints a result of HPL's form with the size it read; its version is the rate.
stand_in_hpl() { # VERSION RATE VERDICT
    mkdir -p "stand-ins/hpl-$1"
    cat >"stand-ins/hpl-$1/configure" <<'SH'
#!/bin/sh
: >config.mk
for word; do
    case $word in --prefix=*) echo "PREFIX = ${word#*=}" ;; *=*) echo "${word%%=*} = ${word#*=}" ;; esac >>config.mk
done
SH
    cat >"stand-ins/hpl-$1/xhpl.c" <<'C'
#include <stdio.h>
int roost_dgemm(void);
int main(void)
{
    char line[256] = "";
    int n = 0;
    FILE *file = fopen("HPL.dat", "r");
    for (int i = 0; file && i < 6; i++)
        if (fgets(line, sizeof line, file)) sscanf(line, "%d", &n);
    printf("T/V                N    NB     P     Q               Time                 Gflops\n"
           "--------------------------------------------------------------------------------\n"
           "WR11C2R4 %d 80 1 1 0.01 " RATE "%d\n||Ax-b||_oo/(eps*(||A||_oo*||x||_oo+||b||_oo)*N)= 0.005 ...... " VERDICT "\n", n, roost_dgemm());
    return 0;
}
C
    sed -i "s/RATE/\"$2\"/; s/VERDICT/\"$3\"/" "stand-ins/hpl-$1/xhpl.c"
    cat >"stand-ins/hpl-$1/Makefile" <<'MAKE'
include config.mk
all:
	$(CC) $(CFLAGS) -o xhpl xhpl.c $(LDFLAGS) $(LIBS)
install:
	mkdir -p $(PREFIX)/bin
	cp xhpl $(PREFIX)/bin
MAKE
    chmod 755 "stand-ins/hpl-$1/configure"
    pack "hpl-$1"
}

stand_in_mpich 4.3.2
stand_in_openblas 0.3.30
stand_in_hpl 2.3 1. PASSED
stand_in_hpl 2.4 2. PASSED
stand_in_hpl 2.5 3. FAILED
mkdir -p stand-ins/hpl-2.6 && printf '#!/bin/sh\nexit 1\n' >stand-ins/hpl-2.6/configure && chmod 755 stand-ins/hpl-2.6/configure && pack hpl-2.6
digest=$(sha256sum <files/hpl-2.3.tar.gz | cut -d' ' -f1)

play hpl <<YAML
- hosts: all
  vars:
    hpl_method: source
    hpl_build_packages: [gcc, libc6-dev, make]
    hpl_max_n: 400
    hpl_nb: 80
    hpl_address: "{{ ansible_host }}"
    hpl_mpich_url: "http://$bridge:$port/mpich-{{ hpl_mpich_version }}.tar.gz"
    hpl_openblas_url: "http://$bridge:$port/OpenBLAS-{{ hpl_openblas_version }}.tar.gz"
    hpl_hpl_url: "http://$bridge:$port/hpl-{{ hpl_hpl_version }}.tar.gz"
    hpl_hpl_options: CFLAGS=-O2
  roles: [hpl]
YAML

step "a fresh node, looked at"
roost_ends 2 check hpl.yml -i hosts.ini
check_recap box failed=0
check_ok on_box 'test ! -e /opt/hpl && test ! -e /var/lib/hpl'

step "built and run"
roost_ends 0 apply hpl.yml -i hosts.ini -e hpl_run=true -e "hpl_hpl_sha256=$digest"
check_contains "the rate" "N 400: 1.1 GFLOP/s, PASSED" "$OUT"
first=$(in_use)

step "again: nothing to do"
roost_ends 0 apply hpl.yml -i hosts.ini -e "hpl_hpl_sha256=$digest"
check_recap box changed=0 failed=0

step "a wrong digest and a build that breaks leave what is there"
roost_ends 2 apply hpl.yml -i hosts.ini -e "hpl_hpl_sha256=${digest//[0-9]/0}"
roost_ends 2 apply hpl.yml -i hosts.ini -e hpl_hpl_version=2.6
check_equal "in use" "$first" "$(in_use)"
check_contains "it runs" "1.1" "$(result)"

step "another option, another version: built anew, the old one goes"
roost_ends 0 apply hpl.yml -i hosts.ini -e "{hpl_openblas_options: THREADS=7}"
check_contains "the option" "1.7" "$(result)"
second=$(in_use)
[ "$first" != "$second" ] || fail "another option is in the same folder"
roost_ends 0 apply hpl.yml -i hosts.ini -e hpl_hpl_version=2.4
check_contains "the version" "2.1" "$(result)"
check_equal "builds" 1 "$(builds)"

step "a result that HPL itself finds wrong is a failure"
roost_ends 2 apply hpl.yml -i hosts.ini -e hpl_hpl_version=2.5 -e hpl_run=true
check_contains "shown" "FAILED" "$OUT"

step "taken away"
roost_ends 0 apply hpl.yml -i hosts.ini -e hpl_state=absent
check_ok on_box 'test ! -e /opt/hpl && test ! -e /var/lib/hpl && test ! -e /usr/local/bin/roost-hpl && ! getent passwd hpl'
