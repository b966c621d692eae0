#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The roles' paths for Fedora 43, Ubuntu 24.04 and 26.04, on Debian nodes dressed as these (families/README.md): real dnf, rpm and
# apt, stand-ins as packages. Looked at, applied, applied again, taken away; what was there before the roles stays, what two
# roles brought stays as long as one of them needs it.

# shellcheck disable=SC2016 # expanded on the node
. "$(dirname "$0")/helpers.bash"
. "$(dirname "$0")/families/helpers.bash"

built roost roost-agent
desk_begin
on() { node ssh box "$@" </dev/null; }

play roles <<'YAML'
- hosts: all
  vars:
    base_users: [{ name: ops2, sudo: true }]
    vulkan_users: [gpu]
    power_users: [meter]
    slurm_use_cgroups: false
    llama_cpp_backends: "{{ ['hip'] if ansible_facts.os_family == 'RedHat' else ['vulkan'] }}"
    network_thunderbolt: true
    network_thunderbolt_module: "" # this kernel has no modules
    network_thunderbolt_address: 10.99.0.1/24
    network_interfaces: []
  roles:
    - base
    - vulkan
    - tuned
    - power
    - iperf3
    - rocm
    - { role: llama_cpp, when: llama | default(true) | bool } # not in Ubuntu 24.04
    - slurm
    - network
YAML
play gone <<'YAML'
- hosts: all
  vars: { vulkan_users: [gpu], network_thunderbolt_module: "" }
  roles:
    - { role: network, network_state: absent }
    - { role: slurm, slurm_state: absent }
    - { role: rocm, rocm_state: absent } # Fedora's llama-cpp needs rocm-hip: that goes with the next one
    - { role: llama_cpp, llama_cpp_state: absent }
    - { role: iperf3, iperf3_state: absent }
    - { role: power, power_state: absent }
    - { role: tuned, tuned_state: absent }
    - { role: vulkan, vulkan_state: absent }
YAML
# Every name of the roles' vars, also those of ways that are not gone here.
play names <<'YAML'
- hosts: all
  tasks:
    - include_vars: "{{ lookup('first_found', files) }}"
      vars:
        role: "{{ playbook_dir }}/roles/{{ item }}/vars"
        files: >-
          {{ [ansible_facts.distribution | lower ~ '-' ~ ansible_facts.distribution_major_version, ansible_facts.os_family,
             ansible_facts.os_family | lower] | map('regex_replace', '^(.*)$', role ~ '/\1.yml') | list }}
      loop: [vulkan, rocm, slurm, llama_cpp, distributed_llama]
    - include_role: { name: packages }
      vars:
        packages_owner: names
        llama_cpp_backends: [vulkan]
        llama_cpp_rpc: false # which release of Ubuntu has it as a package could not be looked up
        packages_names: >-
          {{ vulkan_distribution_packages + rocm_default_packages.packages + slurm_packages_all + slurm_packages_controller
             + slurm_packages_node + llama_cpp_os_packages + llama_cpp_os_archive_packages + llama_cpp_os_source_packages
             + distributed_llama_default_packages + more[ansible_facts.os_family] }}
        more:
          Debian: [hpcc, openmpi-bin, libopenblas0-pthread, gcc, g++, make, perl, ca-certificates, curl, htop, rsync]
          RedHat: [gcc, gcc-c++, make, perl, ca-certificates, curl, htop, rsync]
YAML
ln -s "$ROOT/roles" roles

# goes_well PART...: nothing failed; otherwise what was said is shown.
goes_well() {
    [[ $(recap box) == *"failed=0"* ]] || grep -B 3 -E '^(fatal|failed):' "$DESK/out" >&2 || true
    check_recap box failed=0 unreachable=0 "$@"
}

# passes: looked at, applied, applied again.
passes() {
    packages >before
    roost_ends 2 check roles.yml -i hosts.ini
    goes_well
    packages | diff before - || fail "looking at the node installed something"
    roost_ends 2 check names.yml -i hosts.ini
    goes_well
    roost_ends 0 apply roles.yml -i hosts.ini
    goes_well
    roost_ends 0 apply roles.yml -i hosts.ini
    goes_well changed=0
    check_equal "a unit" "enabled active" "$(on 'echo $(systemctl is-enabled slurmctld; systemctl is-active slurmctld)')"
    check_equal "TuneD" "Current active profile: accelerator-performance" "$(on tuned-adm active)"
    check_contains "groups of an account" render "$(on id -nG gpu)"
}

# leaves PACKAGE...: taken away, these are there as before, and of the others only what role base brought.
leaves() {
    roost_ends 0 apply gone.yml -i hosts.ini
    goes_well
    check_equal "packages that came" "$(printf '%s\n' "$@" | sort)" "$(packages | comm -13 before -)"
    check_equal "packages that went" "" "$(packages | comm -23 before -)"
    check_fails on "ls -d /etc/slurm /var/lib/roost/packages.json /etc/ansible"
    roost_ends 0 apply gone.yml -i hosts.ini
    goes_well changed=0
}

step "Fedora 43: dressed"
nodes_start forky box
node inventory >hosts.ini
dress_fedora box
packages() { on "rpm -qa --qf '%{NAME}\n'" | sort; }
on "dnf -q -y install fedora-release vulkan-loader tuned-ppd NetworkManager && systemctl enable --now tuned tuned-ppd NetworkManager" >/dev/null 2>&1

step "Fedora 43: from nothing, again, and back"
passes
check_equal "only TuneD sets the knobs" masked "$(on systemctl is-enabled tuned-ppd || true)"
check_contains "NetworkManager" "connection reload" "$(on cat /run/nmcli.log)"
check_equal "who runs the controller" slurm "$(on stat -c %U /var/lib/slurm/slurmctld)"
leaves ca-certificates curl htop rsync
check_equal "TuneD goes on" "Current active profile: balanced" "$(on tuned-adm active)"
check_fails on getent passwd slurm
play file <<'YAML'
- hosts: all
  tasks:
    - include_role: { name: packages }
      vars:
        packages_owner: file
        packages_names: [vulkan-loader-devel]
        packages_file: /srv/repo/noarch/vulkan-loader-devel-1-1.noarch.rpm
YAML
roost_ends 0 apply file.yml -i hosts.ini
check_ok on rpm -q vulkan-loader-devel vulkan-headers
roost_ends 0 apply file.yml -i hosts.ini
goes_well changed=0
roost_ends 0 apply file.yml -i hosts.ini -e packages_state=absent
check_equal "what came with the file" "" "$(on 'rpm -qa "vulkan-*headers" "vulkan-*devel"')"
printf -- '- hosts: all\n  roles: [hpl]\n' >hpl.yml
roost_ends 2 apply hpl.yml -i hosts.ini
check_contains "no package" "with hpl_method source for Fedora" "$OUT"
printf -- '- hosts: all\n  roles: [llama_cpp]\n' >llama.yml
roost_ends 2 apply llama.yml -i hosts.ini
check_contains "no Vulkan" "Fedora's package of llama.cpp has hip and not vulkan" "$(sentence box)"
node destroy box

step "Ubuntu 26.04: from nothing, again, and back"
nodes_start trixie box
node inventory >hosts.ini
dress_ubuntu box 26.04 resolute
packages() { on "dpkg-query -W -f '\${Package}\n'" | sort; }
on "apt-get -qq install libvulkan1 iperf3 power-profiles-daemon && systemctl enable --now power-profiles-daemon systemd-networkd" >/dev/null 2>&1
passes
check_equal "only TuneD sets the knobs" masked "$(on systemctl is-enabled power-profiles-daemon || true)"
leaves curl htop rsync

step "what two roles asked for goes with the second"
play shared <<'YAML'
- hosts: all
  tasks:
    - include_role: { name: packages }
      vars: { packages_names: [glslc], packages_owner: "{{ owner }}" }
YAML
shared() { roost_ends 0 apply shared.yml -i hosts.ini -e "owner=$1" -e "packages_state=$2"; }
shared one present
shared two present
shared one absent
check_ok on dpkg-query -W glslc
shared two absent
check_fails on dpkg-query -W glslc

step "Ubuntu 24.04: the same names but llama.cpp's"
dress_ubuntu box 24.04 noble
roost_ends 2 check names.yml -i hosts.ini
goes_well
roost_ends 2 check roles.yml -i hosts.ini -e llama=false
goes_well
roost_ends 2 apply llama.yml -i hosts.ini
check_contains "no package" "Ubuntu 24.04 has no package of llama.cpp: on box use llama_cpp_method archive or source" "$(sentence box)"
