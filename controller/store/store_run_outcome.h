/* SPDX-License-Identifier: Apache-2.0 */
/* How a run ended, in a word that says more than its state. */
#pragma once

#include "controller/store/store_run.h"

#define STORE_RUN_EXIT_CHANGES 2 /* of roost check: something differs */
#define STORE_RUN_EXIT_OPTIONS 5

/* Its state's word, but "drift" when a check found what differs and "refused" when its options made no sense. NULL: it is not
 * over. */
const char *store_run_outcome(const struct store_run *run);
