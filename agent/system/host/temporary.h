/* SPDX-License-Identifier: Apache-2.0 */
/* Where files go that are nobody's. */
#pragma once

#include "agent/system/host/system.h"

/* The first folder of Python's list that can be written: TMPDIR, TEMP, TMP of the task and of this program, /tmp, ... */
const char *system_temporary_folder(const struct system *system, struct arena *arena);
