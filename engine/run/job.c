/* SPDX-License-Identifier: Apache-2.0 */
/* Jobs: starting a task on a host, going on with its items, letting go of it. */
#include "engine/run/job.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "engine/run/debugger.h"
#include "engine/run/emit.h"
#include "engine/run/job_parts.h"

#define SEND_AHEAD 256

static struct job *job_take(struct run *run)
{
    struct job *job = run->idle, **end = &run->active;
    struct arena *arena;

    if (job != NULL) {
        run->idle = job->next;
        arena = job->arena;
    } else {
        job = arena_new_of(run->arena, struct job);
        arena = arena_new();
    }
    *job = (struct job){ .run = run, .arena = arena, .changes = run->changes };
    run->changes = NULL;
    while (*end != NULL)
        end = &(*end)->next;
    *end = job;
    return job;
}

/* What a cancelled call points to stays until all connections are closed. */
static void job_bury(struct job *job)
{
    struct buried *grave = arena_new_of(job->run->arena, struct buried);

    *grave = (struct buried){ job->run->buried, job->arena };
    job->run->buried = grave;
    job->arena = arena_new();
}

void job_release(struct job *job)
{
    struct run *run = job->run;
    struct job **at = &run->active;

    while (*at != NULL && *at != job)
        at = &(*at)->next;
    if (*at != NULL)
        *at = job->next;
    if (job->has_cancelled)
        job_bury(job);
    else
        arena_reset(job->arena);
    job->next = run->idle;
    run->idle = job;
}

static const struct value *condition_of(const struct node *task, enum keyword keyword)
{
    const struct value *value = task->keywords[keyword];
    bool is_empty =
        value == NULL || value_is(value, VALUE_NULL) || (value_is(value, VALUE_LIST) && value_count(value) == 0);

    return is_empty ? NULL : value;
}

static bool returns_facts(const struct node *task)
{
    return text_ends(task->action, "_facts") || text_equal(task->action, "setup") || text_equal(task->action, "getent");
}

static void job_fail(struct job *job, const struct error *err)
{
    const char *text = err->text;

    if (err->path[0] != '\0' && err->line > 0)
        text = arena_printf(job->arena, "%s (%s:%d:%d)", text, err->path, err->line, err->column);
    job->result = value_map(job->arena);
    if (err->raised[0] != '\0') {
        action_result_raised(job->arena, job->result, err);
        text = arena_printf(job->arena, "Unexpected failure during module execution: %s", err->text);
        value_map_put_string(job->arena, job->result, "stdout", "");
    }
    value_map_put_bool(job->arena, job->result, "failed", true);
    value_map_put_string(job->arena, job->result, "msg", text);
    job_finish(job);
}

static void put_text(struct job *job, struct value *map, const char *name, const char *text)
{
    if (text != NULL)
        value_map_put(job->arena, map, name, value_string_borrow(job->arena, text, strlen(text)));
}

static const char *keyword_or(struct job *job, enum keyword keyword, const char *option, const char *setting)
{
    const char *text = value_text(node_keyword(job->task, keyword));

    return text != NULL ? text : option != NULL ? option : setting_text(job->run, setting);
}

/* A variable's value under its older name, else what holds without it. */
static const char *older_or(struct job *job, const char *name, const char *otherwise)
{
    const struct value *value = NULL;
    struct error ignored = ERROR_INIT;
    bool is_final;

    if (vars_scope_raw(&job->scope, name, strlen(name), &is_final) == NULL ||
        !vars_scope_get(&job->scope, job->arena, name, &value, &ignored) || value_text(value) == NULL)
        return otherwise;
    return value_text(value);
}

/* Tasks may ask for ansible_host, ansible_connection and ansible_user although no variable sets them. */
static void job_fallback(struct job *job)
{
    const struct run_options *options = job->run->options;
    const struct inventory_host *host = job->host->host;
    const char *user = keyword_or(job, KEYWORD_REMOTE_USER, options->remote_user, "remote_user");
    const char *kind = keyword_or(job, KEYWORD_CONNECTION, options->connection_kind, "transport");
    bool is_own_machine = host->is_implicit && inventory_is_localhost(host->name);
    struct value *map = value_map(job->arena);

    put_text(job, map, "ansible_host", older_or(job, "ansible_ssh_host", is_own_machine ? "127.0.0.1" : host->name));
    put_text(job, map, "ansible_ssh_host", host->name);
    put_text(job, map, "ansible_user", older_or(job, "ansible_ssh_user", user));
    put_text(job, map, "ansible_ssh_user", user);
    put_text(job, map, "ansible_connection",
             host->is_implicit                           ? "local"
             : kind == NULL || text_equal(kind, "smart") ? "ssh"
                                                         : kind);
    job->scope.fallback = map;
}

static bool job_open(struct job *job, struct error *err)
{
    struct vars_place place = { .host = job->host->host, .task = job->task };
    const struct node *task = job->task;

    if (!vars_scope_open(&job->scope, job->run->vars, job->arena, &place, err))
        return false;
    job->scope.environment = node_keyword_list(job->arena, task, KEYWORD_ENVIRONMENT);
    job->conditions = node_conditions(job->arena, task);
    job->changed_when = condition_of(task, KEYWORD_CHANGED_WHEN);
    job->failed_when = condition_of(task, KEYWORD_FAILED_WHEN);
    job->until = condition_of(task, KEYWORD_UNTIL);
    job->register_name = value_text(task->keywords[KEYWORD_REGISTER]);
    job->puts_facts = task->is_unresolved || returns_facts(task);
    if (!job_loop_prepare(job, err))
        return false;
    job_fallback(job);
    for (size_t i = 0; job->changes != NULL && i < value_count(job->changes->vars); i++)
        vars_scope_put(&job->scope, value_text(value_pair_at(job->changes->vars, i)->key),
                       value_pair_at(job->changes->vars, i)->item);
    return true;
}

struct job *job_start(struct run *run, struct run_host *host, const struct node *task)
{
    struct job *job = job_take(run);
    struct error err = ERROR_INIT;

    job->host = host;
    job->task = job->written = task;
    run->active_count++;
    if (!job_open(job, &err)) {
        error_locate(&err, &task->at);
        job_fail(job, &err);
        return job;
    }
    job->count = job->has_items ? value_count(job->items) : 1;
    job->window = job_loop_can_send_ahead(job) ? SEND_AHEAD : 1;
    job->slots = arena_new_array(job->arena, struct job_item *, job->count + 1);
    job_advance(job);
    return job;
}

/* loop_control: break_when, looked at when an item is done. The items that are left are not. */
static void break_loop(struct job *job, struct job_item *item)
{
    struct template_call call = vars_scope_call(&job->scope, item->arena);
    struct error err = ERROR_INIT;
    bool is_met = false;

    if (job->break_when == NULL || item->item == NULL)
        return;
    if (!template_condition(&call, job->break_when, &is_met, NULL, &err))
        job_item_abort(item, &err);
    else if (is_met)
        job->count = job->concluded;
}

/* Results are concluded in the order of the items, whatever order they arrive in. */
static void conclude_ready(struct job *job)
{
    while (!job->is_done && job->concluded < job->started) {
        struct job_item *item = job->slots[job->concluded];

        if (item->state != ITEM_READY)
            return;
        job_loop_enter(job, item);
        if (!job_item_conclude(item))
            return;
        job_emit_item(item);
        job->concluded++;
        if (job->loop_pause_ms > 0)
            job->pause_until_ms = clock_monotonic_ms() + job->loop_pause_ms;
        if (!item->is_aborted)
            break_loop(job, item);
        if (item->is_aborted) {
            job_cancel(job);
            job->result = item->result;
            job_finish(job);
        }
    }
}

static void start_more(struct job *job)
{
    while (!job->is_done && job->started < job->count && job->started - job->concluded < job->window) {
        struct job_item *item;

        if (job->pause_until_ms > 0 && clock_monotonic_ms() < job->pause_until_ms)
            return;
        item = job_item_start(job, job->started);

        if (item == NULL) { /* it looks at an earlier item's result */
            job->window = 1;
            return;
        }
        job->slots[job->started++] = item;
        conclude_ready(job);
    }
}

void job_advance(struct job *job)
{
    if (job->is_done)
        return;
    for (size_t i = job->concluded; i < job->started; i++)
        job_item_go_on(job->slots[i]);
    conclude_ready(job);
    start_more(job);
    if (!job->is_done && job->concluded == job->count)
        job_finish(job);
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < 0 ? b : b < 0 ? a : a < b ? a : b;
}

int64_t job_wake_ms(const struct job *job)
{
    int64_t wake = job->pause_until_ms > 0 && job->started == job->concluded ? job->pause_until_ms : -1;

    for (size_t i = job->concluded; i < job->started; i++) {
        const struct job_item *item = job->slots[i];

        if (item->state == ITEM_SLEEPING)
            wake = earlier(wake, item->wake_ms);
        if (item->state != ITEM_READY && item->deadline_ms > 0)
            wake = earlier(wake, item->deadline_ms);
        if (item->state == ITEM_REPLIED || (item->state == ITEM_READY && i == job->concluded))
            wake = 0;
    }
    return wake;
}

static int64_t wake_time(const struct run *run)
{
    int64_t wake = -1;

    for (const struct job *job = run->active; job != NULL; job = job->next)
        if (!job->is_done)
            wake = earlier(wake, job_wake_ms(job));
    return wake;
}

void jobs_wait(struct run *run)
{
    link_wait(run, wake_time(run));
    for (struct job *job = run->active; job != NULL; job = job->next)
        job_advance(job);
}

static bool is_used(const struct run *run, const struct link *link)
{
    if (link->call_count > 0)
        return true;
    for (const struct job *job = run->active; job != NULL; job = job->next)
        for (size_t i = 0; i < job->started; i++)
            if (job->slots[i]->link == link)
                return true;
    return false;
}

void jobs_forget_replies(struct run *run)
{
    for (struct link *link = run->links; link != NULL; link = link->next)
        if (!is_used(run, link))
            arena_reset(link->replies);
}

void jobs_abandon(struct run *run)
{
    while (run->active != NULL) {
        struct job *job = run->active;

        job_cancel(job);
        if (!job->is_done)
            run->active_count--;
        job_release(job);
    }
}

void job_cancel(struct job *job)
{
    for (size_t i = job->concluded; i < job->started; i++)
        job_item_give_up(job->slots[i]);
}
