/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When each node was last heard: in memory, so that a long poll costs no write. Silence is measured by the monotonic clock:
 * setting the wall clock makes nobody lost. From any thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"

struct presence;

struct presence *presence_new(void);
void presence_free(struct presence *presence); /* NULL is fine */

/* The node has asked for something, just now. `presence` NULL: nobody keeps count. */
void presence_touch(struct presence *presence, int64_t node_id);

struct presence_time {
    int64_t node_id;
    int64_t wall_us, monotonic_ms; /* of the last touch */
};
/* False: it was not heard since the start. */
bool presence_find(struct presence *presence, int64_t node_id, struct presence_time *out);
/* Those touched since they were last given out here. */
size_t presence_take(struct presence *presence, struct arena *arena, struct presence_time **out);
