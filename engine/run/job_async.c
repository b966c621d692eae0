/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tasks with `async`: the call starts a job on the node; with `poll` above 0 the item goes on when the job is over, else with
 * the word that it has been started. Lines are told every `poll` seconds, as in Ansible, but looked is sooner.
 */
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/value/value_python.h"
#include "engine/run/emit.h"
#include "engine/run/job_parts.h"
#include "engine/run/result_lines.h"

#define POLL_DEFAULT 15
#define LOOK_FIRST_MS 50
#define LOOK_MAX_MS 1000
#define OVERDUE "Job reached maximum time limit"

enum async_phase { ASYNC_STARTING, ASYNC_POLLING, ASYNC_CLEANING, ASYNC_OVER };

struct item_async {
    enum async_phase phase;
    int64_t limit_s, poll_s, left_s;
    int64_t tell_ms, look_ms; /* when the next line is due; how long until the next look */
    const char *folder, *id;
    const struct value *args;  /* of the module async_status */
    const struct value *last;  /* what it said last */
    const struct value *final; /* the job's result */
    struct module_call task;   /* the task's own call */
};

static bool is_supported(const struct job_item *item)
{
    if (item->action != NULL)
        return item->action->supports_async;
    return !text_equal(item->job->task->action, "raw");
}

static bool async_folder(struct job_item *item, const char **out, struct error *err)
{
    const struct value *value = NULL;

    if (!vars_scope_get(&item->job->scope, item->arena, "ansible_async_dir", &value, err))
        return error_prefix(err, "variable 'ansible_async_dir'");
    *out = value == NULL || value_is(value, VALUE_NULL) ? NULL : value_to_text(item->arena, value);
    if (*out == NULL)
        *out = setting_text(item->job->run, "async_dir");
    if (*out == NULL)
        *out = "~/.ansible_async";
    return true;
}

bool action_async_folder(struct action_call *call, const char **out, struct error *err)
{
    return async_folder(call->owner, out, err);
}

bool job_async_prepare(struct job_item *item, struct error *err)
{
    int64_t limit = 0, poll = setting_int(item->job->run, "poll_interval", POLL_DEFAULT);
    struct item_async *async;

    if (!keyword_int(item->job, KEYWORD_ASYNC, 0, &limit, err) ||
        !keyword_int(item->job, KEYWORD_POLL, poll, &poll, err))
        return false;
    if (limit <= 0)
        return true;
    if (!is_supported(item) || item->check_mode) {
        job_item_fail(item, is_supported(item) ? "check mode and async cannot be used on same task."
                                               : "async is not supported for this task.");
        return true;
    }
    async = arena_new_of(item->arena, struct item_async);
    async->limit_s = async->left_s = limit;
    async->poll_s = poll;
    item->async = async;
    return async_folder(item, &async->folder, err);
}

void job_async_call(struct job_item *item)
{
    struct item_async *async = item->async;

    async->phase = ASYNC_STARTING;
    async->left_s = async->limit_s;
    item->module.async_s = async->limit_s;
    item->module.async_folder = async->folder;
    item->module.timeout_ms = async->limit_s * 1000;
    async->task = item->module;
}

static void tell(struct job_item *item, const char *format, const char *rest)
{
    struct item_async *async = item->async;
    struct event event = emit_task_event(EVENT_MESSAGE, item->job->task, item->job->host);

    event.message = arena_printf(item->arena, "%s on %s: jid=%s%s", format, event.host, async->id, rest);
    emit(item->job->run, &event);
}

static void sleep_until_look(struct job_item *item)
{
    struct item_async *async = item->async;
    int64_t look = clock_monotonic_ms() + async->look_ms;

    async->look_ms = async->look_ms * 2 < LOOK_MAX_MS ? async->look_ms * 2 : LOOK_MAX_MS;
    item->pause = PAUSE_ASYNC;
    item->wake_ms = look < async->tell_ms ? look : async->tell_ms;
    item->state = ITEM_SLEEPING;
}

static void ask(struct job_item *item, const char *mode)
{
    struct item_async *async = item->async;
    struct value *args = value_map(item->arena);

    value_map_put_string(item->arena, args, "jid", async->id);
    value_map_put_string(item->arena, args, "mode", mode);
    value_map_put_string(item->arena, args, "_async_dir", async->folder);
    async->args = args;
    item->module = async->task;
    item->module.module = "async_status";
    item->module.args = args;
    item->module.async_s = 0;
    item->module.timeout_ms = 0;
    item->module.wants_changes = false;
    item->module.contents = NULL;
    item->module.content_count = 0;
    job_item_submit(item);
}

/* The reply to the call that started the job. True: there is more to do. */
static bool started(struct job_item *item)
{
    struct item_async *async = item->async;
    const char *id = value_map_text(item->reply, "ansible_job_id");
    struct value *reply;

    if (item->lost != NULL || id == NULL || value_map_true(item->reply, "failed"))
        return false;
    async->id = arena_copy(item->arena, id);
    if (async->poll_s > 0) {
        async->phase = ASYNC_POLLING;
        async->look_ms = LOOK_FIRST_MS;
        async->tell_ms = clock_monotonic_ms() + async->poll_s * 1000;
        sleep_until_look(item);
        return true;
    }
    reply = value_map(item->arena);
    for (size_t i = 0; i < value_count(item->reply); i++)
        value_map_put_value(item->arena, reply, value_pair_at(item->reply, i)->key,
                            value_pair_at(item->reply, i)->item);
    value_map_put_bool(item->arena, reply, "changed", true);
    item->reply = reply;
    return false;
}

static void give_up(struct job_item *item)
{
    struct item_async *async = item->async;
    struct value *result = value_map(item->arena);

    value_map_put_bool(item->arena, result, "failed", true);
    value_map_put_string(item->arena, result, "msg",
                         arena_printf(item->arena, "async task did not complete within the requested time - %llds",
                                      (long long)async->limit_s));
    if (async->last != NULL)
        value_map_put(item->arena, result, "async_result", async->last);
    tell(item, "ASYNC FAILED", "");
    async->phase = ASYNC_OVER;
    item->reply = result;
}

/* Not over yet, or nothing was heard of it. True: it is looked at again. */
static bool still_running(struct job_item *item)
{
    struct item_async *async = item->async;

    item->lost = NULL;
    if (clock_monotonic_ms() >= async->tell_ms) {
        async->left_s -= async->poll_s;
        async->tell_ms += async->poll_s * 1000;
        tell(item, "ASYNC POLL", " started=1 finished=0");
    }
    if (async->left_s <= 0) {
        give_up(item);
        return false;
    }
    sleep_until_look(item);
    return true;
}

static bool is_over(const struct value *status)
{
    const struct value *finished = value_map_get(status, "finished");
    const char *message = value_map_text(status, "msg");

    if (message != NULL && text_starts(message, OVERDUE))
        return false; /* the job's time is up just as ours is */
    return (value_is(finished, VALUE_INT) && finished->as.integer == 1) || value_map_true(status, "failed");
}

/* As it is shown when the time runs out. */
static void keep_status(struct job_item *item)
{
    struct value *status = value_map(item->arena);

    for (size_t i = 0; i < value_count(item->reply); i++) {
        const struct value_pair *pair = value_pair_at(item->reply, i);

        if (!text_equal(value_text(pair->key), "changed"))
            value_map_put_value(item->arena, status, value_copy(item->arena, pair->key),
                                value_copy(item->arena, pair->item));
    }
    result_add_lines(item->arena, status, "stdout", "stdout_lines");
    result_add_lines(item->arena, status, "stderr", "stderr_lines");
    item->async->last = status;
}

static bool polled(struct job_item *item)
{
    struct item_async *async = item->async;

    if (item->lost != NULL)
        return still_running(item);
    if (!is_over(item->reply)) {
        const char *message = value_map_text(item->reply, "msg");

        if (message == NULL || !text_starts(message, OVERDUE))
            keep_status(item);
        return still_running(item);
    }
    async->final = value_copy(item->arena, item->reply);
    async->phase = ASYNC_CLEANING;
    ask(item, "cleanup");
    return true;
}

bool job_async_answered(struct job_item *item)
{
    struct item_async *async = item->async;

    switch (async->phase) {
    case ASYNC_STARTING:
        return started(item);
    case ASYNC_POLLING:
        return polled(item);
    case ASYNC_CLEANING:
        item->lost = NULL;
        item->reply = async->final;
        async->phase = ASYNC_OVER;
        tell(item, value_map_true(async->final, "failed") ? "ASYNC FAILED" : "ASYNC OK", "");
        return false;
    case ASYNC_OVER:
        break;
    }
    return false;
}

void job_async_look(struct job_item *item)
{
    ask(item, "status");
}
