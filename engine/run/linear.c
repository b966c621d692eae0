/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The linear strategy: every host of the batch does the same task, then all go on. Hosts that are elsewhere (rescuing, in
 * an included file) wait. At most `forks` hosts work at once.
 */
#include <string.h>

#include "engine/run/debugger.h"
#include "engine/run/emit.h"
#include "engine/run/job_parts.h"
#include "engine/run/places.h"
#include "engine/run/strategy.h"

#define COLLECT_EVERY 32

/* One task for all hosts. */
struct round {
    struct run *run;
    bool in_handlers;
    const struct node *task; /* what the chosen hosts do */
    size_t handler;          /* in_handlers: the handler's place instead */
    bool announced, any_errors_fatal, worked, stop_asking;
    struct job **includes; /* finished jobs that asked for an include */
    size_t include_count;
    struct run_host **left; /* who could be reached when the round began */
    size_t left_count;
    /* By index in the batch: the host's task failed, or it did a meta or waited (a meta too for Ansible). At the end of the
     * round only those stay whom the iterator, too, calls failed: what a meta does to a position decides as well. */
    bool *failed;
    size_t failed_count, unreachable;
    size_t results;
};

static bool is_left(const struct run_host *host)
{
    return !host->is_unreachable;
}

/* The next task in the play's order that some host stands before. */
static bool find_task(struct run *run, const struct node **out, struct error *err)
{
    struct plan *plan = &run->play->plan;

    for (int pass = 0; pass <= 1; pass++) {
        while (plan->current < plan->task_count) {
            const struct node *task = plan->tasks[plan->current++];

            for (size_t i = 0; i < run->play->host_count; i++) {
                const struct run_host *host = run->play->hosts[i];

                if (is_left(host) && host->next == task) {
                    *out = task;
                    return true;
                }
            }
        }
        plan->current = 0; /* tasks left over after clear_host_errors */
    }
    return error_set(err, "the hosts and the tasks of the play do not fit together");
}

/* Where everybody stands. False in *any_out: nobody has a task left. */
static void look_ahead(struct run *run, struct round *round, bool *any_out)
{
    struct play_run *play = run->play;
    bool any_handler = false;

    *any_out = false;
    round->handler = SIZE_MAX;
    round->left = arena_new_array(run->step_arena, struct run_host *, play->host_count + 1);
    for (size_t i = 0; i < play->host_count; i++) {
        struct run_host *host = play->hosts[i];

        host->next = NULL;
        if (!is_left(host))
            continue;
        round->left[round->left_count++] = host;
        host_look_ahead(run, host);
        *any_out = *any_out || host->next != NULL;
        if (host->next == NULL || iterator_state_of(&host->ahead) != ITERATOR_HANDLERS)
            continue;
        any_handler = true;
        if (host->ahead.handler < round->handler)
            round->handler = host->ahead.handler;
    }
    if (!any_handler)
        play->in_handlers = false;
    round->in_handlers = play->in_handlers;
}

static bool is_chosen(const struct round *round, const struct run_host *host)
{
    if (!is_left(host) || host->next == NULL)
        return false;
    if (round->in_handlers)
        return iterator_state_of(&host->ahead) == ITERATOR_HANDLERS && host->ahead.handler == round->handler;
    return host->next == round->task;
}

static bool finish_job(struct round *round, struct job *job, struct error *err)
{
    struct run *run = round->run;
    bool is_include = job->task->task_kind == TASK_INCLUDE_TASKS || job->task->task_kind == TASK_INCLUDE_ROLE;

    struct run_host *host = job->host;
    const struct node *task = job->task;
    bool redo = false;

    job->is_applied = true;
    if (!apply_debugged(run, job, &redo, err))
        return false;
    if (redo) {
        job_release(job);
        (void)job_start(run, host, task);
        return true;
    }
    round->results++;
    if (job->failed)
        round->failed[host->index] = true;
    if (job->unreachable)
        round->unreachable++;
    if (is_include && !job->failed && !job->unreachable)
        round->includes[round->include_count++] = job;
    else
        job_release(job);
    return true;
}

static struct job *first_done(struct run *run)
{
    struct job *job = run->active;

    while (job != NULL && (!job->is_done || job->is_applied))
        job = job->next;
    return run_is_interrupted(run) ? NULL : job;
}

static bool finish_jobs(struct round *round, struct error *err)
{
    for (struct job *job = first_done(round->run); job != NULL; job = first_done(round->run))
        if (!finish_job(round, job, err))
            return false;
    return true;
}

static size_t count_held(const struct run *run)
{
    size_t count = 0;

    for (const struct job *job = run->active; job != NULL; job = job->next)
        if (!job->is_applied)
            count++;
    return count;
}

/* Lets time pass until fewer than `limit` hosts work. Results are applied as late as that: hosts of one task should not see what
 * the same task did to others. */
static bool wait_for_jobs(struct round *round, size_t limit, struct error *err)
{
    struct run *run = round->run;

    if (count_held(run) < limit)
        return true;
    if (!finish_jobs(round, err))
        return false;
    while (run->active_count >= limit && run->active_count > 0 && !run_is_interrupted(run)) {
        jobs_wait(run);
        if (!finish_jobs(round, err))
            return false;
    }
    return true;
}

/* How many hosts may be at this task at once. With run_once there is nothing to hold back. */
static bool limit_of(struct round *round, const struct run_host *host, const struct node *task, size_t *out,
                     struct error *err)
{
    size_t throttle = 0;
    bool run_once = false;

    *out = (size_t)round->run->forks;
    if (!task_throttle(round->run, host, task, &throttle, err))
        return false;
    if (throttle == 0 || throttle >= *out)
        return true;
    if (!task_keyword_bool(round->run, host, task, KEYWORD_RUN_ONCE, &run_once, err))
        return false;
    if (!run_once)
        *out = throttle;
    return true;
}

static void judge_fatal(struct round *round, struct run_host *host, const struct node *task, bool run_once)
{
    bool fatal = setting_bool(round->run, "any_errors_fatal", false), ignore = false;
    struct error undefined = ERROR_INIT;

    /* what cannot be evaluated fails the task; as written it counts as true */
    if (!task_keyword_bool(round->run, host, task, KEYWORD_ANY_ERRORS_FATAL, &fatal, &undefined))
        fatal = true;
    if (!task_keyword_bool(round->run, host, task, KEYWORD_IGNORE_ERRORS, &ignore, &undefined))
        ignore = true;
    if ((fatal || run_once) && !ignore)
        round->any_errors_fatal = true;
}

static bool runs_once(struct round *round, struct run_host *host, const struct node *task, bool *out, struct error *err)
{
    if (!task_keyword_bool(round->run, host, task, KEYWORD_RUN_ONCE, out, err))
        return false;
    *out = *out || (task->task_kind == TASK_ACTION && action_of(task->spec)->runs_once);
    return true;
}

/* The host did a meta, or waited. */
static void judge_meta(struct round *round, const struct run_host *host)
{
    round->results++;
    round->failed[host->index] = true;
}

static bool start_task(struct round *round, struct run_host *host, const struct node *task, struct error *err)
{
    struct event event = emit_task_event(EVENT_HOST_START, task, host);
    struct job *job;
    size_t limit = 0;

    if (!round->announced)
        task_announce(round->run, task, host);
    round->announced = true;
    if (round->run->places != NULL)
        run_places_reach(round->run->places, task);
    if (!limit_of(round, host, task, &limit, err) || !wait_for_jobs(round, limit, err))
        return false;
    if (run_is_interrupted(round->run))
        return true;
    event.name = round->run->task_title;
    emit(round->run, &event);
    job = job_start(round->run, host, task);
    return !(job->is_done && job->has_items) || finish_jobs(round, err); /* its items were shown: so is its end */
}

static bool host_turn(struct round *round, struct run_host *host, const struct node *task, struct error *err)
{
    bool run_once = false, skip = false;

    round->worked = true;
    if (role_is_done(host, task))
        return true;
    if (task->task_kind == TASK_META) {
        if (!meta_run(round->run, host, task, &round->stop_asking, err))
            return false;
        judge_meta(round, host);
        judge_fatal(round, host, task, round->stop_asking);
        return true;
    }
    if (!round->announced && !task_step(round->run, NULL, task, &skip, err))
        return false;
    if (skip) {
        round->stop_asking = true;
        return true;
    }
    if (!runs_once(round, host, task, &run_once, err))
        return false;
    judge_fatal(round, host, task, run_once);
    if (!start_task(round, host, task, err))
        return false;
    round->stop_asking = run_once;
    return true;
}

static bool includes_of_round(struct round *round, struct error *err)
{
    if (round->include_count > 0 &&
        !includes_process(round->run, round->includes, round->include_count, round->failed, err))
        return false;
    for (size_t i = 0; i < round->include_count; i++)
        job_release(round->includes[i]);
    return true;
}

static void count_failures(struct round *round)
{
    for (size_t i = 0; i < round->run->play->host_count; i++) {
        round->failed[i] = round->failed[i] && iterator_has_failed(&round->run->play->hosts[i]->position);
        round->failed_count += round->failed[i] ? 1 : 0;
    }
}

/* any_errors_fatal: hosts that are not rescuing fail too. */
static void break_if_fatal(struct round *round)
{
    struct play_run *play = round->run->play;

    if (!round->any_errors_fatal || round->failed_count + round->unreachable == 0)
        return;
    for (size_t i = 0; i < round->left_count; i++) {
        struct run_host *host = round->left[i];
        enum iterator_state state;
        unsigned failed;

        host_look_ahead(round->run, host);
        state = iterator_active_state(&host->ahead, &failed);
        if ((state != ITERATOR_RESCUE && state != ITERATOR_ALWAYS) ||
            (state == ITERATOR_RESCUE && (failed & FAILED_RESCUE) != 0)) {
            host->is_failed = true;
            play->break_play = true;
        }
    }
}

static size_t count_failed(const struct play_run *play)
{
    size_t count = 0;

    for (size_t i = 0; i < play->host_count; i++)
        if (play->hosts[i]->is_failed)
            count++;
    return count;
}

static void break_if_too_many(struct round *round)
{
    struct play_run *play = round->run->play;

    if (play->max_fail_percentage < 0 || round->results == 0 ||
        (double)count_failed(play) / (double)play->host_count <= play->max_fail_percentage / 100.0)
        return;
    for (size_t i = 0; i < round->left_count; i++) {
        struct run_host *host = round->left[i];

        if (!round->failed[host->index]) { /* those would lose their rescue and always */
            host->is_failed = true;
            host_mark_failed(host);
        }
    }
    emit_message(round->run, EVENT_NO_HOSTS_LEFT, NULL);
    play->break_play = true;
}

/* All chosen hosts are past the task now, also those that run_once will spare. */
static void move_chosen(struct round *round)
{
    struct play_run *play = round->run->play;

    for (size_t i = 0; i < play->host_count; i++) {
        struct run_host *host = play->hosts[i];

        host->current = is_chosen(round, host) ? host->next : NULL;
        if (host->current != NULL)
            host_step_forward(host);
    }
}

static bool round_run(struct round *round, struct error *err)
{
    struct play_run *play = round->run->play;

    if (!round->in_handlers && !find_task(round->run, &round->task, err))
        return false;
    if (!round->in_handlers && plan_is_meta(round->task, "flush_handlers"))
        play->in_handlers = true;
    move_chosen(round);
    for (size_t i = 0; i < play->host_count && !round->stop_asking; i++) {
        struct run_host *host = play->hosts[i];

        if (host->current == NULL) {
            if (is_left(host) && host->next != NULL)
                judge_meta(round, host);
            continue;
        }
        if (!host_turn(round, host, host->current, err))
            return false;
        if (run_is_interrupted(round->run))
            return true;
    }
    return wait_for_jobs(round, 1, err) && (run_is_interrupted(round->run) || includes_of_round(round, err));
}

static void tidy(struct run *run)
{
    arena_reset(run->step_arena);
    run->task_title = NULL;
    jobs_forget_replies(run);
    if (++run->rounds % COLLECT_EVERY == 0)
        vars_world_collect(run->vars);
}

static bool next_round(struct run *run, bool *more_out, struct error *err)
{
    struct round round = { .run = run };

    look_ahead(run, &round, more_out);
    round.includes = arena_new_array(run->step_arena, struct job *, run->play->host_count + 1);
    round.failed = arena_new_array(run->step_arena, bool, run->play->host_count + 1);
    if (*more_out && !round_run(&round, err))
        return false;
    count_failures(&round);
    break_if_fatal(&round);
    break_if_too_many(&round);
    if (run->play->break_play && count_failed(run->play) >= round.left_count) {
        emit_message(run, EVENT_NO_HOSTS_LEFT, NULL);
        *more_out = false;
    }
    return true;
}

bool linear_run(struct run *run, struct error *err)
{
    bool more = true, ok = true;

    while (ok && more && !run_is_interrupted(run)) {
        if (run->options->hold != NULL)
            run->options->hold(run->options->hold_context);
        if (run_is_interrupted(run))
            break;
        ok =
            next_round(run, &more, err) && (vars_world_missed(run->vars) == NULL || run_places_check(run->places, err));
        if (ok && !run_is_interrupted(run))
            tidy(run);
    }
    jobs_abandon(run);
    return ok;
}
