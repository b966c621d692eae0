/* SPDX-License-Identifier: Apache-2.0 */
/* How a run reaches its hosts one part after the other: --serial, --canary, --max-fail-percentage. */
#pragma once

#include "engine/run/run.h"

/* What was given makes sense and names a host that there is; told before anybody is connected to. */
bool rollout_check(struct arena *arena, const struct run_options *options, struct error *err);
