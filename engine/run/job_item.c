/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One item of a job: evaluated, sent (to the node, or stepped as an action at the centre), answered. What the answer means is
 * decided in job_conclude.c.
 */
#include "engine/run/emit.h"
#include "engine/run/job_parts.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/value/value_python.h"

void job_item_fail(struct job_item *item, const char *message)
{
    item->result = value_map(item->arena);
    value_map_put_bool(item->arena, item->result, "failed", true);
    value_map_put_string(item->arena, item->result, "msg", message);
    item->state = ITEM_READY;
}

/* Ansible names the place of undefined variables, of conditions and of text that is no template. What a filter or lookup says
 * it passes on to the letter: playbooks compare it. Which value of a vault it is, is always told. */
static bool shows_place(const struct error *err)
{
    return err->path[0] != '\0' && err->line > 0 && strstr(err->text, err->path) == NULL &&
           (err->kind != ERROR_GENERIC || strstr(err->text, "conditional check") != NULL ||
            strstr(err->text, "template error") != NULL || strcasestr(err->text, "vault ") != NULL);
}

void action_result_raised(struct arena *arena, struct value *result, const struct error *err)
{
    value_map_put_bool(arena, result, "failed", true);
    value_map_put_string(arena, result, "exception",
                         arena_printf(arena, "Traceback (most recent call last):\n  File \"%s\", line %d\n%s: %s\n",
                                      err->path, err->line, err->raised, err->text));
}

static const char *invalid_arguments(const struct job_item *item, const struct error *err)
{
    const struct value *args = item->job->task->args;

    if (value_has_mark(args, VALUE_SECRET))
        args = value_masked(item->arena, args);
    return arena_printf(item->arena,
                        "the field 'args' has an invalid value (%s), and could not be converted to an dict.The error "
                        "was: %s",
                        value_to_text(item->arena, args), err->text);
}

/* Ansible has a sentence for it only where it was not the task's own arguments; of a loop the other items go on then. */
static void item_raise(struct job_item *item, const struct error *err)
{
    if (item->is_templating && strcmp(err->raised, "ValueError") == 0) {
        job_item_fail(item, invalid_arguments(item, err));
        item->is_aborted = true;
        return;
    }
    item->result = value_map(item->arena);
    action_result_raised(item->arena, item->result, err);
    item->is_aborted = !item->is_templating;
    item->state = ITEM_READY;
    if (item->is_templating) {
        value_map_put_bool(item->arena, item->result, "changed", false);
        return;
    }
    value_map_put_string(item->arena, item->result, "msg",
                         arena_printf(item->arena, "Unexpected failure during module execution: %s", err->text));
    value_map_put_string(item->arena, item->result, "stdout", "");
}

void job_item_abort(struct job_item *item, const struct error *err)
{
    const char *text = err->text;

    if (err->raised[0] != '\0') {
        item_raise(item, err);
        return;
    }
    if (shows_place(err))
        text = arena_printf(item->arena, "%s (%s:%d:%d)", text, err->path, err->line, err->column);
    else
        text = arena_copy(item->arena, text);
    job_item_fail(item, text);
    item->is_aborted = true;
}

static void item_skip(struct job_item *item)
{
    item->result = value_map(item->arena);
    value_map_put_bool(item->arena, item->result, "changed", false);
    value_map_put_bool(item->arena, item->result, "skipped", true);
    value_map_put_string(item->arena, item->result, "skip_reason", "Conditional result was False");
    item->is_skipped_early = true;
    item->state = ITEM_READY;
}

/* `when`, own and inherited. False: the item needs nothing more (skipped or failed). */
static bool item_is_wanted(struct job_item *item)
{
    struct job *job = item->job;
    struct template_call call = vars_scope_call(&job->scope, item->arena);
    struct error err = ERROR_INIT;
    bool wanted = true;

    if (job->conditions != NULL && !template_condition(&call, job->conditions, &wanted, NULL, &err)) {
        if (job->loop_error != NULL)
            err = *job->loop_error;
        error_locate(&err, &job->task->at);
        job_item_abort(item, &err);
        return false;
    }
    if (!wanted) {
        item_skip(item);
        return false;
    }
    if (job->loop_error != NULL)
        job_item_abort(item, job->loop_error);
    return job->loop_error == NULL;
}

static void item_evaluate(struct job_item *item)
{
    struct job *job = item->job;
    struct error err = ERROR_INIT;
    bool is_include = job->task->task_kind == TASK_INCLUDE_TASKS || job->task->task_kind == TASK_INCLUDE_ROLE;

    bool flags_ok = job_item_flags(item, &err);

    if (!item_is_wanted(item))
        return;
    if (!flags_ok) {
        job_item_abort(item, &err);
        return;
    }
    if (is_include ? job_item_include(item, &err) : job_item_prepare(item, &err))
        return;
    error_locate(&err, &job->task->at);
    job_item_abort(item, &err);
}

struct job_item *job_item_start(struct job *job, size_t index)
{
    struct job_item *item = arena_new_of(job->arena, struct job_item);
    bool is_ahead = index > job->concluded;

    item->job = job;
    item->index = index;
    item->arena = job->arena;
    item->item = job->has_items ? value_item(job->items, index) : NULL;
    item->state = ITEM_WAITING;
    job_loop_enter(job, item);
    job->scope.watch = is_ahead ? job->register_name : NULL;
    job->scope.is_watch_hit = false;
    item_evaluate(item);
    job->scope.watch = NULL;
    if (is_ahead && job->scope.is_watch_hit)
        return NULL;
    if (item->state == ITEM_WAITING)
        job_item_send(item);
    return item;
}

static bool item_submit(struct job_item *item, struct error *err)
{
    struct run *run = item->job->run;

    if (run->options->connections == NULL)
        return error_set(err, "no connection to '%s' can be made here", item->target_host->name);
    return link_get(run, &item->target, &item->link, err) && link_submit(item->link, item, &item->module, err);
}

void job_item_submit(struct job_item *item)
{
    struct error err = ERROR_INIT;

    item->reply = NULL;
    item->lost = NULL;
    item->state = ITEM_WAITING;
    if (item_submit(item, &err))
        return;
    item->link = NULL;
    if (err.kind == ERROR_UNREACHABLE) {
        item->lost = arena_copy(item->arena, err.text);
        item->state = ITEM_REPLIED;
    } else {
        job_item_fail(item, arena_copy(item->arena, err.text));
    }
}

/* Where and as whom is only worked out for actions that need the node. */
static void item_action_submit(struct job_item *item)
{
    struct error err = ERROR_INIT;

    if (item->target.kind == NULL && !job_item_target(item, &err)) {
        job_item_abort(item, &err);
        return;
    }
    item->module = item->call.module;
    item->module.become = item->call.as_login ? (struct become){ 0 } : item->become;
    if (item->async != NULL && !item->call.is_aside)
        job_async_call(item);
    job_item_submit(item);
}

/* What a plugin is told or asked. */
static void item_ask(struct job_item *item)
{
    struct error err = ERROR_INIT;

    item->module = item->call.module;
    item->reply = NULL;
    item->lost = NULL;
    item->state = ITEM_WAITING;
    if (link_python(item->job->run, &item->link, &err) && link_submit(item->link, item, &item->module, &err))
        return;
    item->link = NULL;
    job_item_fail(item, arena_copy(item->arena, err.text));
}

static void action_done(struct job_item *item)
{
    item->result = item->call.result;
    item->is_aborted = item->call.ends_loop;
    item->is_final = item->call.is_final;
    item->state = ITEM_READY;
    if (item->is_final && !item->is_aborted && !item->job->has_items && value_map_get(item->result, "changed") == NULL)
        value_map_put_bool(item->arena, item->result, "changed", false);
}

static void action_next(struct job_item *item)
{
    struct error err = ERROR_INIT;
    enum action_next next = ACTION_DONE;
    struct action_call *call = &item->call;

    if (!item->action->step(call, &next, &err)) {
        job_item_abort(item, &err);
        return;
    }
    call->step++;
    switch (next) {
    case ACTION_DONE:
        action_done(item);
        break;
    case ACTION_ASK:
        item_ask(item);
        break;
    case ACTION_SUBMIT:
        item_action_submit(item);
        break;
    case ACTION_WAIT:
    case ACTION_RECONNECT:
        item->pause = next == ACTION_WAIT ? PAUSE_ACTION : PAUSE_RECONNECT;
        item->wake_ms = clock_monotonic_ms() + (call->wait_ms > 0 ? call->wait_ms : 0);
        item->state = ITEM_SLEEPING;
        break;
    }
}

/* Asks a new connection for a sign of life. */
static void reconnect(struct job_item *item)
{
    static const struct module_call ping = { .module = "ping", .receive_fd = -1 };
    struct value *none = value_map(item->arena);
    struct error err = ERROR_INIT;

    if (item->target.kind == NULL && !job_item_target(item, &err)) {
        job_item_abort(item, &err);
        return;
    }
    if (item->link != NULL)
        link_close_host(item->job->run, item->target.host);
    item->link = NULL;
    item->module = ping;
    item->module.args = none;
    item->module.become = item->become;
    job_item_submit(item);
    if (item->state == ITEM_READY) { /* the configuration is wrong: no use in trying again */
        item->result = item->call.result;
        item->lost = "no connection could be made";
        item->state = ITEM_REPLIED;
    }
}

/* A job's polls have taken the place of the task's call. */
static void fresh_call(struct job_item *item)
{
    if (item->async == NULL)
        return;
    if (item->attempt == 1)
        item->own_call = item->module;
    item->module = item->own_call;
    job_async_call(item);
}

void job_item_send(struct job_item *item)
{
    int64_t timeout = item->timeout_ms;

    item->attempt++;
    item->deadline_ms = timeout > 0 ? clock_monotonic_ms() + timeout : 0;
    if (item->action == NULL) {
        fresh_call(item);
        job_item_submit(item);
        return;
    }
    item->call.step = 0;
    item->call.state = NULL;
    item->call.reply = NULL;
    item->call.lost = NULL;
    item->call.result = value_map(item->arena);
    action_next(item);
}

/* The sentences go where no module has a field of its own. */
static const struct value *changes_apart(struct job_item *item, const struct value *result)
{
    struct value *apart = value_map(item->arena);

    for (size_t i = 0; i < value_count(result); i++) {
        const struct value_pair *pair = value_pair_at(result, i);
        bool is_changes = text_equal(value_text(pair->key), "changes");

        if (!is_changes)
            value_map_put_value(item->arena, apart, pair->key, pair->item);
        else if (value_count(pair->item) > 0)
            value_map_put(item->arena, apart, "_ansible_changes", pair->item);
    }
    return apart;
}

void job_item_reply(struct job_item *item, const struct value *result)
{
    item->reply = item->job->run->options->wants_changes ? changes_apart(item, result) : result;
    item->state = ITEM_REPLIED;
}

void job_item_lost(struct job_item *item, const char *message)
{
    item->lost = arena_copy(item->arena, message);
    item->link = NULL;
    item->state = ITEM_REPLIED;
}

void job_item_progress(struct job_item *item, const char *message, bool is_command)
{
    struct event told = { .kind = EVENT_VERBOSE, .host = item->target.host };
    struct event event = emit_task_event(EVENT_PROGRESS, item->job->task, item->job->host);

    if (is_command) {
        told.message = arena_printf(item->arena, "EXEC %s", message);
        emit(item->job->run, &told);
        return;
    }
    event.message = message;
    emit(item->job->run, &event);
}

static void item_unreachable(struct job_item *item)
{
    item->result = value_map(item->arena);
    value_map_put_bool(item->arena, item->result, "unreachable", true);
    value_map_put_string(item->arena, item->result, "msg", item->lost);
    if (!item->job->has_items) /* as Ansible has it */
        value_map_put_bool(item->arena, item->result, "changed", false);
    item->state = ITEM_READY;
}

static void item_answered(struct job_item *item)
{
    if (item->async != NULL && !item->call.is_aside && job_async_answered(item))
        return;
    if (item->action != NULL) {
        item->call.reply = item->reply;
        item->call.lost = item->lost;
        if (item->lost != NULL && !item->call.may_lose_connection) {
            item_unreachable(item);
            return;
        }
        action_next(item);
        return;
    }
    if (item->lost != NULL) {
        item_unreachable(item);
        return;
    }
    item->result = value_map(item->arena);
    for (size_t i = 0; i < value_count(item->reply); i++)
        value_map_put_value(item->arena, item->result, value_pair_at(item->reply, i)->key,
                            value_pair_at(item->reply, i)->item);
    if (text_equal(item->job->task->action, "setup"))
        value_map_put_bool(item->arena, item->result, "_ansible_verbose_override", true); /* too much for -v */
    item->state = ITEM_READY;
}

void job_item_give_up(struct job_item *item)
{
    if (item->link != NULL && item->state == ITEM_WAITING) {
        link_cancel(item->link, item);
        item->job->has_cancelled = true;
    }
    if (item->action != NULL && item->action->given_up != NULL && item->call.state != NULL && item->state != ITEM_READY)
        item->action->given_up(&item->call);
}

static void item_timed_out(struct job_item *item)
{
    job_item_give_up(item);
    job_item_fail(item, arena_printf(item->arena,
                                     "The %s action failed to execute in the expected time frame (%lld) and was "
                                     "terminated",
                                     item->job->task->action_text, (long long)(item->timeout_ms / 1000)));
}

void job_item_go_on(struct job_item *item)
{
    int64_t now = clock_monotonic_ms();

    if (item->state == ITEM_REPLIED) {
        item_answered(item);
        return;
    }
    if (item->deadline_ms > 0 && now >= item->deadline_ms &&
        (item->state == ITEM_WAITING || item->pause != PAUSE_RETRY)) {
        item_timed_out(item);
        return;
    }
    if (item->state != ITEM_SLEEPING || now < item->wake_ms)
        return;
    if (item->pause == PAUSE_RETRY) {
        job_loop_enter(item->job, item);
        job_item_send(item);
    } else if (item->pause == PAUSE_ASYNC) {
        job_async_look(item);
    } else if (item->pause == PAUSE_RECONNECT) {
        reconnect(item);
    } else {
        action_next(item);
    }
}

bool action_target(struct action_call *call, const struct connection_target **out, struct error *err)
{
    struct job_item *item = call->owner;

    if (item->target.kind == NULL && !job_item_target(item, err))
        return false;
    *out = &item->target;
    return true;
}

bool action_become(struct action_call *call, const struct become **out, struct error *err)
{
    const struct connection_target *ignored = NULL;

    if (!action_target(call, &ignored, err))
        return false;
    *out = &call->owner->become;
    return true;
}

void action_end_plugin(struct action_call *call, int64_t number)
{
    link_python_end(call->owner->job->run, number);
}

void action_say(struct action_call *call, const char *message)
{
    emit_said(call->owner->job->run, call->arena, EVENT_MESSAGE, message);
}

void action_warn(struct action_call *call, const char *message)
{
    emit_said(call->owner->job->run, call->arena, EVENT_WARNING, message);
}

bool action_ask(struct action_call *call, const char *prompt, bool secret, const char **out)
{
    const struct run_options *options = call->owner->job->run->options;

    return options->ask != NULL && options->ask(options->ask_context, prompt, secret, call->arena, out);
}
