/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon's state, shared by its files: the loop (daemon.c), its children (daemon_job.c), what it is told (daemon_work.c). */
#pragma once

#include "agent/daemon/daemon.h"
#include "agent/daemon/daemon_config.h"
#include "agent/daemon/notify.h"
#include "agent/daemon/run_report.h"
#include "agent/daemon/uplink.h"
#include "agent/daemon/watch.h"
#include "common/base/text.h"

#define JOBS_MAX 16
#define FACTS_AGE_US ((int64_t)24 * 3600 * 1000000) /* facts are told again after so long though nothing has changed */

enum job_kind { JOB_CHECK, JOB_APPLY, JOB_FACTS, JOB_RENEW };

struct job {
    enum job_kind kind;
    const char *why, *cause; /* constants */
    int64_t work;            /* number of the work that asked for it; 0: none */
};

struct daemon {
    struct daemon_options options;
    struct arena *arena;        /* of the identity */
    struct arena *config_arena; /* of the configuration, until the next one */
    struct identity identity;
    struct daemon_config config;
    struct spool *spool;
    struct uplink *uplink;
    struct notify notify;
    struct watch *watch;
    int signals, lock;

    struct job queue[JOBS_MAX];
    size_t queued;
    struct job job; /* under way while there is a runner */
    struct runner *runner;
    struct run_report *report;  /* of check and apply */
    struct arena *output_arena; /* what facts and renew print */
    struct text output;
    bool was_empty; /* it was told that nothing is declared */

    int64_t next_check_ms, next_renew_ms, next_watchdog_ms, kill_at_ms;
    int64_t touched_ms; /* a check is due then, as a managed file was touched; 0: none was */
    int64_t touch_ms;   /* no such check before */
    int64_t lost_told;
    bool is_stopping;
    char last_run[160], status[512], last_trouble[512];
};

void daemon_log(struct daemon *daemon, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same trouble again and again is logged once. */
void daemon_trouble(struct daemon *daemon, const char *sentence);
/* A report that is on the disk when it returns; trouble is logged, once. */
void daemon_report(struct daemon *daemon, const char *kind, const struct value *body);
void daemon_note(struct daemon *daemon, const char *sentence, int64_t work);

/* False: the queue is full. The same without a number is queued once. */
bool daemon_queue(struct daemon *daemon, const struct job *job);
/* Starts the next job if none is under way; takes what the one under way has said. */
void daemon_jobs_step(struct daemon *daemon);
/* A run that a daemon before this one has not ended. */
void daemon_lost_run(struct daemon *daemon);

/* What the run that has just ended was about is watched from now on; after one that broke off, what was watched before. */
void daemon_watch_set(struct daemon *daemon, bool is_complete);
/* The watch's descriptor can be read. */
void daemon_watch_take(struct daemon *daemon);

void daemon_hello(struct daemon *daemon);
/* What the controller says; see uplink.h. */
bool daemon_work(void *daemon, const struct value *work);
int64_t daemon_work_after(struct daemon *daemon);
/* The children's facts; `is_forced`: told though nothing has changed. */
void daemon_facts_take(struct daemon *daemon, const char *text, size_t length, bool is_forced);
