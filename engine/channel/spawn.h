/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starting the program at the other end of a connection, with pipes on its three standard streams. Our ends are non-blocking
 * and closed on exec.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "common/base/error.h"

struct spawned {
    pid_t pid;
    int in, out, err; /* write to in; read from out and err */
    bool own_group;   /* leads a process group of its own */
};

struct spawn_request {
    const char *const *argv;
    const char *const *environment; /* NULL-terminated "NAME=value" added to ours, or NULL */
    const char *folder;             /* to start in, or NULL; argv[0] is absolute then, or a name on PATH */
    bool own_group;   /* the terminal's Ctrl-C does not reach it; such a child cannot ask on the terminal either */
    bool own_session; /* own_group, and opening the terminal fails at once */
};
bool spawn_program(const struct spawn_request *request, struct spawned *out, struct error *err);
/* True once the child has ended; *status_out as waitpid gives it. Never blocks. */
bool spawn_ended(pid_t pid, int *status_out);
/* Ends it: closes the pipes, waits up to `grace_ms` for it to go, then kills. */
void spawn_finish(struct spawned *child, int grace_ms);
