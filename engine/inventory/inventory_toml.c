/* SPDX-License-Identifier: Apache-2.0 */
/* TOML inventories: groups as tables, each with hosts and vars (tables) and children (a list of names). */
#include <string.h>

#include "common/value/value_python.h"
#include "engine/inventory/inventory_internal.h"

struct toml_inventory {
    struct inventory *inventory;
    struct value *warnings;
    struct error *err;
};

static bool kind_error(struct toml_inventory *reader, const char *group, const struct value_pair *pair,
                       const char *wanted)
{
    struct source_position at = value_position(pair->key);

    return error_set_at(reader->err, &at, "Invalid \"%s\" entry for \"%s\" group, requires a %s, found a %s instead.",
                        value_text(pair->key), group, wanted, value_kind_text(pair->item));
}

static bool hosts_read(struct toml_inventory *reader, struct inventory_group *group, const struct value *hosts)
{
    for (size_t i = 0; i < value_count(hosts); i++) {
        const struct value_pair *pair = value_pair_at(hosts, i);
        struct source_position at = value_position(pair->key);

        if (!value_is(pair->item, VALUE_MAP))
            return error_set_at(reader->err, &at, "the variables of host '%s' must be a dictionary, got a %s",
                                value_text(pair->key), value_kind_text(pair->item));
        if (!inventory_add_pattern(reader->inventory, group, value_text(pair->key), pair->item, reader->err))
            return error_locate(reader->err, &at);
    }
    return true;
}

static bool children_read(struct toml_inventory *reader, struct inventory_group *group, const struct value *children)
{
    for (size_t i = 0; i < value_count(children); i++) {
        const struct value *name = value_item(children, i);
        struct source_position at = value_position(name);

        if (value_text(name) == NULL || value_text(name)[0] == '\0')
            return error_set_at(reader->err, &at, "Invalid group name supplied, expected a string");
        if (!inventory_try_child(reader->inventory, group, inventory_add_group(reader->inventory, value_text(name)),
                                 reader->err))
            return error_locate(reader->err, &at);
    }
    return true;
}

static bool section_read(struct toml_inventory *reader, struct inventory_group *group, const struct value_pair *pair)
{
    const char *key = value_text(pair->key);
    struct arena *arena = reader->inventory->arena;

    if (strcmp(key, "children") == 0)
        return value_is(pair->item, VALUE_LIST) ? children_read(reader, group, pair->item)
                                                : kind_error(reader, group->name, pair, "list");
    if (strcmp(key, "hosts") == 0)
        return value_is(pair->item, VALUE_MAP) ? hosts_read(reader, group, pair->item)
                                               : kind_error(reader, group->name, pair, "dict");
    if (strcmp(key, "vars") != 0) {
        inventory_warn(reader->inventory, reader->warnings,
                       arena_printf(arena,
                                    "Skipping unexpected key \"%s\" in group \"%s\", only \"vars\", \"children\" and "
                                    "\"hosts\" are valid",
                                    key, group->name));
        return true;
    }
    if (!value_is(pair->item, VALUE_MAP))
        return kind_error(reader, group->name, pair, "dict");
    for (size_t i = 0; i < value_count(pair->item); i++)
        inventory_group_set(reader->inventory, group, value_pair_at(pair->item, i)->key,
                            value_pair_at(pair->item, i)->item);
    return true;
}

bool inventory_read_toml(struct inventory *inventory, const struct value *content, struct value *warnings,
                         struct error *err)
{
    struct toml_inventory reader = { inventory, warnings, err };

    if (value_count(content) == 0)
        return error_set_kind(err, ERROR_PARSE, "Parsed empty TOML file");
    if (value_map_get(content, "plugin") != NULL && value_truthy(value_map_get(content, "plugin")))
        return error_set_kind(err, ERROR_PARSE, "Plugin configuration TOML file, not TOML inventory");
    for (size_t i = 0; i < value_count(content); i++) {
        const struct value_pair *pair = value_pair_at(content, i);
        struct inventory_group *group;

        if (!value_is(pair->item, VALUE_MAP)) {
            inventory_warn(inventory, warnings,
                           arena_printf(inventory->arena, "Skipping '%s' as this is not a valid group definition",
                                        value_text(pair->key)));
            continue;
        }
        group = inventory_add_group(inventory, value_text(pair->key));
        for (size_t k = 0; k < value_count(pair->item); k++) {
            if (!section_read(&reader, group, value_pair_at(pair->item, k)))
                return false;
        }
    }
    return true;
}
