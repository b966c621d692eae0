/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of controller/runs share. Jobs belong to the thread alone; the inbox, the sessions' ids and the questions are
 * under the mutex, which is never held while waiting for the disk.
 */
#pragma once

#include <poll.h>
#include <pthread.h>
#include <sys/types.h>

#include "common/protocol/control.h"
#include "controller/runs/runs.h"
#include "controller/store/store_run.h"

enum job_stage { JOB_WAITING, JOB_RUNNING, JOB_OVER };

struct job {
    struct job *next;
    struct arena *arena; /* SECRET */
    int64_t id;
    const char *kind, *title;
    const char *order; /* JSON; wiped when it was sent */
    size_t order_length;
    enum job_stage stage;
    bool is_held;      /* paused before it began */
    bool is_cancelled; /* somebody wanted it */
    bool tells_queue;  /* that it waits for others has been said */
    bool has_bad_hosts, has_unreachable;
    const char *said;  /* its last error, one line; NULL: none */
    const char *actor; /* of the last order */
    pid_t pid;
    int pidfd, control, events; /* -1: closed */
    char *line;                 /* of the events, not whole yet */
    size_t line_length, line_capacity;
    bool drops_line;    /* it is too long: passed over up to its end */
    int64_t kill_at_ms; /* 0: not yet */
    uint32_t question;  /* under the mutex */
};

enum inbox_kind { INBOX_START, INBOX_ORDER, INBOX_ANSWER, INBOX_CONNECTION, INBOX_CUT };

/* What other threads want. */
struct inbox {
    struct inbox *next;
    struct arena *arena; /* SECRET perhaps */
    enum inbox_kind kind;
    struct job *job; /* START */
    int64_t run_id;
    enum runs_order order;
    const char *actor;
    uint32_t question;
    const char *text;
    uint64_t session;
    struct runs_connection connection;
    int64_t node_id, generation; /* CUT */
};

/* What goes to the store together: what one look at all runs has brought. */
struct record {
    struct record *next;
    int64_t run_id;
    struct store_run_event event;   /* kind NULL: none */
    struct store_run_host host;     /* host NULL: none */
    struct store_run_change change; /* id 0: none */
    int exit_code;
    const char *fleet; /* kind of an event of the fleet's log, or NULL */
    const char *fleet_body;
};

struct session; /* run_sessions.h */

struct runs {
    struct arena *arena;
    struct runs_options options;
    struct store_connection *reader; /* the thread's */
    pthread_t thread;
    bool thread_runs;
    int wake; /* eventfd */
    pthread_mutex_t mutex;
    bool closing;
    struct inbox *inbox, **inbox_end;
    struct session *sessions; /* changed by the thread, or to claim one: under the mutex */
    uint64_t last_session;
    int64_t nodes_looked_ms; /* whether they are still there */
    struct job *jobs;        /* in order; the list is changed under the mutex */
    struct arena *pass;      /* of one look */
    struct record *records, **records_end;
};

/* --- runs.c --- */
struct job *runs_job(struct runs *runs, int64_t id);

/* --- run_job.c --- */
void job_begin(struct runs *runs, struct job *job);
void job_order(struct runs *runs, struct job *job, const struct inbox *wish);
void job_answer(struct runs *runs, struct job *job, const struct inbox *wish);
void job_control(struct runs *runs, struct job *job);
/* The program has ended, or time is over for it. */
void job_look(struct runs *runs, struct job *job);
/* Never began, or did not get far. */
void job_fail(struct runs *runs, struct job *job, const char *reason);
void job_send(struct job *job, const struct value *body, const int *fds, size_t fd_count);
void job_free(struct job *job);

/* --- run_process.c --- */
bool process_start(struct runs *runs, struct job *job, struct error *err);
void process_tidy(struct runs *runs, int64_t run_id); /* its folder */

/* --- run_records.c --- */
struct record *record_new(struct runs *runs, int64_t run_id);
/* An event that is the controller's own: {"event": kind, ...} */
void record_note(struct runs *runs, int64_t run_id, const char *kind, struct value *body);
/* From the events' pipe; true: there may be more. */
bool records_read(struct runs *runs, struct job *job);
/* To the store, until it is there or the controller ends. */
void records_write(struct runs *runs);
