/* SPDX-License-Identifier: Apache-2.0 */
/* AppArmor: whether the kernel has it on. */
#include "agent/facts/fact_support.h"

static bool apparmor_collect(const struct system *system, struct arena *arena, struct value *facts, struct error *err)
{
    struct value *map = value_map(arena);
    bool is_on = fact_exists(system, arena, "/sys/kernel/security/apparmor");

    (void)err;
    value_map_put_string(arena, map, "status", is_on ? "enabled" : "disabled");
    value_map_put(arena, facts, "apparmor", map);
    return true;
}

FACT_GROUP_DEFINE(apparmor) = { .name = "apparmor", .names = FACT_NAMES("min"), .collect = apparmor_collect };
