/* SPDX-License-Identifier: Apache-2.0 */
/* What one outcome of a task is called, and what is told of a change. */
#pragma once

#include "common/value/value.h"

/* "copy /etc/motd"; a task without a thing of its own by its name, "command: Build the index". Follows from the task alone. */
const char *run_change_resource(struct arena *arena, const struct value *event);
/* {resource, run, task, action, path, line, item_label, diff, changes}, as far as they are there. */
struct value *run_change_body(struct arena *arena, const struct value *event, const char *run);
