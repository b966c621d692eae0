/* SPDX-License-Identifier: Apache-2.0 */
/* What is evaluated for an item before it is sent: flags, environment, attempts, and what the call looks like. */
#include <string.h>

#include "common/base/text.h"
#include "common/value/value_python.h"
#include "engine/run/emit.h"
#include "engine/run/job_parts.h"
#include "engine/run/methods.h"

bool job_item_flags(struct job_item *item, struct error *err)
{
    struct job *job = item->job;
    const struct run_options *options = job->run->options;

    item->check_mode = options->check_mode;
    item->diff_mode = options->diff_mode;
    if (!keyword_bool(job, KEYWORD_NO_LOG, false, &item->no_log, err)) {
        struct error unused = ERROR_INIT;

        item->no_log = true; /* rather too little shown than too much */
        (void)keyword_bool(job, KEYWORD_IGNORE_ERRORS, false, &item->ignore_errors, &unused);
        return false;
    }
    if (!keyword_bool(job, KEYWORD_IGNORE_ERRORS, false, &item->ignore_errors, err)) {
        item->ignore_errors = true; /* as written: a text that is not empty */
        return false;
    }
    return keyword_bool(job, KEYWORD_IGNORE_UNREACHABLE, false, &item->ignore_unreachable, err) &&
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
            return keyword_undefined(KEYWORD_ENVIRONMENT, err);
        }
        if (merged == NULL)
            merged = value_map(item->arena);
        if (part != NULL && !value_is(part, VALUE_MAP) && !value_is(part, VALUE_NULL))
            emit_message(item->job->run, EVENT_WARNING,
                         arena_printf(item->arena, "could not parse environment value, skipping: %s",
                                      value_to_text(item->arena, written)));
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

static bool item_timeout(struct job_item *item, struct error *err)
{
    int64_t timeout = setting_int(item->job->run, "task_timeout", 0);

    if (!keyword_int(item->job, KEYWORD_TIMEOUT, timeout, &timeout, err))
        return false;
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

/* action: "{{ name }}" whose name needed the host's variables. */
static bool action_resolve(struct job_item *item, struct error *err)
{
    struct job *job = item->job;
    const struct node *task = job->written, *made = NULL;
    struct template_call call = vars_scope_call(&job->scope, item->arena);
    struct value *text = value_string(item->arena, task->action_text);
    const struct value *name = NULL;

    if (!task->is_unresolved)
        return true;
    if (task->action_text == NULL || !value_text_is_template(task->action_text, strlen(task->action_text)))
        return error_set_at(err, &task->at, "%s", task->unresolved_text);
    text->marks = VALUE_TRUSTED;
    if (!template_value(&call, text, &name, err))
        return error_locate(err, &task->action_at);
    if (!value_is(name, VALUE_STRING))
        return error_set_at(err, &task->action_at, "'%s' gives no module's name", task->action_text);
    if (!playbook_action(job->run->options->loader, task, value_text(name), &made, err))
        return false;
    if (made->task_kind == TASK_ACTION && action_of(made->spec)->runs_once)
        return error_set_at(err, &task->action_at, "'%s' runs once for all hosts: its name must be written out",
                            made->action);
    job->task = made;
    return true;
}

/* A task that is done here becomes nobody; a method that nobody knows is an error all the same. */
static bool method_check(const struct job *job, const struct value *become, const struct value *method,
                         struct error *err)
{
    const char *name = NULL;
    bool active = false;

    if (job->task->task_kind != TASK_ACTION || become == NULL || !value_as_bool(become, &active) || !active ||
        value_text(method) == NULL || become_method_read(value_text(method), &name, err))
        return true;
    if (text_starts(err->text, "Invalid become method"))
        return false;
    error_clear(err);
    return true;
}

/* Keywords that some tasks have no use for: a variable that is not there is an error all the same. */
static bool keywords_check(struct job *job, struct error *err)
{
    static const enum keyword checked[] = { KEYWORD_BECOME,     KEYWORD_BECOME_USER, KEYWORD_BECOME_METHOD,
                                            KEYWORD_CONNECTION, KEYWORD_REMOTE_USER, KEYWORD_ANY_ERRORS_FATAL };

    const struct value *values[sizeof(checked) / sizeof(checked[0])] = { 0 };

    for (size_t i = 0; i < sizeof(checked) / sizeof(checked[0]); i++)
        if (!keyword_value(job, checked[i], &values[i], err))
            return false;
    return method_check(job, values[0], values[2], err);
}

bool job_item_prepare(struct job_item *item, struct error *err)
{
    struct job *job = item->job;
    const struct node *task;
    const struct value *notify = NULL;

    if (!action_resolve(item, err))
        return false;
    task = job->task;
    if (!keywords_check(job, err) || !job_item_delegate(item, err))
        return false;
    item->is_templating = true;
    if (!job_item_args(item, err) || !item_environment(item, err))
        return false;
    item->is_templating = false;
    if (!item_attempts(item, err) || !item_timeout(item, err))
        return false;
    if (!keyword_value(job, KEYWORD_NOTIFY, &notify, err))
        return false;
    item->notify = notify;
    item->is_validated = true;
    item->action = task->task_kind == TASK_ACTION ? action_of(task->spec) : NULL;
    fill_module(item);
    if (!job_async_prepare(item, err) || item->state == ITEM_READY)
        return item->state == ITEM_READY;
    if (item->action != NULL)
        return fill_action(item, err);
    if (!job_item_target(item, err))
        return false;
    item->module.become = item->become;
    return true;
}
