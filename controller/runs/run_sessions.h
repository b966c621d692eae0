/* SPDX-License-Identifier: Apache-2.0 */
/* Inside controller/runs: connections of nodes on their way to runs, and with them. */
#pragma once

#include "controller/runs/runs_internal.h"

enum session_stage {
    SESSION_ASKED, /* by the run; nobody was told */
    SESSION_TOLD,  /* an id is out */
    SESSION_CLAIMED,
    SESSION_OPEN,
};

struct session {
    struct session *next;
    uint64_t number;
    _Atomic(enum session_stage) stage;
    char id[RUNS_SESSION_ID + 1];
    int64_t run_id, node_id, seen_us;
    int64_t generation; /* of the key that claimed it */
    uint32_t asked;     /* the run's number for it */
    int64_t ends_ms;    /* until it is open */
    int watch;          /* OPEN: its end says that the run is done with it */
    int64_t over_ms;    /* OPEN: since when the node has ended it, and the run has read all; 0: not yet */
    struct runs_connection connection;
};

void session_ask(struct runs *runs, struct job *job, const struct value *asked);
void sessions_tell(struct runs *runs); /* nodes, of what was asked since */
void session_connect(struct runs *runs, const struct inbox *wish);
size_t sessions_poll(struct runs *runs, struct pollfd *out);
size_t sessions_count(const struct runs *runs);
/* Those that are over, or that nobody came for. */
void sessions_look(struct runs *runs);
void sessions_end(struct runs *runs, int64_t run_id); /* 0: all */
/* Those of a node that were claimed in another generation than this; 0: all of it, and nobody is waited for. */
void sessions_cut(struct runs *runs, int64_t node_id, int64_t generation);
