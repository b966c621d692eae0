/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Variables that are objects: hostvars (every host's variables, templated in that host's own scope, without the play, as Ansible
 * shows them), vars (all variables as written) and ansible_delegated_vars.
 */
#include "engine/vars/vars_internal.h"

#include <string.h>

#define OBJECT_DEPTH_MAX 12 /* of lists and maps that are looked through for objects */

/* One host's variables. The scope is opened at the first question. */
struct host_object {
    struct vars_world *world;
    const struct inventory_host *host;
    const struct node *task; /* ansible_delegated_vars: the task's own variables too */
    bool is_alone;
};

static bool host_scope(struct host_object *object, struct arena *arena, struct vars_scope *scope)
{
    struct error err = ERROR_INIT;
    struct vars_place place = { object->host, object->task, object->is_alone };

    return vars_scope_open(scope, object->world, arena, &place, &err);
}

/* Variables of a host hold neither all hosts nor themselves: what shows them whole would never end. */
static bool is_hidden(const char *key, size_t length)
{
    return (length == 8 && memcmp(key, "hostvars", 8) == 0) || (length == 4 && memcmp(key, "vars", 4) == 0);
}

/* `names` without those; all variables of a play do have hostvars. */
static const struct value *names_shown(const struct value *names, struct arena *arena, bool with_hosts)
{
    struct value *shown = value_list(arena);

    for (size_t i = 0; i < value_count(names); i++) {
        const struct value *name = value_item(names, i);

        if (name->kind != VALUE_STRING || !is_hidden(name->as.string.data, name->as.string.length) ||
            (with_hosts && name->as.string.length == 8))
            value_list_add(arena, shown, name);
    }
    return shown;
}

static const struct value *host_get(void *data, struct arena *arena, const char *key, size_t length)
{
    struct host_object *object = data;
    struct vars_scope *scope = arena_new_of(arena, struct vars_scope);
    struct error err = ERROR_INIT;
    const struct value *value = NULL;
    bool is_final = false;

    if (is_hidden(key, length) || !host_scope(object, arena, scope))
        return NULL;
    if (scope->source.get(scope, arena, key, length, &value, &err) &&
        (!value_is(value, VALUE_UNDEFINED) || template_env_is_2_19(object->world->config.templates)))
        return value;
    value = vars_scope_raw(scope, key, length, &is_final); /* what cannot be templated there is shown as written */
    return value == NULL ? NULL : value_mark(arena, value, VALUE_STATIC, VALUE_TRUSTED);
}

static const struct value *host_keys(void *data, struct arena *arena)
{
    struct vars_scope scope;

    return host_scope(data, arena, &scope) ? names_shown(vars_scope_names(&scope, arena), arena, false)
                                           : value_list(arena);
}

static const struct value_object_ops host_ops = { .type_name = "HostVarsVars", .get = host_get, .keys = host_keys };

const struct value *vars_host_object(struct vars_world *world, struct arena *arena, const struct vars_place *place)
{
    struct host_object *object = arena_new_of(arena, struct host_object);

    *object = (struct host_object){ world, place->host, place->task, place->is_alone };
    return value_object(arena, object, &host_ops);
}

static bool is_localhost(const char *name)
{
    return strcmp(name, "localhost") == 0 || strcmp(name, "127.0.0.1") == 0 || strcmp(name, "::1") == 0;
}

static const struct value *hostvars_get(void *data, struct arena *arena, const char *key, size_t length)
{
    struct vars_world *world = data;
    char *name = arena_copy_n(arena, key, length);
    const struct inventory *inventory = world->config.inventory;
    struct vars_place place = { .is_alone = true };

    for (size_t i = 0; i < inventory->host_count && place.host == NULL; i++)
        if (strcmp(inventory->hosts[i]->name, name) == 0)
            place.host = inventory->hosts[i];
    if (place.host == NULL && is_localhost(name))
        place.host = inventory_find_host(world->config.inventory, name);
    return place.host == NULL ? NULL : vars_host_object(world, arena, &place);
}

static const struct value *hostvars_keys(void *data, struct arena *arena)
{
    struct vars_world *world = data;
    struct value *list = value_list(arena);
    bool has_local = false;

    for (size_t i = 0; i < world->config.inventory->host_count; i++) {
        const struct inventory_host *host = world->config.inventory->hosts[i];

        has_local = has_local || (host->is_implicit ? false : is_localhost(host->name));
        if (!host->is_implicit)
            value_list_add(arena, list, value_string(arena, host->name));
    }
    if (!has_local) /* Ansible always has one */
        value_list_add(arena, list, value_string(arena, "localhost"));
    return list;
}

static const struct value_object_ops hostvars_ops = { .type_name = "HostVars",
                                                      .get = hostvars_get,
                                                      .keys = hostvars_keys };

const struct value *vars_hostvars_object(struct vars_world *world, struct arena *arena)
{
    return value_object(arena, world, &hostvars_ops);
}

/* An object in a variable may be the one that is asked: it has no end. */
static bool holds_object(const struct value *value, int depth)
{
    if (value_is(value, VALUE_OBJECT) || depth > OBJECT_DEPTH_MAX)
        return true;
    for (size_t i = 0; value_is(value, VALUE_LIST) && i < value_count(value); i++)
        if (holds_object(value_item(value, i), depth + 1))
            return true;
    for (size_t i = 0; value_is(value, VALUE_MAP) && i < value_count(value); i++)
        if (holds_object(value_pair_at(value, i)->item, depth + 1))
            return true;
    return false;
}

static const struct value *all_get(void *data, struct arena *arena, const char *key, size_t length)
{
    struct vars_scope *scope = data;
    struct error err = ERROR_INIT;
    const struct value *value = NULL;
    bool is_final = false;

    if (!template_env_is_2_19(scope->world->config.templates))
        return vars_scope_raw(scope, key, length, &is_final);
    if (!scope->source.get(scope, arena, key, length, &value, &err))
        return value_undefined(arena, err.text);
    return value != NULL && holds_object(value, 0) ? vars_scope_raw(scope, key, length, &is_final) : value;
}

static const struct value *all_keys(void *data, struct arena *arena)
{
    return names_shown(vars_scope_names(data, arena), arena, true);
}

static const struct value_object_ops all_ops = { .type_name = "dict", .get = all_get, .keys = all_keys };

const struct value *vars_all_object(struct vars_scope *scope, struct arena *arena)
{
    return value_object(arena, scope, &all_ops);
}
