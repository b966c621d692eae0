/* SPDX-License-Identifier: Apache-2.0 */
/* A run as a picture: one small row per outcome of a task on a host, without the results themselves. */
#pragma once

#include "controller/store/store.h"

struct store_run_block {
    int64_t sequence, at_us;
    const char *host;    /* or NULL */
    const char *task;    /* as shown: "role : task"; or NULL */
    const char *outcome; /* "ok", "changed", "failed", "skipped", "unreachable"; or NULL */
    bool ignored;
};

/* The last `limit` (at most STORE_RUN_BLOCKS) of a run, in order. */
#define STORE_RUN_BLOCKS 5000
struct store_run_lane {
    struct store_run_block *blocks;
    size_t count;
};
bool store_run_blocks(struct store_connection *connection, struct arena *arena, int64_t run_id, size_t limit,
                      struct store_run_lane *out, struct error *err);
