/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a run has brought - models, programs - is told when the run has ended, not at the next timed look: one of the daemon's own, a
 * session from the controller, and one over ssh, which leaves word in a file (agent/session/session_note.h).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/error.h"

struct daemon;

/* Runs of operators, by the word that their sessions leave. */
struct daemon_brought {
    struct watch *notes;
    int64_t due_ms; /* CLOCK_MONOTONIC; 0: never */
    bool has_ended; /* one of them */
};

bool daemon_brought_open(struct daemon *daemon, struct error *err);
void daemon_brought_close(struct daemon *daemon);
/* A run has ended that may have changed this machine: models and programs are looked for. */
void daemon_brought_look(struct daemon *daemon);
int daemon_brought_fd(const struct daemon *daemon); /* readable: daemon_brought_take */
void daemon_brought_take(struct daemon *daemon);
void daemon_brought_step(struct daemon *daemon);
int64_t daemon_brought_due_ms(const struct daemon *daemon); /* CLOCK_MONOTONIC; INT64_MAX: never */
