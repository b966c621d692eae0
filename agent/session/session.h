/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A session: tasks come in as frames on one descriptor, results go out on another (common/protocol/frame.h). Tasks
 * run one after the other in this process. A task for another user goes to a helper: this program again, started
 * through sudo, su or doas, which serves the same protocol.
 *
 * TASK payload: a map with module, args, check, diff, verbosity, environment, become (method, user, flags, exe,
 * password), timeout_ms, umask, no_log, async (limit_s, folder: session_async.h), changes (asks for the sentences of change_wanted). Only module must be there.
 * RESULT payload: the result map with Ansible's names, and invocation.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/base/error.h"

struct session_options {
    int input, output;       /* the engine */
    const char *const *self; /* words that start this program again (without "session"); NULL: /proc/self/exe */
};

/* Serves until BYE or the engine's end of stream (both true). False: the conversation broke; err says how. */
bool session_run(const struct session_options *options, struct error *err);
