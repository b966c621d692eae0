/* SPDX-License-Identifier: Apache-2.0 */
/* Variables that come from the command line and configuration (ansible_check_mode, omit ...). */
#pragma once

#include "engine/run/run.h"

const struct value *options_variables(struct arena *arena, const struct run_options *options, int forks);
