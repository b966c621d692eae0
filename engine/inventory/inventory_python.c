/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inventory plugins in Python: told what the sources so far have given, they give back all that is there then. What was there
 * and is the same is left alone, with its marks and places.
 */
#include <string.h>
#include <unistd.h>

#include "common/base/path.h"
#include "common/base/text.h"
#include "engine/inventory/inventory_python.h"

#define UNSAFE "__ansible_unsafe"

/* --- what is known so far --- */

/* Text that is not to be templated says so. */
static const struct value *vars_out(struct arena *arena, const struct value *value)
{
    struct value *made;

    if (value_is(value, VALUE_STRING)) {
        if ((value->marks & VALUE_TRUSTED) != 0 ||
            !value_text_is_template(value->as.string.data, value->as.string.length))
            return value;
        made = value_map(arena);
        value_map_put(arena, made, UNSAFE, value);
        return made;
    }
    if (value_is(value, VALUE_LIST)) {
        made = value_list(arena);
        for (size_t i = 0; i < value_count(value); i++)
            value_list_add(arena, made, vars_out(arena, value_item(value, i)));
        return made;
    }
    if (!value_is(value, VALUE_MAP))
        return value;
    made = value_map(arena);
    for (size_t i = 0; i < value_count(value); i++)
        value_map_put_value(arena, made, value_pair_at(value, i)->key, vars_out(arena, value_pair_at(value, i)->item));
    return made;
}

static const struct value *names_of_groups(struct arena *arena, struct inventory_group *const *groups, size_t count)
{
    struct value *list = value_list(arena);

    for (size_t i = 0; i < count; i++)
        value_list_add(arena, list, value_string(arena, groups[i]->name));
    return list;
}

static struct value *known_groups(struct inventory *inventory, struct arena *arena)
{
    struct value *map = value_map(arena);

    for (size_t i = 0; i < inventory->group_count; i++) {
        const struct inventory_group *group = inventory->groups[i];
        struct value *one = value_map(arena);

        value_map_put(arena, one, "vars", group->vars == NULL ? value_map(arena) : vars_out(arena, group->vars));
        value_map_put(arena, one, "children", names_of_groups(arena, group->children, group->child_count));
        value_map_put(arena, map, group->name, one);
    }
    return map;
}

static struct value *known_hosts(struct inventory *inventory, struct arena *arena)
{
    struct value *map = value_map(arena);

    for (size_t i = 0; i < inventory->host_count; i++) {
        const struct inventory_host *host = inventory->hosts[i];
        struct value *one = value_map(arena);

        if (host->is_implicit)
            continue;
        value_map_put(arena, one, "vars", host->vars == NULL ? value_map(arena) : vars_out(arena, host->vars));
        value_map_put(arena, one, "groups", names_of_groups(arena, host->groups, host->group_count));
        value_map_put(arena, map, host->name, one);
    }
    return map;
}

static struct value *question_of(struct inventory_source *source, const char *name)
{
    struct inventory *inventory = source->inventory;
    struct value *question = value_map(inventory->arena);

    value_map_put_string(inventory->arena, question, "name", name);
    value_map_put_string(inventory->arena, question, "path", source->path);
    value_map_put(inventory->arena, question, "groups", known_groups(inventory, inventory->arena));
    value_map_put(inventory->arena, question, "hosts", known_hosts(inventory, inventory->arena));
    return question;
}

/* --- what it says --- */

/* What a plugin gives may be templated, unless it is said to be unsafe. */
static const struct value *vars_in(struct arena *arena, const struct value *value)
{
    struct value *made;

    if (value_is(value, VALUE_LIST)) {
        made = value_list(arena);
        for (size_t i = 0; i < value_count(value); i++)
            value_list_add(arena, made, vars_in(arena, value_item(value, i)));
        return made;
    }
    if (!value_is(value, VALUE_MAP))
        return value_mark(arena, value, VALUE_TRUSTED, 0);
    if (value_count(value) == 1 && value_is(value_map_get(value, UNSAFE), VALUE_STRING))
        return value_mark(arena, value_map_get(value, UNSAFE), 0, VALUE_TRUSTED);
    made = value_map(arena);
    for (size_t i = 0; i < value_count(value); i++)
        value_map_put_value(arena, made, value_mark(arena, value_pair_at(value, i)->key, VALUE_TRUSTED, 0),
                            vars_in(arena, value_pair_at(value, i)->item));
    return made;
}

static bool is_news(const struct value *vars, const struct value_pair *pair)
{
    const struct value *old = value_map_get_value(vars, pair->key);

    return old == NULL || !value_equal(old, pair->item);
}

static bool are_names(const struct value *list)
{
    for (size_t i = 0; i < value_count(list); i++)
        if (value_text(value_item(list, i)) == NULL)
            return false;
    return true;
}

static bool are_keys_names(const struct value *map)
{
    for (size_t i = 0; i < value_map_count(map); i++)
        if (value_text(value_pair_at(map, i)->key) == NULL)
            return false;
    return true;
}

/* Before anything is taken. */
static bool answer_check(const struct value *answer, struct error *err)
{
    const struct value *hosts = value_map_get(answer, "hosts"), *groups = value_map_get(answer, "groups");
    bool is_sound = are_keys_names(hosts) && are_keys_names(groups);

    for (size_t i = 0; i < value_map_count(groups); i++) {
        const struct value *group = value_pair_at(groups, i)->item;

        is_sound = is_sound && are_names(value_map_get(group, "hosts")) && are_names(value_map_get(group, "children"));
    }
    if (!is_sound)
        return error_set(err, "the plugin's answer is not understood: a name in it is no text");
    if (value_map_count(hosts) > LIMIT_HOSTS) /* those that were known are among them */
        return error_set_kind(err, ERROR_LIMIT, "an inventory may hold at most %d hosts", LIMIT_HOSTS);
    return true;
}

static bool take_members(struct inventory *inventory, struct inventory_group *group, const struct value *said,
                         struct error *err)
{
    const struct value *hosts = value_map_get(said, "hosts"), *children = value_map_get(said, "children");

    for (size_t i = 0; i < value_count(hosts); i++)
        inventory_add_to_group(inventory, group, inventory_add_host(inventory, value_text(value_item(hosts, i))));
    for (size_t i = 0; i < value_count(children); i++)
        if (!inventory_try_child(inventory, group, inventory_add_group(inventory, value_text(value_item(children, i))),
                                 err))
            return false;
    return true;
}

static bool take_groups(struct inventory *inventory, const struct value *groups, struct error *err)
{
    for (size_t i = 0; i < value_map_count(groups); i++) {
        const struct value_pair *pair = value_pair_at(groups, i);
        struct inventory_group *group = inventory_add_group(inventory, value_text(pair->key));
        const struct value *vars = value_map_get(pair->item, "vars");

        if (!take_members(inventory, group, pair->item, err))
            return false;
        for (size_t v = 0; v < value_map_count(vars); v++)
            if (is_news(group->vars, value_pair_at(vars, v)))
                inventory_group_set(inventory, group, value_pair_at(vars, v)->key, value_pair_at(vars, v)->item);
    }
    return true;
}

static void take_hosts(struct inventory *inventory, const struct value *hosts)
{
    for (size_t i = 0; i < value_map_count(hosts); i++) {
        const struct value_pair *pair = value_pair_at(hosts, i);
        struct inventory_host *host = inventory_add_host(inventory, value_text(pair->key));

        for (size_t v = 0; v < value_map_count(pair->item); v++)
            if (is_news(host->vars, value_pair_at(pair->item, v)))
                inventory_host_set(inventory, host, value_pair_at(pair->item, v)->key,
                                   value_pair_at(pair->item, v)->item);
    }
}

static void take_warnings(struct inventory_source *source, const struct value *warnings)
{
    for (size_t i = 0; i < value_count(warnings); i++)
        if (value_text(value_item(warnings, i)) != NULL)
            inventory_warn(source->inventory, source->config->warnings, value_text(value_item(warnings, i)));
}

static bool ask(const struct inventory_config *config, struct arena *arena, const char *verb, struct value *question,
                const struct value **out, struct error *err)
{
    if (config->python == NULL)
        return error_set(err, "plugins in Python are not to be had here");
    return config->python->ask(config->python->context, arena, verb, question, out, err);
}

bool inventory_python_has(const struct inventory_config *config, struct arena *arena, const char *name,
                          struct error *err)
{
    struct value *question = value_map(arena);
    const struct value *answer = NULL;

    value_map_put_string(arena, question, "name", name);
    return ask(config, arena, "has", question, &answer, err) && value_map_true(answer, "found");
}

bool inventory_python_read(struct inventory_source *source, const char *name, bool *found_out, struct error *err)
{
    struct inventory *inventory = source->inventory;
    const struct value *answer = NULL, *trusted;

    *found_out = inventory_python_has(source->config, inventory->arena, name, err);
    if (!*found_out)
        return false;
    if (!ask(source->config, inventory->arena, "parse", question_of(source, name), &answer, err))
        return false;
    take_warnings(source, value_map_get(answer, "warnings"));
    source->is_declined = value_map_true(answer, "declined");
    if (source->is_declined)
        return error_set_kind(err, ERROR_PARSE, "inventory source '%s' could not be verified by inventory plugin '%s'",
                              source->path, name);
    if (!answer_check(answer, err))
        return false;
    trusted = vars_in(inventory->arena, answer);
    take_hosts(inventory, value_map_get(trusted, "hosts"));
    return take_groups(inventory, value_map_get(trusted, "groups"), err);
}

bool inventory_python_wants(struct inventory_source *source)
{
    (void)source;
    return true; /* its verify_file() is asked when it reads */
}

bool inventory_python_try(struct inventory_source *source, struct error *err)
{
    bool found = false;

    return inventory_python_read(source, source->plugin, &found, err);
}
