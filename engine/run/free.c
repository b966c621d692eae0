/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The strategies free and host_pinned: a host goes on to its next task as soon as it is done with one, whatever the others do.
 * Hosts get their turns in a circle. Pinned, at most `forks` hosts are in the play; a new one enters when one is through.
 */
#include <string.h>

#include "engine/run/debugger.h"
#include "engine/run/emit.h"
#include "engine/run/job_parts.h"
#include "engine/run/places.h"
#include "engine/run/strategy.h"

#define HOLD_EVERY 32 /* passes between two moments at which the run can be held */
#define TIDY_EVERY 16 /* passes between two looks for replies that nobody needs any more */

#define NOT_IN_FREE "Using %s with the free strategy is not supported, as tasks are executed independently on each host"

enum turn {
    TURN_OVER,  /* the next host */
    TURN_AGAIN, /* the same host once more: what it stood before has been done */
    TURN_FULL,  /* as many as `throttle` says are at this task: nobody starts now */
};

struct walk {
    struct run *run;
    struct play_run *play;
    struct run_host **left; /* hosts that can be reached */
    size_t left_count, at;
    struct job **includes; /* finished jobs that asked for an include */
    size_t include_count, include_capacity;
    size_t busy; /* jobs that have been started and not been applied */
    bool has_work;
    unsigned passes;
};

static void list_left(struct walk *walk)
{
    walk->left_count = 0;
    for (size_t i = 0; i < walk->play->host_count; i++)
        if (!walk->play->hosts[i]->is_unreachable)
            walk->left[walk->left_count++] = walk->play->hosts[i];
}

static void keep_include(struct walk *walk, struct job *job)
{
    if (walk->include_count == walk->include_capacity) {
        size_t capacity = walk->include_capacity == 0 ? 16 : walk->include_capacity * 2;

        walk->includes = arena_grow(walk->play->arena, walk->includes, walk->include_capacity * sizeof(struct job *),
                                    capacity * sizeof(struct job *));
        walk->include_capacity = capacity;
    }
    walk->includes[walk->include_count++] = job;
}

/* The debugger wants the task done again. */
static void restart(struct walk *walk, struct job *job)
{
    struct run_host *host = job->host;
    const struct node *task = job->task;
    const char *title = arena_copy(walk->run->step_arena, job->title);
    struct job *again;

    job_release(job);
    walk->busy++;
    again = job_start(walk->run, host, task);
    again->title = arena_copy(again->arena, title);
}

static bool finish_job(struct walk *walk, struct job *job, struct error *err)
{
    bool is_include = job->task->task_kind == TASK_INCLUDE_TASKS || job->task->task_kind == TASK_INCLUDE_ROLE;

    bool redo = false;

    job->is_applied = true;
    walk->busy--;
    if (!apply_debugged(walk->run, job, &redo, err))
        return false;
    if (redo) {
        restart(walk, job);
        return true;
    }
    if (is_include && !job->failed && !job->unreachable) {
        keep_include(walk, job); /* its host waits until the included tasks are there */
        return true;
    }
    job->host->is_busy = false;
    job_release(job);
    return true;
}

/* Applies what has been done. *any_out: something was. */
static bool finish_jobs(struct walk *walk, bool *any_out, struct error *err)
{
    *any_out = false;
    for (struct job *job = walk->run->active, *next; job != NULL; job = next) {
        next = job->next;
        if (!job->is_done || job->is_applied)
            continue;
        *any_out = true;
        if (!finish_job(walk, job, err))
            return false;
    }
    return true;
}

/* Lets time pass until fewer than `limit` hosts work. */
static bool wait_for_jobs(struct walk *walk, size_t limit, struct error *err)
{
    struct run *run = walk->run;
    bool any = false;

    while (walk->busy >= limit && !run_is_interrupted(run)) {
        if (!finish_jobs(walk, &any, err))
            return false;
        if (any)
            continue;
        jobs_wait(run);
    }
    return true;
}

static size_t count_same(const struct run *run, const struct node *task)
{
    size_t count = 0;

    for (const struct job *job = run->active; job != NULL; job = job->next)
        if (job->written == task && !job->is_applied)
            count++;
    return count;
}

static void warn(struct walk *walk, const char *message)
{
    emit_message(walk->run, EVENT_WARNING, message);
}

/* Keywords that make no sense where hosts do not wait for each other. */
static bool check_keywords(struct walk *walk, struct run_host *host, const struct node *task, struct error *err)
{
    bool run_once = false;

    if (task->task_kind == TASK_ACTION && action_of(task->spec)->runs_once) {
        error_set(err,
                  "The '%s' module bypasses the host loop, which is currently not supported in the free "
                  "strategy and would instead execute for every host in the inventory list.",
                  task->action_text);
        return error_locate(err, &task->at);
    }
    if (!task_keyword_bool(walk->run, host, task, KEYWORD_RUN_ONCE, &run_once, err))
        return false;
    if (run_once)
        warn(walk, "Using run_once with the free strategy is not currently supported. This task will still be executed "
                   "for every host in the inventory list.");
    return true;
}

static bool start_job(struct walk *walk, struct run_host *host, const struct node *task, struct error *err)
{
    struct run *run = walk->run;
    struct event event = emit_task_event(EVENT_HOST_START, task, host);
    bool fatal = setting_bool(run, "any_errors_fatal", false);
    struct job *job;

    if (!task_keyword_bool(run, host, task, KEYWORD_ANY_ERRORS_FATAL, &fatal, err))
        return false;
    if (fatal)
        warn(walk, arena_printf(run->step_arena, NOT_IN_FREE, "any_errors_fatal"));
    if (run->places != NULL)
        run_places_reach(run->places, task);
    if (!wait_for_jobs(walk, (size_t)run->forks, err) || run_is_interrupted(run))
        return run_is_interrupted(run);
    task_announce(run, task, host);
    event.name = run->task_title;
    emit(run, &event);
    host->is_busy = true;
    walk->busy++;
    job = job_start(run, host, task);
    job->title = arena_copy(job->arena, run->task_title);
    return true;
}

static bool do_task(struct walk *walk, struct run_host *host, const struct node *task, struct error *err)
{
    bool once = false, skip = false;

    if (task->task_kind == TASK_META)
        return meta_run(walk->run, host, task, &once, err);
    return check_keywords(walk, host, task, err) && task_step(walk->run, host, task, &skip, err) &&
           (skip || start_job(walk, host, task, err));
}

static bool host_turn(struct walk *walk, struct run_host *host, enum turn *out, struct error *err)
{
    struct run *run = walk->run;
    const struct node *task;
    size_t limit = 0;

    *out = TURN_OVER;
    if (host->is_unreachable)
        return true;
    walk->has_work = walk->has_work || host->is_busy;
    if (host->is_busy)
        return true;
    host_look_ahead(run, host);
    task = host->next;
    if (task == NULL)
        return true;
    walk->has_work = true;
    if (!task_throttle(run, host, task, &limit, err))
        return false;
    if (limit > 0 && count_same(run, task) >= limit) {
        *out = TURN_FULL;
        return true;
    }
    host_step_forward(host);
    if (role_is_done(host, task)) {
        *out = TURN_AGAIN;
        return true;
    }
    return do_task(walk, host, task, err);
}

/* Once around the circle. */
static bool walk_around(struct walk *walk, struct error *err)
{
    size_t start;

    list_left(walk);
    walk->has_work = false;
    if (walk->left_count == 0) {
        emit_message(walk->run, EVENT_NO_HOSTS_LEFT, NULL);
        return true;
    }
    if (walk->at >= walk->left_count)
        walk->at = 0;
    start = walk->at;
    for (;;) {
        enum turn turn;

        if (!host_turn(walk, walk->left[walk->at], &turn, err))
            return false;
        if (turn == TURN_FULL || run_is_interrupted(walk->run))
            return true;
        if (turn == TURN_AGAIN)
            continue;
        if (walk->play->is_pinned && walk->has_work && walk->busy >= (size_t)walk->run->forks) {
            walk->at = start;
            return true;
        }
        walk->at = walk->at + 1 < walk->left_count ? walk->at + 1 : 0;
        if (walk->at == start)
            return true;
    }
}

static bool give_includes(struct walk *walk, struct error *err)
{
    if (walk->include_count > 0 && !includes_process(walk->run, walk->includes, walk->include_count, NULL, err))
        return false;
    for (size_t i = 0; i < walk->include_count; i++) {
        walk->includes[i]->host->is_busy = false;
        job_release(walk->includes[i]);
    }
    walk->include_count = 0;
    return true;
}

/* Results are here, or something has been started: otherwise there is nothing to do but wait. */
static bool take_results(struct walk *walk, struct error *err)
{
    bool any = false;

    if (!finish_jobs(walk, &any, err))
        return false;
    if (!any && walk->include_count == 0 && walk->busy > 0 && !run_is_interrupted(walk->run)) {
        jobs_wait(walk->run);
        if (!finish_jobs(walk, &any, err))
            return false;
    }
    return run_is_interrupted(walk->run) || give_includes(walk, err);
}

static void tidy(struct run *run)
{
    arena_reset(run->step_arena);
    run->task_title = NULL;
    if (++run->rounds % TIDY_EVERY != 0)
        return;
    jobs_forget_replies(run);
    if (run->active == NULL)
        vars_world_collect(run->vars);
}

/* A run that is to be held stops where no host works: such a moment is made now and then. */
static bool pause_if_held(struct walk *walk, struct error *err)
{
    const struct run_options *options = walk->run->options;

    if (options->hold == NULL || (walk->busy > 0 && ++walk->passes % HOLD_EVERY != 0))
        return true;
    if (!wait_for_jobs(walk, 1, err))
        return false;
    if (!run_is_interrupted(walk->run))
        options->hold(options->hold_context);
    return true;
}

bool free_run(struct run *run, struct error *err)
{
    struct walk walk = { .run = run, .play = run->play, .has_work = true };
    bool ok = true;

    walk.left = arena_new_array(run->play->arena, struct run_host *, run->play->host_count + 1);
    if (run->play->max_fail_percentage >= 0)
        warn(&walk, arena_printf(run->step_arena, NOT_IN_FREE, "max_fail_percentage"));
    while (ok && walk.has_work && !run_is_interrupted(run)) {
        ok = pause_if_held(&walk, err);
        if (!ok || run_is_interrupted(run))
            break;
        ok = walk_around(&walk, err) && take_results(&walk, err) &&
             (vars_world_missed(run->vars) == NULL || run_places_check(run->places, err));
        if (ok && !run_is_interrupted(run))
            tidy(run);
    }
    jobs_abandon(run);
    return ok;
}
