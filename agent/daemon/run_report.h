/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a runner prints, as reports: each event numbered by the spool, each change that is due as drift, each repair as mended.
 * What a drift is called follows from the task alone ("copy /etc/motd"), so that check and repair speak of the same thing.
 */
#pragma once

#include "agent/daemon/cause.h"
#include "agent/daemon/managed.h"
#include "agent/daemon/runner.h"
#include "agent/daemon/spool.h"

enum run_kind { RUN_CHECK, RUN_APPLY };

#define RUNNER_TOO_FEW                                                                                                 \
    6 /* exit code of `roost-agent check --places`: the tasks need others (engine/run/run.h, RUN_PARTIAL) */

struct run_report;

struct run_report_options {
    struct spool *spool;
    enum run_kind kind;
    const char *id; /* of the run, unique */
    const char *playbook;
    const char *why;                    /* "schedule", "work", "repair" */
    const char *cause;                  /* of what it mends: "corrective", "intentional" */
    int64_t work;                       /* number of the work that asked for it; 0: none */
    const char *drift_path;             /* where what drifts is remembered over restarts (drift_memory.h) */
    bool is_partial;                    /* a check of some tasks only: it says nothing of the others */
    int64_t touched_us;                 /* the kernel told then that something was touched; 0: it did not */
    const struct cause_sources *causes; /* where the reasons of new drift are looked for; NULL: nowhere */
};

struct run_end {
    const char *outcome; /* "ok", "drift", "failed", "cancelled", "lost" */
    const char *reason;  /* a sentence, or NULL */
};

/* Reports run_start. */
bool run_report_begin(const struct run_report_options *options, struct run_report **out, struct error *err);
/* One line of the runner. What is no event is passed over; trouble with the spool is kept for the end. */
void run_report_line(struct run_report *report, const char *line, size_t length);
/* How it went, as the events and the runner's end say together. */
void run_report_judge(struct run_report *report, const struct runner_end *end, struct run_end *out);
/* What the tasks of this run are about, as far as the events tell: the caller's from now on. NULL the second time. */
struct managed *run_report_managed(struct run_report *report);
/* Reports run_end, what is in order again, and the verdict. */
bool run_report_end(struct run_report *report, const struct run_end *end, struct error *err);
void run_report_free(struct run_report *report); /* NULL is fine */
