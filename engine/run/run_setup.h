/* SPDX-License-Identifier: Apache-2.0 */
/* Setting a run up from its options, and taking it down. */
#pragma once

#include "engine/run/run_state.h"

void run_open(struct run *run, struct arena *arena, const struct run_options *options);
/* Is facts' cache one that there is? */
bool run_caching_check(struct run *run, struct error *err);
void run_close(struct run *run);
