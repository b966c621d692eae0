/* SPDX-License-Identifier: Apache-2.0 */
/* Loading all playbooks of a run before anything is touched, and what is refused by name at that point. */
#pragma once

#include "engine/run/run.h"

bool run_load(struct arena *arena, const struct run_options *options, struct playbook ***out, size_t *count_out,
              struct error *err);
/* Things of the language this engine cannot do yet: an error that names each, at plan time. */
bool run_refuse(struct arena *arena, const struct run_options *options, const struct playbook *playbook,
                struct error *err);
