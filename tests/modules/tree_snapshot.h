/* SPDX-License-Identifier: Apache-2.0 */
/* What a folder holds, as text: one line per entry with type, mode, owner, size, digest, link target, time of
 * change. */
#pragma once

#include "common/base/arena.h"

const char *tree_snapshot(struct arena *arena, const char *folder);
/* The first line that differs, told as "was: ...; is: ...", or NULL when both are the same. */
const char *tree_difference(struct arena *arena, const char *before, const char *after);
