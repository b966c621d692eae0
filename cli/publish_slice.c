/* SPDX-License-Identifier: Apache-2.0 */
/* Slices as YAML inventories, the settings as an ansible.cfg, and bundle.json. */
#include "cli/publish_slice.h"

#include <string.h>

#include "common/base/path.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "common/yaml/yaml_writer.h"
#include "engine/vault/vault.h"

#define PRIVATE_MODE 0600

/* --- variables --- */

/* By which secrets the desk gets onto the host is nothing for the host. Who and where it is may be used in templates. */
static bool is_connection(const char *name)
{
    static const char *const harmless[] = { "ansible_ssh_host", "ansible_ssh_port", "ansible_ssh_user", NULL };
    static const char *const names[] = {
        "ansible_connection",
        "ansible_password",
        "ansible_pass",
        "ansible_private_key_file",
        "ansible_become_pass",
        "ansible_sudo_pass",
        "ansible_su_pass",
        "ansible_become_password",
        "ansible_su_password",
        "ansible_sudo_password",
        "ansible_connection_password",
        NULL,
    };

    return name != NULL && (text_in(name, names) || (text_starts(name, "ansible_ssh_") && !text_in(name, harmless)));
}

/* The node has no password: what it is to know lies in its bundle in plain, there and at the controller. That must be wanted. */
static bool vaults_open(const struct command *command, const char *whose, const struct value **vars, struct error *err)
{
    const struct vault_door door = { vault_decrypt, command->vault };

    if (!value_has_mark(*vars, VALUE_VAULT | VALUE_SECRET))
        return true;
    if (!command->options.decrypt)
        return error_set(
            err,
            "%s in a vault: a node has no password, so it would lie in plain in the node's bundle and at the "
            "controller; --decrypt does that",
            whose);
    *vars = vault_all_opened(&door, command->arena, *vars, err);
    return *vars != NULL;
}

static bool host_variables(const struct slice_request *request, const struct inventory_host *host, struct value **out,
                           struct error *err)
{
    struct command *command = request->command;
    const struct inventory_vars_files files = {
        .playbook_folder = path_dirname(command->arena, path_absolute(command->arena, request->playbook)),
        .config = &command->inventory_config,
    };
    struct value *kept = value_map(command->arena);
    const struct value *vars = NULL;

    if (!inventory_host_variables(command->inventory, command->arena, host, &files, &vars, err))
        return false;
    for (size_t i = 0; i < value_count(vars); i++) {
        const struct value_pair *pair = value_pair_at(vars, i);

        if (!is_connection(value_text(pair->key)))
            value_map_put_value(command->arena, kept, pair->key, pair->item);
    }
    vars = kept;
    if (!vaults_open(command, arena_printf(command->arena, "host '%s' has a variable", host->name), &vars, err))
        return false;
    kept = value_map(command->arena);
    for (size_t i = 0; i < value_count(vars); i++)
        value_map_put_value(command->arena, kept, value_pair_at(vars, i)->key, value_pair_at(vars, i)->item);
    value_map_put_string(command->arena, kept, "ansible_connection", "local");
    *out = kept;
    return true;
}

/* --- the inventory --- */

/* The others are there by name, for `groups`; what is delegated to them is refused on the node. localhost is the node itself. */
static const struct value *other_host(struct arena *arena)
{
    struct value *vars = value_map(arena);

    value_map_put_string(arena, vars, "ansible_connection", "elsewhere");
    return vars;
}

static bool is_told(const struct inventory_host *host, const struct inventory_host *self)
{
    return host == self || (!host->is_implicit && !text_equal(host->name, "localhost"));
}

static const struct value *group_value(struct arena *arena, const struct inventory_group *group,
                                       const struct inventory_host *self)
{
    struct value *out = value_map(arena), *hosts = value_map(arena), *children = value_map(arena);

    for (size_t i = 0; i < group->host_count; i++) {
        if (is_told(group->hosts[i], self))
            value_map_put(arena, hosts, group->hosts[i]->name, value_null());
    }
    for (size_t i = 0; i < group->child_count; i++)
        value_map_put(arena, children, group->children[i]->name, value_null());
    if (value_count(hosts) > 0)
        value_map_put(arena, out, "hosts", hosts);
    if (value_count(children) > 0)
        value_map_put(arena, out, "children", children);
    return out;
}

static const struct value *inventory_value(const struct slice_request *request, const struct inventory_host *self,
                                           const struct value *vars)
{
    const struct inventory *inventory = request->command->inventory;
    struct arena *arena = request->command->arena;
    struct value *out = value_map(arena), *all = value_map(arena), *hosts = value_map(arena);

    for (size_t i = 0; i < inventory->host_count; i++) {
        const struct inventory_host *host = inventory->hosts[i];

        if (is_told(host, self))
            value_map_put(arena, hosts, host->name, host == self ? vars : other_host(arena));
    }
    value_map_put(arena, all, "hosts", hosts);
    value_map_put(arena, out, "all", all);
    for (size_t i = 0; i < inventory->group_count; i++) {
        const struct inventory_group *group = inventory->groups[i];

        if (!text_equal(group->name, "all") && !text_equal(group->name, "ungrouped"))
            value_map_put(arena, out, group->name, group_value(arena, group, self));
    }
    return out;
}

static bool add_yaml(struct project *into, const char *path, const struct value *value, struct error *err)
{
    static const struct yaml_style style = { .block = true, .keep_order = true, .width = -1, .mark_unsafe = true };
    struct text text = text_new(into->arena);

    return yaml_write(&text, value, &style, err) && project_add(into, path, text.data, text.length, PRIVATE_MODE, err);
}

/* --- how it is run --- */

static const char *bundle_path(const struct slice_request *request, const char *path)
{
    struct arena *arena = request->command->arena;
    const char *place = project_path(arena, request->project, path);

    return place == NULL ? NULL : path_normalize(arena, path_join(arena, SLICE_PROJECT, place));
}

bool slice_host(const struct slice_request *request, const struct inventory_host *host, struct project *into,
                struct error *err)
{
    struct value *about = value_map(into->arena), *vars = NULL;
    const char *text = NULL;

    if (!host_variables(request, host, &vars, err))
        return false;
    value_map_put_int(into->arena, about, "format", 1);
    value_map_put_string(into->arena, about, "name", project_path(into->arena, request->project, request->playbook));
    value_map_put_string(into->arena, about, "host", host->name);
    value_map_put_string(into->arena, about, "playbook", bundle_path(request, request->playbook));
    value_map_put_string(into->arena, about, "inventory", "inventory.yml");
    value_map_put_string(into->arena, about, "config", "ansible.cfg");
    if (value_count(request->command->extra_vars) > 0)
        value_map_put_string(into->arena, about, "vars", "vars.yml");
    text = json_text(into->arena, about, JSON_COMPACT);
    return add_yaml(into, "inventory.yml", inventory_value(request, host, vars), err) &&
           project_add(into, "bundle.json", text, strlen(text), PRIVATE_MODE, err);
}

/* What decides what a playbook means; how the desk connects, looks and prints does not. */
static const char *const settings_kept[] = {
    "gathering",
    "gather_subset",
    "gather_timeout",
    "hash_behaviour",
    "any_errors_fatal",
    "force_handlers",
    "inject_facts_as_vars",
    "jinja2_extensions",
    "jinja2_native",
    "no_log",
    "become",
    "become_method",
    "become_user",
    "become_exe",
    "become_flags",
    "strategy",
    "max_diff_size",
    NULL,
};

static bool add_settings(const struct slice_request *request, struct project *into, struct error *err)
{
    const struct command *command = request->command;
    struct text text = text_new(into->arena);
    const char *between = "";

    text_add(&text, "[defaults]\nroles_path = ");
    for (const char *const *folder = command->playbook_config.role_folders; *folder != NULL; folder++) {
        const char *path = bundle_path(request, *folder);

        if (path != NULL) {
            text_printf(&text, "%s%s", between, path);
            between = ":";
        }
    }
    text_printf(&text, "%s\n", *between == '\0' ? SLICE_PROJECT "/roles" : "");
    for (const char *const *key = settings_kept; *key != NULL; key++) {
        const char *value = settings_text(&command->settings, *key);

        if (value != NULL && strchr(value, '\n') == NULL)
            text_printf(&text, "%s = %s\n", *key, value);
    }
    return project_add(into, "ansible.cfg", text.data, text.length, PRIVATE_MODE, err);
}

bool slice_common(const struct slice_request *request, struct project *into, struct error *err)
{
    const struct value *extra = request->command->extra_vars;

    if (!vaults_open(request->command, "-e gives a variable", &extra, err))
        return false;
    return add_settings(request, into, err) && (value_count(extra) == 0 || add_yaml(into, "vars.yml", extra, err));
}
