/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Matching runs of equal lines in two texts, found as Python's difflib does (longest match first, the same rule for
 * frequent lines), so that the hunks of a diff are the same.
 */
#pragma once

#include "common/base/arena.h"

struct diff_lines {
    const char **lines; /* each with its line end */
    size_t *lengths;
    size_t count;
};

struct diff_block {
    size_t a, b, length;
};

/* Blocks in order, neighbours joined, with an empty one at the end. */
struct diff_block *diff_match(struct arena *arena, const struct diff_lines *a, const struct diff_lines *b,
                              size_t *count_out);
