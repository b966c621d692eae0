/* SPDX-License-Identifier: Apache-2.0 */
/* include_tasks and include_role as tasks: what is to be included, templated; loading it is the strategy's (include.c). */
#include <string.h>

#include "common/base/path.h"
#include "common/base/text.h"
#include "common/value/value_python.h"
#include "engine/run/job_parts.h"

static bool arg_text(struct job_item *item, const char *key, const char **out, struct error *err)
{
    struct template_call call = vars_scope_call(&item->job->scope, item->arena);
    const struct value *value = value_map_get(item->job->task->args, key);

    if (value == NULL)
        return true;
    if (!template_value(&call, value, &value, err)) {
        if (err->kind == ERROR_UNDEFINED)
            error_prefix(err, "The task includes an option with an undefined variable. The error was");
        return false;
    }
    *out = value_to_text(item->arena, value);
    if (item->job->run->omit != NULL && strcmp(*out, item->job->run->omit) == 0)
        *out = NULL;
    return true;
}

static bool arg_bool(struct job_item *item, const char *key, bool *out, struct error *err)
{
    const char *text = NULL;

    if (!arg_text(item, key, &text, err))
        return false;
    return text == NULL || text_to_bool(text, out) || error_set(err, "'%s' must be a boolean, not '%s'", key, text);
}

static bool include_tasks(struct job_item *item, struct include_request *request, struct error *err)
{
    if (!arg_text(item, "_raw_params", &request->path, err))
        return false;
    if (request->path == NULL && !arg_text(item, "file", &request->path, err))
        return false;
    if (request->path == NULL || *request->path == '\0')
        return error_set(err, "No include file was specified to the include");
    return true;
}

static bool include_role(struct job_item *item, struct include_request *request, struct error *err)
{
    struct role_request *role = &request->role;

    bool validates = true;

    role->allow_duplicates = true;
    if (!arg_text(item, "name", &role->name, err) || (role->name == NULL && !arg_text(item, "role", &role->name, err)))
        return false;
    if (role->name == NULL)
        return error_set(err, "'name' is a required field for include_role.");
    if (!arg_text(item, "tasks_from", &role->tasks_from, err) || !arg_text(item, "vars_from", &role->vars_from, err) ||
        !arg_text(item, "defaults_from", &role->defaults_from, err) ||
        !arg_text(item, "handlers_from", &role->handlers_from, err) ||
        !arg_bool(item, "public", &role->is_public, err) ||
        !arg_bool(item, "allow_duplicates", &role->allow_duplicates, err) ||
        !arg_bool(item, "rolespec_validate", &validates, err))
        return false;
    role->skips_validation = !validates;
    return true;
}

/* The arguments without the file: as written, but for the role's name. What else they hold is nobody's before the include. */
static const struct value *include_args(const struct job_item *item)
{
    static const char *const names[] = { "name", "role", NULL };
    const struct value *written = item->job->task->args;
    const char *role = item->include->role.name;
    struct value *args = value_map(item->arena);

    for (size_t i = 0; i < value_count(written); i++) {
        const struct value_pair *pair = value_pair_at(written, i);
        const char *key = value_text(pair->key);

        if (key == NULL || strcmp(key, "_raw_params") == 0 || (role == NULL && strcmp(key, "file") == 0))
            continue;
        value_map_put_value(item->arena, args, pair->key,
                            role != NULL && text_in(key, names) ? value_string(item->arena, role) : pair->item);
    }
    return args;
}

bool job_item_include(struct job_item *item, struct error *err)
{
    const struct node *task = item->job->task;
    struct include_request *request = arena_new_of(item->arena, struct include_request);
    bool ok =
        task->task_kind == TASK_INCLUDE_TASKS ? include_tasks(item, request, err) : include_role(item, request, err);

    if (!ok)
        return false;
    request->role.apply = value_map_get(task->args, "apply");
    request->variables = job_loop_variables(item->job, item, item->arena);
    item->include = request;
    item->result = value_map(item->arena);
    if (request->path != NULL)
        value_map_put_string(item->arena, item->result, "include", request->path);
    value_map_put(item->arena, item->result, "include_args", include_args(item));
    item->state = ITEM_READY;
    return true;
}
