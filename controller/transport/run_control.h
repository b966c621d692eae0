/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run's end of the control socket to its controller (common/protocol/control.h): being held, asking the operator, asking for
 * nodes' connections. One thread; only hold, ask and start wait.
 */
#pragma once

#include <stdint.h>

#include "common/protocol/control.h"

enum run_session_state {
    RUN_SESSION_ASKED,   /* the controller was asked */
    RUN_SESSION_WAITING, /* the node has been told */
    RUN_SESSION_OPEN,
    RUN_SESSION_REFUSED,
};

struct run_session {
    uint32_t number;
    enum run_session_state state;
    int connection,
        watch; /* OPEN: whoever takes them sets them to -1 and closes both, the watch to say that it is over */
    const char *message; /* REFUSED: why */
    int64_t seen_us;     /* WAITING: when the node was last heard; 0: never */
    bool is_dropped;     /* nobody wants it any more */
    struct run_session *next;
};

struct run_control;

/* `fd` becomes its own; everything lives in `arena`. */
struct run_control *run_control_new(struct arena *arena, int fd);
void run_control_close(struct run_control *control);
/* To wait for; -1: it has ended. */
int run_control_fd(const struct run_control *control);
/* The first message: what to run, as JSON. */
bool run_control_start(struct run_control *control, const struct value **out, struct error *err);
/* Takes what has come, without waiting. */
void run_control_pump(struct run_control *control);
/* A session with the agent of that node; NULL: of the controller's own machine. Never NULL; how it goes is in its state. */
struct run_session *run_control_session(struct run_control *control, const char *node);

/* For run_options; `context` is the run_control. Both return early when the process is told to end. */
void run_control_hold(void *context);
bool run_control_ask(void *context, const char *prompt, bool secret, struct arena *arena, const char **out);
