/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon's sessions: children that work for an engine in the controller, several at once, beside the run under way. */
#pragma once

#include <poll.h>
#include <stdint.h>

#include "agent/daemon/runner.h"

#define SESSIONS_MAX 4

struct daemon;

struct daemon_session {
    struct runner *runner; /* NULL: the place is free */
    int64_t work;          /* that asked for it */
};

/* Starts a session; what stands in the way is told. `id` is of the work's body, NULL when it has none. */
void daemon_session_begin(struct daemon *daemon, const char *id, int64_t work);
void daemon_sessions_step(struct daemon *daemon);
bool daemon_has_sessions(const struct daemon *daemon);
size_t daemon_sessions_fds(const struct daemon *daemon, struct pollfd *out); /* up to SESSIONS_MAX * RUNNER_FDS */
void daemon_sessions_stop(struct daemon *daemon); /* asks them to end; the second time they must */
void daemon_sessions_free(struct daemon *daemon);
