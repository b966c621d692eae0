/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Python of the node, as it tells about itself; nothing where there is none. Its version alone is the group platform's, as in
 * Ansible.
 */
#include "agent/system/host/python.h"

#include "agent/facts/fact_support.h"

static bool python_collect(const struct system *system, struct arena *arena, struct value *facts, struct error *err)
{
    const struct value *answer = fact_is_live(system) ? python_ask(system, arena) : NULL;

    (void)err;
    if (answer != NULL)
        value_map_put(arena, facts, "python", value_map_get(answer, "python"));
    return true;
}

FACT_GROUP_DEFINE(python) = { .name = "python", .names = FACT_NAMES("min"), .collect = python_collect };
