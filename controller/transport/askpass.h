/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Giving ssh a password without a terminal, an argument or a file: this program is its own SSH_ASKPASS helper. The password waits
 * in a pipe of ours; the environment only says which (/proc/PID/fd/N), and only the same user may open that.
 */
#pragma once

#include "common/base/arena.h"
#include "common/base/error.h"

struct askpass {
    int fd;                     /* read end of the pipe; keep it open while ssh starts, then close */
    const char *environment[5]; /* NULL-terminated, for spawn_program */
};

bool askpass_prepare(struct arena *arena, const char *password, struct askpass *out, struct error *err);
