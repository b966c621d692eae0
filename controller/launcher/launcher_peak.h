/* SPDX-License-Identifier: Apache-2.0 */
/* What an instance was seen to take at most, of what nodes told of its pieces. */
#pragma once

#include "controller/store/store_piece.h"
#include "controller/store/store_shape.h"

/*
 * gpu and host of the pieces of this attempt together: of earlier ones rows may be left, which a lost node has not told gone. Host: what is
 * their own; without a GPU with the files that they have mapped, as the weights are there; page cache never, where the node tells that apart.
 * False: one has told nothing yet, or takes memory of a GPU that nobody sees (ROCm).
 */
bool peak_sum(struct arena *arena, const struct store_piece *const *rows, size_t count, int64_t attempt,
              struct store_peak *out);
