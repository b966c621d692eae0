/* SPDX-License-Identifier: Apache-2.0 */
/* add_host: adds a host, its groups and variables to the inventory of this run. Done once, not per host. */
#include <string.h>

#include "common/value/value_python.h"
#include "engine/actions/action_support.h"

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

static bool set_variable(struct inventory *inventory, struct inventory_host *host, const char *name,
                         const struct value *value)
{
    const struct value *old = value_map_get(host->vars, name);

    if (old != NULL && value_equal(old, value))
        return false;
    if (host->vars == NULL)
        host->vars = value_map(inventory->arena);
    value_map_put(inventory->arena, host->vars, name, value_copy(inventory->arena, value));
    return true;
}

static bool set_variables(struct action_call *call, struct inventory_host *host, int64_t port, struct value *shown)
{
    static const char *const own[] = { "name", "hostname", "groupname", "groups", "host", "group", NULL };
    bool changed = false;

    for (size_t i = 0; i < value_count(call->args); i++) {
        const struct value_pair *pair = value_pair_at(call->args, i);
        const char *key = value_text(pair->key);

        if (key == NULL || text_in(key, own))
            continue;
        changed = set_variable(call->inventory, host, key, pair->item) || changed;
        value_map_put(call->arena, shown, key, pair->item);
    }
    if (port > 0) {
        const struct value *value = value_int(call->arena, port);

        changed = set_variable(call->inventory, host, "ansible_ssh_port", value) || changed;
        value_map_put(call->arena, shown, "ansible_ssh_port", value);
    }
    return changed;
}

static bool set_groups(struct action_call *call, struct inventory_host *host, struct value *shown)
{
    const struct add_host_args *args = call->bound;
    bool changed = false;

    for (size_t i = 0; i < value_count(args->groups); i++) {
        const char *written = value_to_text(call->arena, value_item(args->groups, i));
        const char *name = text_trim(call->arena, written, strlen(written));
        struct inventory_group *group = inventory_find_group(call->inventory, name);
        bool is_member = false;

        if (group == NULL)
            group = inventory_add_group(call->inventory, name);
        for (size_t j = 0; j < group->host_count; j++)
            is_member = is_member || group->hosts[j] == host;
        if (!is_member) {
            inventory_add_to_group(call->inventory, group, host);
            changed = true;
        }
        value_list_add(call->arena, shown, value_string(call->arena, name));
    }
    return changed;
}

static struct inventory_host *find_known(const struct inventory *inventory, const char *name)
{
    for (size_t i = 0; i < inventory->host_count; i++)
        if (strcmp(inventory->hosts[i]->name, name) == 0 && !inventory->hosts[i]->is_implicit)
            return inventory->hosts[i];
    return NULL;
}

static bool add_host_step(struct action_call *call, enum action_next *next, struct error *err)
{
    const struct add_host_args *args = call->bound;
    struct value *added = value_map(call->arena), *groups = value_list(call->arena), *vars = value_map(call->arena);
    int64_t port = 0;
    const char *name = split_port(call->arena, args->name, &port);
    struct inventory_host *host = find_known(call->inventory, name);
    bool changed = host == NULL;

    (void)err;
    *next = ACTION_DONE;
    if (host == NULL) {
        host = inventory_add_host(call->inventory, arena_copy(call->inventory->arena, name));
        inventory_add_to_group(call->inventory, call->inventory->groups[0], host);
    }
    changed = set_variables(call, host, port, vars) || changed;
    changed = set_groups(call, host, groups) || changed;
    inventory_reconcile(call->inventory, NULL);
    action_put_bool(call, "changed", changed);
    value_map_put_string(call->arena, added, "host_name", name);
    value_map_put(call->arena, added, "groups", groups);
    value_map_put(call->arena, added, "host_vars", vars);
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
