/* SPDX-License-Identifier: Apache-2.0 */
/* What comes with the program: ../share/roost beside the folder that it lies in; of one in a build folder, Roost's sources. */
#pragma once

#include "common/base/arena.h"

/* "/usr/share/roost/NAME" for /usr/bin/roost, "SOURCES/NAME" for SOURCES/build/release/roost; NULL: there is no such folder. */
const char *shared_folder(struct arena *arena, const char *name);
const char *shared_folder_of(struct arena *arena, const char *program, const char *name);
