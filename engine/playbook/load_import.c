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

bool load_file_missing(const struct source_position *at, const char *path, struct error *err)
{
    return error_set_plain_at(err, at,
                              "Unable to retrieve file contents\n"
                              "Could not find or access '%s' on the Ansible Controller.\n"
                              "If you are using a module and expect the file to exist on the remote, see the "
                              "remote_src option",
                              path);
}

/* Where it was looked for first is the path that Ansible names. */
static bool task_file_missing(const struct load_scope *scope, const struct node *import, const char *name,
                              struct error *err)
{
    struct arena *arena = scope->loader->arena;
    const char *folder = scope->folder != NULL ? scope->folder : scope->base_folder;

    return load_file_missing(
        &import->at,
        name[0] == '/' ? name : path_normalize(arena, path_join(arena, path_absolute(arena, folder), name)), err);
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
        return task_file_missing(scope, import, text, err);
    if (!tasks_file_read(scope, import, path, &content, err))
        return false;
    if (value_count(content) > 0 && scope->loader->config.notes != NULL)
        value_list_add(
            scope->loader->arena, scope->loader->config.notes,
            value_string(scope->loader->arena, arena_printf(scope->loader->arena, "statically imported: %s", path)));
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

/* Of what an import names only the last part counts, also of a template; an include takes it whole. */
static bool from_text(const struct load_scope *scope, const struct node *import, const char *key, const char **out,
                      struct error *err)
{
    const struct value *from = value_map_get(import->args, key);
    struct value *last;

    if (from == NULL)
        return true;
    last = value_string(scope->loader->arena, path_basename(value_text(from)));
    last->marks = from->marks;
    return load_static_text(scope, import, last, out, err);
}

/* A flag of the import; a template is evaluated with what is known now. */
static bool flag_read(const struct load_scope *scope, const struct node *import, const char *key, bool otherwise,
                      bool *out, struct error *err)
{
    const struct value *flag = value_map_get(import->args, key);

    *out = otherwise;
    if (flag == NULL || value_is(flag, VALUE_NULL))
        return true;
    if (!load_static_value(scope, import, flag, &flag, err))
        return false;
    if (!value_is(flag, VALUE_STRING) || !text_to_bool(value_text(flag), out))
        *out = value_truthy(flag);
    return true;
}

bool load_import_role(const struct load_scope *scope, struct node *import, struct node_list *out, struct error *err)
{
    const struct value *name = value_map_get(import->args, "name");
    struct arena *arena = scope->loader->arena;
    struct load_role_request request = { .vars = import->keywords[KEYWORD_VARS],
                                         .parent = scope->role,
                                         .collections = import->collections,
                                         .at = import->at,
                                         .from_include = true,
                                         .is_public = true };
    struct load_scope inner = *scope;
    struct role *role = NULL;
    struct node_list nodes;
    bool validates = true;

    if (name == NULL)
        name = value_map_get(import->args, "role");
    if (!no_loop(import, "include_role", err) || !depth_check(scope, import, err) ||
        !load_static_text(scope, import, name, &request.name, err) ||
        !flag_read(scope, import, "allow_duplicates", true, &request.allow_duplicates, err) ||
        !flag_read(scope, import, "rolespec_validate", true, &validates, err) ||
        !from_text(scope, import, "tasks_from", &request.tasks_from, err) ||
        !from_text(scope, import, "vars_from", &request.vars_from, err) ||
        !from_text(scope, import, "defaults_from", &request.defaults_from, err) ||
        !from_text(scope, import, "handlers_from", &request.handlers_from, err))
        return false;
    request.skips_validation = !validates;
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
