/* SPDX-License-Identifier: Apache-2.0 */
/* group_by: puts the host into a group named by a value. */
#include "engine/actions/action_support.h"
#include "engine/inventory/inventory_change.h"

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

static bool group_by_step(struct action_call *call, enum action_next *next, struct error *err)
{
    const struct group_by_args *args = call->bound;
    struct value *parents = value_list(call->arena);
    struct inventory_grouping grouping = { call->host->name, group_name(call->arena, args->key), parents };
    bool changed = false;

    *next = ACTION_DONE;
    for (size_t i = 0; i < value_count(args->parents); i++)
        value_list_add(call->arena, parents,
                       value_string(call->arena, group_name(call->arena, value_text(value_item(args->parents, i)))));
    if (value_count(parents) == 0)
        value_list_add(call->arena, parents, value_string(call->arena, "all"));
    if (!inventory_change_group(call->inventory, &grouping, &changed, err))
        return false;
    action_put_bool(call, "changed", changed);
    action_put_text(call, "add_group", grouping.group);
    action_put(call, "parent_groups", parents);
    return true;
}

ACTION_DEFINE(group_by) = { .spec = { .name = "group_by",
                                      .summary = "Make groups from values",
                                      .args = group_by_spec,
                                      .args_size = sizeof(struct group_by_args) },
                            .step = group_by_step };
