/* SPDX-License-Identifier: Apache-2.0 */
/* What was installed with the program: ../share/roost beside the folder that it lies in. */
#pragma once

#include "common/base/arena.h"

/* "/usr/share/roost/NAME" for /usr/bin/roost; NULL: there is no such folder (a program that was not installed). */
const char *shared_folder(struct arena *arena, const char *name);
