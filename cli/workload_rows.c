/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of `roost ps` and `roost launch`. */
#include "cli/workload_rows.h"

#include "cli/table.h"
#include "common/base/text.h"

static const struct table_column layout[] = {
    { "WORKLOAD", "name", false }, { "STATE", "state", false }, { "NODES", "nodes", false },
    { "PORT", "port", false },     { "TOK/S", "speed", false }, { "LAST PROBE", "probed", false },
    { "WHAT", "sentence", false },
};

static bool is_named(const struct value *names, const char *name)
{
    for (size_t i = 0; names != NULL && i < value_count(names); i++) {
        if (text_equal(value_text(value_item(names, i)), name))
            return true;
    }
    return names == NULL;
}

bool workload_is_among(struct arena *arena, const struct value *items, const char *name, bool by_alias,
                       const char **nearest_out)
{
    const char **names = arena_new_array(arena, const char *, 2 * value_count(items) + 1);
    size_t count = 0;

    *nearest_out = NULL;
    for (size_t i = 0; i < value_count(items); i++) {
        const struct value *item = value_item(items, i), *models = value_map_get(item, "models");
        const char *alias = by_alias ? value_map_text(item, "alias") : NULL;

        if (text_equal(value_map_text(item, "name"), name) || text_equal(alias, name) ||
            (by_alias && models != NULL && is_named(models, name)))
            return true;
        if (value_map_text(item, "name") != NULL)
            names[count++] = value_map_text(item, "name");
        if (alias != NULL)
            names[count++] = alias;
    }
    *nearest_out = text_nearest(name, names, count);
    return false;
}

static const char *joined(struct arena *arena, const struct value *list)
{
    struct text text = text_new(arena);

    for (size_t i = 0; value_is(list, VALUE_LIST) && i < value_count(list); i++)
        text_printf(&text, "%s%s", i > 0 ? "," : "", value_text(value_item(list, i)));
    return text.length > 0 ? text.data : NULL;
}

static const char *probed(struct arena *arena, const struct value *instance)
{
    const char *at = value_map_text(instance, "probed_at");
    const struct value *ms = value_map_get(instance, "probe_ms");

    if (at == NULL)
        return NULL;
    return value_is(ms, VALUE_REAL) ? arena_printf(arena, "%s, %.0f ms", table_age_of(arena, at), ms->as.real)
                                    : table_age_of(arena, at);
}

static const char *speed(struct arena *arena, const struct value *instance)
{
    const struct value *decode = value_map_get(instance, "decode_per_s");

    return value_is(decode, VALUE_REAL) ? arena_printf(arena, "%.1f", decode->as.real) : NULL;
}

static const struct value *row_of(struct arena *arena, const struct value *workload, const struct value *instance,
                                  bool is_one)
{
    struct value *row = value_map(arena);
    const char *name = value_map_text(workload, "name");
    const struct value *of = instance != NULL ? instance : workload;
    const struct value *replica = value_map_get(instance, "replica"), *port = value_map_get(instance, "port");

    if (!is_one && value_is(replica, VALUE_INT))
        name = arena_printf(arena, "%s.%lld", name, (long long)replica->as.integer);
    value_map_put_string(arena, row, "name", name);
    value_map_put_string(arena, row, "state", value_map_text(of, "state"));
    value_map_put_string(arena, row, "nodes", joined(arena, value_map_get(instance, "nodes")));
    value_map_put_string(arena, row, "port",
                         value_is(port, VALUE_INT) ? arena_printf(arena, "%lld", (long long)port->as.integer) : NULL);
    value_map_put_string(arena, row, "speed", speed(arena, instance));
    value_map_put_string(arena, row, "probed", probed(arena, instance));
    value_map_put_string(arena, row, "sentence", value_map_text(of, "sentence"));
    return row;
}

const struct value *workload_rows(struct arena *arena, const struct value *items, const struct value *names)
{
    struct value *rows = value_list(arena);

    for (size_t i = 0; i < value_count(items); i++) {
        const struct value *workload = value_item(items, i), *instances = value_map_get(workload, "instances");

        if (!is_named(names, value_map_text(workload, "name")))
            continue;
        if (value_count(instances) == 0)
            value_list_add(arena, rows, row_of(arena, workload, NULL, true));
        for (size_t j = 0; j < value_count(instances); j++)
            value_list_add(arena, rows, row_of(arena, workload, value_item(instances, j), value_count(instances) == 1));
    }
    return rows;
}

void workload_rows_print(struct arena *arena, FILE *out, const struct value *rows, int columns)
{
    table_print(arena, out, rows, layout, sizeof(layout) / sizeof(layout[0]), columns);
}
