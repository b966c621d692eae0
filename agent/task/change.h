/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one gate before every mutation:
 *     if (!change_wanted(task, "set mode %04o on '%s'", mode, path)) return true;
 *     return system_file_set_mode(...);
 * In check mode it records the sentence, marks the result changed and says no; otherwise records, marks and says yes. So check
 * mode and reports come for free and cannot lie.
 */
#pragma once

#include <stdbool.h>

#include "agent/task/task_context.h"

bool change_wanted(struct task_context *task, const char *format, ...) __attribute__((format(printf, 2, 3)));
