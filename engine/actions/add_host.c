/* SPDX-License-Identifier: Apache-2.0 */
/* add_host: adds a host, its groups and variables to the inventory of this run. Done once, not per host. */
#include <string.h>

#include "common/value/value_python.h"
#include "engine/actions/action_support.h"
#include "engine/inventory/inventory_change.h"

struct add_host_args {
    const char *name;
    const struct value *groups;
};

static const struct arg_spec add_host_spec[] = {
    ARG(add_host_args, name, ARG_STRING, .required = true, .aliases = ARG_NAMES("hostname", "host"),
        .help = "the host, or host:port"),
    ARG(add_host_args, groups, ARG_LIST, .aliases = ARG_NAMES("groupname", "group"), .help = "groups it belongs to"),
    ARG_END,
};

/* "host:22" and "[::1]:22": *port_out is 0 when there is none. */
static const char *split_port(struct arena *arena, const char *text, int64_t *port_out)
{
    const char *colon = strrchr(text, ':');
    size_t length;

    *port_out = 0;
    if (colon == NULL || !text_to_int(colon + 1, port_out) || *port_out < 1 || *port_out > 65535) {
        *port_out = 0;
        return text;
    }
    if (text[0] != '[' && strchr(text, ':') != colon) {
        *port_out = 0; /* an IPv6 address */
        return text;
    }
    length = (size_t)(colon - text);
    if (text[0] == '[' && length > 2 && text[length - 1] == ']')
        return arena_copy_n(arena, text + 1, length - 2);
    return arena_copy_n(arena, text, length);
}

/* What is given besides the action's own words. */
static const struct value *given_variables(struct action_call *call, int64_t port)
{
    static const char *const own[] = { "name", "hostname", "groupname", "groups", "host", "group", NULL };
    struct value *vars = value_map(call->arena);

    for (size_t i = 0; i < value_count(call->args); i++) {
        const struct value_pair *pair = value_pair_at(call->args, i);

        if (value_text(pair->key) != NULL && !text_in(value_text(pair->key), own))
            value_map_put_value(call->arena, vars, pair->key, pair->item);
    }
    if (port > 0)
        value_map_put_int(call->arena, vars, "ansible_ssh_port", port);
    return vars;
}

static const struct value *given_groups(struct action_call *call)
{
    const struct add_host_args *args = call->bound;
    struct value *names = value_list(call->arena);

    for (size_t i = 0; i < value_count(args->groups); i++) {
        const char *written = value_to_text(call->arena, value_item(args->groups, i));

        value_list_add(call->arena, names, value_string(call->arena, text_trim(call->arena, written, strlen(written))));
    }
    return names;
}

static bool add_host_step(struct action_call *call, enum action_next *next, struct error *err)
{
    const struct add_host_args *args = call->bound;
    struct value *added = value_map(call->arena);
    bool changed = false;
    int64_t port = 0;
    const char *name = split_port(call->arena, args->name, &port);

    *next = ACTION_DONE;
    value_map_put_string(call->arena, added, "host_name", name);
    value_map_put(call->arena, added, "groups", given_groups(call));
    value_map_put(call->arena, added, "host_vars", given_variables(call, port));
    if (!inventory_change_host(call->inventory, added, &changed, err))
        return false;
    action_put_bool(call, "changed", changed);
    action_put(call, "add_host", added);
    return true;
}

ACTION_DEFINE(add_host) = { .spec = { .name = "add_host",
                                      .summary = "Add a host to the inventory of this run",
                                      .args = add_host_spec,
                                      .args_size = sizeof(struct add_host_args),
                                      .any_args = true },
                            .runs_once = true,
                            .step = add_host_step };
