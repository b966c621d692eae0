/* SPDX-License-Identifier: Apache-2.0 */
/* The meta task: what it does to hosts, their positions and connections, and what is said of it. */
#include <string.h>

#include "common/base/text.h"
#include "engine/inventory/inventory_change.h"
#include "engine/run/emit.h"
#include "engine/run/job_parts.h"
#include "engine/run/play_run.h"
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
        return error_set_plain_at(err, &call->task->at, "flush_handlers cannot be used as a handler");
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

/* Who is in the play, as its variables tell: by its pattern, once more. Hosts that are gone leave the batch. */
static bool list_again(struct run *run, struct error *err)
{
    struct vars_play *vars = run->play->vars;
    struct inventory_host **batch = arena_new_array(run->arena, struct inventory_host *, vars->batch_count + 1);
    struct vars_place place = { 0 };
    struct host_batches found;
    struct template_call templates;
    struct vars_scope scope;
    size_t count = 0;

    if (!vars_scope_open(&scope, run->vars, run->step_arena, &place, err))
        return false;
    templates = vars_scope_call(&scope, run->step_arena);
    if (!play_hosts(run, run->arena, run->play->play, &templates, &found, err))
        return false;
    for (size_t i = 0; i < vars->batch_count; i++)
        if (inventory_find_host(run->options->inventory, vars->batch[i]->name) == vars->batch[i] ||
            vars->batch[i]->is_implicit)
            batch[count++] = vars->batch[i];
    vars->batch = batch;
    vars->batch_count = count;
    vars->all = found.all;
    vars->all_count = found.count;
    return true;
}

/*
 * Hosts that are new take part from the next play on; those that are gone do nothing more. As in Ansible, what was notified
 * and has not run yet is forgotten.
 */
static bool meta_refresh(struct meta_call *call, struct error *err)
{
    struct run *run = call->run;

    if (!inventory_refresh(run->options->inventory, run->options->inventory_config, err))
        return error_locate(err, &call->task->at);
    vars_world_inventory_changed(run->vars);
    handlers_forget_all(run->play);
    if (!list_again(run, err))
        return false;
    for (size_t i = 0; i < run->play->host_count; i++) {
        struct run_host *host = run->play->hosts[i];

        if (!host->host->is_implicit && inventory_find_host(run->options->inventory, host->host->name) != host->host)
            iterator_end(&host->position);
    }
    return true;
}

/* On to the task that ends the role, past everything in between. */
static bool meta_end_role(struct meta_call *call, struct error *err)
{
    struct run_host *host = call->host;
    const struct role *role = call->task->role;

    if (role == NULL || call->task->is_handler)
        return error_set_at(err, &call->task->at, "Cannot execute 'end_role' from %s",
                            role == NULL ? "outside of a role" : "a handler");
    for (;;) {
        host_look_ahead(call->run, host);
        if (host->next == NULL)
            return true;
        if (host->next->is_implicit && plan_is_meta(host->next, "role_complete") && host->next->role != NULL &&
            host->next->role->identity == role->identity)
            return true;
        host_step_forward(host);
    }
}

struct meta_action {
    const char *name;
    bool (*run)(struct meta_call *call, struct error *err);
    bool is_conditional; /* `when` is looked at */
    bool is_per_host;
    const char *done;    /* said with -vv; %s: the host */
    const char *skipped; /* goes behind "... conditional evaluated to False"; %s: the host */
};

static const struct meta_action meta_actions[] = {
    { "noop", meta_noop, false, true, "noop", "" },
    { "flush_handlers", meta_flush, true, true, "triggered running handlers for %s", ", not running handlers for %s" },
    { "role_complete", meta_role_complete, false, true, "role_complete for %s", "" },
    { "end_host", meta_end_host, true, true, "ending play for %s", ", continuing execution for %s" },
    { "end_role", meta_end_role, true, true, "ending role for %s", ", continuing role for %s" },
    { "reset_connection", meta_reset, false, true, "reset connection", "" },
    { "clear_facts", meta_clear_facts, true, false, "facts cleared", ", not clearing facts and fact cache for %s" },
    { "clear_host_errors", meta_clear_errors, true, false, "cleared host errors",
      ", not clearing host error state for %s" },
    { "end_batch", meta_end_batch, true, false, "ending batch", ", continuing current batch" },
    { "end_play", meta_end_play, true, false, "ending play", ", continuing play" },
    { "refresh_inventory", meta_refresh, false, false, "inventory successfully refreshed", "" },
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

/* A sentence of the table, with the host where it wants one. */
static const char *sentence(struct meta_call *call, const char *text)
{
    const char *at = strstr(text, "%s");

    if (at == NULL)
        return text;
    return arena_printf(call->run->step_arena, "%.*s%s%s", (int)(at - text), text, call->host->host->name, at + 2);
}

static void tell_verbose(struct meta_call *call, const char *text)
{
    if (call->run->options->verbosity > 1 && !call->task->is_implicit)
        emit_message(call->run, EVENT_VERBOSE, arena_printf(call->run->step_arena, "META: %s", text));
}

static void tell_skipped(struct meta_call *call, const struct meta_action *action)
{
    struct event event = emit_task_event(EVENT_RESULT, call->task, call->host);
    struct arena *arena = call->run->step_arena;
    struct value *result = value_map(arena);
    const char *reason =
        arena_printf(arena, "%s conditional evaluated to False%s", action->name, sentence(call, action->skipped));

    if (strcmp(action->name, "end_host") == 0)
        value_map_put_string(
            arena, result, "msg",
            arena_printf(arena, "end_host conditional evaluated to false%s", sentence(call, action->skipped)));
    else
        value_map_put_string(arena, result, "msg", action->name);
    value_map_put_string(arena, result, "skip_reason", reason);
    tell_verbose(call, reason);
    if (call->task->is_implicit)
        return;
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
    if (holds)
        tell_verbose(&call, sentence(&call, action->done));
    else
        tell_skipped(&call, action);
    if (task->is_handler)
        handler_forget(run->play, host, task);
    return true;
}
