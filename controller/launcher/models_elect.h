/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who fetches a model from its origin, and whom the others believe: a pure function of the rows of one source and the time. One seed at
 * most; none while a node has it whole. A seed that is not heard any more, or whose origin fails, is followed by the node that has the most.
 */
#pragma once

#include "controller/store/store_fetch.h"

#define MODELS_SILENT_US ((int64_t)12 * 1000000) /* of a node that is to tell something every second */
#define MODELS_TRIES_MAX 3                       /* of what was wrong as a whole */

/* Changes rows as they are to be from now on (state, is_seed, detail, at_us); *changed_out[i]: row i is another. `is_young`: silence proves
 * nothing yet. */
void models_elect(struct arena *arena, struct store_fetch *rows, size_t count, int64_t now_us, bool is_young,
                  bool *changed_out);
/* Its digests count: it has all of it and held it against the digest of the whole; or, while nobody has, it is the seed. */
bool models_is_authority(const struct store_fetch *rows, size_t count, size_t index);
/* It is to get there and has not yet. */
bool models_is_active(const struct store_fetch *row);
/* Others may take from it. */
bool models_is_giving(const struct store_fetch *row);
