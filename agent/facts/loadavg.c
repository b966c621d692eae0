/* SPDX-License-Identifier: Apache-2.0 */
/* Load averages. On a live node from the kernel's own numbers, which are finer than the text in /proc. */
#include <stdlib.h>

#include "agent/facts/fact_support.h"

static bool loadavg_read(const struct system *system, struct arena *arena, double loads[3])
{
    if (fact_is_live(system))
        return getloadavg(loads, 3) == 3;
    const char *text = fact_file(system, arena, "/proc/loadavg");
    const struct value *words = text ? fact_words(arena, text) : NULL;
    for (size_t i = 0; i < 3; i++)
        if (value_count(words) < 3 || !text_to_real(value_text(value_item(words, i)), &loads[i]))
            return false;
    return true;
}

static bool loadavg_collect(const struct system *system, struct arena *arena, struct value *facts, struct error *err)
{
    struct value *map = value_map(arena);
    double loads[3];

    (void)err;
    if (!loadavg_read(system, arena, loads))
        return true;
    value_map_put(arena, map, "1m", value_real(arena, loads[0]));
    value_map_put(arena, map, "5m", value_real(arena, loads[1]));
    value_map_put(arena, map, "15m", value_real(arena, loads[2]));
    value_map_put(arena, facts, "loadavg", map);
    return true;
}

FACT_GROUP_DEFINE(loadavg) = { .name = "loadavg", .collect = loadavg_collect };
