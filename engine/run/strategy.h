/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of running a play: lockstep, results, handlers, includes, metas. Errors here end the whole run. */
#pragma once

#include "engine/run/job.h"

struct strategy {
    const char *name;
    bool (*run)(struct run *run, struct error *err); /* all hosts of the batch through the play */
    bool is_free, is_pinned, debugs;
};

/* strategy.c: by name, short or fully qualified; NULL: there is none. */
const struct strategy *strategy_find(const char *name);
bool strategy_choose(const struct run *run, const struct value *written, const struct source_position *at,
                     const struct strategy **out, struct error *err);

/* linear.c: all hosts of the batch through the play. */
bool linear_run(struct run *run, struct error *err);
/* free.c: every host at its own pace. */
bool free_run(struct run *run, struct error *err);

/* apply.c: what a finished task changes: statistics, position, variables, notifications. Emits its event. */
bool apply_result(struct run *run, struct job *job, struct error *err);
/* apply_facts.c */
void apply_facts(struct run *run, struct job *job, const struct job_item *item);
void apply_new_host(struct run *run, const struct job_item *item);
void apply_register(struct run *run, struct job *job);
void apply_custom_stats(struct run *run, struct job *job, const struct value *stats);
/* failed_task.c: the map that a rescue sees as ansible_failed_task; in the job's arena. */
const struct value *failed_task(struct job *job);
/* Every host that a result of the task counts for: all of the batch with run_once. */

void apply_each_host(struct run *run, struct job *job, void (*visit)(struct run *, struct run_host *, void *),
                     void *context);

/* handler.c */
void handlers_list(struct play_run *play, const struct node_list *nodes); /* adds to the listed handlers */
struct run_handler *handler_of(struct play_run *play, const struct node *node);
struct run_handler *handler_add(struct play_run *play, const struct node *node);
bool handlers_notify(struct run *run, struct run_host *host, const char *name, struct error *err);
bool handler_is_notified(void *context, size_t host, const struct node *node);
void handler_forget(struct play_run *play, const struct run_host *host, const struct node *node);
void handlers_forget_all(struct play_run *play);

/* include.c: loads what the finished jobs asked to include and gives it to their hosts. Releases nothing.
 * `failed` (or NULL), by index in the batch: becomes true for hosts whose file or role could not be had. */
bool includes_process(struct run *run, struct job *const *jobs, size_t count, bool *failed, struct error *err);
const char *include_find(struct arena *arena, const struct node *task, const char *path);

/* meta.c: *once_out: the remaining hosts need not be looked at. */
bool meta_run(struct run *run, struct run_host *host, const struct node *task, bool *once_out, struct error *err);

/* role_progress.c */
bool role_is_done(const struct run_host *host, const struct node *task);
void role_mark_task(struct run *run, struct run_host *host, const struct role *role);
void role_mark_complete(struct run *run, struct run_host *host, const struct role *role);

/* host_state.c */
void host_mark_failed(struct run_host *host);
void host_look_ahead(struct run *run, struct run_host *host);
void host_step_forward(struct run_host *host); /* to where it looked */
struct run_host *host_by_name(struct run *run, const char *name);

/* task_start.c */
const char *task_title(struct run *run, const struct node *task, const struct run_host *host, struct arena *arena);
void task_announce(struct run *run, const struct node *task, const struct run_host *host);
bool task_keyword_bool(struct run *run, const struct run_host *host, const struct node *task, enum keyword keyword,
                       bool *out, struct error *err);
/* The keyword `throttle`; 0: none. */
bool task_throttle(struct run *run, const struct run_host *host, const struct node *task, size_t *out,
                   struct error *err);
/* --step: *skip_out when the user does not want the task (on `host`, or on all of them: NULL). */
bool task_step(struct run *run, const struct run_host *host, const struct node *task, bool *skip_out,
               struct error *err);
/* --start-at-task: is it this one? */
bool start_matches(struct arena *arena, const struct node *task, const char *wanted);
