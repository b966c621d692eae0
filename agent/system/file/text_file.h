/* SPDX-License-Identifier: Apache-2.0 */
/* Small text files that may be missing: configuration that modules read whole, edit in memory and replace. */
#pragma once

#include <stdbool.h>

#include "agent/system/host/system.h"

/* The whole text of `path` (seen from the system's root); *out is NULL when there is no such file. Limit: 16 MiB. */
bool text_file_read(const struct system *system, struct arena *arena, const char *path, char **out, struct error *err);
/* Removes a file; one that is not there is fine. */
bool text_file_remove(const struct system *system, struct arena *arena, const char *path, struct error *err);
