/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon's state, shared by its files: the loop (daemon.c), its children (daemon_job.c), what it is told (daemon_work.c). */
#pragma once

#include "agent/daemon/daemon.h"
#include "agent/daemon/daemon_brought.h"
#include "agent/daemon/daemon_config.h"
#include "agent/daemon/daemon_jobs.h"
#include "agent/daemon/daemon_pieces.h"
#include "agent/daemon/daemon_plan.h"
#include "agent/daemon/daemon_session.h"
#include "agent/daemon/run_report.h"
#include "agent/daemon/runner.h"
#include "agent/daemon/sample.h"
#include "agent/daemon/told.h"
#include "agent/daemon/uplink.h"
#include "agent/daemon/watches.h"
#include "common/base/notify.h"
#include "common/base/text.h"

#define FACTS_AGE_US ((int64_t)24 * 3600 * 1000000) /* facts are told again after so long though nothing has changed */

struct daemon {
    struct daemon_options options;
    struct arena *arena;        /* of the identity */
    struct arena *config_arena; /* of the configuration, until the next one */
    struct identity identity;
    struct daemon_config config;
    struct spool *spool;
    struct uplink *uplink;
    struct notify notify;
    struct watches *watches;
    struct managed *managed; /* what is watched */
    struct daemon_touch touch;
    struct daemon_brought brought;
    struct sample_energy energy;
    struct daemon_energy *measured; /* NULL: no energy is measured */
    struct daemon_models *models;   /* NULL: none is fetched or shared */
    int64_t sampled_ms, models_ms;  /* when they were looked at last, CLOCK_MONOTONIC; 0: not yet */
    int signals, lock;

    struct job queue[JOBS_MAX];
    size_t queued;
    struct job job; /* under way while there is a runner */
    struct runner *runner;
    struct run_report *report; /* of check and apply */
    struct daemon_session sessions[SESSIONS_MAX];
    struct daemon_pieces pieces;
    struct arena *output_arena; /* what facts and renew print */
    struct text output;
    bool was_empty; /* it was told that nothing is declared */

    int64_t next_bundle_ms;
    int64_t next_check_ms, next_renew_ms, next_watchdog_ms, kill_at_ms;
    int64_t lost_told;
    bool is_stopping;
    bool is_refused;  /* the controller does not take the certificate; until it does */
    bool is_bloated;  /* a job has left memory behind that an idle daemon does not need */
    bool is_draining; /* ends when nothing is under way, to come back as the program that is installed now */
    char last_run[768], status[1536];
    struct told told; /* troubles that were logged */
};

void daemon_log(struct daemon *daemon, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same trouble again and again is logged once a day. */
void daemon_trouble(struct daemon *daemon, const char *sentence);
/* A report that is on the disk when it returns; trouble is logged, once. */
void daemon_report(struct daemon *daemon, const char *kind, const struct value *body);
void daemon_note(struct daemon *daemon, const char *sentence, int64_t work);

/* False: the queue is full. The same without a number is queued once. */
bool daemon_queue(struct daemon *daemon, const struct job *job);
/* Starts the next job if none is under way; takes what the one under way has said. */
void daemon_jobs_step(struct daemon *daemon);
/* What is known to drift is repaired now, if the policy lets it be. */
void daemon_repair_known(struct daemon *daemon);
/* A run that a daemon before this one has not ended. */
void daemon_lost_run(struct daemon *daemon);

/* A sample when it is time for one, and the models when they have changed. */
void daemon_sample_step(struct daemon *daemon);

/* Energy, while something is placed here that is measured: daemon_energy.c. */
void daemon_energy_measure(struct daemon *daemon, bool is_wanted);
void daemon_energy_step(struct daemon *daemon);
int64_t daemon_energy_due_ms(const struct daemon *daemon); /* CLOCK_MONOTONIC; -1: never */
void daemon_energy_close(struct daemon *daemon);           /* tells what is not told yet */

/* Watches what the last whole run was about, also over a restart. */
bool daemon_watch_open(struct daemon *daemon, struct error *err);
void daemon_watch_close(struct daemon *daemon);
/* What the run that has just ended was about is watched from now on; after one that broke off, what was watched before. */
void daemon_watch_set(struct daemon *daemon, bool is_complete);
/* The watches' descriptor can be read, or they are due. */
void daemon_watch_take(struct daemon *daemon);
int64_t daemon_watch_due_ms(const struct daemon *daemon); /* CLOCK_MONOTONIC; -1: never */
/* Queues the check of what was touched when it is due. */
void daemon_touch_step(struct daemon *daemon);
/* Its job begins: writes the places to `path`. *none_out: a whole check has looked at them meanwhile. */
bool daemon_touch_begin(struct daemon *daemon, const char *path, bool *none_out, struct error *err);
void daemon_touch_all(struct daemon *daemon);     /* a run begins that looks at everything */
void daemon_touch_too_few(struct daemon *daemon); /* the tasks that were looked at need others: all are looked at */

void daemon_hello(struct daemon *daemon);
/* What the controller says; see uplink.h. */
bool daemon_work(void *daemon, const struct value *work);
int64_t daemon_work_after(struct daemon *daemon);
/* The children's facts; `is_forced`: told though nothing has changed. */
void daemon_facts_take(struct daemon *daemon, const char *text, size_t length, bool is_forced);
