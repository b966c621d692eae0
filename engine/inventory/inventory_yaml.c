/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML inventories: groups as keys, each with hosts, vars and children.
 */
#include <string.h>

#include "common/base/text.h"
#include "common/value/value_python.h"
#include "engine/inventory/inventory_internal.h"

struct yaml_inventory {
    struct inventory *inventory;
    struct value *warnings;
    struct error *err;
    int depth;
};

static bool group_read(struct yaml_inventory *reader, const struct value *key, const struct value *data,
                       struct inventory_group **out);

static bool yaml_error(struct yaml_inventory *reader, const struct value *at, const char *text)
{
    struct source_position position = value_position(at);

    return error_set_at(reader->err, &position, "%s", text);
}

static void yaml_warn(struct yaml_inventory *reader, const char *text)
{
    inventory_warn(reader->inventory, reader->warnings, text);
}

/* "hosts: name" stands for "hosts: {name: }". */
static const struct value *section_map(struct yaml_inventory *reader, const char *group, const struct value_pair *pair)
{
    struct arena *arena = reader->inventory->arena;
    struct value *map;

    if (value_is(pair->item, VALUE_MAP) || value_is(pair->item, VALUE_NULL))
        return pair->item;
    if (value_is(pair->item, VALUE_STRING)) {
        map = value_map(arena);
        value_map_put_value(arena, map, pair->item, value_null());
        return map;
    }
    yaml_error(reader, pair->item,
               arena_printf(arena, "Invalid \"%s\" entry for \"%s\" group, requires a dictionary, found a %s instead.",
                            value_text(pair->key), group, value_kind_text(pair->item)));
    return NULL;
}

static bool hosts_read(struct yaml_inventory *reader, struct inventory_group *group, const struct value *hosts)
{
    for (size_t i = 0; i < value_count(hosts); i++) {
        const struct value_pair *pair = value_pair_at(hosts, i);
        struct source_position at = value_position(pair->key);

        if (value_text(pair->key) == NULL)
            return yaml_error(reader, pair->key,
                              arena_printf(reader->inventory->arena,
                                           "Host pattern %s must be a string. Enclose integers/floats in quotation "
                                           "marks.",
                                           value_to_text(reader->inventory->arena, pair->key)));
        if (!value_is(pair->item, VALUE_MAP) && value_truthy(pair->item))
            return yaml_error(reader, pair->item,
                              arena_printf(reader->inventory->arena,
                                           "the variables of host '%s' must be a dictionary, got "
                                           "a %s",
                                           value_text(pair->key), value_kind_text(pair->item)));
        if (!inventory_add_pattern(reader->inventory, group, value_text(pair->key), pair->item, reader->err))
            return error_locate(reader->err, &at);
    }
    return true;
}

static bool children_read(struct yaml_inventory *reader, struct inventory_group *group, const struct value *children)
{
    for (size_t i = 0; i < value_count(children); i++) {
        const struct value_pair *pair = value_pair_at(children, i);
        struct source_position at = value_position(pair->key);
        struct inventory_group *child = NULL;

        if (!group_read(reader, pair->key, pair->item, &child))
            return false;
        if (child != NULL && !inventory_try_child(reader->inventory, group, child, reader->err))
            return error_locate(reader->err, &at);
    }
    return true;
}

/* Ansible's sentence, then where it stands and what may have been meant. */
static void key_warn(struct yaml_inventory *reader, const struct inventory_group *group, const struct value *key)
{
    static const char *const names[] = { "vars", "children", "hosts" };
    struct arena *arena = reader->inventory->arena;
    struct source_position at = value_position(key);
    const char *name = value_to_text(arena, key), *nearest = text_nearest(name, names, 3);
    const char *hint = nearest == NULL ? "" : arena_printf(arena, ": did you mean \"%s\"?", nearest);

    inventory_unread(reader->inventory, at.path == NULL ? "" : at.path);
    yaml_warn(reader, arena_printf(arena,
                                   "Skipping unexpected key (%s) in group (%s), only \"vars\", \"children\" and "
                                   "\"hosts\" are valid%s (%s:%d:%d)",
                                   name, group->name, hint, at.path == NULL ? "" : at.path, at.line, at.column));
}

static bool section_read(struct yaml_inventory *reader, struct inventory_group *group, const struct value_pair *pair)
{
    const char *key = value_text(pair->key);
    bool known = text_equal(key, "vars") || text_equal(key, "hosts") || text_equal(key, "children");
    const struct value *map = pair->item;
    struct arena *arena = reader->inventory->arena;

    if (known) {
        map = section_map(reader, group->name, pair);
        if (map == NULL)
            return false;
    }
    if (!value_is(map, VALUE_MAP) && !value_is(map, VALUE_NULL)) {
        yaml_warn(reader, arena_printf(arena, "Skipping key (%s) in group (%s) as it is not a mapping, it is a %s", key,
                                       group->name, value_kind_text(map)));
    } else if (value_is(map, VALUE_NULL)) {
        return true;
    } else if (!known) {
        key_warn(reader, group, pair->key);
    } else if (text_equal(key, "vars")) {
        for (size_t i = 0; i < value_count(map); i++)
            inventory_group_set(reader->inventory, group, value_pair_at(map, i)->key, value_pair_at(map, i)->item);
    } else if (text_equal(key, "children")) {
        return children_read(reader, group, map);
    } else {
        return hosts_read(reader, group, map);
    }
    return true;
}

static bool group_read(struct yaml_inventory *reader, const struct value *key, const struct value *data,
                       struct inventory_group **out)
{
    const char *name = value_text(key);
    struct inventory_group *group;

    *out = NULL;
    if (!value_is(data, VALUE_MAP) && !value_is(data, VALUE_NULL)) {
        yaml_warn(reader,
                  arena_printf(reader->inventory->arena, "Skipping '%s' as this is not a valid group definition",
                               name == NULL ? "" : name));
        return true;
    }
    if (name == NULL || name[0] == '\0')
        return yaml_error(reader, key, "Invalid group name supplied, expected a string");
    if (++reader->depth > LIMIT_INCLUDE_DEPTH)
        return yaml_error(reader, key, "groups are nested too deep");
    group = inventory_add_group(reader->inventory, name);
    for (size_t i = 0; i < value_count(data); i++) {
        if (!section_read(reader, group, value_pair_at(data, i)))
            return false;
    }
    reader->depth--;
    *out = group;
    return true;
}

bool inventory_read_yaml(struct inventory *inventory, const struct value *content, struct value *warnings,
                         struct error *err)
{
    struct yaml_inventory reader = { .inventory = inventory, .warnings = warnings, .err = err };
    struct inventory_group *ignored = NULL;

    if (content == NULL || !value_truthy(content))
        return error_set_kind(err, ERROR_PARSE, "Parsed empty YAML file");
    if (!value_is(content, VALUE_MAP))
        return yaml_error(&reader, content,
                          arena_printf(inventory->arena,
                                       "YAML inventory has invalid structure, it should be a dictionary, "
                                       "got: a %s",
                                       value_kind_text(content)));
    if (value_map_get(content, "plugin") != NULL && value_truthy(value_map_get(content, "plugin")))
        return yaml_error(&reader, value_map_get(content, "plugin"),
                          "Plugin configuration YAML file, not YAML inventory");
    for (size_t i = 0; i < value_count(content); i++) {
        if (!group_read(&reader, value_pair_at(content, i)->key, value_pair_at(content, i)->item, &ignored))
            return false;
    }
    return true;
}
