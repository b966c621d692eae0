/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Magic variables: computed when asked for, from the play, the role, the inventory and the options of the run. Those in the
 * table win over everything; those of a host (inventory_hostname ...) have the precedence of inventory variables.
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/path.h"
#include "common/base/text.h"
#include "engine/vars/vars_groups.h"
#include "engine/vars/vars_internal.h"

struct value *vars_own_text(struct arena *arena, const char *text, size_t length)
{
    struct value *value = value_string_n(arena, text, length);

    if (!value_text_is_template(text, length))
        value->marks |= VALUE_TRUSTED | VALUE_STATIC;
    return value;
}

static struct value *own_text(struct arena *arena, const char *text)
{
    return vars_own_text(arena, text, strlen(text));
}

static const struct value *magic_playbook_dir(struct vars_scope *scope)
{
    const struct vars_play *play = scope->world->play; /* in hostvars, too */

    return play == NULL ? NULL : own_text(scope->arena, path_absolute(scope->arena, play->play->folder));
}

static const struct value *magic_config_file(struct vars_scope *scope)
{
    const char *path = scope->world->config.config_file;

    return path == NULL ? value_null() : own_text(scope->arena, path);
}

static void names_add(struct arena *arena, struct value *list, const struct role *role)
{
    for (size_t i = 0; i < value_count(list); i++)
        if (strcmp(value_text(value_item(list, i)), role->name) == 0)
            return;
    value_list_add(arena, list, own_text(arena, role->name));
}

static const struct value *role_names(struct vars_scope *scope, bool direct, bool dependent)
{
    struct value *list = value_list(scope->arena);
    const struct play *play = scope->play == NULL ? NULL : scope->play->play;

    for (size_t i = 0; play != NULL && i < play->role_count; i++)
        if (play->roles[i]->parent == NULL ? direct : dependent)
            names_add(scope->arena, list, play->roles[i]);
    return play == NULL ? NULL : list;
}

static const struct value *magic_role_names(struct vars_scope *scope)
{
    return role_names(scope, true, true);
}

/* As the play lists them: a role that is named twice stands here twice. */
static const struct value *magic_play_role_names(struct vars_scope *scope)
{
    struct value *list = value_list(scope->arena);
    const struct play *play = scope->play == NULL ? NULL : scope->play->play;

    for (size_t i = 0; play != NULL && i < play->role_count; i++)
        if (play->roles[i]->parent == NULL)
            value_list_add(scope->arena, list, own_text(scope->arena, play->roles[i]->name));
    return play == NULL ? NULL : list;
}

static const struct value *magic_dependent_role_names(struct vars_scope *scope)
{
    return role_names(scope, false, true);
}

static const struct value *magic_play_name(struct vars_scope *scope)
{
    if (scope->play == NULL)
        return NULL;
    return own_text(scope->arena, scope->play->name == NULL ? "" : scope->play->name);
}

static const struct value *magic_role_name(struct vars_scope *scope)
{
    return scope->role == NULL ? NULL : own_text(scope->arena, scope->role->name);
}

static const struct value *magic_role_path(struct vars_scope *scope)
{
    return scope->role == NULL ? NULL : own_text(scope->arena, scope->role->path);
}

static bool includes_role(const struct node *node)
{
    return node->role != NULL && node->action != NULL &&
           (strcmp(node->action, "include_role") == 0 || strcmp(node->action, "import_role") == 0);
}

/* The roles in whose tasks the task's role was included or imported: the nearest first. */
static const struct value *parent_roles(struct vars_scope *scope, bool paths)
{
    struct value *list = NULL;

    for (const struct node *node = scope->task == NULL ? NULL : scope->task->parent; node != NULL;
         node = node->parent) {
        if (!includes_role(node))
            continue;
        if (list == NULL)
            list = value_list(scope->arena);
        value_list_add(scope->arena, list, own_text(scope->arena, paths ? node->role->path : node->role->name));
    }
    return list;
}

static const struct value *magic_parent_names(struct vars_scope *scope)
{
    return parent_roles(scope, false);
}

static const struct value *magic_parent_paths(struct vars_scope *scope)
{
    return parent_roles(scope, true);
}

static const struct value *magic_role_uuid(struct vars_scope *scope)
{
    char *text;

    if (scope->role == NULL)
        return NULL;
    text = arena_printf(scope->arena, "%016llx", (unsigned long long)(uintptr_t)scope->role);
    return own_text(scope->arena, text);
}

static const struct value *magic_collection_name(struct vars_scope *scope)
{
    if (scope->role == NULL)
        return NULL;
    return scope->role->collection == NULL ? value_null() : own_text(scope->arena, scope->role->collection);
}

/* Without the collection in front. */
static const struct value *magic_role_short_name(struct vars_scope *scope)
{
    return scope->role == NULL ? NULL : own_text(scope->arena, role_short_name(scope->role));
}

static const struct value *magic_groups(struct vars_scope *scope)
{
    struct vars_world *world = scope->world;

    if (world->groups == NULL)
        world->groups = vars_groups_map(world->inventory_arena, world->config.inventory);
    return world->groups;
}

/* Names of those hosts for which `leave_out` (may be NULL) is false. */
static const struct value *host_names(struct vars_scope *scope, struct inventory_host *const *hosts, size_t count,
                                      bool (*leave_out)(void *context, const struct inventory_host *host))
{
    struct value *list = value_list(scope->arena);

    for (size_t i = 0; i < count; i++)
        if (leave_out == NULL || !leave_out(scope->play->context, hosts[i]))
            value_list_add(scope->arena, list, own_text(scope->arena, hosts[i]->name));
    return list;
}

static const struct value *magic_hosts_all(struct vars_scope *scope)
{
    return scope->play == NULL ? NULL : host_names(scope, scope->play->all, scope->play->all_count, NULL);
}

static const struct value *magic_hosts(struct vars_scope *scope)
{
    const struct vars_play *play = scope->play;

    return play == NULL ? NULL : host_names(scope, play->all, play->all_count, play->is_removed);
}

static const struct value *magic_batch(struct vars_scope *scope)
{
    const struct vars_play *play = scope->play;

    return play == NULL ? NULL : host_names(scope, play->batch, play->batch_count, play->is_removed);
}

static bool is_working(void *context, const struct inventory_host *host)
{
    const struct vars_play *play = context;

    return !play->is_failed(play->context, host);
}

static const struct value *magic_current_hosts(struct vars_scope *scope)
{
    const struct vars_play *play = scope->play;

    return play == NULL ? NULL : host_names(scope, play->batch, play->batch_count, play->is_failed);
}

static const struct value *magic_failed_hosts(struct vars_scope *scope)
{
    struct value *list = value_list(scope->arena);

    if (scope->play == NULL)
        return NULL;
    for (size_t i = 0; i < scope->play->batch_count; i++) {
        struct vars_play play = *scope->play;

        if (!is_working(&play, play.batch[i]))
            value_list_add(scope->arena, list, own_text(scope->arena, play.batch[i]->name));
    }
    return list;
}

static const struct value *magic_hostvars(struct vars_scope *scope)
{
    return scope->world->hostvars;
}

static const struct value *magic_vars(struct vars_scope *scope)
{
    return vars_all_object(scope, scope->arena);
}

static const struct value *magic_environment(struct vars_scope *scope)
{
    if (scope->task == NULL)
        return NULL;
    return scope->environment == NULL ? value_list(scope->arena) : scope->environment;
}

static const struct value *magic_delegated(struct vars_scope *scope)
{
    return scope->delegates;
}

static const struct value *magic_search_path(struct vars_scope *scope)
{
    struct value *list = value_list(scope->arena);

    if (scope->task == NULL)
        return NULL;
    for (size_t i = 0; scope->search_folders != NULL && scope->search_folders[i] != NULL; i++)
        value_list_add(scope->arena, list, own_text(scope->arena, scope->search_folders[i]));
    return list;
}

struct magic {
    const char *name;
    const struct value *(*make)(struct vars_scope *scope);
};

static const struct magic magic_table[] = {
    /* sorted by name */
    { "ansible_collection_name", magic_collection_name },
    { "ansible_config_file", magic_config_file },
    { "ansible_current_hosts", magic_current_hosts },
    { "ansible_delegated_vars", magic_delegated },
    { "ansible_dependent_role_names", magic_dependent_role_names },
    { "ansible_failed_hosts", magic_failed_hosts },
    { "ansible_parent_role_names", magic_parent_names },
    { "ansible_parent_role_paths", magic_parent_paths },
    { "ansible_play_batch", magic_batch },
    { "ansible_play_hosts", magic_hosts },
    { "ansible_play_hosts_all", magic_hosts_all },
    { "ansible_play_name", magic_play_name },
    { "ansible_play_role_names", magic_play_role_names },
    { "ansible_role_name", magic_role_name },
    { "ansible_role_names", magic_role_names },
    { "ansible_search_path", magic_search_path },
    { "environment", magic_environment },
    { "groups", magic_groups },
    { "hostvars", magic_hostvars },
    { "play_hosts", magic_batch },
    { "playbook_dir", magic_playbook_dir },
    { "role_name", magic_role_short_name },
    { "role_names", magic_play_role_names },
    { "role_path", magic_role_path },
    { "role_uuid", magic_role_uuid },
    { "vars", magic_vars },
};
#define MAGIC_COUNT (sizeof(magic_table) / sizeof(magic_table[0]))

struct magic_key {
    const char *name;
    size_t length;
};

static int magic_compare(const void *key, const void *entry)
{
    const struct magic_key *wanted = key;
    const char *name = ((const struct magic *)entry)->name;
    int order = strncmp(wanted->name, name, wanted->length);

    return order != 0 ? order : name[wanted->length] == '\0' ? 0 : -1;
}

const struct value *vars_magic(struct vars_scope *scope, const char *name, size_t length)
{
    struct magic_key key = { name, length };
    const struct magic *entry;

    if (length < 4 || strchr("aeghoprv", name[0]) == NULL)
        return NULL;
    entry = bsearch(&key, magic_table, MAGIC_COUNT, sizeof(magic_table[0]), magic_compare);
    if (entry != NULL)
        return entry->make(scope);
    return value_map_get_n(scope->world->config.options, name, length);
}

/* In Ansible's order. */
static const char *const magic_names[] = {
    "playbook_dir",
    "ansible_config_file",
    "role_name",
    "role_path",
    "role_uuid",
    "ansible_collection_name",
    "ansible_role_name",
    "ansible_role_names",
    "ansible_play_role_names",
    "ansible_dependent_role_names",
    "role_names",
    "ansible_play_name",
    "groups",
    "ansible_play_hosts_all",
    "ansible_play_hosts",
    "ansible_play_batch",
    "play_hosts",
    "hostvars",
    "environment",
    "vars",
    NULL,
};

const char *const *vars_magic_names(void)
{
    return magic_names;
}

static const struct value *short_name(struct vars_scope *scope)
{
    const char *dot = strchr(scope->host->name, '.');

    return dot == NULL ? own_text(scope->arena, scope->host->name)
                       : vars_own_text(scope->arena, scope->host->name, (size_t)(dot - scope->host->name));
}

static const struct value *text_or_null(struct arena *arena, const char *text)
{
    return text == NULL ? value_null() : own_text(arena, text);
}

/* A list of hosts on the command line has no folder: Ansible makes a text of that. */
static const struct value *source_folder(const struct vars_scope *scope)
{
    const struct inventory_host *host = scope->host;

    return text_or_null(scope->arena,
                        host->source_path != NULL && host->source_folder == NULL ? "None" : host->source_folder);
}

static const char *const host_magic_names[] = { "inventory_file",           "inventory_dir", "inventory_hostname",
                                                "inventory_hostname_short", "group_names",   NULL };

const char *const *vars_magic_host_names(const struct vars_scope *scope)
{
    static const char *const of_no_inventory[] = { "inventory_hostname", "inventory_hostname_short", "group_names",
                                                   NULL };

    return scope->host != NULL && scope->host->is_implicit ? of_no_inventory : host_magic_names;
}

static bool is_name(const char *name, size_t length, const char *wanted)
{
    return strlen(wanted) == length && memcmp(name, wanted, length) == 0;
}

const struct value *vars_magic_of_host(struct vars_scope *scope, const char *name, size_t length)
{
    if (scope->host == NULL || length < 11)
        return NULL;
    if (is_name(name, length, "inventory_hostname"))
        return vars_own_text(scope->arena, scope->host->name, strlen(scope->host->name));
    if (is_name(name, length, "inventory_hostname_short"))
        return short_name(scope);
    if (is_name(name, length, "group_names"))
        return vars_group_names(scope->arena, scope->world->config.inventory, scope->host);
    if (scope->host->is_implicit)
        return NULL; /* from no inventory */
    if (is_name(name, length, "inventory_file"))
        return text_or_null(scope->arena, scope->host->source_path);
    if (is_name(name, length, "inventory_dir"))
        return source_folder(scope);
    return NULL;
}
