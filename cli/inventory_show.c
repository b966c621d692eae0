/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An inventory as JSON, YAML, TOML or a tree. The three forms differ in more than their syntax: JSON names a group's hosts and
 * keeps variables in _meta, YAML and TOML hold them where a host comes up first.
 */
#include "cli/inventory_show.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/json/json.h"
#include "common/toml/toml_writer.h"
#include "common/value/value_python.h"
#include "common/yaml/yaml_writer.h"
#include "engine/inventory/inventory_rules.h"
#include "engine/template/template.h"

#define GRAPH_BYTES_MAX ((size_t)256 * 1024 * 1024) /* groups with many parents stand in a tree many times */

struct show {
    struct command *command;
    struct arena *arena;
    struct inventory *inventory;
    struct inventory_host_list hosts; /* what --limit leaves */
    bool *chosen;                     /* the same by number */
    bool *seen;                       /* hosts whose variables are written already */
    struct value *all;
    size_t made; /* nodes of the tree so far */
    struct error *err;
};

/* --- variables --- */

/* What Ansible adds to every host by itself. */
static const struct value *without_internal(struct arena *arena, const struct value *vars)
{
    static const char *const internal[] = { "ansible_diff_mode",
                                            "ansible_config_file",
                                            "ansible_facts",
                                            "ansible_forks",
                                            "ansible_limit",
                                            "ansible_inventory_sources",
                                            "ansible_run_tags",
                                            "ansible_playbook_python",
                                            "ansible_skip_tags",
                                            "ansible_verbosity",
                                            "ansible_version",
                                            "inventory_dir",
                                            "inventory_file",
                                            "inventory_hostname",
                                            "groups",
                                            "inventory_hostname_short",
                                            "group_names",
                                            "omit",
                                            "playbook_dir",
                                            NULL };
    struct value *kept = value_map(arena); /* always a map of its own: the anchors of YAML tell */

    for (size_t i = 0; i < value_count(vars); i++) {
        const struct value_pair *pair = value_pair_at(vars, i);

        if (value_text(pair->key) == NULL || !text_in(value_text(pair->key), internal))
            value_map_put_value(arena, kept, pair->key, pair->item);
    }
    return kept;
}

static struct inventory_vars_files vars_files(const struct show *show)
{
    return (struct inventory_vars_files){ .playbook_folder = show->command->options.playbook_folder,
                                          .config = &show->command->inventory_config };
}

/* Without a playbook's folder a host has the variables of group_vars and host_vars here; groups have not, nor what is exported. */
static bool host_variables(struct show *show, const struct inventory_host *host, const struct value **out)
{
    struct inventory_vars_files files = vars_files(show);

    if (show->command->options.inventory_export) {
        if (!inventory_own_variables(show->inventory, show->arena, host, &files, out, show->err))
            return false;
    } else {
        if (files.playbook_folder == NULL)
            files.playbook_folder = ".";
        if (!inventory_host_variables(show->inventory, show->arena, host, &files, out, show->err))
            return false;
        if (value_count(show->command->extra_vars) > 0)
            *out = value_merge(show->arena, *out, show->command->extra_vars,
                               show->command->inventory_config.rules->merges_hashes);
    }
    *out = without_internal(show->arena, *out);
    return true;
}

static bool group_variables(struct show *show, const struct inventory_group *group, const struct value **out)
{
    const struct inventory_vars_files files = vars_files(show);
    struct value *priority;

    if (!inventory_group_variables(show->inventory, show->arena, group, &files, out, show->err))
        return false;
    if (group->priority != 1) {
        priority = value_map(show->arena);
        value_map_put_int(show->arena, priority, "ansible_group_priority", group->priority);
        *out = value_merge(show->arena, *out, priority, false);
    }
    *out = without_internal(show->arena, *out);
    return true;
}

/* --- writing --- */

/* JSON has no tags: what is encrypted or not to be templated is a map that says so. */
static const struct value *tagged(struct arena *arena, const struct value *value)
{
    bool is_vault = value_is_envelope(value);
    bool is_unsafe = value_is(value, VALUE_STRING) && value->path != NULL && (value->marks & VALUE_TRUSTED) == 0;
    struct value *made;

    if (is_vault || is_unsafe) {
        made = value_map(arena);
        value_map_put_string(arena, made, is_vault ? "__ansible_vault" : "__ansible_unsafe", value_text(value));
        return made;
    }
    if (value_is(value, VALUE_LIST)) {
        made = value_list(arena);
        for (size_t i = 0; i < value_count(value); i++)
            value_list_add(arena, made, tagged(arena, value_item(value, i)));
        return made;
    }
    if (!value_is(value, VALUE_MAP))
        return value;
    made = value_map(arena);
    for (size_t i = 0; i < value_count(value); i++)
        value_map_put_value(arena, made, value_pair_at(value, i)->key, tagged(arena, value_pair_at(value, i)->item));
    return made;
}

/* Keys that Python cannot sort. */
static bool is_sortable(const struct value *value, const char **why)
{
    const struct value *first = value_map_count(value) > 0 ? value_pair_at(value, 0)->key : NULL;

    for (size_t i = 0; i < value_count(value); i++) {
        const struct value_pair *pair = value_is(value, VALUE_MAP) ? value_pair_at(value, i) : NULL;

        if (pair != NULL && value_is(pair->key, VALUE_STRING) != value_is(first, VALUE_STRING)) {
            *why = value_is(pair->key, VALUE_STRING) ? value_python_type(first) : value_python_type(pair->key);
            return false;
        }
        if (!is_sortable(pair != NULL ? pair->item : value_item(value, i), why))
            return false;
    }
    return true;
}

static bool toml_failed(struct show *show)
{
    if (show->err->kind == ERROR_PARSE)
        return error_set(show->err,
                         "The source inventory contains a non-string key (%s) which cannot be represented in TOML. The "
                         "specified key will need to be converted to a string. Be aware that if your playbooks expect "
                         "this key to be non-string, your playbooks will need to be modified to support this change.",
                         arena_copy(show->arena, show->err->text));
    return error_prefix(show->err, "The source inventory contains a value that cannot be represented in TOML");
}

static bool dump(struct show *show, const struct value *value, struct text *out)
{
    const struct command_options *options = &show->command->options;
    struct json_style json = { .indent = 4, .sort_keys = true };
    struct yaml_style yaml = { .block = true, .anchors = true };
    const char *why = NULL;

    if (options->inventory_yaml)
        return yaml_write(out, value, &yaml, show->err);
    if (options->inventory_toml)
        return toml_write(out, value, show->err) || toml_failed(show);
    if (!is_sortable(value, &why)) {
        json.sort_keys = false;
        value_list_add(show->arena, show->command->warnings,
                       value_string(show->arena,
                                    arena_printf(show->arena,
                                                 "Could not sort JSON output due to issues while sorting keys: '<' not "
                                                 "supported between instances of '%s' and 'str'",
                                                 why)));
    }
    json_write(out, tagged(show->arena, value), &json);
    return true;
}

/* --- JSON --- */

static bool is_all(const struct show *show, const struct inventory_group *group)
{
    return group == show->inventory->groups[0];
}

static bool put_vars(struct show *show, const struct inventory_group *group, struct value *entry)
{
    const struct value *vars = NULL;

    if (!show->command->options.inventory_export)
        return true;
    if (!group_variables(show, group, &vars))
        return false;
    if (value_count(vars) > 0)
        value_map_put(show->arena, entry, "vars", vars);
    return true;
}

static bool json_group(struct show *show, const struct inventory_group *group)
{
    struct value *entry = value_map(show->arena), *hosts = value_list(show->arena), *children = value_list(show->arena);

    if (value_map_get(show->all, group->name) != NULL)
        return true;
    value_map_put(show->arena, show->all, group->name, entry);
    for (size_t i = 0; !is_all(show, group) && i < group->host_count; i++) {
        if (show->chosen[group->hosts[i]->number])
            value_list_add(show->arena, hosts, value_string(show->arena, group->hosts[i]->name));
    }
    if (value_count(hosts) > 0)
        value_map_put(show->arena, entry, "hosts", hosts);
    for (size_t i = 0; i < group->child_count; i++) {
        value_list_add(show->arena, children, value_string(show->arena, group->children[i]->name));
        if (!json_group(show, group->children[i]))
            return false;
    }
    if (value_count(children) > 0)
        value_map_put(show->arena, entry, "children", children);
    return put_vars(show, group, entry);
}

static bool json_list(struct show *show, const struct value **out)
{
    struct value *meta = value_map(show->arena), *hostvars = value_map(show->arena), *kept = value_map(show->arena);

    if (!json_group(show, show->inventory->groups[0]))
        return false;
    for (size_t i = 0; i < value_count(show->all); i++) {
        const struct value_pair *pair = value_pair_at(show->all, i);

        if (value_count(pair->item) > 0)
            value_map_put_value(show->arena, kept, pair->key, pair->item);
    }
    for (size_t i = 0; i < show->hosts.count; i++) {
        const struct value *vars = NULL;

        if (!host_variables(show, show->hosts.items[i], &vars))
            return false;
        if (value_count(vars) > 0)
            value_map_put(show->arena, hostvars, show->hosts.items[i]->name, vars);
    }
    value_map_put(show->arena, meta, "hostvars", hostvars);
    value_map_put(show->arena, kept, "_meta", meta);
    *out = kept;
    return true;
}

/* --- YAML and TOML --- */

static bool is_too_large(struct show *show)
{
    show->made++;
    return show->made > LIMIT_YAML_NODES &&
           !error_set_kind(show->err, ERROR_LIMIT, "the tree of groups has more than %d entries", LIMIT_YAML_NODES);
}

/* The hosts of a group: with their variables where they come up first. */
static bool hosts_map(struct show *show, const struct inventory_group *group, struct value *entry)
{
    struct value *hosts = value_map(show->arena);

    for (size_t i = 0; !is_all(show, group) && i < group->host_count; i++) {
        const struct inventory_host *host = group->hosts[i];
        const struct value *vars = value_map(show->arena);

        if (!show->chosen[host->number])
            continue;
        if (is_too_large(show) || (!show->seen[host->number] && !host_variables(show, host, &vars)))
            return false;
        show->seen[host->number] = true;
        value_map_put(show->arena, hosts, host->name, vars);
    }
    if (value_count(hosts) > 0)
        value_map_put(show->arena, entry, "hosts", hosts);
    return true;
}

static const struct value *yaml_group(struct show *show, const struct inventory_group *group)
{
    struct value *entry = value_map(show->arena), *children = value_map(show->arena);

    if (is_too_large(show))
        return NULL;
    for (size_t i = 0; i < group->child_count; i++) {
        const struct value *child = yaml_group(show, group->children[i]);

        if (child == NULL)
            return NULL;
        value_map_put(show->arena, children, group->children[i]->name, child);
    }
    if (value_count(children) > 0)
        value_map_put(show->arena, entry, "children", children);
    return hosts_map(show, group, entry) && put_vars(show, group, entry) ? entry : NULL;
}

static bool yaml_list(struct show *show, const struct value **out)
{
    const struct value *entry = yaml_group(show, show->inventory->groups[0]);

    if (entry != NULL)
        value_map_put(show->arena, show->all, "all", entry);
    *out = show->all;
    return entry != NULL;
}

/* All groups side by side; one with two parents is written as it comes up last, as in Ansible. */
static bool toml_group(struct show *show, const struct inventory_group *group)
{
    struct value *entry = value_map(show->arena), *children = value_list(show->arena), *key;
    const struct inventory_group *ungrouped = show->inventory->groups[1];

    if (is_too_large(show))
        return false;
    value_map_put(show->arena, show->all, group->name, entry);
    for (size_t i = 0; i < group->child_count; i++) {
        const struct inventory_group *child = group->children[i];

        if (child == ungrouped && ungrouped->host_count == 0)
            continue;
        if (!is_all(show, group))
            value_list_add(show->arena, children, value_string(show->arena, child->name));
        if (!toml_group(show, child))
            return false;
    }
    if (value_count(children) > 0)
        value_map_put(show->arena, entry, "children", children);
    if (!hosts_map(show, group, entry) || !put_vars(show, group, entry))
        return false;
    key = value_string(show->arena, group->name);
    if (value_count(entry) == 0)
        value_map_remove(show->arena, show->all, key);
    return true;
}

static bool toml_list(struct show *show, const struct value **out)
{
    *out = show->all;
    return toml_group(show, show->inventory->groups[0]);
}

/* --- --graph --- */

static void graph_name(struct text *out, int depth)
{
    for (int i = 0; i < depth; i++)
        text_add(out, "  |");
    if (depth > 0)
        text_add(out, "--");
}

static int by_name(const void *a, const void *b)
{
    const struct value_pair *const *left = a, *const *right = b;

    return strcmp(value_text((*left)->key), value_text((*right)->key));
}

/* What is encrypted is shown as Ansible shows it: opened, for who has the password. */
static bool graph_value(struct show *show, struct text *out, const struct value *value)
{
    const struct inventory_config *config = &show->command->inventory_config;
    struct source_position at = value_position(value);
    const char *plain = NULL;
    size_t length = 0;

    if (!value_is_envelope(value)) {
        value_str(out, value);
        return true;
    }
    if (config->decrypt == NULL)
        return error_set_at(show->err, &at, TEMPLATE_NO_VAULT);
    if (!config->decrypt(config->decrypt_context, value->as.string.data, value->as.string.length, &plain, &length,
                         show->err))
        return error_locate(show->err, &at);
    text_add_n(out, plain, length);
    return true;
}

static bool graph_vars(struct show *show, struct text *out, const struct value *vars, int depth)
{
    const struct value_pair **pairs = arena_new_array(show->arena, const struct value_pair *, value_count(vars) + 1);
    size_t count = 0;

    for (size_t i = 0; i < value_count(vars); i++) {
        if (value_text(value_pair_at(vars, i)->key) != NULL)
            pairs[count++] = value_pair_at(vars, i);
    }
    qsort(pairs, count, sizeof(*pairs), by_name);
    for (size_t i = 0; i < count; i++) {
        graph_name(out, depth);
        text_printf(out, "{%s = ", value_text(pairs[i]->key));
        if (!graph_value(show, out, pairs[i]->item))
            return false;
        text_add(out, "}\n");
    }
    return true;
}

static bool graph_hosts(struct show *show, struct text *out, const struct inventory_group *group, int depth)
{
    const struct value *vars = NULL;

    for (size_t i = 0; !is_all(show, group) && i < group->host_count; i++) {
        if (!show->chosen[group->hosts[i]->number])
            continue;
        graph_name(out, depth);
        text_printf(out, "%s\n", group->hosts[i]->name);
        if (show->command->options.inventory_vars &&
            !(host_variables(show, group->hosts[i], &vars) && graph_vars(show, out, vars, depth + 1)))
            return false;
    }
    return true;
}

static bool graph_group(struct show *show, struct text *out, const struct inventory_group *group, int depth)
{
    const struct value *vars = NULL;

    if (out->length > GRAPH_BYTES_MAX)
        return error_set_kind(show->err, ERROR_LIMIT, "the graph of the inventory has more than %zu bytes",
                              GRAPH_BYTES_MAX);
    graph_name(out, depth);
    text_printf(out, "@%s:\n", group->name);
    for (size_t i = 0; i < group->child_count; i++) {
        if (!graph_group(show, out, group->children[i], depth + 1))
            return false;
    }
    if (!graph_hosts(show, out, group, depth + 1))
        return false;
    return !show->command->options.inventory_vars ||
           (group_variables(show, group, &vars) && graph_vars(show, out, vars, depth + 1));
}

static bool show_graph(struct show *show, struct text *out)
{
    const struct options_list *names = &show->command->options.playbooks;
    struct inventory_group *group = inventory_find_group(show->inventory, names->count > 0 ? names->items[0] : "all");

    if (group == NULL)
        return error_set_kind(show->err, ERROR_OPTIONS, "Pattern must be valid group name when using --graph");
    if (!graph_group(show, out, group, 0))
        return false;
    text_truncate(out, out->length - 1); /* a file gets no newline at its end */
    return true;
}

/* --- the whole --- */

static bool show_host(struct show *show, struct text *out)
{
    const struct inventory_selection selection = { .pattern = value_string(show->arena, show->command->options.host),
                                                   .limit = show->command->options.limit,
                                                   .warnings = show->command->warnings };
    struct inventory_host_list hosts = { 0 };
    const struct value *vars = NULL;

    if (!inventory_match(show->inventory, show->arena, &selection, &hosts, show->err))
        return false;
    if (hosts.count != 1)
        return error_set_kind(show->err, ERROR_OPTIONS, "You must pass a single valid host to --host parameter");
    return host_variables(show, hosts.items[0], &vars) && dump(show, vars, out);
}

static bool choose(struct show *show)
{
    const struct inventory_selection selection = { .pattern = value_string(show->arena, "all"),
                                                   .limit = show->command->options.limit,
                                                   .warnings = show->command->warnings };

    if (!inventory_match(show->inventory, show->arena, &selection, &show->hosts, show->err))
        return false;
    show->chosen = arena_new_array(show->arena, bool, show->inventory->number_count + 1);
    show->seen = arena_new_array(show->arena, bool, show->inventory->number_count + 1);
    for (size_t i = 0; i < show->hosts.count; i++)
        show->chosen[show->hosts.items[i]->number] = true;
    return true;
}

bool inventory_show(struct command *command, struct text *out, struct error *err)
{
    struct show show = { .command = command,
                         .arena = command->arena,
                         .inventory = command->inventory,
                         .all = value_map(command->arena),
                         .err = err };
    const struct command_options *options = &command->options;
    const struct value *listed = NULL;
    bool ok;

    command->options.inventory_export =
        options->inventory_export || settings_bool(&command->settings, "inventory.export", false);
    if (!choose(&show))
        return false;
    if (options->host != NULL)
        return show_host(&show, out);
    if (options->inventory_graph)
        return show_graph(&show, out);
    ok = options->inventory_yaml   ? yaml_list(&show, &listed)
         : options->inventory_toml ? toml_list(&show, &listed)
                                   : json_list(&show, &listed);
    return ok && dump(&show, listed, out);
}
