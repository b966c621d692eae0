/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All that tells the daemon of a change to what is managed, behind one descriptor: files (watch.h), units (unit_watch.h), mounts
 * and the host name (kernel_watch.h). Speaks in places: which tasks are to be looked at again.
 */
#pragma once

#include "agent/daemon/managed.h"

struct watches;

struct watches_options {
    void (*tell)(void *data, const char *sentence); /* trouble: what cannot be watched is left to the timed check */
    void *data;
};

bool watches_open(const struct watches_options *options, struct watches **out, struct error *err);
void watches_close(struct watches *watches); /* NULL is fine */
/* Readable when something was touched, or has to be seen to. */
int watches_fd(const struct watches *watches);
/* When watches_take is to be called at the latest, by CLOCK_MONOTONIC, milliseconds; -1: when the descriptor says so. */
int64_t watches_due_ms(const struct watches *watches);
/* Watches what is in `managed`, which must live until the next call; what was touched before is forgotten. */
void watches_set(struct watches *watches, const struct managed *managed);
/* Puts the places of touched tasks into the map `places`, without waiting. *all_out: everything has to be looked at. */
void watches_take(struct watches *watches, struct arena *arena, struct value *places, bool *all_out);
