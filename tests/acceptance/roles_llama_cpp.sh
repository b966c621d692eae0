#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Role llama_cpp by its other ways: packages of a newer suite by pins (Debian 13 with forky), a release archive with a digest, and
# a source build keyed by version and options. Archive and source are stand-ins of ours with the same layout and commands:
# upstream's cannot be had in a test. What is not a stand-in: pins, digests, cmake, ninja, git, links, what is left.
# shellcheck disable=SC2016 # expanded by other shells

. "$(dirname "$0")/helpers.bash"

built roost roost-agent
desk_begin
nodes_start trixie box
bridge=$(node ip box | sed 's/[.][0-9]*$/.1/')
mkdir -p files inventory/group_vars
python3 -B -m http.server --bind "$bridge" --directory files 0 >http.port 2>http.log </dev/null &
SERVER=$!
trap 'code=$?; set +e; kill $SERVER 2>/dev/null; (exit $code); nodes_end' EXIT
eventually 10 bash -c "ss -Hltnp | grep -q 'pid=$SERVER,'"
port=$(ss -Hltnp | sed -n "s/.*$bridge:\\([0-9]*\\) .*pid=$SERVER,.*/\\1/p")
node inventory >inventory/hosts
on_box() { node ssh box "$@" </dev/null; }
packages() { on_box 'dpkg-query -W -f "\${Package}\n"' | sort; }
before=$(packages)
play llama <<'YAML'
- hosts: nodes
  roles: [llama_cpp]
YAML
declare_role() { cat >inventory/group_vars/nodes.yml; }
build_in_use() { on_box readlink /opt/llama.cpp/current; }

stand_in() { # FOLDER VERSION: a release as upstream packs it
    mkdir -p "$1/llama-$2"
    printf '#!/bin/sh\n[ "$1" != --version ] || echo "version: %s (stand-in)"\n' "${2#b}" >"$1/llama-$2/llama-server"
    chmod 755 "$1/llama-$2/llama-server"
    tar -C "$1" -czf "files/llama-$2-bin-ubuntu-vulkan-x64.tar.gz" "llama-$2"
}
archive() { # VERSION [DIGEST]
    declare_role <<YAML
llama_cpp_method: archive
llama_cpp_version: $1
llama_cpp_archive_url: "http://$bridge:$port/llama-{{ llama_cpp_version }}-bin-ubuntu-vulkan-x64.tar.gz"
llama_cpp_archive_sha256: "${2:-$(sha256sum "files/llama-$1-bin-ubuntu-vulkan-x64.tar.gz" | cut -d' ' -f1)}"
llama_cpp_archive_packages: [libgomp1]
YAML
}

step "archive: check mode, then the build, then nothing more"
stand_in one b100
archive b100
roost_ends 2 check llama.yml -i inventory
check_fails on_box ls -d /opt/llama.cpp
roost_ends 0 apply llama.yml -i inventory
check_equal "server" "version: 100 (stand-in)" "$(on_box /opt/llama.cpp/current/llama-b100/llama-server --version)"
check_contains "record" '"build": "100 (stand-in)"' "$(on_box cat /etc/ansible/facts.d/llama_cpp.fact)"
first=$(build_in_use)
roost_ends 0 apply llama.yml -i inventory
check_recap box changed=0 failed=0

step "archive: a digest that is missing, and one that is not the archive's"
archive b100 ''
sed -i 's/^llama_cpp_archive_sha256.*/llama_cpp_archive_sha256: ""/' inventory/group_vars/nodes.yml
roost_ends 2 apply llama.yml -i inventory
check_contains "sentence" "must be the archive's SHA-256 (64 digits 0-9 a-f), it is ''" "$(sentence box)"
archive b100 "$(printf x | sha256sum | cut -d' ' -f1)"
roost_ends 2 apply llama.yml -i inventory
check_contains "sentence" "checksum" "$(sentence box)"
check_equal "build in use" "$first" "$(build_in_use)"

step "archive: a build that does not run leaves the old one in use"
mkdir -p two/llama-b101 && printf '#!/bin/sh\necho cannot >&2; exit 1\n' >two/llama-b101/llama-server
chmod 755 two/llama-b101/llama-server
tar -C two -czf files/llama-b101-bin-ubuntu-vulkan-x64.tar.gz llama-b101
archive b101
roost_ends 2 apply llama.yml -i inventory
check_contains "sentence" "llama-server does not run: cannot; the build in use before stays" "$(sentence box)"
check_equal "build in use" "$first" "$(build_in_use)"

step "archive: another version; the old build stays as long as a unit names it"
stand_in three b102
archive b102
on_box "printf '[Service]\nExecStart=$first/llama-b100/llama-server\n' >/etc/systemd/system/old.service"
roost_ends 0 apply llama.yml -i inventory
check_equal "server" "version: 102 (stand-in)" "$(on_box /opt/llama.cpp/current/llama-b102/llama-server --version)"
check_ok on_box test -x "$first/llama-b100/llama-server"
on_box rm /etc/systemd/system/old.service
stand_in four b103
archive b103
roost_ends 0 apply llama.yml -i inventory
check_equal "builds" "$(basename "$(build_in_use)")" "$(on_box ls /opt/llama.cpp/builds)"

step "archive: absent"
echo 'llama_cpp_state: absent' >>inventory/group_vars/nodes.yml
roost_ends 0 apply llama.yml -i inventory
check_equal "packages" "$before" "$(packages)"
check_fails on_box ls -d /opt/llama.cpp
check_fails on_box ls -d /etc/ansible
roost_ends 0 apply llama.yml -i inventory
check_recap box changed=0

step "source: a repository of ours, built with cmake and ninja"
cat >CMakeLists.txt <<'CMAKE'
cmake_minimum_required(VERSION 3.18)
project(stand_in LANGUAGES NONE)
option(GGML_RPC "" OFF)
configure_file(llama-server.in bin/llama-server @ONLY FILE_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE WORLD_READ WORLD_EXECUTE)
add_custom_target(llama-server)
CMAKE
printf '#!/bin/sh\necho "version: 200 (rpc @GGML_RPC@)"\n' >llama-server.in
git init -q -b master llama.git
cp CMakeLists.txt llama-server.in llama.git/
git_here() { git -C llama.git -c user.name=test -c user.email=test@example.org "$@"; }
git_here add . && git_here commit -q -m one && git_here tag b200
source_build() { # VERSION OPTION
    declare_role <<YAML
llama_cpp_method: source
llama_cpp_version: $1
llama_cpp_source_repo: http://$bridge:$port/llama.git
llama_cpp_source_options: [$2]
llama_cpp_source_targets: [llama-server]
llama_cpp_source_packages: [git, ca-certificates, cmake, ninja-build]
llama_cpp_source_jobs: 1
YAML
}
publish() { rm -rf files/llama.git && git clone -q --bare llama.git files/llama.git && git -C files/llama.git update-server-info; }
publish
source_build b200 -DGGML_RPC=ON
roost_ends 2 check llama.yml -i inventory
check_fails on_box ls -d /opt/llama.cpp
roost_ends 0 apply llama.yml -i inventory
check_equal "server" "version: 200 (rpc ON)" "$(on_box /opt/llama.cpp/current/bin/llama-server --version)"
first=$(build_in_use)
check_contains "marker: version" '"version": "b200"' "$(on_box cat "$first/build.json")"
check_contains "marker: options" '"-DGGML_RPC=ON"' "$(on_box cat "$first/build.json")"
roost_ends 0 apply llama.yml -i inventory
check_recap box changed=0 failed=0

roost_ends 0 check llama.yml -i inventory
source_build b999 -DGGML_RPC=ON
roost_ends 2 apply llama.yml -i inventory
check_contains "sentence" "b999 of http://$bridge:$port/llama.git: " "$(sentence box)"
check_contains "sentence" "; the build in use before stays" "$(sentence box)"

step "source: other options build anew, of the same version"
source_build b200 -DGGML_RPC=OFF
roost_ends 0 apply llama.yml -i inventory
check_equal "server" "version: 200 (rpc OFF)" "$(on_box /opt/llama.cpp/current/bin/llama-server --version)"
[ "$first" != "$(build_in_use)" ] || fail "the build was not keyed by its options"

step "source: another version builds anew; one that does not compile leaves the old one"
sed -i 's/200/201/' llama.git/llama-server.in
git_here commit -q -a -m two && git_here tag b201
echo 'message(FATAL_ERROR "broken")' >>llama.git/CMakeLists.txt
git_here commit -q -a -m three && git_here tag b202
publish
source_build b201 -DGGML_RPC=OFF
roost_ends 0 apply llama.yml -i inventory
check_equal "server" "version: 201 (rpc OFF)" "$(on_box /opt/llama.cpp/current/bin/llama-server --version)"
source_build b202 -DGGML_RPC=OFF
roost_ends 2 apply llama.yml -i inventory
check_equal "server" "version: 201 (rpc OFF)" "$(on_box /opt/llama.cpp/current/bin/llama-server --version)"
echo 'llama_cpp_state: absent' >>inventory/group_vars/nodes.yml
roost_ends 0 apply llama.yml -i inventory
check_equal "packages" "$before" "$(packages)"
check_fails on_box ls -d /opt/llama.cpp

step "packages of a newer suite: llama.cpp and its libraries come from there, nothing else"
declare_role <<'YAML'
llama_cpp_suite: ""
YAML
roost_ends 2 apply llama.yml -i inventory
check_contains "sentence" "use llama_cpp_method archive or source, or llama_cpp_suite forky, which brings a newer C library along" "$(sentence box)"
check_recap box changed=0
declare_role <<'YAML'
llama_cpp_backends: []
YAML
roost_ends 2 check llama.yml -i inventory
check_recap box failed=0
check_fails on_box ls /etc/apt/preferences.d/roost-llama-cpp
roost_ends 0 apply llama.yml -i inventory
check_contains "server" "version: " "$(on_box llama-server --version 2>&1)"
check_equal "what else would come from there" "" "$(on_box apt-get --simulate dist-upgrade |
    sed -n '/testing/s/^Inst \([^ ]*\).*/\1/p' | grep -vxE 'lib(c6|c-bin|c-gconv-modules-extra|gcc-s1|gomp1|stdc[+][+]6|ssl3t64|ggml.*|llama.*)|gcc-[0-9]+-base|openssl-provider-legacy|llama.cpp.*')"
check_contains "another package" "Candidate: $(on_box "dpkg-query -W -f '\${Version}' systemd")" "$(on_box apt-cache policy systemd)"
roost_ends 0 apply llama.yml -i inventory
check_recap box changed=0 failed=0
echo 'llama_cpp_state: absent' >>inventory/group_vars/nodes.yml
roost_ends 0 apply llama.yml -i inventory
check_fails on_box command -v llama-server
check_equal "suite and pins" "" "$(on_box 'cd /etc/apt && ls sources.list.d preferences.d | grep roost' || true)"
