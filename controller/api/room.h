/* SPDX-License-Identifier: Apache-2.0 */
/* Inside controller/api: the waiting room. */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/error.h"
#include "controller/api/call.h"

struct call;

#define ROOM_BUCKETS 256

/* Suspended calls by topic. `wakes` counts the calls of room_wake per bucket; a collision wakes once too often, no more. */
struct room {
    pthread_mutex_t mutex;
    pthread_cond_t changed; /* a nearer deadline, the end, or nobody suspended any more */
    pthread_t timer;
    bool timer_runs, closing;
    bool is_closed; /* no call runs any more, so none can be suspended */
    struct call *first[ROOM_BUCKETS];
    uint64_t wakes[ROOM_BUCKETS];
    int64_t nearest_ms; /* the deadline the timer sleeps for, or -1 */
    unsigned suspended; /* in the room or with other threads */
    unsigned working;   /* calls that the HTTP thread is with now */
};

bool room_open(struct room *room, struct error *err);
/* No call waits from now on; those that do run again. Returns when nobody is suspended and nobody can be any more. */
void room_close(struct room *room);
void room_free(struct room *room);
bool room_is_closing(struct room *room);
/* Around all that may suspend a call: libmicrohttpd ends the program when it is stopped while a connection is suspended, and those
 * that are open go on asking until then. False: the room is closed, the connection is to be cut. */
bool room_begin(struct room *room);
void room_end(struct room *room);
uint64_t room_wakes(struct room *room, uint64_t topic);
/* Suspends until a wake after call->seen, or the deadline. False: there was one already, or the room is closing. */
bool room_enter(struct room *room, struct call *call, int64_t timeout_ms);
void room_wake(struct room *room, uint64_t topic);
/* Those who are called so, whatever they wait for. */
void room_wake_who(struct room *room, enum api_identity_kind kind, const char *name);
void room_lend(struct room *room, struct call *call); /* suspends: another thread will give it back */
void room_return(struct room *room, struct call *call);
/* In the HTTP thread, when the call runs again or dies; what the other thread wrote is visible from here on. */
void room_leave(struct room *room, struct call *call);
/* The same in two steps, for a call whose answer must be on its way before room_close may return: whether it was away; and that
 * it is no longer waited for. */
bool room_back(struct room *room, struct call *call);
void room_gone(struct room *room);
