/* SPDX-License-Identifier: Apache-2.0 */
/* Jinja expressions of inventory plugins: names come from one host's variables, which are templated when they are asked for. */
#include <string.h>

#include "common/base/path.h"
#include "engine/inventory/inventory_expression.h"

static bool name_get(void *context, struct arena *arena, const char *name, size_t length, const struct value **out,
                     struct error *err)
{
    struct inventory_expression *expression = context;
    const struct value *found = value_map_get_n(expression->over, name, length);
    struct template_call call = expression->call;
    bool ok;

    if (found == NULL)
        found = value_map_get_n(expression->map, name, length);
    *out = found;
    if (found == NULL || (found->marks & VALUE_STATIC) != 0)
        return true;
    call.arena = arena;
    call.depth = ++expression->call.depth; /* LIMIT_TEMPLATE_CALLS ends what needs itself */
    ok = template_value(&call, found, out, err);
    expression->call.depth--;
    if (ok || err->kind != ERROR_UNDEFINED)
        return ok;
    *out = value_undefined(arena, arena_printf(arena, "%.*s", (int)length, name));
    error_clear(err);
    return true;
}

static const struct value *names_all(void *context, struct arena *arena)
{
    struct inventory_expression *expression = context;
    struct value *names = value_list(arena);

    for (size_t i = 0; i < value_count(expression->map); i++)
        value_list_add(arena, names, value_pair_at(expression->map, i)->key);
    for (size_t i = 0; i < value_count(expression->over); i++) {
        const struct value *key = value_pair_at(expression->over, i)->key;

        if (value_map_get_value(expression->map, key) == NULL)
            value_list_add(arena, names, key);
    }
    return names;
}

bool inventory_expression_open(struct inventory_expression *out, struct inventory_source *source, struct error *err)
{
    struct arena *arena = source->inventory->arena;
    const char **folders = arena_new_array(arena, const char *, 2);

    if (source->config->templates == NULL)
        return error_set(err, "templates cannot be evaluated here");
    folders[0] = path_dirname(arena, source->path);
    out->vars = (struct template_vars){ .context = out, .get = name_get, .names = names_all };
    out->call = (struct template_call){ .env = source->config->templates,
                                        .arena = arena,
                                        .vars = &out->vars,
                                        .search_folders = folders,
                                        .warnings = source->config->warnings,
                                        .decrypt = source->config->decrypt,
                                        .decrypt_context = source->config->decrypt_context };
    return true;
}
