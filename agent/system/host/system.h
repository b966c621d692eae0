/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host, as modules and facts see it. agent/system is the only code that reads or changes it. `root` is "" on a
 * real node; tests and fact readers point it at a tree of their own.
 */
#pragma once

#include <stdbool.h>

#include "common/base/arena.h"
#include "common/base/error.h"
#include "common/value/value.h"

/* What is looked at while a task waits: when `fd` can be read, `ready` is called (and may set what `cancelled`
 * points to). The session puts the engine's pipe here. A negative fd watches nothing. */
struct system_watch {
    int fd;
    void (*ready)(void *context);
    void *context;
};

/* What readers keep between the tasks of one session, in an arena of its own; `kept` counts what was ever put. */
struct system_memory {
    struct arena *arena;
    struct value *entries;
    size_t kept;
};

struct system {
    const char *root;                 /* prefix of every path that readers use; "" = the real host */
    const struct value *environment;  /* map of strings added to every command of this task, or NULL */
    volatile const bool *cancelled;   /* set when the engine gave up on the task; NULL: never */
    int64_t deadline_ms;              /* clock_monotonic_ms at which commands are ended; 0: none */
    const struct system_watch *watch; /* looked at while commands run and in system_pause; NULL: nothing */
    struct system_memory *memory;     /* NULL: every reader asks anew */
    const char *python;               /* the interpreter that the engine named, as words; NULL: the node's own */
};

/* `path` behind the root folder of this system, in arena. */
const char *system_path(const struct system *system, struct arena *arena, const char *path);
/* Sleeps, but not past the deadline, and looks at the watch meanwhile. False with kind ERROR_CANCELLED when the
 * engine gave up on the task, with ERROR_GENERIC when the deadline has passed. For loops that wait (wait_for,
 * retries on a lock). */
bool system_pause(const struct system *system, int64_t milliseconds, struct error *err);
/* Looks at the watch without waiting; true when the engine gave up on the task. */
bool system_is_cancelled(const struct system *system);
