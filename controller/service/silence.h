/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside controller/service: which nodes have gone silent. Looks at when each was last heard (controller/api/presence.h), writes
 * that down now and then, and makes those lost that were not heard for too long. A controller that has just started, or that
 * could not listen for a while itself, gives the nodes their time first.
 */
#pragma once

#include "controller/api/presence.h"
#include "controller/store/store.h"

#define SILENCE_LOST_AFTER_S 180

struct silence {
    struct store *store;
    struct presence *presence;
    struct store_connection *reader;
    int64_t lost_after_ms;
    int64_t listens_ms; /* since when, without a break */
    int64_t step_ms, saved_ms;
};

bool silence_open(struct silence *silence, struct store *store, struct presence *presence, int64_t lost_after_s,
                  struct error *err);
void silence_close(struct silence *silence); /* writes down who was heard; a zeroed one is fine */
/* Milliseconds until it wants to be called again. Waits for the store's writer. */
int64_t silence_step(struct silence *silence, int64_t now_ms);
