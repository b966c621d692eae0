/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon's children: which is next, how it is started, what becomes of what it says. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/daemon/daemon_internal.h"
#include "agent/daemon/drift_memory.h"
#include "common/base/clock.h"
#include "common/base/path.h"
#include "common/json/json.h"
#include "common/trust/private_file.h"

#define OUTPUT_MAX ((size_t)4 * 1024 * 1024)
#define RUN_FILE_MAX ((size_t)256)

bool daemon_queue(struct daemon *daemon, const struct job *job)
{
    for (size_t i = 0; i < daemon->queued; i++) {
        if (daemon->queue[i].kind == job->kind && job->work == 0)
            return true;
    }
    if (daemon->queued == JOBS_MAX)
        return false;
    daemon->queue[daemon->queued++] = *job;
    return true;
}

/* --- which run is under way, over a crash --- */

static void run_file_write(struct daemon *daemon, const char *id)
{
    struct error err = ERROR_INIT;

    if (!private_file_write(daemon->identity.paths.run, id, strlen(id), &err))
        daemon_log(daemon, "%s", err.text);
}

void daemon_lost_run(struct daemon *daemon)
{
    ARENA_SCOPED arena = arena_new();
    struct value *body = value_map(arena);
    struct error err = ERROR_INIT;
    struct der text;
    bool missing = false;

    if (!private_file_read(arena, daemon->identity.paths.run, RUN_FILE_MAX, &text, &missing, &err) || missing)
        return;
    value_map_put(arena, body, "run", value_string_n(arena, (const char *)text.data, text.length));
    value_map_put_string(arena, body, "outcome", "lost");
    value_map_put_string(arena, body, "reason", "the daemon ended while this run was under way");
    daemon_report(daemon, "run_end", body);
    (void)unlink(daemon->identity.paths.run);
}

/* --- starting --- */

/* No playbook: "unknown" is not "ok". */
static void nothing_declared(struct daemon *daemon, struct arena *arena)
{
    const char *sentence = "nothing is declared yet: there is no playbook for this node";
    struct value *body = value_map(arena);

    if (daemon->job.work > 0)
        daemon_note(daemon, sentence, daemon->job.work);
    if (daemon->was_empty)
        return;
    daemon->was_empty = true;
    value_map_put_string(arena, body, "verdict", "unknown");
    value_map_put_string(arena, body, "reason", sentence);
    daemon_report(daemon, "status", body);
    daemon_log(daemon, "%s", sentence);
}

static void report_line(void *data, const char *line, size_t length)
{
    run_report_line(((struct daemon *)data)->report, line, length);
}

static void output_line(void *data, const char *line, size_t length)
{
    struct daemon *daemon = data;

    if (daemon->output.length + length < OUTPUT_MAX) {
        text_add_n(&daemon->output, line, length);
        text_add_char(&daemon->output, '\n');
    }
}

/* A bundle that nobody has signed anew for so long may be somebody's idea of the past. */
static void expired_refuse(struct daemon *daemon, const char *sentence)
{
    if (daemon->job.work > 0)
        daemon_note(daemon, sentence, daemon->job.work);
    daemon_trouble(daemon, sentence);
}

static const char *drift_path(struct daemon *daemon, struct arena *arena)
{
    return path_join(arena, daemon->identity.paths.folder, "drift");
}

static bool run_begin(struct daemon *daemon, struct arena *arena, struct daemon_plan *plan, struct error *err)
{
    static const struct cause_sources causes = { .root = "", .has_programs = true };
    bool is_check = daemon->job.kind != JOB_APPLY, is_partial = daemon->job.kind == JOB_TOUCHED, none = false;
    const char *places = path_join(arena, daemon->identity.paths.folder, "touched");
    char id[SECRET_ID_LENGTH + 1];
    struct run_report_options options = { .spool = daemon->spool,
                                          .kind = is_check ? RUN_CHECK : RUN_APPLY,
                                          .id = id,
                                          .playbook = plan->name,
                                          .why = daemon->job.why,
                                          .cause = daemon->job.cause,
                                          .work = daemon->job.work,
                                          .drift_path = drift_path(daemon, arena),
                                          .is_partial = is_partial,
                                          .causes = &causes };

    daemon->was_empty = false;
    if (!is_partial)
        daemon_touch_all(daemon);
    else if (!daemon_touch_begin(daemon, places, &none, err) || none)
        return none;
    options.touched_us = strcmp(daemon->job.why, "touched") == 0 ? daemon->touch.told_us : 0;
    if (!secret_id_make(id, err) || !run_report_begin(&options, &daemon->report, err))
        return false;
    run_file_write(daemon, id);
    plan->places = is_partial ? places : NULL;
    if (daemon_plan_start(daemon, arena, plan, report_line, err))
        return true;
    (void)run_report_end(daemon->report, &(struct run_end){ "failed", err->text }, &(struct error)ERROR_INIT);
    return false;
}

static bool child_begin(struct daemon *daemon, const char *const *argv, struct error *err)
{
    daemon->output_arena = arena_new();
    daemon->output = text_new(daemon->output_arena);
    return runner_start(argv, output_line, daemon, &daemon->runner, err);
}

static bool job_begin(struct daemon *daemon, struct arena *arena, struct error *err)
{
    const char *program = daemon->options.program;
    struct daemon_plan plan;

    switch (daemon->job.kind) {
    case JOB_FACTS:
        return child_begin(daemon, (const char *const[]){ program, "facts", NULL }, err);
    case JOB_RENEW:
        /* one that the controller refuses, or asks for, may be due by its clock and not by ours */
        return child_begin(daemon,
                           (const char *const[]){ program, "join", "--renew", "--state", daemon->identity.paths.state,
                                                  daemon->is_refused || daemon->job.work > 0 ? NULL : "--when-due",
                                                  NULL },
                           err);
    case JOB_BUNDLE:
        return child_begin(
            daemon, (const char *const[]){ program, "bundle", "--json", "--state", daemon->identity.paths.state, NULL },
            err);
    default:
        if (!daemon_plan(daemon, arena, &plan))
            nothing_declared(daemon, arena);
        else if (plan.expired != NULL && daemon->job.kind == JOB_APPLY)
            expired_refuse(daemon, plan.expired);
        else
            return run_begin(daemon, arena, &plan, err);
        return true;
    }
}

/* --- ending --- */

static void job_forget(struct daemon *daemon)
{
    runner_free(daemon->runner);
    run_report_free(daemon->report);
    arena_free(daemon->output_arena);
    daemon->runner = NULL;
    daemon->report = NULL;
    daemon->output_arena = NULL;
    (void)unlink(daemon->identity.paths.run);
    daemon->is_bloated = true;
    if (daemon->uplink != NULL)
        uplink_work_again(daemon->uplink);
}

/* The policy, applied to what the check found. */
static void repair_queue(struct daemon *daemon)
{
    bool may = daemon->config.policy == POLICY_REPAIR ||
               (daemon->config.policy == POLICY_WINDOW && schedule_is_open(&daemon->config.windows, clock_wall_us()));

    if (may)
        (void)daemon_queue(daemon, &(struct job){ .kind = JOB_APPLY, .why = "repair", .cause = "corrective" });
}

void daemon_repair_known(struct daemon *daemon)
{
    ARENA_SCOPED arena = arena_new();
    bool is_looking = daemon->report != NULL && daemon->job.kind != JOB_TOUCHED; /* its end says what is to be done */
    struct drift_memory *memory = NULL;
    struct error err = ERROR_INIT;

    if (is_looking || daemon->is_stopping || daemon->is_draining)
        return;
    if (!drift_memory_open(drift_path(daemon, arena), &memory, &err))
        daemon_trouble(daemon, err.text);
    else if (drift_memory_is_whole(memory) && drift_memory_known(memory) > 0)
        repair_queue(daemon);
    drift_memory_free(memory);
}

static void run_finish(struct daemon *daemon, const struct runner_end *end)
{
    struct run_end outcome;
    struct error err = ERROR_INIT;
    const char *verb = daemon->job.kind == JOB_APPLY ? "apply" : "check";

    run_report_judge(daemon->report, end, &outcome);
    if (daemon->is_stopping)
        outcome = (struct run_end){ "cancelled", "the daemon was told to end" };
    snprintf(daemon->last_run, sizeof(daemon->last_run), "%s (%s): %s%s%s", verb, daemon->job.why, outcome.outcome,
             outcome.reason == NULL ? "" : ", ", outcome.reason == NULL ? "" : outcome.reason);
    daemon_log(daemon, "%s", daemon->last_run);
    if (!run_report_end(daemon->report, &outcome, &err))
        daemon_log(daemon, "%s", err.text);
    if (daemon->is_stopping)
        return;
    daemon_watch_set(daemon, strcmp(outcome.outcome, "failed") != 0);
    if (daemon->job.kind == JOB_APPLY)
        daemon_brought_look(daemon);
    if (daemon->job.kind != JOB_APPLY && strcmp(outcome.outcome, "drift") == 0)
        repair_queue(daemon);
    if (daemon->job.kind != JOB_TOUCHED)
        (void)daemon_queue(daemon, &(struct job){ .kind = JOB_FACTS, .why = verb });
    else if (end->status == RUNNER_TOO_FEW)
        daemon_touch_too_few(daemon);
}

static void renew_finish(struct daemon *daemon, const struct runner_end *end)
{
    struct error err = ERROR_INIT;

    if (end->status != 0) {
        daemon_trouble(daemon, end->errors[0] == '\0' ? "the certificate is not renewed" : end->errors);
        return;
    }
    if (!text_starts(daemon->output.data, "renewed"))
        return;
    daemon_log(daemon, "the certificate was renewed");
    if (!uplink_reconnect(daemon->uplink, &err))
        daemon_log(daemon, "%s", err.text);
}

/* A node that has none says so at once, not at its first check. */
static void bundle_finish(struct daemon *daemon, const struct runner_end *end)
{
    ARENA_SCOPED arena = arena_new();
    struct daemon_plan plan;

    daemon_bundle_finish(daemon, end);
    if (!daemon->is_stopping && !daemon_plan(daemon, arena, &plan))
        nothing_declared(daemon, arena);
}

static void job_finish(struct daemon *daemon, const struct runner_end *end)
{
    if (daemon->report != NULL)
        run_finish(daemon, end);
    else if (daemon->job.kind == JOB_RENEW)
        renew_finish(daemon, end);
    else if (daemon->job.kind == JOB_BUNDLE)
        bundle_finish(daemon, end);
    else if (end->status == 0)
        daemon_facts_take(daemon, daemon->output.data, daemon->output.length, daemon->job.work > 0);
    else if (!daemon->is_stopping)
        daemon_log(daemon, "facts could not be gathered: %s", end->errors);
    job_forget(daemon);
}

static void job_next(struct daemon *daemon)
{
    ARENA_SCOPED arena = arena_new();
    struct error err = ERROR_INIT;

    daemon->job = daemon->queue[0];
    memmove(daemon->queue, daemon->queue + 1, --daemon->queued * sizeof(daemon->queue[0]));
    if (!job_begin(daemon, arena, &err))
        daemon_log(daemon, "cannot start a runner: %s", err.text);
    if (daemon->runner == NULL)
        job_forget(daemon);
}

void daemon_jobs_step(struct daemon *daemon)
{
    struct runner_end end;

    if (daemon->runner != NULL && runner_step(daemon->runner, &end))
        job_finish(daemon, &end);
    while (daemon->runner == NULL && daemon->queued > 0 && !daemon->is_stopping)
        job_next(daemon);
}
