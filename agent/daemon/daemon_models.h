/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The daemon's part in models: what lies in this node's store is told, models that the placement wants are fetched by a child each
 * (`roost-agent fetch`), and chunks of them are given to neighbours by another (`roost-agent share`), only while the placement says so.
 * No child and no timer while nothing is wanted.
 */
#pragma once

#include "agent/daemon/runner.h"

#define FETCHES_MAX 4 /* at the same time; others wait for their turn */
#define DAEMON_MODELS_FDS ((FETCHES_MAX + 1) * RUNNER_FDS)

struct daemon;

/* The node's whole list, if it has changed since it was told last. */
void daemon_models_tell(struct daemon *daemon);

/* The members `models` and `share` of the placement that holds now, as they came; NULL: there are none. */
void daemon_models_take(struct daemon *daemon, const struct value *models, const struct value *share);
/* Once in each round of the loop: takes what children have said, starts and ends them. */
void daemon_models_step(struct daemon *daemon);
size_t daemon_models_fds(const struct daemon *daemon, struct pollfd *out); /* up to DAEMON_MODELS_FDS */
int64_t daemon_models_due_ms(const struct daemon *daemon);                 /* CLOCK_MONOTONIC; INT64_MAX: never */
void daemon_models_stop(struct daemon *daemon); /* asks the children to end; the second time they must */
bool daemon_models_has_children(const struct daemon *daemon);
void daemon_models_free(struct daemon *daemon);
