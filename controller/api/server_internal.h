/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of controller/api share among themselves: the server, a call's other half, and the waiting room. */
#pragma once

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

#include "common/base/text.h"
#include "controller/api/server.h"

enum call_state {
    CALL_NEW,
    CALL_READING, /* the body is coming in */
    CALL_RUNNING, /* bound: the function runs, once or more */
};

struct call {
    struct api_call base; /* first: api_call <-> call */
    struct api_server *server;
    struct MHD_Connection *connection;
    enum call_state state;
    const char *target; /* path as asked, with "?..." */
    struct api_match match;
    struct text received;
    bool too_large;
    struct MHD_Response *response;
    int status;
    struct text headers; /* "name\0value\0" of the answer */
    void (*then)(struct api_call *call);
    bool again; /* run the function once more at once */
    /* waiting */
    uint64_t topic, seen;
    int64_t deadline_ms;
    bool is_suspended; /* of the HTTP thread alone: set before it lets go, cleared when it is back */
    struct call *next, *previous;
    /* streaming */
    struct api_stream stream;
};

#define ROOM_BUCKETS 256

/* Suspended calls by topic. `wakes` counts the calls of room_wake per bucket; a collision wakes once too often, no more. */
struct room {
    pthread_mutex_t mutex;
    pthread_cond_t changed; /* a nearer deadline, the end, or nobody suspended any more */
    pthread_t timer;
    bool timer_runs, closing;
    struct call *first[ROOM_BUCKETS];
    uint64_t wakes[ROOM_BUCKETS];
    int64_t nearest_ms; /* the deadline the timer sleeps for, or -1 */
    unsigned suspended; /* in the room or with other threads */
};

struct api_server {
    struct MHD_Daemon *daemon;
    int listen_fd, port;
    struct arena *arena;
    struct api_server_options options;
    struct room room;
    atomic_uint_fast64_t requests, refused, failed;
};

/* --- request.c --- */
struct call *call_new(struct api_server *server, struct MHD_Connection *connection, const char *target);
void call_free(struct call *call);
/* Before the body: path, method, who asks. False: answered already. */
bool call_admit(struct call *call, const char *method, const char *path);
void call_receive(struct call *call, const char *data, size_t length);
/* After the body: parameters and members are bound. False: answered already. */
bool call_bind(struct call *call);

/* --- address.c --- */
const char *api_address_text(struct arena *arena, const struct sockaddr *address);

/* --- room.c --- */
bool room_open(struct room *room, struct error *err);
/* No call waits from now on; those that do run again. Returns when nobody is suspended. */
void room_close(struct room *room);
void room_free(struct room *room);
bool room_is_closing(struct room *room);
uint64_t room_wakes(struct room *room, uint64_t topic);
/* Suspends until a wake after call->seen, or the deadline. False: there was one already, or the room is closing. */
bool room_enter(struct room *room, struct call *call, int64_t timeout_ms);
void room_wake(struct room *room, uint64_t topic);
void room_lend(struct room *room, struct call *call); /* suspends: another thread will give it back */
void room_return(struct room *room, struct call *call);
/* In the HTTP thread, when the call runs again or dies; what the other thread wrote is visible from here on. */
void room_leave(struct room *room, struct call *call);
