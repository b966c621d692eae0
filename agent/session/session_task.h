/* SPDX-License-Identifier: Apache-2.0 */
/* One TASK payload, decoded and run in this process. */
#pragma once

#include "agent/session/become.h"
#include "agent/session/session_content.h"

/* Where a task is to run: become of its payload. False when the payload has no become. */
bool session_task_become(const struct value *payload, struct become_request *out);
/* Runs the task here: environment and umask are set for its time and put back. Never fails: see task_run. `content` NULL: there
 * is no engine to ask. */
const struct value *session_task_run(struct arena *arena, const struct value *payload, struct session_content *content);
/* A failed result with a message. */
const struct value *session_task_failed(struct arena *arena, const char *message);
