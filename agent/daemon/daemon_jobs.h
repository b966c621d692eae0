/* SPDX-License-Identifier: Apache-2.0 */
/* What the daemon has to do: jobs in a queue, and what was touched of what is managed. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/value/value.h"

#define JOBS_MAX 16

enum job_kind { JOB_CHECK, JOB_APPLY, JOB_FACTS, JOB_RENEW, JOB_TOUCHED /* a check of a few tasks */, JOB_BUNDLE };

struct job {
    enum job_kind kind;
    const char *why, *cause; /* constants */
    int64_t work;            /* number of the work that asked for it; 0: none */
};

/* What was touched of what is managed, and when it is looked at. */
struct daemon_touch {
    struct arena *arena;
    struct value *places; /* of tasks, to be looked at */
    bool all;             /* everything is to be looked at */
    int64_t first_us;     /* when the first of it was touched, wall time */
    int64_t due_ms;       /* a check is due then; 0: none is */
    int64_t paid_ms;      /* each check moves it on; it lies in the past as far as more of them may follow at once */
    struct arena *looked_arena;
    struct value *looked; /* what the check under way looks at */
    int64_t told_us;      /* first_us of what it looks at */
    bool during;          /* something was touched while it was under way */
    int chain;            /* checks in a row because of that */
};
