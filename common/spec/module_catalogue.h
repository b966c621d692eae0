/* SPDX-License-Identifier: Apache-2.0 */
/* What the modules of agent/modules declare, for programs that do not link them. Generated at build time. */
#pragma once

#include "common/spec/arg_spec.h"

extern const struct task_catalogue module_catalogue;
