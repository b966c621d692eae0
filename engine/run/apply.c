/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a finished task changes: the recap, the host's position in the play, notified handlers, variables; and its event. The
 * order of these effects is Ansible's.
 */
#include <string.h>

#include "common/base/text.h"
#include "common/value/value_python.h"
#include "engine/run/emit.h"
#include "engine/run/job_parts.h"
#include "engine/run/strategy.h"

static bool is_include(const struct node *task)
{
    return task->task_kind == TASK_INCLUDE_TASKS || task->task_kind == TASK_INCLUDE_ROLE;
}

static void emit_outcome(struct run *run, struct job *job, enum event_outcome outcome, bool ignored)
{
    struct event event = emit_task_event(EVENT_RESULT, job->task, job->host);

    event.name = job->title != NULL ? job->title : run->task_title;
    event.outcome = outcome;
    event.ignored = ignored;
    event.has_items = job->has_items && value_map_get(job->result, "results") != NULL; /* not when an item ended it */
    event.no_log = job->no_log;
    event.check_mode = job->check_mode;
    event.diff_mode = job->diff_mode;
    for (size_t i = 0; i < job->concluded && event.delegate == NULL; i++)
        if (!job->has_items || job->slots[i]->is_aborted)
            event.delegate = job->slots[i]->delegate_label;
    event.result = emit_result_value(job->arena, job->result, job->no_log);
    emit(run, &event);
}

static void emit_include(struct run *run, struct job *job)
{
    struct event event = emit_task_event(EVENT_INCLUDE_RESULT, job->task, job->host);

    event.name = job->title != NULL ? job->title : run->task_title;
    event.no_log = job->no_log;
    event.result = emit_result_value(job->arena, job->result, job->no_log);
    if (value_map_get(event.result, "changed") == NULL) {
        struct value *shown = value_map(job->arena);

        value_map_put_bool(job->arena, shown, "changed", false);
        event.result = value_merge(job->arena, shown, event.result, false);
    }
    emit(run, &event);
}

/* For rescue sections: what failed, as Ansible names it. */
static void remember_failure(struct run *run, struct job *job)
{
    vars_host_set(run->vars, job->host->host, "ansible_failed_task", failed_task(job));
    vars_host_set(run->vars, job->host->host, "ansible_failed_result", job->result);
}

static void mark_failed_visit(struct run *run, struct run_host *host, void *context)
{
    (void)run;
    (void)context;
    host_mark_failed(host);
}

static void apply_failure(struct run *run, struct job *job)
{
    struct run_host *host = job->host;
    bool rescuing = iterator_is_rescuing(&host->position);

    apply_each_host(run, job, mark_failed_visit, NULL);
    host_look_ahead(run, host);
    if (iterator_has_failed(&host->position) && iterator_state_of(&host->ahead) == ITERATOR_COMPLETE)
        host->is_failed = true;
    if (rescuing) {
        host->stats.rescued++;
        host->removals--;
        remember_failure(run, job);
    } else {
        host->stats.failed++;
    }
}

static bool notify_one(struct run *run, struct run_host *host, const struct value *names, struct error *err)
{
    if (value_is(names, VALUE_LIST)) {
        for (size_t i = 0; i < value_count(names); i++)
            if (!notify_one(run, host, value_item(names, i), err))
                return false;
        return true;
    }
    return handlers_notify(run, host, value_to_text(run->step_arena, names), err);
}

static bool apply_items(struct run *run, struct job *job, struct error *err)
{
    for (size_t i = 0; i < job->concluded; i++) {
        const struct job_item *item = job->slots[i];

        if (job->changed && item->notify != NULL && !value_is(item->notify, VALUE_NULL) &&
            !notify_one(run, job->host, item->notify, err))
            return error_locate(err, &job->task->at);
        apply_facts(run, job, item);
        apply_new_host(run, item);
        apply_custom_stats(run, job, value_map_get(item->result, "ansible_stats"));
    }
    return true;
}

static bool apply_success(struct run *run, struct job *job, struct error *err)
{
    struct run_host *host = job->host;

    if (!apply_items(run, job, err))
        return false;
    if (is_include(job->task)) {
        emit_include(run, job);
        return true;
    }
    host->stats.ok++;
    if (job->changed)
        host->stats.changed++;
    emit_outcome(run, job, job->changed ? OUTCOME_CHANGED : OUTCOME_OK, false);
    return true;
}

static void apply_ignored(struct run *run, struct job *job)
{
    job->host->stats.ok++;
    job->host->stats.ignored++;
    if (job->changed)
        job->host->stats.changed++;
    emit_outcome(run, job, OUTCOME_FAILED, true);
}

static void apply_unreachable(struct run *run, struct job *job)
{
    struct run_host *host = job->host;

    if (job->ignore_unreachable) {
        host->stats.ok++;
        host->stats.ignored++;
    } else {
        host->is_unreachable = true;
        host->removals++;
        host->stats.unreachable++;
    }
    emit_outcome(run, job, OUTCOME_UNREACHABLE, job->ignore_unreachable);
}

static bool apply_outcome(struct run *run, struct job *job, bool *role_ran, struct error *err)
{
    *role_ran = true;
    if (job->failed && job->ignore_errors) {
        apply_ignored(run, job);
    } else if (job->failed) {
        apply_failure(run, job);
        emit_outcome(run, job, OUTCOME_FAILED, false);
    } else if (job->unreachable) {
        *role_ran = false;
        apply_unreachable(run, job);
    } else if (job->skipped) {
        *role_ran = false;
        job->host->stats.skipped++;
        emit_outcome(run, job, OUTCOME_SKIPPED, false);
    } else {
        return apply_success(run, job, err);
    }
    return true;
}

bool apply_result(struct run *run, struct job *job, struct error *err)
{
    bool role_ran = false;

    emit_warnings(run);
    if (!is_include(job->task) || job->failed || job->skipped || job->unreachable)
        job->host->is_counted = true;
    if (!apply_outcome(run, job, &role_ran, err))
        return false;
    if (job->register_name != NULL)
        apply_register(run, job);
    if (job->task->role != NULL && role_ran)
        role_mark_task(run, job->host, job->task->role);
    if (job->task->is_handler)
        handler_forget(run->play, job->host, job->written);
    return true;
}
