/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers of unit properties in the words `systemctl show` uses: time spans, points in time, "infinity" and
 * "[not set]", capability sets. Compared with systemd 252's output for every unit of a running machine.
 */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "agent/system/unit/unit_bus.h"
#include "common/base/text.h"

struct span_unit {
    const char *suffix;
    uint64_t us;
};

static const struct span_unit span_units[] = {
    { "y", UINT64_C(31557600000000) },
    { "month", UINT64_C(2629800000000) },
    { "w", UINT64_C(604800000000) },
    { "d", UINT64_C(86400000000) },
    { "h", UINT64_C(3600000000) },
    { "min", UINT64_C(60000000) },
    { "s", UINT64_C(1000000) },
    { "ms", UINT64_C(1000) },
    { "us", UINT64_C(1) },
};

static const char *const capability_names[] = {
    "cap_chown",
    "cap_dac_override",
    "cap_dac_read_search",
    "cap_fowner",
    "cap_fsetid",
    "cap_kill",
    "cap_setgid",
    "cap_setuid",
    "cap_setpcap",
    "cap_linux_immutable",
    "cap_net_bind_service",
    "cap_net_broadcast",
    "cap_net_admin",
    "cap_net_raw",
    "cap_ipc_lock",
    "cap_ipc_owner",
    "cap_sys_module",
    "cap_sys_rawio",
    "cap_sys_chroot",
    "cap_sys_ptrace",
    "cap_sys_pacct",
    "cap_sys_admin",
    "cap_sys_boot",
    "cap_sys_nice",
    "cap_sys_resource",
    "cap_sys_time",
    "cap_sys_tty_config",
    "cap_mknod",
    "cap_lease",
    "cap_audit_write",
    "cap_audit_control",
    "cap_setfcap",
    "cap_mac_override",
    "cap_mac_admin",
    "cap_syslog",
    "cap_wake_alarm",
    "cap_block_suspend",
    "cap_audit_read",
    "cap_perfmon",
    "cap_bpf",
    "cap_checkpoint_restore",
};

static const struct {
    uint64_t bit;
    const char *name;
} namespaces[] = {
    { 0x02000000, "cgroup" }, { 0x08000000, "ipc" },  { 0x40000000, "net" }, { 0x00020000, "mnt" },
    { 0x20000000, "pid" },    { 0x10000000, "user" }, { 0x04000000, "uts" },
};

const char *unit_text_timespan(struct arena *arena, uint64_t microseconds)
{
    struct text out = text_new(arena);
    uint64_t rest = microseconds;

    if (microseconds == UINT64_MAX)
        return "infinity";
    if (microseconds == 0)
        return "0";
    for (size_t i = 0; i < sizeof(span_units) / sizeof(span_units[0]) && rest > 0; i++) {
        uint64_t whole = rest / span_units[i].us, part = rest % span_units[i].us;
        int digits = 0;

        if (whole == 0)
            continue;
        for (uint64_t scale = span_units[i].us; scale > 1; scale /= 10)
            digits++;
        if (rest < UINT64_C(60000000) && part > 0) {
            text_printf(&out, "%s%" PRIu64 ".%0*" PRIu64 "%s", out.length > 0 ? " " : "", whole, digits, part,
                        span_units[i].suffix);
            break;
        }
        text_printf(&out, "%s%" PRIu64 "%s", out.length > 0 ? " " : "", whole, span_units[i].suffix);
        rest = part;
    }
    return out.data;
}

const char *unit_text_timestamp(struct arena *arena, uint64_t microseconds)
{
    static const char *const days[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
    time_t seconds = (time_t)(microseconds / 1000000);
    struct tm local;

    if (microseconds == 0 || microseconds == UINT64_MAX || localtime_r(&seconds, &local) == NULL)
        return NULL;
    return arena_printf(arena, "%s %04d-%02d-%02d %02d:%02d:%02d %s", days[local.tm_wday], local.tm_year + 1900,
                        local.tm_mon + 1, local.tm_mday, local.tm_hour, local.tm_min, local.tm_sec, local.tm_zone);
}

static const char *text_capabilities(struct arena *arena, uint64_t set)
{
    struct text out = text_new(arena);

    for (size_t i = 0; i < sizeof(capability_names) / sizeof(capability_names[0]); i++) {
        if ((set & (UINT64_C(1) << i)) != 0)
            text_printf(&out, "%s%s", out.length > 0 ? " " : "", capability_names[i]);
    }
    return out.length > 0 ? out.data : NULL;
}

/* The set of namespaces that remain allowed; all of them: there is no restriction. */
static const char *text_namespaces(struct arena *arena, uint64_t allowed)
{
    struct text out = text_new(arena);
    size_t missing = 0;

    for (size_t i = 0; i < sizeof(namespaces) / sizeof(namespaces[0]); i++) {
        if ((allowed & namespaces[i].bit) != 0)
            text_printf(&out, "%s%s", out.length > 0 ? " " : "", namespaces[i].name);
        else
            missing++;
    }
    if (missing == 0)
        return "no";
    return out.length > 0 ? out.data : "yes";
}

static const char *text_mount_flags(uint64_t flags)
{
    switch (flags) {
    case UINT64_C(1) << 20:
        return "shared";
    case UINT64_C(1) << 19:
        return "slave";
    case UINT64_C(1) << 18:
        return "private";
    default:
        return NULL;
    }
}

/* What the largest number stands for, by the property's name; NULL: it is a number like others. */
static const char *text_largest(const char *name)
{
    static const char *const not_set[] = {
        "CPUWeight",     "StartupCPUWeight",     "IOWeight",      "StartupIOWeight", "CPUShares", "StartupCPUShares",
        "BlockIOWeight", "StartupBlockIOWeight", "MemoryCurrent", "TasksCurrent",    NULL
    };
    static const char *const infinity[] = { "DefaultMemoryLow", "DefaultMemoryMin", "MemoryLow",       "MemoryMin",
                                            "MemoryHigh",       "MemoryMax",        "MemorySwapMax",   "MemoryLimit",
                                            "MemoryAvailable",  "TasksMax",         "DefaultTasksMax", NULL };
    static const char *const no_data[] = { "IPIngressBytes", "IPIngressPackets", "IPEgressBytes", "IPEgressPackets",
                                           NULL };

    if (text_in(name, not_set) || text_ends(name, "NSec"))
        return "[not set]";
    if (text_in(name, infinity) || text_starts(name, "Limit") || text_starts(name, "DefaultLimit"))
        return "infinity";
    return text_in(name, no_data) ? "[no data]" : NULL;
}

const char *unit_text_uint64(struct arena *arena, const char *name, uint64_t number)
{
    static const char *const points[] = { "NextElapseUSecRealtime", "LastTriggerUSec", "TimeUSec", "RTCTimeUSec",
                                          NULL };

    if (text_ends(name, "Timestamp") || text_in(name, points))
        return unit_text_timestamp(arena, number);
    if (strstr(name, "USec") != NULL)
        return unit_text_timespan(arena, number);
    if (strcmp(name, "CapabilityBoundingSet") == 0 || strcmp(name, "AmbientCapabilities") == 0)
        return text_capabilities(arena, number);
    if (strcmp(name, "RestrictNamespaces") == 0)
        return text_namespaces(arena, number);
    if (strcmp(name, "MountFlags") == 0)
        return text_mount_flags(number);
    if (strcmp(name, "CoredumpFilter") == 0)
        return arena_printf(arena, "0x%" PRIx64, number);
    if (number == UINT64_MAX && text_largest(name) != NULL)
        return text_largest(name);
    return arena_printf(arena, "%" PRIu64, number);
}

const char *unit_text_uint32(struct arena *arena, const char *name, uint32_t number)
{
    if (strstr(name, "UMask") != NULL || strstr(name, "Mode") != NULL)
        return arena_printf(arena, "%04o", number);
    if ((strcmp(name, "UID") == 0 || strcmp(name, "GID") == 0) && number == UINT32_MAX)
        return "[not set]";
    return arena_printf(arena, "%" PRIu32, number);
}
