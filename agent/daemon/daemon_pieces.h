/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The daemon's part in pieces of workloads: one child beside the runs, `roost-agent pieces keep` (pieces_keeper.h), that lives while there
 * are pieces and a minute longer. Here it is started, told that there is news, heard, and started again when it dies. Without pieces there is no child and no timer.
 */
#pragma once

#include <poll.h>
#include <stdint.h>

#include "agent/daemon/runner.h"

struct daemon;

struct daemon_pieces {
    struct runner *runner; /* NULL: no child */
    int64_t start_at_ms;   /* CLOCK_MONOTONIC; 0: none is wanted */
    int64_t asked_ms;      /* it was told of news */
    int64_t daily_ms;      /* folders of state were looked at */
    int failures;          /* in a row */
    bool is_ready;         /* it takes signals; before it asks anyway */
    bool was_connected;
};

/* The daemon begins: what was placed is made again, whether the controller is there or not. */
void daemon_pieces_begin(struct daemon *daemon);
/* The placement may be another one. */
void daemon_pieces_ask(struct daemon *daemon);
/* A run may have brought programs or taken them away. */
void daemon_pieces_look(struct daemon *daemon);
void daemon_pieces_step(struct daemon *daemon);
size_t daemon_pieces_fds(const struct daemon *daemon, struct pollfd *out); /* up to RUNNER_FDS */
int64_t daemon_pieces_due_ms(const struct daemon *daemon);                 /* CLOCK_MONOTONIC; -1: never */
/* The child ends, the pieces go on. */
void daemon_pieces_free(struct daemon *daemon);
