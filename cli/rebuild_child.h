/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs that a step starts: this one again (enroll, apply, doctor, run) for one host, the wipe command, ssh. What they print goes to the
 * node's log. A child ends when its thread does, so that a rebuild that is killed leaves nothing behind that still works on a node; a wipe
 * alone comes to its end. Values of -e, which may be secrets, come to children by a descriptor: words of a program are everybody's to read.
 */
#pragma once

#include "cli/rebuild.h"

#define REBUILD_HAND 3
struct rebuild_child {
    const char *const *argv;
    const char *const *environment; /* "NAME=value" beside ours, NULL-terminated; or NULL */
    bool is_silent;                 /* nothing of it in the log */
    bool outlives; /* goes on to its end when this process is killed; interrupted it ends like all others */
    int hand;      /* a descriptor that it gets as REBUILD_HAND; 0: none */
};

struct rebuild_child_end {
    int status;         /* exit code; 128 + signal */
    const char *output; /* both streams, its last 64 KiB */
};

/* False (err): it could not be started, or the rebuild was interrupted (ERROR_CANCELLED), which ends it. */
bool rebuild_child_run(struct rebuild_call *call, const struct rebuild_child *child, struct rebuild_child_end *out,
                       struct error *err);
/* After command_prepare: what all -e say together (files too), for the children. Sets ->extra_fd. */
bool rebuild_extra_keep(struct rebuild *rebuild, struct error *err);
/* `roost VERB` with the connection options of this rebuild, and these words behind them (NULL-terminated). */
bool rebuild_roost(struct rebuild_call *call, const char *verb, const char *const *words, struct rebuild_child_end *out,
                   struct error *err);
/* What went wrong, of its output: the message of the task that failed last, else its last line. */
const char *rebuild_child_sentence(struct arena *arena, const char *output);
