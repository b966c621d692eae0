/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that nobody else may read: keys, and what a node remembers. Written whole or not at all (a new file with mode
 * 0600, fsync, rename, fsync of the folder); read only if they are ours and closed to others.
 */
#pragma once

#include "common/trust/pem.h"

bool private_file_write(const char *path, const void *data, size_t length, struct error *err);
/* The owner must be this process's user or root. A link at `path` is not followed. *missing_out (may be NULL: then that
 * is an error like any other) tells that there is no such file; the function returns true then. */
bool private_file_read(struct arena *arena, const char *path, size_t limit, struct der *out, bool *missing_out,
                       struct error *err);
