/* SPDX-License-Identifier: Apache-2.0 */
/* Temporary files without a name: gone when their descriptor is closed, whatever happens; and folders. */
#pragma once

#include "common/base/arena.h"
#include "common/base/error.h"

/* For reading and writing, on disk (/var/tmp, /tmp) where that can be, else in memory. -1 with err set. */
int file_temp_open(struct error *err);
/* A new folder for its owner alone; `pattern` is a path that ends in XXXXXX. The caller removes it (file_tree_remove). NULL
 * with err set. */
const char *file_temp_folder(struct arena *arena, const char *pattern, struct error *err);
