/* SPDX-License-Identifier: Apache-2.0 */
/* One run: begun, held, cancelled, heard, ended. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "common/base/clock.h"
#include "common/base/fd.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "controller/runs/run_sessions.h"
#include "controller/store/store_run_outcome.h"

#define GRACE_MS 30000 /* for a run that was told to end */
#define EXIT_INTERRUPTED 99

void job_send(struct job *job, const struct value *body, const int *fds, size_t fd_count)
{
    struct control_message message = { .body = body, .fds = { -1, -1 }, .fd_count = fd_count };
    struct error err = ERROR_INIT;

    for (size_t i = 0; i < fd_count; i++)
        message.fds[i] = fds[i];
    if (job->control < 0 || control_send(job->control, &message, &err))
        return;
    fd_close(job->control); /* its end tells the run that it is alone */
    job->control = -1;
}

void job_free(struct job *job)
{
    if (job->line != NULL) {
        explicit_bzero(job->line, job->line_capacity);
        free(job->line);
    }
    fd_close(job->control);
    fd_close(job->events);
    fd_close(job->pidfd);
    arena_free_secret(job->arena);
}

/* --- what becomes of it in the store --- */

static struct record *change_to(struct runs *runs, const struct job *job, enum store_run_state state)
{
    struct record *record = record_new(runs, job->id);

    record->change = (struct store_run_change){ .id = job->id, .state = state, .now_us = clock_wall_us() };
    return record;
}

static const char *state_word(enum store_run_state state)
{
    return state == STORE_RUN_OK ? "ok" : state == STORE_RUN_CANCELLED ? "cancelled" : "failed";
}

static const char *fleet_body(struct runs *runs, const struct job *job, const struct store_run *end)
{
    struct value *body = value_map(runs->pass);

    value_map_put_string(runs->pass, body, "kind", job->kind);
    value_map_put_string(runs->pass, body, "title", job->title);
    if (end != NULL) {
        value_map_put_string(runs->pass, body, "state", state_word(end->state));
        value_map_put_string(runs->pass, body, "outcome", store_run_outcome(end));
    }
    if (end != NULL && end->reason != NULL)
        value_map_put_string(runs->pass, body, "reason", end->reason);
    return json_text(runs->pass, body, JSON_COMPACT);
}

static void job_over(struct runs *runs, struct job *job, const struct store_run_change *change)
{
    struct record *record = change_to(runs, job, change->state);

    record->change.reason = change->reason;
    if (change->exit_code != NULL) {
        record->exit_code = *change->exit_code;
        record->change.exit_code = &record->exit_code;
    }
    record->fleet = "run.ended";
    record->fleet_body =
        fleet_body(runs, job,
                   &(struct store_run){ .kind = job->kind,
                                        .state = change->state,
                                        .reason = change->reason,
                                        .exit_code = change->exit_code == NULL ? -1 : *change->exit_code });
    job->stage = JOB_OVER;
    sessions_end(runs, job->id);
    process_tidy(runs, job->id);
}

void job_fail(struct runs *runs, struct job *job, const char *reason)
{
    job_over(runs, job, &(struct store_run_change){ .state = STORE_RUN_FAILED, .reason = reason });
}

static const char *reason_of(struct runs *runs, const struct job *job, int code)
{
    if (code == EXIT_INTERRUPTED || job->is_cancelled)
        return job->actor == NULL ? "cancelled" : arena_printf(runs->pass, "cancelled by %s", job->actor);
    switch (code) {
    case 0:
        return NULL;
    case 1:
        return job->said != NULL ? arena_copy(runs->pass, job->said) : "it could not be run: see its output";
    case STORE_RUN_EXIT_CHANGES:
        return job->has_bad_hosts ? "a task failed" : "something is not as declared";
    case 4:
        if (job->has_unreachable)
            return "a host was unreachable";
        return job->said != NULL ? arena_copy(runs->pass, job->said) : "a file could not be read";
    case STORE_RUN_EXIT_OPTIONS:
        return job->said != NULL ? arena_copy(runs->pass, job->said) : "bad options";
    default:
        return arena_printf(runs->pass, "its program ended with %d", code);
    }
}

static void job_ended(struct runs *runs, struct job *job, int status)
{
    struct store_run_change change = { .state = STORE_RUN_FAILED };
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    bool only_differs = strcmp(job->kind, "check") == 0 && code == STORE_RUN_EXIT_CHANGES && !job->has_bad_hosts;

    if (WIFEXITED(status)) {
        change.exit_code = &code;
        change.reason = reason_of(runs, job, code);
        if (code == 0 || only_differs)
            change.state = STORE_RUN_OK;
        else if (code == EXIT_INTERRUPTED)
            change.state = STORE_RUN_CANCELLED;
    } else if (job->is_cancelled) {
        change.state = STORE_RUN_CANCELLED;
        change.reason = reason_of(runs, job, EXIT_INTERRUPTED);
    } else {
        change.reason = arena_printf(runs->pass, "its program was ended by signal %d (%s)", WTERMSIG(status),
                                     strsignal(WTERMSIG(status)));
    }
    job_over(runs, job, &change);
}

/* --- beginning --- */

void job_begin(struct runs *runs, struct job *job)
{
    struct record *record = change_to(runs, job, STORE_RUN_RUNNING);
    struct error err = ERROR_INIT;

    record->fleet = "run.started";
    record->fleet_body = fleet_body(runs, job, NULL);
    job->stage = JOB_RUNNING;
    if (process_start(runs, job, &err))
        return;
    if (job->pid == 0)
        job_fail(runs, job, arena_copy(runs->pass, err.text));
    else
        kill(-job->pid, SIGKILL); /* it would wait for its order for ever */
}

/* --- orders --- */

static void job_kill(struct job *job)
{
    if (job->kill_at_ms != 0) {
        kill(-job->pid, SIGKILL);
        return;
    }
    kill(job->pid, SIGTERM);
    job->kill_at_ms = clock_monotonic_ms() + GRACE_MS;
}

static void job_cancel(struct runs *runs, struct job *job)
{
    job->is_cancelled = true;
    if (job->stage == JOB_RUNNING)
        job_kill(job);
    else
        job_over(runs, job,
                 &(struct store_run_change){ .state = STORE_RUN_CANCELLED,
                                             .reason = reason_of(runs, job, EXIT_INTERRUPTED) });
}

static void job_hold(struct runs *runs, struct job *job, bool is_held)
{
    struct value *body = value_map(runs->pass);

    if (job->stage == JOB_WAITING) {
        job->is_held = is_held;
        change_to(runs, job, is_held ? STORE_RUN_PAUSED : STORE_RUN_WAITING);
        return;
    }
    value_map_put_string(runs->pass, body, "do", is_held ? "pause" : "resume");
    job_send(job, body, NULL, 0);
}

void job_order(struct runs *runs, struct job *job, const struct inbox *wish)
{
    if (job->stage == JOB_OVER)
        return;
    job->actor = arena_copy(job->arena, wish->actor);
    if (wish->order == RUNS_CANCEL)
        job_cancel(runs, job);
    else
        job_hold(runs, job, wish->order == RUNS_PAUSE);
}

static void question_set(struct runs *runs, struct job *job, uint32_t question)
{
    pthread_mutex_lock(&runs->mutex);
    job->question = question;
    pthread_mutex_unlock(&runs->mutex);
}

void job_answer(struct runs *runs, struct job *job, const struct inbox *wish)
{
    struct value *body = value_map(runs->pass), *note = value_map(runs->pass);
    struct error err = ERROR_INIT;
    int memory = -1;

    if (job->question != wish->question || job->stage != JOB_RUNNING)
        return;
    if (wish->text != NULL)
        memory = control_memory(wish->text, strlen(wish->text), &err);
    value_map_put_string(runs->pass, body, "do", "answer");
    value_map_put_int(runs->pass, body, "number", wish->question);
    job_send(job, body, &memory, memory < 0 ? 0 : 1);
    fd_close(memory);
    value_map_put_int(runs->pass, note, "number", wish->question);
    record_note(runs, job->id, "answered", note);
    question_set(runs, job, 0);
}

/* --- what its program says on the control socket --- */

/* What was shown before the program spoke on the control socket comes before it. */
static void catch_up(struct runs *runs, struct job *job)
{
    while (records_read(runs, job))
        continue;
}

static void question_take(struct runs *runs, struct job *job, const struct value *body)
{
    const struct value *number = value_map_get(body, "number");
    struct value *note = value_map(runs->pass);

    if (!value_is(number, VALUE_INT) || number->as.integer < 1 || number->as.integer > UINT32_MAX)
        return;
    catch_up(runs, job);
    value_map_put(runs->pass, note, "number", number);
    value_map_put_string(runs->pass, note, "prompt", value_map_text(body, "prompt"));
    value_map_put_bool(runs->pass, note, "secret", value_map_true(body, "secret"));
    record_note(runs, job->id, "question", note);
    question_set(runs, job, (uint32_t)number->as.integer);
}

static void held_take(struct runs *runs, struct job *job, bool is_held)
{
    struct value *note = value_map(runs->pass);

    catch_up(runs, job);
    change_to(runs, job, is_held ? STORE_RUN_PAUSED : STORE_RUN_RUNNING);
    value_map_put_string(runs->pass, note, "actor", job->actor);
    record_note(runs, job->id, is_held ? "paused" : "resumed", note);
}

static void message_take(struct runs *runs, struct job *job, const struct value *body)
{
    const char *asked = value_map_text(body, "ask"), *state = value_map_text(body, "is");

    if (text_equal(asked, "session"))
        session_ask(runs, job, body);
    else if (text_equal(asked, "question"))
        question_take(runs, job, body);
    else if (state != NULL)
        held_take(runs, job, text_equal(state, "paused"));
}

void job_control(struct runs *runs, struct job *job)
{
    for (int i = 0; i < 64 && job->control >= 0; i++) {
        struct control_message message;
        enum control_status status = control_receive(job->control, runs->pass, &message);

        if (status == CONTROL_AGAIN)
            return;
        if (status == CONTROL_END) {
            fd_close(job->control);
            job->control = -1;
            return;
        }
        message_take(runs, job, message.body);
        control_message_close(&message);
    }
}

void job_look(struct runs *runs, struct job *job)
{
    siginfo_t ended = { .si_pid = 0 };
    int status = 0;

    if (job->stage != JOB_RUNNING)
        return;
    if (job->kill_at_ms != 0 && clock_monotonic_ms() >= job->kill_at_ms)
        kill(-job->pid, SIGKILL);
    if (waitid(P_PID, (id_t)job->pid, &ended, WEXITED | WNOHANG | WNOWAIT) != 0 || ended.si_pid != job->pid)
        return;
    kill(-job->pid, SIGKILL); /* what it has started and left */
    waitpid(job->pid, &status, 0);
    while (records_read(runs, job))
        continue;
    question_set(runs, job, 0);
    job_ended(runs, job, status);
}
