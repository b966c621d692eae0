/* SPDX-License-Identifier: Apache-2.0 */
/* The result of a whole task: one item's result as it is, or the summary of a loop. And the event of each item. */
#include <string.h>

#include "common/value/value_python.h"
#include "engine/run/emit.h"
#include "engine/run/job_parts.h"

static bool is_true(const struct value *result, const char *key)
{
    const struct value *value = value_map_get(result, key);

    return value != NULL && value_truthy(value);
}

static bool result_failed(const struct value *result)
{
    return value_map_get(result, "failed_when_result") != NULL ? is_true(result, "failed_when_result")
                                                               : is_true(result, "failed");
}

static enum event_outcome outcome_of(const struct value *result)
{
    if (is_true(result, "unreachable"))
        return OUTCOME_UNREACHABLE;
    if (result_failed(result))
        return OUTCOME_FAILED;
    if (is_true(result, "skipped"))
        return OUTCOME_SKIPPED;
    return is_true(result, "changed") ? OUTCOME_CHANGED : OUTCOME_OK;
}

/* What the line of an item shows: loop_control.label or the item. NULL: the label cannot be made. */
static const struct value *item_label(struct job_item *item)
{
    struct job *job = item->job;
    struct template_call call = vars_scope_call(&job->scope, item->arena);
    const struct value *label = item->item;
    struct error err = ERROR_INIT;

    if (job->label != NULL && value_truthy(job->label) && !template_value(&call, job->label, &label, &err)) {
        value_map_put_bool(item->arena, item->result, "failed", true);
        value_map_put_string(item->arena, item->result, "msg",
                             arena_printf(item->arena, "Failed to template loop_control.label: %s", err.text));
        return NULL;
    }
    if (value_has_mark(label, VALUE_SECRET))
        label = value_masked(item->arena, label);
    return label;
}

/* Where there is no label the item is shown, if the loop variable has its usual name; never by debug. As in Ansible. */
static const char *label_shown(const struct job_item *item, const struct value *label)
{
    if (label == NULL && strcmp(item->job->loop_var, "item") == 0 && strcmp(item->job->task->action, "debug") != 0)
        label = value_has_mark(item->item, VALUE_SECRET) ? value_masked(item->arena, item->item) : item->item;
    return label == NULL ? "None" : value_to_text(item->arena, label);
}

void job_emit_item(struct job_item *item)
{
    struct job *job = item->job;
    const struct value *label;
    struct event event;

    if (!job->has_items || item->is_aborted)
        return;
    event = emit_task_event(EVENT_ITEM, job->task, job->host);
    event.name = job->title; /* where tasks of several hosts are shown by turns */
    label = item_label(item);
    event.item_label = label_shown(item, label);
    if (label != NULL &&
        (item->include == NULL || value_truthy(label))) /* 0 and the like are not shown of an include */
        value_map_put_string(item->arena, item->result, "_ansible_item_label", event.item_label);
    if (item->include != NULL)
        return;
    if (item->no_log)
        event.item_label = "(censored due to no_log)";
    event.outcome = outcome_of(item->result);
    event.ignored = item->ignore_errors && event.outcome == OUTCOME_FAILED;
    event.delegate = item->delegate_label;
    event.no_log = item->no_log;
    event.check_mode = item->check_mode;
    event.diff_mode = item->diff_mode;
    event.result = emit_result_value(item->arena, item->result, item->no_log);
    emit(job->run, &event);
}

/* Warnings of items are told once, with the task. */
static void gather_list(struct job *job, const char *key)
{
    struct value *all = NULL;

    for (size_t i = 0; i < job->concluded; i++) {
        const struct value *list = value_map_get(job->slots[i]->result, key);
        struct value *name;

        if (value_count(list) == 0)
            continue;
        if (all == NULL)
            all = value_list(job->arena);
        for (size_t j = 0; j < value_count(list); j++)
            value_list_add(job->arena, all, value_item(list, j));
        name = value_string(job->arena, key);
        value_map_remove(job->arena, job->slots[i]->result, name);
    }
    if (all != NULL)
        value_map_put(job->arena, job->result, key, all);
}

static void summarize(struct job *job)
{
    struct value *results = value_list(job->arena), *result = value_map(job->arena);
    bool all_skipped = true, changed = false, failed = false, ignore = true;

    job->result = result;
    value_map_put(job->arena, result, "results", results);
    for (size_t i = 0; i < job->concluded; i++) {
        struct job_item *item = job->slots[i];

        value_list_add(job->arena, results, item->result);
        changed = changed || is_true(item->result, "changed");
        all_skipped = all_skipped && is_true(item->result, "skipped");
        if (is_true(item->result, "failed")) {
            failed = true;
            ignore = ignore && item->ignore_errors;
        }
        job->no_log = job->no_log || item->no_log;
    }
    value_map_put_bool(job->arena, result, "skipped", all_skipped);
    if (changed)
        value_map_put_bool(job->arena, result, "changed", true);
    if (failed)
        value_map_put_bool(job->arena, result, "failed", true);
    value_map_put_string(job->arena, result, "msg",
                         all_skipped ? "All items skipped"
                         : failed    ? "One or more items failed"
                                     : "All items completed");
    gather_list(job, "warnings");
    gather_list(job, "deprecations");
    if (!changed)
        value_map_put_bool(job->arena, result, "changed", false);
    if (failed)
        job->ignore_errors = ignore;
}

static void no_items(struct job *job)
{
    job->result = value_map(job->arena);
    value_map_put_bool(job->arena, job->result, "changed", false);
    value_map_put_bool(job->arena, job->result, "skipped", true);
    value_map_put_string(job->arena, job->result, "skipped_reason", "No items in the list");
    value_map_put(job->arena, job->result, "results", value_list(job->arena));
}

/* Flags of the task that hold although no item could be evaluated. */
static void flags_of_task(struct job *job)
{
    struct job_item probe = { .job = job, .arena = job->arena };
    struct error err = ERROR_INIT;

    if (job->started > 0)
        probe = *job->slots[0];
    else
        job_item_flags(&probe, &err);
    job->ignore_errors = probe.ignore_errors;
    job->ignore_unreachable = probe.ignore_unreachable;
    job->no_log = job->no_log || probe.no_log;
    job->check_mode = probe.check_mode;
    job->diff_mode = probe.diff_mode;
}

static void flags_of_result(struct job *job)
{
    const struct value *results = job->has_items ? value_map_get(job->result, "results") : NULL;
    bool judged = false, any_judged_failed = false, any_failed = false, any_lost = false;

    for (size_t i = 0; i < value_count(results); i++) {
        const struct value *item = value_item(results, i);

        judged = judged || value_map_get(item, "failed_when_result") != NULL;
        any_judged_failed = any_judged_failed || is_true(item, "failed_when_result");
        any_failed = any_failed || is_true(item, "failed");
        any_lost = any_lost || is_true(item, "unreachable");
    }
    job->failed =
        judged ? any_judged_failed
        : value_map_get(job->result, "failed_when_result") != NULL || value_map_get(job->result, "failed") != NULL
            ? result_failed(job->result)
            : any_failed;
    job->unreachable = is_true(job->result, "unreachable") || any_lost;
    job->skipped = is_true(job->result, "skipped");
    job->changed = is_true(job->result, "changed");
}

void job_finish(struct job *job)
{
    if (job->is_done)
        return;
    flags_of_task(job);
    if (job->result == NULL) {
        if (!job->has_items)
            job->result = job->slots[0]->result;
        else if (job->count == 0)
            no_items(job);
        else
            summarize(job);
    }
    if (value_map_get(job->result, "changed") == NULL && !value_map_true(job->result, "failed") &&
        !(job->task->task_kind == TASK_INCLUDE_ROLE))
        value_map_put_bool(job->arena, job->result, "changed", false);
    flags_of_result(job);
    job->is_done = true;
    job->run->active_count--;
}
