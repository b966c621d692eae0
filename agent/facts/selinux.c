/* SPDX-License-Identifier: Apache-2.0 */
/* SELinux as selinuxfs and its configuration tell it. `selinux_python_present` is true: nothing has to be installed
 * for us. */

#include "agent/facts/fact_support.h"

static const char *mode_text(const char *enforce)
{
    return !enforce ? "unknown" : enforce[0] == '1' ? "enforcing" : "permissive";
}

static bool selinux_collect(const struct system *system, struct arena *arena, struct value *facts, struct error *err)
{
    struct value *map = value_map(arena);
    const char *enforce = fact_file(system, arena, "/sys/fs/selinux/enforce");
    const char *config = fact_file(system, arena, "/etc/selinux/config");
    int64_t version;

    (void)err;
    value_map_put_string(arena, map, "status", enforce ? "enabled" : "disabled");
    if (enforce) {
        const char *policy = fact_file(system, arena, "/sys/fs/selinux/policyvers");
        const char *config_mode = fact_shell_value(arena, config, "SELINUX");
        const char *type = fact_shell_value(arena, config, "SELINUXTYPE");
        if (policy && text_to_int(policy, &version))
            value_map_put_int(arena, map, "policyvers", version);
        else
            value_map_put_string(arena, map, "policyvers", "unknown");
        value_map_put_string(arena, map, "config_mode", config_mode ? config_mode : "unknown");
        value_map_put_string(arena, map, "mode", mode_text(enforce));
        value_map_put_string(arena, map, "type", type ? type : "unknown");
    }
    value_map_put(arena, facts, "selinux", map);
    value_map_put_bool(arena, facts, "selinux_python_present", true);
    return true;
}

FACT_GROUP_DEFINE(selinux) = { .name = "selinux", .names = FACT_NAMES("min"), .collect = selinux_collect };
