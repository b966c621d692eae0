/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a reply means: fields every result has, failed and changed as the task defines them, another attempt or not, and what the
 * following items of the same task may see of it.
 */
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/value/value_python.h"
#include "engine/run/emit.h"
#include "engine/run/job_parts.h"
#include "engine/run/result_diff.h"
#include "engine/run/result_lines.h"
#include "engine/vault/vault.h"

static bool is_zero(const struct value *rc)
{
    return (value_is(rc, VALUE_INT) && rc->as.integer == 0) ||
           (value_is(rc, VALUE_STRING) && strcmp(rc->as.string.data, "0") == 0);
}

static void set_missing(struct job_item *item)
{
    struct value *result = item->result;
    const struct value *rc = value_map_get(result, "rc");

    if (item->reply != NULL) { /* a module's, not those of pause */
        result_add_lines(item->arena, result, "stdout", "stdout_lines");
        result_add_lines(item->arena, result, "stderr", "stderr_lines");
    }
    if (value_map_get(result, "failed") == NULL)
        value_map_put_bool(item->arena, result, "failed", rc != NULL && !is_zero(rc));
    if (item->job->until != NULL)
        value_map_put_int(item->arena, result, "attempts", item->attempt);
    if (value_map_get(result, "changed") == NULL)
        value_map_put_bool(item->arena, result, "changed", false);
}

static void show_to_task(struct job_item *item)
{
    struct job *job = item->job;
    const struct value *facts = value_map_get(item->result, "ansible_facts");
    bool is_own = item->action != NULL && job->task->foreign == NULL; /* set_fact, include_vars: names as given */

    if (value_map_get(item->result, "add_host") != NULL || value_map_get(item->result, "add_group") != NULL)
        vars_world_inventory_changed(job->run->vars);
    if (job->register_name != NULL)
        vars_scope_put(&job->scope, job->register_name, item->result);
    if (!value_is(facts, VALUE_MAP) || strcmp(job->task->action, "debug") == 0)
        return;
    for (size_t i = 0; i < value_count(facts); i++) {
        const char *name = value_text(value_pair_at(facts, i)->key);

        if (name != NULL && (is_own || vars_world_config(job->run->vars)->inject_facts))
            vars_scope_put(&job->scope, name, value_pair_at(facts, i)->item);
    }
}

static bool judge(struct job_item *item, const struct value *condition, bool *out, const char *which)
{
    struct template_call call = vars_scope_call(&item->job->scope, item->arena);
    struct error err = ERROR_INIT;

    if (template_condition(&call, condition, out, NULL, &err))
        return true;
    value_map_put_bool(item->arena, item->result, "failed", true);
    value_map_put_string(item->arena, item->result, which, err.text);
    return false;
}

/* changed_when and failed_when. A result that was skipped is left alone. */
static void apply_conditions(struct job_item *item)
{
    struct job *job = item->job;
    bool verdict = false;

    if (value_map_get(item->result, "skipped") != NULL)
        return;
    if (job->changed_when != NULL) {
        if (!judge(item, job->changed_when, &verdict, "changed_when_result"))
            return;
        value_map_put_bool(item->arena, item->result, "changed", verdict);
    }
    if (job->failed_when == NULL || !judge(item, job->failed_when, &verdict, "failed_when_result"))
        return;
    value_map_put_bool(item->arena, item->result, "failed", verdict);
    value_map_put_bool(item->arena, item->result, "failed_when_result", verdict);
}

/* The name as it is for this host, without its role; the title of a task that has none. */
static const char *retry_name(struct job_item *item)
{
    struct template_call call = vars_scope_call(&item->job->scope, item->arena);
    const char *name = item->job->task->name;
    const struct value *shown = NULL;
    struct error ignored = ERROR_INIT;
    struct value *text;

    if (name == NULL)
        return node_title(item->arena, item->job->task);
    if (!value_text_is_template(name, strlen(name)))
        return name;
    text = value_string(item->arena, name);
    text->marks |= VALUE_TRUSTED;
    if (!template_value(&call, text, &shown, &ignored))
        return name;
    return value_to_text(item->arena, value_masked(item->arena, shown));
}

static void tell_retry(struct job_item *item)
{
    struct event event = emit_task_event(EVENT_RETRY, item->job->task, item->job->host);

    event.name = retry_name(item);
    value_map_put_int(item->arena, item->result, "retries", item->attempts);
    event.result = emit_result_value(item->arena, item->result, item->no_log);
    event.no_log = item->no_log;
    event.delegate = item->delegate_label;
    emit(item->job->run, &event);
}

/* until: true when the attempt was not good and there is another one to come. */
static bool tries_again(struct job_item *item)
{
    struct template_call call = vars_scope_call(&item->job->scope, item->arena);
    struct error err = ERROR_INIT;
    bool is_met = false;

    if (item->attempts <= 1)
        return false;
    if (!template_condition(&call, item->job->until, &is_met, NULL, &err)) {
        job_item_abort(item, &err);
        return false;
    }
    if (is_met)
        return false;
    if (item->attempt < item->attempts) {
        tell_retry(item);
        item->pause = PAUSE_RETRY;
        item->wake_ms = clock_monotonic_ms() + item->delay_ms;
        item->state = ITEM_SLEEPING;
        return true;
    }
    value_map_put_int(item->arena, item->result, "attempts", item->attempts - 1);
    value_map_put_bool(item->arena, item->result, "failed", true);
    return false;
}

static void describe_delegation(struct job_item *item)
{
    struct value *vars = value_map(item->arena);
    const struct connection_target *target = &item->target;

    value_map_put_string(item->arena, vars, "ansible_delegated_host", item->delegate);
    if (target->kind != NULL) {
        value_map_put_string(item->arena, vars, "ansible_host", target->address);
        value_map_put_string(item->arena, vars, "ansible_connection", target->kind);
        if (target->port > 0)
            value_map_put_int(item->arena, vars, "ansible_port", target->port);
        if (target->user != NULL)
            value_map_put_string(item->arena, vars, "ansible_user", target->user);
    }
    value_map_put(item->arena, item->result, "_ansible_delegated_vars", vars);
}

/* The other host, as the task's line shows it: as written where the task failed before all of it was evaluated. NULL when it is
 * the host itself. Sinks find the address in the result. */
static void label_delegation(struct job_item *item)
{
    bool is_early = !item->is_validated && !item->is_skipped_early && item->include == NULL;
    const char *name = is_early ? value_text(node_keyword(item->job->task, KEYWORD_DELEGATE_TO)) : item->delegate;
    struct error err = ERROR_INIT;

    if (item->delegate != NULL && item->target.kind == NULL && !job_item_target(item, &err))
        item->target = (struct connection_target){ 0 };
    if (name != NULL && name[0] != '\0' && strcmp(name, item->job->host->host->name) != 0)
        item->delegate_label = name;
}

bool job_item_conclude(struct job_item *item)
{
    bool is_plain = item->is_aborted || item->is_final || item->is_skipped_early || item->include != NULL;

    label_delegation(item);
    item->result = vault_hidden_marked(item->job->run->options->vault, item->arena, item->result);
    result_diff_mark(item->arena, item->result, item->call.sends_secrets || value_has_mark(item->args, VALUE_SECRET));
    if (!is_plain && !value_map_true(item->result, "unreachable")) {
        set_missing(item);
        show_to_task(item);
        apply_conditions(item);
        if (tries_again(item))
            return false;
        show_to_task(item);
        if (item->delegate != NULL)
            describe_delegation(item);
    }
    if (!item->is_aborted)
        job_loop_describe(item->job, item);
    item->state = ITEM_DONE;
    return true;
}
