/* SPDX-License-Identifier: Apache-2.0 */
/* Making symbolic and hard links, in one step where something is to be replaced. */
#pragma once

#include "common/base/arena.h"
#include "common/base/error.h"

/* `replace`: what is at `path` (a file, a link, or an empty folder) goes in the same step; otherwise the path
 * must be free. */
bool file_link_symbolic(struct arena *arena, const char *target, const char *path, bool replace, struct error *err);
bool file_link_hard(struct arena *arena, const char *target, const char *path, bool replace, struct error *err);
