/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All of a controller in one file and back: the store, trust/ (its keys) and files/. The file is a secret, as whoever has it can be
 * that controller and any of its nodes. A backup is made while the controller runs; the store in it is of one moment.
 */
#pragma once

#include <stdbool.h>

#include "common/base/arena.h"
#include "common/base/error.h"

bool backup_make(const char *folder, const char *path, struct error *err);

/* False: a restore into the folder began and did not end, so that what is there is of two controllers. What a killed restore
 * has unpacked there, with all keys, is removed. */
bool backup_restored(const char *folder, struct error *err);

/* Refused: a controller that runs, a file that is damaged or no backup; nothing is changed then. What was there is kept beside it:
 * *aside_out is a list of such paths, NULL at the end, in `arena`. */
bool backup_restore(const char *folder, const char *path, struct arena *arena, const char *const **aside_out,
                    struct error *err);
