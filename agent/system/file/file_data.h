/* SPDX-License-Identifier: Apache-2.0 */
/* Moving and comparing file contents: no metadata, no paths made or removed. */
#pragma once

#include <stdbool.h>

#include "common/base/error.h"

/* Copies what `in` holds from its offset to its end behind `out`'s offset; inside the kernel where it can.
 * `to` names the destination in messages. */
bool file_data_copy(int in, int out, const char *to, struct error *err);
/* *same_out: both files hold the same bytes (regular files; anything else is different). */
bool file_data_equal(const char *a, const char *b, bool *same_out, struct error *err);
