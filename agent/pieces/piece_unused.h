/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Folders of state that no piece names any more are removed after a while. It is counted in days on which this machine looked, not by
 * the difference of two times: a clock that is set must not cost anybody his data, and neither must a holiday.
 */
#pragma once

#include "agent/pieces/piece_place.h"

#define UNUSED_CACHE_DAYS 7                /* what had a size to be kept to: it comes again */
#define UNUSED_DATA_DAYS 30                /* what had none */
#define UNUSED_LOOK_S ((int64_t)23 * 3600) /* looks that count are so far apart */

struct piece_named {
    const char *state;
    bool is_cache; /* it has state_max */
};
/* One look: those named are in use; of the others, those that were not at enough looks go. `now_s`: wall time. The first error is told, the
 * others are looked at all the same. */
bool piece_states_tidy(const struct system *system, struct arena *arena, const struct piece_named *named, size_t count,
                       int64_t now_s, struct error *err);
