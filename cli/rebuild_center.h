/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The controller as a rebuild asks it, from any thread: what it does not answer is asked again until it does, and said in the table
 * meanwhile. What it refuses is an error.
 */
#pragma once

#include "cli/rebuild.h"

struct rebuild_ask {
    const char *method; /* NULL: GET */
    const char *path;
    const struct value *body; /* or NULL */
    int not_found;            /* a status that is no error: 404; 0: none */
};

/* *out (may be NULL) is in call->arena; with the status `not_found` it is NULL. */
bool rebuild_center_ask(struct rebuild_call *call, const struct rebuild_ask *ask, const struct value **out,
                        struct error *err);
/* Once, whatever it says: *status_out is 0 where there is no answer, else *text_out (call->arena) is its body. `timeout_ms`: without any
 * data. False (err): there is no account. */
bool rebuild_center_once(struct rebuild_call *call, const struct rebuild_ask *ask, int timeout_ms, int *status_out,
                         const char **text_out, struct error *err);
/* Asks PATH again and again until `look` says that it is so (*done_out) or never will be (false and err); when the time is over the error
 * says `what` and the last sentence of the table. */
struct rebuild_wait {
    const char *path;
    /* `answer` NULL: 404. What it puts into call->arena lives until it returns. */
    bool (*look)(struct rebuild_call *call, void *data, const struct value *answer, bool *done_out, struct error *err);
    void *data;
    int64_t timeout_s;
    const char *what;
};
bool rebuild_center_wait(struct rebuild_call *call, const struct rebuild_wait *wait, struct error *err);
/* It does not answer now. */
bool rebuild_center_is_away(void);
