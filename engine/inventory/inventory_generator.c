/* SPDX-License-Identifier: Apache-2.0 */
/* The plugin `generator`: a host for every combination of the layers' values, in groups whose names are templates. */
#include <string.h>

#include "common/base/text.h"
#include "common/value/value_python.h"
#include "engine/inventory/inventory_expression.h"

struct generator {
    struct inventory_source *source;
    struct inventory *inventory;
    struct inventory_expression expression;
    const struct value *layers;
    int depth;
    struct error *err;
};

static bool generator_error(struct generator *in, const struct value *at, const char *text)
{
    struct source_position position = value_position(at);

    error_set_kind(in->err, ERROR_PARSE, "%s", text);
    return error_locate(in->err, &position);
}

static bool rendered(struct generator *in, const struct value *written, const struct value **out)
{
    struct template_file_options options = TEMPLATE_FILE_OPTIONS;
    struct source_position at = value_position(written);

    options.path = in->source->path;
    options.trim_blocks = false;
    options.keep_trailing_newline = false;
    if (value_text(written) == NULL) {
        *out = written;
        return true;
    }
    return template_text(&in->expression.call, written->as.string.data, written->as.string.length, &options, out,
                         in->err) ||
           error_locate(in->err, &at);
}

static bool name_of(struct generator *in, const struct value *written, const char **out)
{
    const struct value *made = NULL;

    if (!rendered(in, written, &made))
        return false;
    *out = value_to_text(in->inventory->arena, made);
    return (*out)[0] != '\0' || generator_error(in, written, "a name that came out empty");
}

static bool parents_add(struct generator *in, const char *child, struct inventory_host *host,
                        const struct value *parents);

static bool parent_add(struct generator *in, const char *child, struct inventory_host *host, const struct value *parent)
{
    const struct value *written = value_map_get(parent, "name"), *vars = value_map_get(parent, "vars"), *made = NULL;
    struct inventory_group *group, *below = inventory_find_group(in->inventory, child);
    const char *name = NULL;

    if (written == NULL)
        return generator_error(
            in, parent, arena_printf(in->inventory->arena, "Element %s has a parent with no name element", child));
    if (!name_of(in, written, &name))
        return false;
    group = inventory_add_group(in->inventory, name);
    for (size_t i = 0; i < value_map_count(vars); i++) {
        if (!rendered(in, value_pair_at(vars, i)->item, &made))
            return false;
        inventory_group_set(in->inventory, group, value_pair_at(vars, i)->key, made);
    }
    if (below != NULL && !inventory_try_child(in->inventory, group, below, in->err))
        return false;
    if (below == NULL)
        inventory_add_to_group(in->inventory, group, host);
    return parents_add(in, group->name, NULL, value_map_get(parent, "parents"));
}

static bool parents_add(struct generator *in, const char *child, struct inventory_host *host,
                        const struct value *parents)
{
    bool ok = true;

    if (++in->depth > LIMIT_INCLUDE_DEPTH)
        return generator_error(in, parents, "parents are nested too deep");
    for (size_t i = 0; ok && i < value_count(parents); i++)
        ok = parent_add(in, child, host, value_item(parents, i));
    in->depth--;
    return ok;
}

/* The host of one combination; the last layer changes first, as in Python's product(). */
static bool combination(struct generator *in, size_t number, const struct value *hosts)
{
    struct arena *arena = in->inventory->arena;
    size_t count = value_count(in->layers);
    struct value *vars = value_map(arena);
    const char *name = NULL;

    for (size_t i = count; i-- > 0;) {
        const struct value_pair *layer = value_pair_at(in->layers, i);
        size_t size = value_count(layer->item);

        value_map_put_value(arena, vars, layer->key, value_item(layer->item, number % size));
        number /= size;
    }
    in->expression.map = vars;
    if (!name_of(in, value_map_get(hosts, "name"), &name))
        return false;
    return parents_add(in, name, inventory_add_host(in->inventory, name), value_map_get(hosts, "parents"));
}

static bool combinations_count(struct generator *in, size_t *out)
{
    size_t total = 1;

    for (size_t i = 0; i < value_count(in->layers); i++) {
        const struct value_pair *layer = value_pair_at(in->layers, i);

        if (!value_is(layer->item, VALUE_LIST))
            return generator_error(in, layer->item, "a layer must be a list of values");
        total *= value_count(layer->item);
        if (total > LIMIT_HOSTS)
            return generator_error(
                in, in->layers,
                arena_printf(in->inventory->arena, "an inventory may hold at most %d hosts", LIMIT_HOSTS));
    }
    *out = total;
    return true;
}

bool inventory_read_generator(struct inventory_source *source, struct error *err)
{
    struct generator in = { .source = source, .inventory = source->inventory, .err = err };
    const struct value *options = NULL, *hosts;
    size_t total = 0;

    if (!inventory_plugin_options(source, "generator", &options, err) ||
        !inventory_expression_open(&in.expression, source, err))
        return false;
    in.layers = value_map_get(options, "layers");
    hosts = value_map_get(options, "hosts");
    if (!value_is(in.layers, VALUE_MAP) || !value_is(hosts, VALUE_MAP) || value_map_get(hosts, "name") == NULL)
        return generator_error(&in, options, "a generator needs 'layers' (lists of values) and 'hosts' with a 'name'");
    if (!combinations_count(&in, &total))
        return false;
    for (size_t i = 0; i < total; i++) {
        if (!combination(&in, i, hosts))
            return false;
    }
    return true;
}
