/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs from the centre: each is a program of its own (`roost apply --controlled`, in its own session, with an empty environment),
 * fed and heard by one thread. What it tells goes to the store, numbered; what it asks is answered: a node's connection, the
 * operator's word. At most a few at once, the others wait in order. All functions are for any thread; none blocks but
 * runs_open and runs_stop.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/error.h"
#include "common/value/value.h"
#include "controller/store/store.h"

#define RUNS_AT_ONCE 4
#define RUNS_SESSION_ID 32     /* hexadecimal digits */
#define RUNS_SESSION_LIFE_S 60 /* of an id that nobody came with */
#define RUNS_ORDER_MAX ((size_t)32 * 1024 * 1024)

/* Told of what is on disk now. They must not block. */
struct runs_news {
    void (*run)(void *data, int64_t run_id);   /* it has new events */
    void (*work)(void *data, int64_t node_id); /* a node has work */
    void *data;
};

struct runs_options {
    const char *folder;  /* a folder in it for each run under way; what is left over there is removed */
    const char *program; /* NULL: the one that runs */
    struct store *store;
    unsigned at_once; /* 0: RUNS_AT_ONCE */
    struct runs_news news;
};

struct runs;

/* Runs left open in the store are lost from now on. */
bool runs_open(const struct runs_options *options, struct runs **out, struct error *err);
/* Ends what is under way, as cancelled; from now on nothing is taken. */
void runs_stop(struct runs *runs);
void runs_free(struct runs *runs); /* stops; NULL is fine */

/* A run whose row is in the store, waiting. */
struct runs_start {
    int64_t run_id;
    const char *kind, *title;  /* "apply" or "check"; the playbooks */
    const struct value *order; /* what the program is told (run_order.h); may hold secrets, never touches the disk */
};
/* False: it takes no more (the controller is going down, or the order is too long). */
bool runs_start(struct runs *runs, const struct runs_start *start, struct error *err);

enum runs_order { RUNS_PAUSE, RUNS_RESUME, RUNS_CANCEL };
/* `actor` is who wants it. Nothing happens when the run is over. */
void runs_tell(struct runs *runs, int64_t run_id, enum runs_order order, const char *actor);

/* The question that a run waits with; 0: none. */
uint32_t runs_question(struct runs *runs, int64_t run_id);
/* `text` NULL: there is no answer. SECRET perhaps. */
void runs_answer(struct runs *runs, int64_t run_id, uint32_t question, const char *text);

/* --- sessions: a node's agent comes with an id that its work named --- */

/* A number for the session, once; 0: there is no such session for this node (any more). */
uint64_t runs_session_claim(struct runs *runs, const char *id, int64_t node_id, int64_t generation);
/* Ends the node's sessions but those of this generation, at once: it was revoked (0: all of them), or came back with another key. */
void runs_sessions_cut(struct runs *runs, int64_t node_id, int64_t generation);

struct runs_connection {
    int fd; /* stays the owner's: it lives until `close` */
    void (*close)(void *data);
    void *data;
    bool (*is_over)(void *data); /* the node has ended it, which `fd` does not show; NULL: `fd` shows all */
};
/* The connection is there; `close` is called exactly once, when it is over, perhaps at once. */
void runs_session_open(struct runs *runs, uint64_t number, const struct runs_connection *connection);
