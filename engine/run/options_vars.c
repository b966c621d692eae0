/* SPDX-License-Identifier: Apache-2.0 */
/* Variables of the run's options. ansible_version tells which language level playbooks may expect. */
#include "engine/run/options_vars.h"

static const struct value *texts(struct arena *arena, const char *const *list, const char *fallback)
{
    struct value *out = value_list(arena);

    for (; list != NULL && *list != NULL; list++)
        value_list_add(arena, out, value_string(arena, *list));
    if (value_count(out) == 0 && fallback != NULL)
        value_list_add(arena, out, value_string(arena, fallback));
    return out;
}

static const struct value *version(struct arena *arena)
{
    struct value *map = value_map(arena);

    value_map_put_string(arena, map, "string", OPTIONS_LANGUAGE_LEVEL);
    value_map_put_string(arena, map, "full", OPTIONS_LANGUAGE_LEVEL);
    value_map_put_int(arena, map, "major", 2);
    value_map_put_int(arena, map, "minor", 14);
    value_map_put_int(arena, map, "revision", 18);
    return map;
}

const struct value *options_variables(struct arena *arena, const struct run_options *options, int forks)
{
    struct value *map = value_map(arena);

    value_map_put(arena, map, "ansible_version", version(arena));
    value_map_put_bool(arena, map, "ansible_check_mode", options->check_mode);
    value_map_put_bool(arena, map, "ansible_diff_mode", options->diff_mode);
    value_map_put_int(arena, map, "ansible_forks", forks);
    value_map_put_int(arena, map, "ansible_verbosity", options->verbosity);
    value_map_put(arena, map, "ansible_run_tags", texts(arena, options->tags, "all"));
    value_map_put(arena, map, "ansible_skip_tags", texts(arena, options->skip_tags, NULL));
    value_map_put_string(arena, map, "ansible_playbook_python", "/usr/bin/python3");
    value_map_put_string(arena, map, "omit", RUN_OMIT_TEXT);
    if (options->inventory != NULL && options->inventory->sources != NULL)
        value_map_put(arena, map, "ansible_inventory_sources", options->inventory->sources);
    if (options->limit != NULL)
        value_map_put_string(arena, map, "ansible_limit", options->limit);
    return map;
}
