/* SPDX-License-Identifier: Apache-2.0 */
/* The meta task: flush_handlers, end_play, end_host, end_batch, clear_facts, clear_host_errors, reset_connection, noop. */
#include <string.h>

#include "common/base/text.h"
#include "engine/run/emit.h"
#include "engine/run/job_parts.h"
#include "engine/run/strategy.h"

struct meta_call {
    struct run *run;
    struct run_host *host;
    const struct node *task;
    bool once; /* the other hosts need not be asked */
};

static bool meta_noop(struct meta_call *call, struct error *err)
{
    (void)call;
    (void)err;
    return true;
}

static bool meta_flush(struct meta_call *call, struct error *err)
{
    if (iterator_state_of(&call->host->position) == ITERATOR_HANDLERS)
        return error_set_at(err, &call->task->at, "flush_handlers cannot be used as a handler");
    if (!call->host->is_unreachable)
        iterator_flush(&call->host->position);
    return true;
}

static bool meta_clear_facts(struct meta_call *call, struct error *err)
{
    (void)err;
    for (size_t i = 0; i < call->run->play->host_count; i++)
        vars_host_clear_facts(call->run->vars, call->run->play->hosts[i]->host);
    return true;
}

static bool meta_clear_errors(struct meta_call *call, struct error *err)
{
    (void)err;
    for (size_t i = 0; i < call->run->play->host_count; i++) {
        struct run_host *host = call->run->play->hosts[i];

        host->is_failed = false;
        host->is_unreachable = false;
        iterator_clear_failure(&host->position);
    }
    return true;
}

static bool meta_end_batch(struct meta_call *call, struct error *err)
{
    (void)err;
    for (size_t i = 0; i < call->run->play->host_count; i++)
        if (!call->run->play->hosts[i]->is_unreachable)
            iterator_end(&call->run->play->hosts[i]->position);
    return true;
}

static bool meta_end_play(struct meta_call *call, struct error *err)
{
    call->run->play->end_play = true;
    return meta_end_batch(call, err);
}

static bool meta_end_host(struct meta_call *call, struct error *err)
{
    (void)err;
    iterator_end(&call->host->position);
    call->host->removals++;
    return true;
}

static bool meta_role_complete(struct meta_call *call, struct error *err)
{
    (void)err;
    if (call->task->role != NULL)
        role_mark_complete(call->run, call->host, call->task->role);
    return true;
}

static bool meta_reset(struct meta_call *call, struct error *err)
{
    (void)err;
    link_close_host(call->run, call->host->host->name);
    return true;
}

static bool meta_refresh(struct meta_call *call, struct error *err)
{
    return error_set_at(err, &call->task->at,
                        "meta: refresh_inventory is not supported: inventories are read once per run");
}

struct meta_action {
    const char *name;
    bool (*run)(struct meta_call *call, struct error *err);
    bool is_conditional; /* `when` is looked at */
    bool is_per_host;
};

static const struct meta_action meta_actions[] = {
    { "noop", meta_noop, false, true },
    { "flush_handlers", meta_flush, true, true },
    { "role_complete", meta_role_complete, false, true },
    { "end_host", meta_end_host, true, true },
    { "reset_connection", meta_reset, false, true },
    { "clear_facts", meta_clear_facts, true, false },
    { "clear_host_errors", meta_clear_errors, true, false },
    { "end_batch", meta_end_batch, true, false },
    { "end_play", meta_end_play, true, false },
    { "refresh_inventory", meta_refresh, false, false },
};

static const struct meta_action *meta_find(const char *name)
{
    for (size_t i = 0; name != NULL && i < sizeof(meta_actions) / sizeof(meta_actions[0]); i++)
        if (strcmp(meta_actions[i].name, name) == 0)
            return &meta_actions[i];
    return NULL;
}

static bool condition_holds(struct meta_call *call, bool *out, struct error *err)
{
    struct run *run = call->run;
    const struct value *conditions = node_conditions(run->step_arena, call->task);
    struct vars_place place = { .host = call->host->host, .task = call->task };
    struct template_call templates;
    struct vars_scope scope;

    *out = true;
    if (conditions == NULL)
        return true;
    if (!vars_scope_open(&scope, run->vars, run->step_arena, &place, err))
        return false;
    templates = vars_scope_call(&scope, run->step_arena);
    return template_condition(&templates, conditions, out, NULL, err) || error_locate(err, &call->task->at);
}

static void tell_skipped(struct meta_call *call, const char *name)
{
    struct event event = emit_task_event(EVENT_RESULT, call->task, call->host);
    struct arena *arena = call->run->step_arena;
    struct value *result = value_map(arena);

    value_map_put_string(arena, result, "msg", name);
    value_map_put_string(arena, result, "skip_reason", arena_printf(arena, "%s conditional evaluated to False", name));
    event.name = call->run->task_title;
    event.outcome = OUTCOME_SKIPPED;
    event.result = result;
    emit(call->run, &event);
}

bool meta_run(struct run *run, struct run_host *host, const struct node *task, bool *once_out, struct error *err)
{
    const char *name = value_map_text(task->args, "_raw_params");
    const struct meta_action *action = meta_find(name);
    struct meta_call call = { .run = run, .host = host, .task = task };
    bool holds = true;

    if (action == NULL)
        return error_set_at(err, &task->at, "invalid meta action requested: %s", name == NULL ? "(none)" : name);
    if (!task->is_implicit)
        task_announce(run, task, host);
    *once_out = !action->is_per_host;
    if (action->is_conditional && !condition_holds(&call, &holds, err))
        return false;
    if (!action->is_conditional && !task->is_implicit && task->keywords[KEYWORD_WHEN] != NULL)
        emit_message(run, EVENT_WARNING,
                     arena_printf(run->step_arena, "%s task does not support when conditional", name));
    if (holds && !action->run(&call, err))
        return false;
    if (task->is_handler)
        handler_forget(run->play, host, task);
    if (!holds && !task->is_implicit)
        tell_skipped(&call, name);
    return true;
}
