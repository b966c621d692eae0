/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import_tasks and import_role: expanded on the spot. The importing task becomes an implicit block that carries its
 * keywords; what it brings stands inside.
 */
#include <string.h>

#include "common/base/path.h"
#include "common/base/text.h"
#include "engine/playbook/load.h"
#include "engine/playbook/load_role.h"
#include "engine/playbook/search.h"

/* The importing task turns into a block. */
static void become_wrapper(struct node *node)
{
    node->kind = NODE_BLOCK;
    node->is_implicit = true;
}

static bool no_loop(const struct node *import, const char *instead, struct error *err)
{
    if (import->keywords[KEYWORD_LOOP] == NULL)
        return true;
    return error_set_at(err, &import->at, "You cannot use loops on '%s' statements. You should use '%s' instead.",
                        import->action_text, instead);
}

static bool depth_check(const struct load_scope *scope, const struct node *import, struct error *err)
{
    if (scope->depth < LIMIT_INCLUDE_DEPTH)
        return true;
    return error_set_at(err, &import->at, "imports are nested more than %d deep: does this file import itself?",
                        LIMIT_INCLUDE_DEPTH);
}

static bool tasks_file_read(const struct load_scope *scope, const struct node *import, const char *path,
                            const struct value **out, struct error *err)
{
    const struct value *content = NULL;
    struct source_position at = { path, 1, 1 };

    if (!load_file_read(scope->loader, path, &content, err))
        return error_locate(err, &import->at);
    if (content != NULL && !value_is(content, VALUE_NULL) && !value_is(content, VALUE_LIST))
        return error_set_at(err, &at, "included task files must contain a list of tasks");
    if (value_count(content) == 0)
        load_warn(scope->loader,
                  arena_printf(scope->loader->arena, "file %s is empty and had no tasks to include", path));
    *out = content;
    return true;
}

bool load_import_tasks(const struct load_scope *scope, struct node *import, const struct value *name,
                       struct node_list *out, struct error *err)
{
    struct load_scope inner = *scope;
    const char *text = NULL, *path;
    const struct value *content = NULL;

    if (!no_loop(import, "include_tasks", err) || !depth_check(scope, import, err) ||
        !load_static_text(scope, import, name, &text, err))
        return false;
    path = search_task_file(scope->loader->arena, import, scope->base_folder, scope->handlers ? "handlers" : "tasks",
                            text);
    if (path == NULL)
        return error_set_at(err, &import->at,
                            "Could not find or access '%s' on the Ansible Controller (searched in %s, "
                            "the role's and the playbook's folders)",
                            text, scope->folder);
    if (!tasks_file_read(scope, import, path, &content, err))
        return false;
    become_wrapper(import);
    inner.parent = import;
    inner.folder = path_dirname(scope->loader->arena, path);
    inner.depth++;
    if (!load_nodes(&inner, content, "included tasks", &import->tasks, err))
        return false;
    if (scope->handlers)
        load_list_extend(scope->loader->arena, out, &import->tasks);
    else
        load_list_add(scope->loader->arena, out, import);
    return true;
}

static bool from_text(const struct load_scope *scope, const struct node *import, const char *key, const char **out,
                      struct error *err)
{
    const struct value *from = value_map_get(import->args, key);

    if (from == NULL)
        return true;
    if (!value_is(from, VALUE_STRING))
        return error_set_at(err, &import->at, "Expected a string for %s but got %s instead", key,
                            value_kind_text(from));
    if (!load_static_text(scope, import, from, out, err))
        return false;
    *out = path_basename(*out);
    return true;
}

bool load_import_role(const struct load_scope *scope, struct node *import, struct node_list *out, struct error *err)
{
    const struct value *name = value_map_get(import->args, "name");
    const struct value *duplicates = value_map_get(import->args, "allow_duplicates");
    const struct value *validates = value_map_get(import->args, "rolespec_validate");
    struct arena *arena = scope->loader->arena;
    struct load_role_request request = { .vars = import->keywords[KEYWORD_VARS],
                                         .parent = scope->role,
                                         .at = import->at,
                                         .from_include = true,
                                         .is_public = true };
    struct load_scope inner = *scope;
    struct role *role = NULL;
    struct node_list nodes;

    if (name == NULL)
        name = value_map_get(import->args, "role");
    request.allow_duplicates = duplicates == NULL || value_truthy(duplicates);
    request.skips_validation = validates != NULL && !value_truthy(validates);
    if (!no_loop(import, "include_role", err) || !depth_check(scope, import, err) ||
        !load_static_text(scope, import, name, &request.name, err) ||
        !from_text(scope, import, "tasks_from", &request.tasks_from, err) ||
        !from_text(scope, import, "vars_from", &request.vars_from, err) ||
        !from_text(scope, import, "defaults_from", &request.defaults_from, err) ||
        !from_text(scope, import, "handlers_from", &request.handlers_from, err))
        return false;
    become_wrapper(import);
    inner.parent = import;
    inner.depth++;
    if (!load_role(&inner, &request, &role, err))
        return false;
    nodes = role_task_nodes(arena, role);
    load_list_extend(arena, &import->tasks, &nodes);
    nodes = role_handler_nodes(arena, role);
    load_list_extend(arena, &scope->play->handlers, &nodes);
    load_list_add(arena, out, import);
    return true;
}
