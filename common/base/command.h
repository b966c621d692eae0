/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running a helper program on the control side to its end and keeping what it printed: inventory scripts, password scripts, lookup
 * pipe, tar. On nodes it is agent/system/process/process.h, which has time-outs, cancellation and other users.
 */
#pragma once

#include <stddef.h>

#include "common/base/arena.h"
#include "common/base/error.h"

struct command_output {
    int status;            /* as waitpid gives it */
    char *output, *errors; /* NUL-terminated; what exceeds LIMIT_PROCESS_OUTPUT is dropped */
    size_t output_length, errors_length;
};

/* argv[0] is looked up in PATH; standard input is ours. False: it could not be started. */
bool command_output(struct arena *arena, const char *const *argv, const char *folder, struct command_output *out,
                    struct error *err);
/* Requires exit status 0; the error names the program and the last line it wrote to standard error. */
bool command_output_ok(struct arena *arena, const char *const *argv, struct command_output *out, struct error *err);
