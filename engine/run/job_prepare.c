/* SPDX-License-Identifier: Apache-2.0 */
/* What is evaluated for an item before it is sent: flags, environment, attempts, and what the call looks like. */
#include "common/base/text.h"
#include "common/value/value_python.h"
#include "engine/run/emit.h"
#include "engine/run/job_parts.h"

bool job_item_flags(struct job_item *item, struct error *err)
{
    struct job *job = item->job;
    const struct run_options *options = job->run->options;

    item->check_mode = options->check_mode;
    item->diff_mode = options->diff_mode;
    return keyword_bool(job, KEYWORD_NO_LOG, false, &item->no_log, err) &&
           keyword_bool(job, KEYWORD_IGNORE_ERRORS, false, &item->ignore_errors, err) &&
           keyword_bool(job, KEYWORD_IGNORE_UNREACHABLE, false, &item->ignore_unreachable, err) &&
           keyword_bool(job, KEYWORD_CHECK_MODE, options->check_mode, &item->check_mode, err) &&
           keyword_bool(job, KEYWORD_DIFF, options->diff_mode, &item->diff_mode, err);
}

static bool environment_is_set(const struct value *written)
{
    for (size_t i = 0; i < value_count(written); i++)
        if (value_truthy(value_item(written, i)))
            return true;
    return false;
}

static bool item_environment(struct job_item *item, struct error *err)
{
    struct template_call call = vars_scope_call(&item->job->scope, item->arena);
    const struct value *written = item->job->scope.environment;
    struct value *merged = NULL;

    if (text_equal(item->job->task->action, "raw")) {
        if (environment_is_set(written))
            emit_message(item->job->run, EVENT_WARNING, "raw module does not support the environment keyword");
        return true;
    }
    for (size_t i = 0; i < value_count(written); i++) {
        const struct value *part = NULL;

        if (!template_value(&call, value_item(written, i), &part, err)) {
            if (err->kind == ERROR_UNDEFINED && text_equal(item->job->task->action, "setup")) {
                error_clear(err); /* facts in an environment are not there yet when facts are gathered */
                continue;
            }
            return error_prefix(err, "environment");
        }
        if (merged == NULL)
            merged = value_map(item->arena);
        for (size_t j = 0; value_is(part, VALUE_MAP) && j < value_count(part); j++)
            value_map_put_value(item->arena, merged, value_pair_at(part, j)->key, value_pair_at(part, j)->item);
    }
    item->environment = merged;
    return true;
}

/* retries and delay mean something only with until. */
static bool item_attempts(struct job_item *item, struct error *err)
{
    int64_t retries = 3;
    double delay = 5;

    item->attempts = 1;
    if (item->job->until == NULL)
        return true;
    if (!keyword_int(item->job, KEYWORD_RETRIES, 3, &retries, err) ||
        !keyword_real(item->job, KEYWORD_DELAY, 5, &delay, err))
        return false;
    item->attempts = retries <= 0 ? 1 : retries > 1000000 ? 1000000 : (int)retries + 1;
    item->delay_ms = delay < 0 ? 1000 : (int64_t)(delay * 1000);
    return true;
}

/* `timeout`; a task that is polled (async with poll) may take as long as async says. */
static bool item_timeout(struct job_item *item, struct error *err)
{
    int64_t timeout = 0, async = 0;

    if (!keyword_int(item->job, KEYWORD_TIMEOUT, 0, &timeout, err) ||
        !keyword_int(item->job, KEYWORD_ASYNC, 0, &async, err))
        return false;
    item->is_polled = async > 0;
    if (async > 0 && (timeout == 0 || async < timeout))
        timeout = async;
    item->timeout_ms = timeout * 1000;
    return true;
}

static void fill_module(struct job_item *item)
{
    const struct task_spec *spec = item->job->task->spec;

    item->module = (struct module_call){
        .module = spec == NULL ? item->job->task->action : spec->name,
        .args = item->args,
        .environment = item->environment,
        .check_mode = item->check_mode,
        .diff_mode = item->diff_mode,
        .no_log = item->no_log,
        .wants_changes = item->job->run->options->wants_changes,
        .verbosity = item->job->run->options->verbosity,
        .timeout_ms = item->timeout_ms,
        .receive_fd = -1,
    };
}

static bool fill_action(struct job_item *item, struct error *err)
{
    struct job *job = item->job;
    const struct run_options *options = job->run->options;
    struct template_call *templates = arena_new_of(item->arena, struct template_call);
    const struct task_spec *table = task_catalogue_table(options->modules, &item->action->spec);
    void *bound = arena_alloc(item->arena, table->args_size + 1);

    *templates = vars_scope_call(&job->scope, item->arena);
    if (!arg_bind(item->arena, table, item->args, bound, err))
        return false;
    if (item->action->module != NULL)
        item->module.module = item->action->module;
    item->call = (struct action_call){
        .arena = item->arena,
        .task = job->task,
        .host = job->host->host,
        .inventory = options->inventory,
        .loader = options->loader,
        .templates = templates,
        .scope = &job->scope,
        .args = item->args,
        .table = table,
        .bound = bound,
        .check_mode = item->check_mode,
        .diff_mode = item->diff_mode,
        .verbosity = options->verbosity,
        .module = item->module,
        .owner = item,
    };
    return true;
}

bool job_item_prepare(struct job_item *item, struct error *err)
{
    struct job *job = item->job;
    const struct node *task = job->task;
    const struct value *notify = NULL;

    if (task->is_unresolved)
        return error_set_at(err, &task->at, "%s", task->unresolved_text);
    if (!job_item_delegate(item, err) || !job_item_args(item, err) || !item_environment(item, err) ||
        !item_attempts(item, err) || !item_timeout(item, err))
        return false;
    if (!keyword_value(job, KEYWORD_NOTIFY, &notify, err))
        return false;
    item->notify = notify;
    item->action = task->task_kind == TASK_ACTION ? action_of(task->spec) : NULL;
    fill_module(item);
    if (item->action != NULL)
        return fill_action(item, err);
    if (!job_item_target(item, err))
        return false;
    item->module.become = item->become;
    return true;
}
