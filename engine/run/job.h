/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A job: one task on one host, with all its loop items. It never blocks: it runs until a reply or a time is awaited and goes on
 * from there when asked to. Items of a loop whose templates do not look at earlier items' results are sent ahead.
 */
#pragma once

#include "engine/run/action.h"
#include "engine/run/link.h"

enum item_state {
    ITEM_WAITING,  /* for a reply */
    ITEM_REPLIED,  /* reply or loss is here */
    ITEM_SLEEPING, /* until wake_ms */
    ITEM_READY,    /* result is known, not yet concluded */
    ITEM_DONE,
};

enum item_pause { PAUSE_RETRY, PAUSE_ACTION, PAUSE_RECONNECT, PAUSE_ASYNC };

/* What a dynamic include asked for. */
struct include_request {
    const char *path;              /* include_tasks: as templated */
    struct role_request role;      /* include_role: name set */
    const struct value *variables; /* loop variables that the included tasks see; map or NULL */
};

struct item_async;
struct job_item {
    struct job *job;
    size_t index;
    const struct value *item; /* loop item, or NULL */
    enum item_state state;
    enum item_pause pause;
    struct arena *arena;

    /* evaluated for this item */
    bool ignore_errors, ignore_unreachable, no_log, check_mode, diff_mode;
    int64_t timeout_ms, deadline_ms, wake_ms;
    int attempt, attempts;
    int64_t delay_ms;
    const char *delegate;       /* inventory name, or NULL */
    const char *delegate_label; /* as shown */
    const struct inventory_host *target_host;
    struct connection_target target;
    struct become become;
    const struct value *args;
    const struct value *environment;

    struct link *link;
    const struct action *action; /* NULL: a module */
    struct action_call call;
    struct module_call module, own_call; /* own_call: with async, the task's */
    const struct value *reply;
    const char *lost;

    struct value *result;
    const struct value *notify; /* names, or NULL */
    struct include_request *include;
    struct item_async *async;          /* NULL: the task is waited for (job_async.c) */
    bool is_skipped_early, is_aborted; /* aborted: the whole loop ends here with this error */
    bool is_final;                     /* its result is left as it is */
    bool is_templating;                /* its arguments are being evaluated */
    bool is_validated;                 /* its keywords and arguments have been */
};

struct job {
    struct job *next;
    struct run *run;
    struct run_host *host;
    const struct node *task;
    const struct node *written;    /* as the playbook has it: another than task when its action was a template */
    const char *title;             /* as announced; NULL: as the run's */
    struct debug_changes *changes; /* made in the debugger; or NULL */
    struct arena *arena;
    struct vars_scope scope;

    bool has_loop, has_items, is_done, is_applied;
    bool has_cancelled;        /* a connection may still look at what was sent */
    const struct value *items; /* list, or NULL */
    struct error *loop_error;  /* why there are no items; told when no condition skips the task */
    const char *loop_var, *index_var;
    const struct value *label, *break_when; /* of loop_control; or NULL */
    int64_t loop_pause_ms, pause_until_ms;
    bool extended, extended_all;
    size_t window; /* how many items may be under way */

    const struct value *conditions, *changed_when, *failed_when, *until;
    const char *register_name;
    bool puts_facts; /* facts of an item must be seen later in this task */

    struct job_item **slots; /* one per item */
    size_t count, started, concluded;

    struct value *result; /* the task's */
    bool failed, unreachable, skipped, changed, ignore_errors, ignore_unreachable, no_log;
    bool check_mode, diff_mode;
};

/* Starts the task; the job may be done at once. */
struct job *job_start(struct run *run, struct run_host *host, const struct node *task);
/* Goes on where something arrived or a time has come. */
void job_advance(struct job *job);
/* When it must be looked at again: monotonic milliseconds; -1: only when a reply comes. */
int64_t job_wake_ms(const struct job *job);
/* Gives up: calls under way are cancelled. */
void job_cancel(struct job *job);
void job_release(struct job *job);
/* All jobs of a run: waits until something has happened and goes on; gives all up; forgets replies that no job needs. */
void jobs_wait(struct run *run);
void jobs_abandon(struct run *run);
void jobs_forget_replies(struct run *run);

void job_item_reply(struct job_item *item, const struct value *result);
void job_item_lost(struct job_item *item, const char *message);
void job_item_progress(struct job_item *item, const char *message, bool is_command);
