/* SPDX-License-Identifier: Apache-2.0 */
/* The `validate` argument of copy, template and lineinfile: a command that must accept a file before it is
 * put in place. */
#pragma once

#include "agent/system/process/process.h"
#include "agent/task/task_context.h"

/* Runs `command` (no shell) with %s replaced by `path`. A status other than 0 is not an error here: look at
 * *out. */
bool file_validate(struct task_context *task, const char *command, const char *path, struct process_result *out,
                   struct error *err);
