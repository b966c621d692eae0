/* SPDX-License-Identifier: Apache-2.0 */
/* group_by: puts the host into a group named by a value. */
#include "engine/actions/action_support.h"

struct group_by_args {
    const char *key;
    const struct value *parents;
};

static const struct arg_spec group_by_spec[] = {
    ARG(group_by_args, key, ARG_STRING, .required = true, .help = "name of the group; blanks become dashes"),
    ARG(group_by_args, parents, ARG_LIST, .help = "groups the group belongs to; default: all"),
    ARG_END,
};

static char *group_name(struct arena *arena, const char *text)
{
    char *name = arena_copy(arena, text);

    for (char *at = name; *at != '\0'; at++)
        if (*at == ' ')
            *at = '-';
    return name;
}

static struct inventory_group *group_get(struct inventory *inventory, const char *name, bool *changed)
{
    struct inventory_group *group = inventory_find_group(inventory, name);

    if (group != NULL)
        return group;
    *changed = true;
    return inventory_add_group(inventory, name);
}

static bool is_child(const struct inventory_group *parent, const struct inventory_group *child)
{
    for (size_t i = 0; i < parent->child_count; i++)
        if (parent->children[i] == child)
            return true;
    return false;
}

static bool is_member(const struct inventory_group *group, const struct inventory_host *host)
{
    for (size_t i = 0; i < group->host_count; i++)
        if (group->hosts[i] == host)
            return true;
    return false;
}

static bool group_by_step(struct action_call *call, enum action_next *next, struct error *err)
{
    const struct group_by_args *args = call->bound;
    const char *name = group_name(call->arena, args->key);
    struct value *parents = value_list(call->arena);
    bool changed = false;
    struct inventory_group *group = group_get(call->inventory, name, &changed);
    struct inventory_host *host = inventory_find_host(call->inventory, call->host->name);

    (void)err;
    *next = ACTION_DONE;
    for (size_t i = 0; i < value_count(args->parents); i++)
        value_list_add(call->arena, parents,
                       value_string(call->arena, group_name(call->arena, value_text(value_item(args->parents, i)))));
    if (value_count(parents) == 0)
        value_list_add(call->arena, parents, value_string(call->arena, "all"));
    for (size_t i = 0; i < value_count(parents); i++) {
        struct inventory_group *parent = group_get(call->inventory, value_text(value_item(parents, i)), &changed);

        if (!is_child(parent, group)) {
            inventory_add_child(call->inventory, parent, group);
            changed = true;
        }
    }
    if (host != NULL && !is_member(group, host)) {
        inventory_add_to_group(call->inventory, group, host);
        changed = true;
    }
    inventory_reconcile(call->inventory, NULL);
    action_put_bool(call, "changed", changed);
    action_put_text(call, "add_group", name);
    action_put(call, "parent_groups", parents);
    return true;
}

ACTION_DEFINE(group_by) = { .spec = { .name = "group_by",
                                      .summary = "Make groups from values",
                                      .args = group_by_spec,
                                      .args_size = sizeof(struct group_by_args) },
                            .step = group_by_step };
