/* SPDX-License-Identifier: Apache-2.0 */
/* Copies of the store while it is in use, and the way back. A backup is one file (0600), whole or not there. */
#pragma once

#include "controller/store/store.h"

/* State of one moment; the writer goes on meanwhile. An existing file is replaced by rename. Blocks for as long as it takes to
 * copy: not in the HTTP thread. */
bool store_backup(struct store *store, const char *path, struct error *err);

/* The same of a store that this process has not opened, whether a controller has it open or not. `path` must not exist. */
bool store_copy(const char *folder, const char *path, struct error *err);

/* Without an open store. Refused: a controller that runs, a file that is no store, is damaged or of a newer version. An older
 * version is restored as it is (store_open brings it up to date). What was there is kept beside: *aside_out (in `arena`) is its
 * path, NULL when there was nothing. */
bool store_restore(const char *folder, const char *path, struct arena *arena, const char **aside_out,
                   struct error *err);
