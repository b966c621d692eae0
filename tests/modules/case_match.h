/* SPDX-License-Identifier: Apache-2.0 */
/* Comparing results with what a case expects, and filling @T@ into its values. */
#pragma once

#include "common/base/arena.h"
#include "common/value/value.h"

/* Every map key of `expected` must be in `actual` and match; other keys are free. Lists match item by item; texts
 * that start with ~ are extended regular expressions, searched. NULL, or a sentence about the first difference. */
const char *case_match(struct arena *arena, const char *where, const struct value *expected,
                       const struct value *actual);
const struct value *case_fill(struct arena *arena, const struct value *value, const char *folder);
