/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One task from request to result map: finds the module, binds the arguments, runs it, and makes of every outcome
 * (error, unknown module, no check mode, secrets in results) what Ansible would return. The session, the module-
 * case runner and the agent's own runs all come through here.
 */
#pragma once

#include "agent/task/task_context.h"

struct task_request {
    const char *module;
    const struct value *args; /* map or NULL */
    bool check_mode, diff_mode, no_log;
    bool wants_changes; /* add `changes`: the sentences of change_wanted */
    int verbosity;
};

/* Never fails: what goes wrong is a failed result. The map lives in `arena`. A cancelled task gives a failed
 * result with the message "cancelled". */
const struct value *task_run(struct arena *arena, struct system *system, const struct task_request *request,
                             const struct content_channel *content);
