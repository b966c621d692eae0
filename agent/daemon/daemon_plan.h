/* SPDX-License-Identifier: Apache-2.0 */
/* What the daemon checks and applies: the configured playbook, or the bundle's. */
#pragma once

#include "agent/daemon/runner.h"
#include "common/base/arena.h"

struct daemon;

/* What a check or apply is to run: the configured playbook goes before the bundle's. */
struct daemon_plan {
    const char *playbook, *name;                  /* path; as people know it */
    const char *inventory, *host, *vars, *config; /* of a bundle, else NULL */
    const char *expired;                          /* the sentence, when it may be checked only; else NULL */
    const char *places;                           /* of the tasks to be looked at; NULL: all. For the caller to set */
};
/* False: nothing is declared. Texts are in `arena`. */
bool daemon_plan(struct daemon *daemon, struct arena *arena, struct daemon_plan *out);
/* Starts daemon->runner. */
bool daemon_plan_start(struct daemon *daemon, struct arena *arena, const struct daemon_plan *plan, runner_line *line,
                       struct error *err);
/* The child that asked for a bundle has ended: a new one is told of and checked. */
void daemon_bundle_finish(struct daemon *daemon, const struct runner_end *end);
