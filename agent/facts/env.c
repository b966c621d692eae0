/* SPDX-License-Identifier: Apache-2.0 */
/* The environment that commands of this task get. */
#include <string.h>
#include <unistd.h>

#include "agent/facts/fact_support.h"
#include "common/value/value_python.h"

static bool env_collect(const struct system *system, struct arena *arena, struct value *facts, struct error *err)
{
    struct value *map = value_map(arena);

    (void)err;
    for (char **entry = environ; entry && *entry; entry++) {
        size_t length = strcspn(*entry, "=");
        if ((*entry)[length] == '=' && text_utf8_valid(*entry, strlen(*entry)))
            value_map_put_string(arena, map, arena_copy_n(arena, *entry, length), *entry + length + 1);
    }
    for (size_t i = 0; i < value_count(system->environment); i++) {
        const struct value_pair *pair = value_pair_at(system->environment, i);
        value_map_put_string(arena, map, value_to_text(arena, pair->key), value_to_text(arena, pair->item));
    }
    value_map_put(arena, facts, "env", map);
    return true;
}

FACT_GROUP_DEFINE(env) = { .name = "env", .names = FACT_NAMES("min"), .collect = env_collect };
