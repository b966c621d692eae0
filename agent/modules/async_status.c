/* SPDX-License-Identifier: Apache-2.0 */
/* async_status: what has become of a task that was started with `async`; or its job file removed. Starts and ends nothing. */
#include <string.h>
#include <unistd.h>

#include "agent/task/module.h"
#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"
#include "common/json/json.h"

#define JOB_MAX ((size_t)LIMIT_FRAME / 2)

struct async_status_args {
    const char *jid, *mode, *_async_dir;
};

static const struct arg_spec async_status_spec[] = {
    ARG(async_status_args, jid, ARG_STRING, .required = true, .help = "ansible_job_id of the task that was started"),
    ARG(async_status_args, mode, ARG_STRING, .default_text = "status", .choices = ARG_NAMES("status", "cleanup"),
        .help = "look at the job, or remove its file"),
    ARG(async_status_args, _async_dir, ARG_PATH, .default_text = "~/.ansible_async", .internal = true,
        .help = "folder of the job files"),
    ARG_END,
};

static void show_invocation(struct task_context *task, const struct async_status_args *args)
{
    struct value *given = value_map(task->scratch), *invocation = value_map(task->scratch);

    value_map_put_string(task->scratch, given, "_async_dir", args->_async_dir);
    value_map_put_string(task->scratch, given, "jid", args->jid);
    value_map_put_string(task->scratch, given, "mode", args->mode);
    value_map_put(task->scratch, invocation, "module_args", given);
    result_set(task, "invocation", invocation);
}

static void begin(struct task_context *task, const struct async_status_args *args, const char *path)
{
    bool is_cleanup = strcmp(args->mode, "cleanup") == 0;

    result_set_int(task, "started", is_cleanup ? 0 : 1);
    result_set_int(task, "finished", 0);
    result_set_string(task, "stdout", "");
    result_set_string(task, "stderr", "");
    result_set_string(task, "ansible_job_id", args->jid);
    result_set_string(task, is_cleanup ? "erased" : "results_file", path);
    show_invocation(task, args);
}

static bool over(struct task_context *task, const char *message)
{
    result_set_int(task, "started", 1);
    result_set_int(task, "finished", 1);
    return result_fail(task, "%s", message);
}

/* The result that the job has left, field by field. */
static bool show(struct task_context *task, const struct value *job)
{
    bool is_result = value_map_get(job, "started") == NULL;
    struct text order = text_new(task->scratch);

    text_add(&order, "started finished stdout stderr ansible_job_id results_file");
    for (size_t i = 0; i < value_count(job); i++) {
        const struct value_pair *pair = value_pair_at(job, i);
        const char *key = value_text(pair->key);

        text_printf(&order, " %s", key != NULL ? key : "");
        if (text_equal(key, "changed"))
            task->result->changed = value_truthy(pair->item);
        else if (text_equal(key, "failed"))
            task->result->failed = value_truthy(pair->item);
        else if (text_equal(key, "skipped"))
            task->result->skipped = value_truthy(pair->item);
        else if (key != NULL)
            result_set(task, key, pair->item);
    }
    if (is_result)
        result_set_int(task, "finished", 1);
    task->result->order = order.data;
    return true;
}

static bool status(struct task_context *task, const char *path)
{
    const struct value *job = NULL;
    struct error err = ERROR_INIT;
    char *data = NULL;
    size_t length = 0;

    if (!file_read(task->scratch, path, JOB_MAX, &data, &length, &err))
        return over(task, err.text);
    if (length == 0)
        return true; /* nothing written yet: it runs */
    if (!json_read(task->scratch, data, length, path, &job, &err) || !value_is(job, VALUE_MAP))
        return over(task, arena_printf(task->scratch, "Could not parse job output: %s", data));
    return show(task, job);
}

static bool async_status_run(struct task_context *task, const void *raw, struct error *err)
{
    const struct async_status_args *args = raw;
    const char *path = path_join(task->scratch, args->_async_dir, args->jid);

    begin(task, args, path);
    if (args->jid[0] == '\0' || strchr(args->jid, '/') != NULL || !path_exists(path))
        return over(task, "could not find job");
    if (strcmp(args->mode, "status") == 0)
        return status(task, path);
    return unlink(path) == 0 || error_set_errno(err, "cannot remove %s", path);
}

MODULE_DEFINE(async_status) = {
    .spec = { .name = "async_status",
              .summary = "See what has become of a task that was started with async",
              .args = async_status_spec,
              .args_size = sizeof(struct async_status_args) },
    .run = async_status_run,
};
