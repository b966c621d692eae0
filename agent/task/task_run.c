/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs one task and turns whatever happens into a result map. Nothing of a failed module leaks into the next task:
 * context, arguments and result live in the request's arena and die with it.
 */
#include "agent/task/task_run.h"

#include <string.h>
#include <sys/stat.h>

#include "agent/system/file/file_mode.h"
#include "agent/task/module.h"
#include "agent/task/task_secrets.h"
#include "common/base/clock.h"
#include "common/base/text.h"

#define MODULE_NAMES_MAX 512

static const struct value *task_failed(struct arena *arena, const char *message)
{
    struct value *map = value_map(arena);

    value_map_put_bool(arena, map, "changed", false);
    value_map_put_bool(arena, map, "failed", true);
    value_map_put_string(arena, map, "msg", message);
    return map;
}

static const struct value *task_unknown(struct arena *arena, const char *name)
{
    const char *names[MODULE_NAMES_MAX];
    size_t count = module_table_count < MODULE_NAMES_MAX ? module_table_count : MODULE_NAMES_MAX;

    for (size_t i = 0; i < count; i++)
        names[i] = module_table[i]->spec.name;
    const char *nearest = text_nearest(name, names, count);
    if (nearest)
        return task_failed(arena,
                           arena_printf(arena, "this agent has no module '%s'; did you mean '%s'?", name, nearest));
    return task_failed(arena, arena_printf(arena, "this agent has no module '%s'", name));
}

static const struct value *task_without_check(struct arena *arena, const char *name)
{
    struct value *map = value_map(arena);

    value_map_put_bool(arena, map, "changed", false);
    value_map_put_bool(arena, map, "skipped", true);
    value_map_put_string(arena, map, "msg",
                         arena_printf(arena, "remote module (%s) does not support check mode", name));
    return map;
}

static void task_error(struct task_context *task, const struct error *error)
{
    if (error->kind == ERROR_CANCELLED)
        result_fail(task, "cancelled");
    else
        result_fail(task, "%s", error->text);
}

/* A deadline ends commands only; a task whose time is up has failed, whatever its module made of the ended command. */
static void task_check_deadline(struct task_context *task, const struct system *system)
{
    if (system->deadline_ms > 0 && clock_monotonic_ms() >= system->deadline_ms)
        result_fail(task, "the task did not end in its time and was terminated");
}

/* Before anything is written: a file must not be left behind with the mode that it happens to have. */
static bool task_modes_check(const struct module *module, const void *bound, struct error *err)
{
    for (const struct arg_spec *arg = module->spec.args; arg && arg->name; arg++) {
        const char *text = NULL;
        mode_t ignored = 0;

        if (arg->type != ARG_MODE)
            continue;
        memcpy(&text, (const char *)bound + arg->offset, sizeof(text));
        if (!text || (module->preserves_mode && strcmp(text, "preserve") == 0))
            continue;
        if (!file_mode_parse(text, S_IFREG, 0, &ignored, err))
            return false;
    }
    return true;
}

static const struct value *task_finish(struct task_context *task, const struct task_request *request,
                                       const struct module *module, const void *bound)
{
    struct arena *arena = task->scratch;

    if (module->is_info)
        task->result->changed = false;
    if (request->wants_changes)
        result_set(task, "changes", task->result->changes);
    if (!value_map_get(task->result->fields, "invocation"))
        result_set(task, "invocation", task_invocation(arena, &module->spec, bound, request->args));
    return task_secrets_hide(arena, &module->spec, request->args, result_to_value(arena, task->result));
}

const struct value *task_run(struct arena *arena, struct system *system, const struct task_request *request,
                             const struct content_channel *content)
{
    struct error err = ERROR_INIT;
    const struct module *module = module_named(request->module);

    if (!module)
        return task_unknown(arena, request->module ? request->module : "");
    struct task_context task = {
        .system = system,
        .scratch = arena,
        .result = result_new(arena),
        .module_name = module->spec.name,
        .check_mode = request->check_mode,
        .diff_mode = request->diff_mode,
        .verbosity = request->verbosity,
        .content = content,
    };
    task.result->order = module->order;
    void *bound = arena_alloc(arena, module->spec.args_size > 0 ? module->spec.args_size : 1);
    if (!arg_bind(arena, &module->spec, request->args, bound, &err)) {
        task_error(&task, &err);
        return task_finish(&task, request, module, NULL);
    }
    if (request->check_mode && module->check_mode == MODULE_CHECK_SKIP)
        return task_without_check(arena, module->spec.name);
    if (!task_modes_check(module, bound, &err) || !module->run(&task, bound, &err))
        task_error(&task, &err);
    task_check_deadline(&task, system);
    return task_finish(&task, request, module, bound);
}
