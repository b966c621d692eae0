/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tells when somebody starts, stops, enables, disables or masks one of some units, or one of them fails: systemd's own signals,
 * nothing is asked and nothing waits. By the system bus, which hands on only what was asked for; where there is none, by the
 * manager's private socket (root). A connection that breaks is made again: after 1, 2, ... 64 s, then at the next unit_watch_set.
 * One thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/error.h"

#define UNIT_WATCH_MAX 1000 /* units; the bus allows a few hundred rules: above 200 it sends signals of all units */

struct unit_watch;

struct unit_watch_touched {
    const char **units; /* of those given, each once */
    size_t count;
    bool all; /* unit files changed, or the connection was away: any of them may be meant */
};

/* `address`: NULL, or a bus to use instead ("unix:path=..."), for tests. */
struct unit_watch *unit_watch_new(const char *address);
/* Tells also what happens within a state (running, exited, waiting for a restart). */
void unit_watch_closely(struct unit_watch *watch);
void unit_watch_free(struct unit_watch *watch); /* NULL is fine */
/* From now on these units (full names); none: the connection is closed. False: no bus, with a sentence why; it is tried again. */
bool unit_watch_set(struct unit_watch *watch, const char *const *units, size_t count, struct error *err);
/* What to poll: -1 while there is no connection. May change with each call of the others. */
int unit_watch_fd(const struct unit_watch *watch);
short unit_watch_events(const struct unit_watch *watch);
/* When unit_watch_take is to be called at the latest, by CLOCK_MONOTONIC, milliseconds; -1: only when the descriptor says so. */
int64_t unit_watch_due_ms(const struct unit_watch *watch);
/* Does what there is to do, without waiting. The array is in `arena`, the texts live until the next unit_watch_set. True:
 * *out is told. False: the connection could not be made or broke, said once; *out is told all the same. */
bool unit_watch_take(struct unit_watch *watch, struct arena *arena, struct unit_watch_touched *out, struct error *err);
