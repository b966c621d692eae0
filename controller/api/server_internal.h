/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of controller/api share among themselves: the server and a call's other half. */
#pragma once

#include <microhttpd.h>
#include <stdatomic.h>

#include "common/base/text.h"
#include "common/trust/server_identity.h"
#include "controller/api/connection.h"
#include "controller/api/room.h"
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
    bool by_cookie;     /* who asks was told by a browser's session */
    const char *bearer; /* what they showed, for looking again, or NULL. SECRET */
    uint64_t looked;    /* server->looks at that time */
    bool has_sink;      /* the route's sink has begun */
    size_t sunk;        /* bytes given to it */
    size_t came;        /* bytes of the body, whatever became of them */
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
    int64_t looks_at_ms; /* when who listens is looked at anew, at the next occasion */
};

struct api_server {
    struct MHD_Daemon *daemon;
    int listen_fd, port;
    struct arena *arena;
    struct api_server_options options;
    struct room room;
    struct door door;
    uint64_t looks; /* how often somebody was to be looked at anew; of the HTTP thread alone */
    atomic_uint_fast64_t requests, refused, failed;
    struct server_identity *identity; /* NULL: no TLS */
};

/* --- request.c --- */
struct call *call_new(struct api_server *server, struct MHD_Connection *connection, const char *target);
void call_free(struct call *call);
/* Before the body: path, method, who asks. False: answered already. */
bool call_admit(struct call *call, const char *method, const char *path);
/* Whether who asks still may: what counted when they came may have been revoked, or have ended, while they waited. False: it is
 * answered, unless it streams already. */
bool call_still_may(struct call *call);
/* At most `wanted_ms`, but not longer than what was shown counts. */
int64_t call_patience_ms(const struct call *call, int64_t wanted_ms);
/* False: it is enough, the connection is to be cut. */
bool call_receive(struct call *call, const char *data, size_t length);
/* After the body: parameters and members are bound. False: answered already. */
bool call_bind(struct call *call);

/* --- body.c --- */
/* A body whose length is told twice hides one request in another. False: answered already. */
bool body_has_one_length(struct call *call);
/* By what the headers say: not longer than the route takes. False: answered already. */
bool body_is_wanted(struct call *call);
void body_refuse(struct call *call); /* that it is too long, or none is taken */
/* Counts; false: more than the route takes, and more than is swallowed for the sake of an answer. */
bool body_goes_on(struct call *call, size_t length);

/* --- address.c --- */
const char *api_address_text(struct arena *arena, const struct sockaddr *address);
