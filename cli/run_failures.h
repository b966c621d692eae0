/* SPDX-License-Identifier: Apache-2.0 */
/* Which tasks of a run failed, where, and what they said: gathered from the run's events in order. Hidden results stay hidden. */
#pragma once

#include "common/base/arena.h"
#include "common/value/value.h"

struct run_failures {
    struct arena *arena;
    struct value *rows;  /* list of {host, task, message}, in order, bounded */
    struct value *items; /* host -> what its last failed item said */
    size_t more;         /* that did not fit */
    const char *errors;  /* the end of what the run wrote to its standard error */
};

void run_failures_init(struct run_failures *failures, struct arena *arena);
/* The body of an event; one of another kind is passed over. Failures that the playbook ignores are no failures. */
void run_failures_take(struct run_failures *failures, const struct value *event);
/* One line each, "host: task: message", harmless for a terminal; "" when there is none. */
const char *run_failures_text(const struct run_failures *failures);
/* What a run that failed without a task said last, harmless for a terminal; "" when it said nothing. */
const char *run_failures_last_words(const struct run_failures *failures);
