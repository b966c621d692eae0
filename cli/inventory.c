/* SPDX-License-Identifier: Apache-2.0 */
/* roost inventory: hosts, groups and variables as ansible-inventory prints them (--list, --host, --graph, -y, --vars, --export). */
#include <stdlib.h>
#include <string.h>

#include "cli/playbook_verb.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "common/value/value_python.h"
#include "common/yaml/yaml_writer.h"

VERB_DECLARE(inventory);

static void print_value(struct command *command, const struct value *value)
{
    struct text out = text_new(command->arena);
    struct json_style style = { .indent = 4, .sort_keys = true };
    struct yaml_style yaml = { .block = true };
    struct error err = ERROR_INIT;
    if (!command->options.inventory_yaml)
        json_write(&out, value, &style);
    else if (!yaml_write(&out, value, &yaml, &err))
        report_error(stderr, &err, command->color);
    printf("%s%s", out.data, command->options.inventory_yaml ? "" : "\n");
}

static struct inventory_vars_files vars_files(const struct command *command)
{
    return (struct inventory_vars_files){ command->options.playbook_folder, &command->inventory_config };
}

static bool refuse_vault(const struct value *value, struct error *err)
{
    struct source_position at = value_position(value);
    if (value->marks & VALUE_VAULT) {
        error_set(err, TEMPLATE_NO_VAULT);
        return error_locate(err, &at);
    }
    for (size_t i = 0; i < value_count(value); i++)
        if (!refuse_vault(value_is(value, VALUE_MAP) ? value_pair_at(value, i)->item : value_item(value, i), err))
            return false;
    return true;
}

static bool host_variables(struct command *command, const struct inventory_host *host, const struct value **out,
                           struct error *err)
{
    const struct inventory_vars_files files = vars_files(command);
    if (!inventory_host_variables(command->inventory, command->arena, host, &files, out, err) ||
        !refuse_vault(*out, err))
        return false;
    if (value_count(command->extra_vars))
        *out = value_merge(command->arena, *out, command->extra_vars, false);
    return true;
}

static bool group_variables(struct command *command, const struct inventory_group *group, const struct value **out,
                            struct error *err)
{
    const struct inventory_vars_files files = vars_files(command);
    return inventory_group_variables(command->inventory, command->arena, group, &files, out, err) &&
           refuse_vault(*out, err);
}

/* --export: a host shows its own variables, a group its own; otherwise all are folded into the hosts. */
static bool shown_host_variables(struct command *command, const struct inventory_host *host, const struct value **out,
                                 struct error *err)
{
    if (!command->options.inventory_export)
        return host_variables(command, host, out, err);
    *out = host->vars;
    return refuse_vault(*out, err);
}

static const struct value *name_list(struct arena *arena, struct inventory_host **hosts, size_t count)
{
    struct value *names = value_list(arena);
    for (size_t i = 0; i < count; i++)
        value_list_add(arena, names, value_string(arena, hosts[i]->name));
    return names;
}

static bool group_entry(struct command *command, const struct inventory_group *group, struct value *out,
                        struct error *err)
{
    struct arena *arena = command->arena;
    struct value *entry = value_map(arena), *children = value_list(arena);
    const struct value *vars = NULL;
    for (size_t i = 0; i < group->child_count; i++)
        value_list_add(arena, children, value_string(arena, group->children[i]->name));
    if (value_count(children))
        value_map_put(arena, entry, "children", children);
    if (group->host_count && !text_equal(group->name, "all"))
        value_map_put(arena, entry, "hosts", name_list(arena, group->hosts, group->host_count));
    if (command->options.inventory_export) {
        if (!group_variables(command, group, &vars, err))
            return false;
        if (value_count(vars))
            value_map_put(arena, entry, "vars", vars);
    }
    if (value_count(entry))
        value_map_put(arena, out, group->name, entry);
    return true;
}

static bool print_list(struct command *command, struct error *err)
{
    struct arena *arena = command->arena;
    struct value *all = value_map(arena), *meta = value_map(arena), *hostvars = value_map(arena);
    for (size_t i = 0; i < command->inventory->group_count; i++)
        if (!group_entry(command, command->inventory->groups[i], all, err))
            return false;
    for (size_t i = 0; i < command->inventory->host_count; i++) {
        struct inventory_host *host = command->inventory->hosts[i];
        const struct value *vars = NULL;
        if (!shown_host_variables(command, host, &vars, err))
            return false;
        if (value_count(vars) && !host->is_implicit)
            value_map_put(arena, hostvars, host->name, vars);
    }
    value_map_put(arena, meta, "hostvars", hostvars);
    value_map_put(arena, all, "_meta", meta);
    print_value(command, all);
    return true;
}

/* --- --list -y: Ansible's YAML inventory form, variables with the hosts --- */

struct yaml_state {
    struct command *command;
    struct value *seen; /* hosts whose variables are already written */
    struct error *err;
};

static const struct value *yaml_host(struct yaml_state *state, struct inventory_host *host)
{
    struct arena *arena = state->command->arena;
    const struct value *vars = NULL;
    if (value_map_get(state->seen, host->name))
        return value_map(arena);
    value_map_put_bool(arena, state->seen, host->name, true);
    if (!shown_host_variables(state->command, host, &vars, state->err))
        return NULL;
    return vars;
}

static const struct value *yaml_group(struct yaml_state *state, struct inventory_group *group, int depth)
{
    struct arena *arena = state->command->arena;
    struct value *entry = value_map(arena), *children = value_map(arena), *hosts = value_map(arena);
    for (size_t i = 0; depth < 64 && i < group->child_count; i++) {
        const struct value *child = yaml_group(state, group->children[i], depth + 1);
        if (!child)
            return NULL;
        if (value_count(child) || !text_equal(group->children[i]->name, "ungrouped"))
            value_map_put(arena, children, group->children[i]->name, child);
    }
    for (size_t i = 0; !text_equal(group->name, "all") && i < group->host_count; i++) {
        const struct value *vars = yaml_host(state, group->hosts[i]);
        if (!vars)
            return NULL;
        value_map_put(arena, hosts, group->hosts[i]->name, vars);
    }
    if (value_count(children))
        value_map_put(arena, entry, "children", children);
    if (value_count(hosts))
        value_map_put(arena, entry, "hosts", hosts);
    return entry;
}

static bool print_yaml(struct command *command, struct error *err)
{
    struct yaml_state state = { command, value_map(command->arena), err };
    struct value *all = value_map(command->arena);
    const struct value *entry = yaml_group(&state, command->inventory->groups[0], 0);
    if (!entry)
        return false;
    value_map_put(command->arena, all, "all", entry);
    print_value(command, all);
    return true;
}

/* --- --graph --- */

static int by_name(const void *a, const void *b)
{
    const struct value_pair *const *left = a, *const *right = b;
    return strcmp(value_text((*left)->key), value_text((*right)->key));
}

static bool graph_vars(struct command *command, const struct value *vars, int depth)
{
    size_t count = value_count(vars);
    const struct value_pair **pairs = arena_new_array(command->arena, const struct value_pair *, count + 1);
    for (size_t i = 0; i < count; i++)
        pairs[i] = value_pair_at(vars, i);
    qsort(pairs, count, sizeof(*pairs), by_name);
    for (size_t i = 0; i < count; i++) {
        const struct value_pair *pair = pairs[i];
        for (int level = 0; level < depth; level++)
            fputs("  |", stdout);
        printf("--{%s = %s}\n", value_text(pair->key), value_to_text(command->arena, pair->item));
    }
    return true;
}

static bool graph_group(struct command *command, struct inventory_group *group, int depth, struct error *err)
{
    const struct value *vars = NULL;
    for (int level = 0; level < depth; level++)
        fputs("  |", stdout);
    printf("%s@%s:\n", depth ? "--" : "", group->name);
    for (size_t i = 0; depth < 64 && i < group->child_count; i++)
        if (!graph_group(command, group->children[i], depth + 1, err))
            return false;
    for (size_t i = 0; !text_equal(group->name, "all") && i < group->host_count; i++) {
        for (int level = 0; level <= depth; level++)
            fputs("  |", stdout);
        printf("--%s\n", group->hosts[i]->name);
        if (command->options.inventory_vars &&
            !(host_variables(command, group->hosts[i], &vars, err) && graph_vars(command, vars, depth + 2)))
            return false;
    }
    if (!command->options.inventory_vars)
        return true;
    return group_variables(command, group, &vars, err) && graph_vars(command, vars, depth + 1);
}

static bool print_graph(struct command *command, struct error *err)
{
    const char *name = command->options.playbooks.count ? command->options.playbooks.items[0] : "all";
    struct inventory_group *group = inventory_find_group(command->inventory, name);
    if (!group)
        return error_set(err, "pattern must be valid group name when using --graph: there is no group '%s'", name);
    return graph_group(command, group, 0, err);
}

static bool print_host(struct command *command, struct error *err)
{
    const struct value *vars = NULL;
    struct inventory_host *host = inventory_find_host(command->inventory, command->options.host);
    if (!host)
        return error_set(err, "Could not match supplied host pattern, there is no host '%s'", command->options.host);
    if (!host_variables(command, host, &vars, err))
        return false;
    print_value(command, vars);
    return true;
}

static int inventory_run(int argc, char **argv)
{
    ARENA_SCOPED arena = arena_new();
    struct command command = { .arena = arena };
    struct error err = ERROR_INIT;
    int exit_code = 0;
    if (!verb_start(&command, &verb_inventory, argc, argv, OPTIONS_INVENTORY, &exit_code))
        return exit_code;
    const struct command_options *options = &command.options;
    if (!options->host && !options->inventory_graph && !options->inventory_list) {
        error_set_kind(&err, ERROR_OPTIONS,
                       "No action selected, at least one of --host, --graph or --list needs to be specified.");
        return command_fail(&command, &err);
    }
    if (!command_prepare(&command, &err))
        return command_fail(&command, &err);
    command_print_warnings(&command);
    bool ok = options->host              ? print_host(&command, &err)
              : options->inventory_graph ? print_graph(&command, &err)
              : options->inventory_yaml  ? print_yaml(&command, &err)
                                         : print_list(&command, &err);
    return ok ? 0 : command_fail(&command, &err);
}

VERB_DEFINE(inventory) = { "inventory", "Show hosts, groups and variables", "--list|--host HOST|--graph [OPTIONS]",
                           inventory_run };
