/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether this is a guest, a host, or plain iron. Containers first, then what firmware and processor say, then
 * what the kernel offers. The first finding names type and role; `tech` lists collect all of them.
 */
#include <regex.h>
#include <string.h>

#include "agent/facts/fact_support.h"

#define DMI "/sys/devices/virtual/dmi/id/"

struct virtualization {
    const struct system *system;
    struct arena *arena;
    struct value *guest, *host;
    const char *type, *role; /* NULL until found */
};

static void tech_add(struct arena *arena, struct value *list, const char *name)
{
    for (size_t i = 0; i < value_count(list); i++)
        if (strcmp(value_text(value_item(list, i)), name) == 0)
            return;
    value_list_add(arena, list, value_string(arena, name));
}

static void found_guest(struct virtualization *virt, const char *name)
{
    tech_add(virt->arena, virt->guest, name);
    if (!virt->type) {
        virt->type = name;
        virt->role = "guest";
    }
}

static void found_host(struct virtualization *virt, const char *name, const char *role)
{
    tech_add(virt->arena, virt->host, name);
    if (!virt->type) {
        virt->type = name;
        virt->role = role;
    }
}

static bool exists(const struct virtualization *virt, const char *path)
{
    return fact_exists(virt->system, virt->arena, path);
}

static const char *content(const struct virtualization *virt, const char *path)
{
    const char *text = fact_file(virt->system, virt->arena, path);

    return text ? text : "";
}

static bool matches(const char *text, const char *pattern)
{
    regex_t regex;
    bool is_match = regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB | REG_NEWLINE) == 0;

    if (is_match) {
        is_match = regexec(&regex, text, 0, NULL, 0) == 0;
        regfree(&regex);
    }
    return is_match;
}

/* --- containers --- */

static void look_at_environment(struct virtualization *virt)
{
    size_t length = 0;
    const char *data = fact_file_raw(virt->system, virt->arena, "/proc/1/environ", &length);

    for (size_t at = 0; data && at < length; at += strlen(data + at) + 1) {
        const char *entry = data + at;
        if (strstr(entry, "container=lxc"))
            found_guest(virt, "lxc");
        if (strstr(entry, "container=podman"))
            found_guest(virt, "podman");
        if (text_starts(entry, "container=") && entry[10])
            found_guest(virt, "container");
    }
}

static void look_at_cgroups(struct virtualization *virt)
{
    const char *groups = content(virt, "/proc/1/cgroup");

    if (matches(groups, "/docker(/|-[0-9a-f]+\\.scope)"))
        found_guest(virt, "docker");
    if (strstr(groups, "/lxc/") || strstr(groups, "/machine.slice/machine-lxc"))
        found_guest(virt, "lxc");
    if (strstr(groups, "/system.slice/containerd.service"))
        found_guest(virt, "containerd");
}

static void look_at_containers(struct virtualization *virt)
{
    static const char *const kinds[] = { "docker", "lxc", "podman", "openvz", "containerd", NULL };
    const char *named = content(virt, "/run/systemd/container");

    look_at_cgroups(virt);
    look_at_environment(virt);
    if (exists(virt, "/proc/vz") && !exists(virt, "/proc/lve")) {
        if (exists(virt, "/proc/bc"))
            found_host(virt, "openvz", "host");
        else
            found_guest(virt, "openvz");
    }
    if (named[0])
        found_guest(virt, named);
    if (exists(virt, "/.dockerenv") || exists(virt, "/.dockerinit"))
        found_guest(virt, "docker");
    bool is_container = named[0] != '\0';
    for (size_t i = 0; i < value_count(virt->guest); i++)
        is_container = is_container || text_in(value_text(value_item(virt->guest, i)), kinds);
    if (is_container)
        tech_add(virt->arena, virt->guest, "container");
}

/* --- firmware --- */

static const struct {
    const char *file, *text, *tech;
} firmware[] = {
    { "product_name", "KVM", "kvm" },
    { "product_name", "KVM Server", "kvm" },
    { "product_name", "Bochs", "kvm" },
    { "product_name", "AHV", "kvm" },
    { "sys_vendor", "oVirt", "oVirt" },
    { "product_name", "VMware Virtual Platform", "VMware" },
    { "product_name", "VMware7,1", "VMware" },
    { "product_name", "OpenStack Compute", "openstack" },
    { "product_name", "OpenStack Nova", "openstack" },
    { "bios_vendor", "Xen", "xen" },
    { "bios_vendor", "innotek GmbH", "virtualbox" },
    { "bios_vendor", "Amazon EC2", "kvm" },
    { "bios_vendor", "DigitalOcean", "kvm" },
    { "bios_vendor", "Hetzner", "kvm" },
    { "sys_vendor", "QEMU", "kvm" },
    { "sys_vendor", "Amazon EC2", "kvm" },
    { "sys_vendor", "DigitalOcean", "kvm" },
    { "sys_vendor", "Google", "kvm" },
    { "sys_vendor", "Scaleway", "kvm" },
    { "sys_vendor", "Nutanix", "kvm" },
    { "sys_vendor", "KubeVirt", "KubeVirt" },
    { "sys_vendor", "Microsoft Corporation", "VirtualPC" },
    { "sys_vendor", "Parallels Software International Inc.", "parallels" },
    { "sys_vendor", "OpenStack Foundation", "openstack" },
};

static void look_at_firmware(struct virtualization *virt)
{
    const char *product = content(virt, DMI "product_name");

    if (exists(virt, "/proc/xen")) {
        if (strstr(content(virt, "/proc/xen/capabilities"), "control_d"))
            found_host(virt, "xen", "host");
        else if (!virt->type) { /* not listed as a guest's tech: dom0 tools alone leave this folder too */
            virt->type = "xen";
            virt->role = "guest";
        }
    }
    if (strcmp(content(virt, DMI "sys_vendor"), "Red Hat") == 0) {
        if (strcmp(content(virt, DMI "product_family"), "RHV") == 0)
            found_guest(virt, "RHV");
        else if (strcmp(product, "RHEV Hypervisor") == 0)
            found_guest(virt, "RHEV");
    }
    for (size_t i = 0; i < sizeof firmware / sizeof firmware[0]; i++) {
        const char *path = arena_printf(virt->arena, DMI "%s", firmware[i].file);
        if (strcmp(content(virt, path), firmware[i].text) == 0)
            found_guest(virt, firmware[i].tech);
    }
    if (text_starts(product, "VMware"))
        found_guest(virt, "VMware");
    if (strstr(product, "BHYVE"))
        found_guest(virt, "bhyve");
}

/* --- processor and kernel --- */

static void look_at_processor(struct virtualization *virt)
{
    const char *cpu = content(virt, "/proc/cpuinfo"), *status = content(virt, "/proc/self/status");

    if (matches(status, "^VxID:[[:space:]]+0"))
        found_host(virt, "linux_vserver", "host");
    else if (matches(status, "^VxID:[[:space:]]+[0-9]"))
        found_guest(virt, "linux_vserver");
    if (matches(cpu, "^model name.*QEMU Virtual CPU") || matches(cpu, "^machine.*CHRP IBM pSeries .emulated by qemu."))
        found_guest(virt, "kvm");
    if (matches(cpu, "^vendor_id.*User Mode Linux|^model name.*UML"))
        found_guest(virt, "uml");
    if (matches(cpu, "^vendor_id.*PowerVM Lx86"))
        found_guest(virt, "powervm_lx86");
    if (matches(cpu, "^vendor_id.*IBM/S390")) {
        found_guest(virt, "PR/SM");
        if (strcmp(virt->type, "PR/SM") == 0)
            virt->role = "LPAR";
    }
}

static void look_at_kernel(struct virtualization *virt)
{
    const char *modules = content(virt, "/proc/modules");

    if (matches(modules, "^kvm "))
        found_host(virt, "kvm", "host");
    if (matches(modules, "^vboxdrv "))
        found_host(virt, "virtualbox", "host");
    if (matches(modules, "^virtio "))
        found_host(virt, "kvm", "guest");
    if (exists(virt, "/dev/kvm"))
        found_host(virt, "kvm", "host");
}

static bool virtual_collect(const struct system *system, struct arena *arena, struct value *facts, struct error *err)
{
    struct virtualization virt = {
        .system = system, .arena = arena, .guest = value_list(arena), .host = value_list(arena)
    };

    (void)err;
    look_at_containers(&virt);
    look_at_firmware(&virt);
    look_at_processor(&virt);
    look_at_kernel(&virt);
    value_map_put_string(arena, facts, "virtualization_type", virt.type ? virt.type : "NA");
    value_map_put_string(arena, facts, "virtualization_role", virt.role ? virt.role : "NA");
    value_map_put(arena, facts, "virtualization_tech_guest", virt.guest);
    value_map_put(arena, facts, "virtualization_tech_host", virt.host);
    return true;
}

FACT_GROUP_DEFINE(virtual) = {
    .name = "virtual",
    .names = FACT_NAMES("virtualization_type", "virtualization_role", "virtualization_tech_guest",
                        "virtualization_tech_host"),
    .collect = virtual_collect,
};
