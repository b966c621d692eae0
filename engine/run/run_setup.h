/* SPDX-License-Identifier: Apache-2.0 */
/* Setting a run up from its options, and taking it down. */
#pragma once

#include "engine/run/run_state.h"

void run_open(struct run *run, struct arena *arena, const struct run_options *options);
void run_close(struct run *run);
