/* SPDX-License-Identifier: Apache-2.0 */
/* The first half of process_run: environment, program lookup, pipes and posix_spawn. */
#pragma once

#include <sys/types.h>

#include "agent/system/process/process.h"

/* A started program and this side's ends of its pipes (non-blocking). `input` is -1 when there is nothing to write. */
struct process_pipes {
    pid_t pid;
    int watch;                 /* pidfd, or -1 where the kernel has none */
    int input, output, errors; /* errors: -1 with a terminal */
};

/* The program runs in a session of its own (so its group can be killed whole and no terminal is asked for
 * passwords). On failure errno says why. */
bool process_start(const struct system *system, struct arena *arena, const struct process_request *request,
                   struct process_pipes *out, struct error *err);
/* The environment of a command as a NULL-terminated array: ours, the task's, the request's, in this order. */
char **process_environment(const struct system *system, struct arena *arena, const struct process_request *request);
