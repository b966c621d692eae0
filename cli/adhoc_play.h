/* SPDX-License-Identifier: Apache-2.0 */
/* The play that stands for a command with one module. */
#pragma once

#include "common/value/value.h"

/* A list with one play of one task, as ad-hoc commands run it. */
static inline const struct value *verb_adhoc_play_of(struct arena *arena, const char *pattern, const struct value *task)
{
    struct value *play = value_map(arena), *tasks = value_list(arena), *plays = value_list(arena);
    value_list_add(arena, tasks, task);
    value_map_put_string(arena, play, "name", "Ansible Ad-Hoc");
    value_map_put_string(arena, play, "hosts", pattern);
    value_map_put_bool(arena, play, "gather_facts", false);
    value_map_put(arena, play, "tasks", tasks);
    value_list_add(arena, plays, play);
    return plays;
}

/* The same by a module's name. */
static inline const struct value *verb_adhoc_play(struct arena *arena, const char *pattern, const char *module,
                                                  const struct value *args)
{
    struct value *task = value_map(arena);
    value_map_put(arena, task, module, args);
    return verb_adhoc_play_of(arena, pattern, task);
}
