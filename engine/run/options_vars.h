/* SPDX-License-Identifier: Apache-2.0 */
/* Variables that come from the command line and configuration (ansible_check_mode, omit ...). */
#pragma once

#include "engine/run/run.h"

#define OPTIONS_LANGUAGE_LEVEL "2.14.18" /* ansible_version: what playbooks may expect */

const struct value *options_variables(struct arena *arena, const struct run_options *options, int forks);
