/* SPDX-License-Identifier: Apache-2.0 */
/* A temporary file without a name: gone when its descriptor is closed, whatever happens. */
#pragma once

#include "common/base/error.h"

/* For reading and writing, on disk (/var/tmp, /tmp) where that can be, else in memory. -1 with err set. */
int file_temp_open(struct error *err);
