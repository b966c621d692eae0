/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who a run's program is where root runs the controller: nobody. Root without capabilities still owns what root owns (it may
 * change the modes of files that Landlock keeps it from reading), and services believe it by its number.
 */
#pragma once

#include <stdbool.h>

#include "common/base/error.h"

/* Of a process of one thread, before it gives up its capabilities: the folder becomes its own and where it works, and the way
 * there is opened, in a name space of mounts of its own, where others may not go it. For who is not root nothing happens. */
bool run_user_prepare(const char *folder, struct error *err);
bool run_user_become(struct error *err);
