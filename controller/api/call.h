/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request and its answer, as a route's function sees them. The function runs in the HTTP thread and must not block: it
 * replies, waits for a topic, or hands the call to another thread (api_await) which gives it back (api_resume). A call that
 * was suspended is given back exactly once; its memory lives until the answer has been sent.
 */
#pragma once

#include <stdint.h>

#include "controller/api/route.h"

enum api_identity_kind { API_NOBODY, API_IS_NODE, API_IS_OPERATOR, API_IS_CLIENT };

/* Who asks, as the authenticator found. Texts are in the call's arena. */
struct api_identity {
    enum api_identity_kind kind;
    enum api_access role;    /* operators: API_VIEWER, API_OPERATOR or API_ADMIN; clients: API_CLIENT */
    const char *name;        /* of the token or the node; API_NOBODY: of what is worth nothing any more, or NULL */
    const char *fingerprint; /* nodes: SHA-256 of the key, hex */
    const char *key_id;      /* clients */
    int64_t node_id, generation;
    bool expired;    /* nodes: the certificate has run out */
    int64_t ends_us; /* wall clock; when what was shown is worth nothing any more; 0: it does not end by itself */
    /* API_NOBODY: what is wrong with what was shown, for who holds it: a code and a sentence; NULL: nothing is told. */
    const char *why_code, *why;
};

struct api_call {
    struct arena *arena;
    const struct api_route *route;
    const struct api_table *table; /* all routes: for the documents made of them */
    void *context;                 /* the server's owner */
    struct api_identity identity;
    const void *query, *body;       /* bound by the route's specs; NULL where it has none */
    const struct value *body_value; /* the JSON object as it came */
    const char *peer;               /* address, for the audit log */
    bool timed_out;                 /* run again because api_wait's time was over */
    void *state;                    /* the route's own, kept over waits */
    void *taken;                    /* the route's sink's own */
};

/* The value of "{name}" in the path. */
const char *api_path_value(const struct api_call *call, const char *name);
/* What was asked for, with its "?...", as it came. */
const char *api_path(const struct api_call *call);
/* The client's TCP socket, to be watched for its end until the call is over; -1: not known. */
int api_socket(const struct api_call *call);
/* The server that the call came in by. */
struct api_server *api_server_of(const struct api_call *call);
/* A request header, or NULL. */
const char *api_header(const struct api_call *call, const char *name);

/* --- answers: one of these once per call --- */
/* JSON. What operators GET with 200 has an ETag of its bytes, unless api_not_modified set one; who knows them gets 304. */
void api_reply(struct api_call *call, int status, const struct value *body);
/* `bytes` must be in the call's arena or constant. */
void api_reply_bytes(struct api_call *call, int status, const char *content_type, const char *bytes, size_t length);
/* The file behind `fd`, which is closed when it has been sent, as MHD reads it: whatever its size it takes no memory. */
void api_reply_file(struct api_call *call, int status, const char *content_type, int fd, int64_t size);
/* {"error": {"code": ..., "message": ...}} */
void api_reply_error(struct api_call *call, int status, const char *code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Before the answer. */
void api_reply_header(struct api_call *call, const char *name, const char *value);
/* Sets ETag; true when the client has that version already: the answer (304) is given. `version` is quoted here. */
bool api_not_modified(struct api_call *call, const char *version);

/*
 * A stream without end (server-sent events); it ends when who asked for it may not any more. `next` fills up to `size` bytes: 0 when there is nothing now (it runs again when
 * the topic is woken, or after keep_alive_ms, when a comment is sent), -1 at the end.
 */
struct api_stream {
    const char *content_type;
    uint64_t topic;
    int64_t keep_alive_ms;
    long (*next)(struct api_call *call, char *buffer, size_t size);
};
void api_reply_stream(struct api_call *call, const struct api_stream *stream);

/* --- waiting --- */
/* To be called before looking whether there is something: a wake that comes after it is not missed by api_wait. */
void api_watch(struct api_call *call, uint64_t topic);
/* Suspends until the topic is woken or the time is over; then the route's function runs again, if who asks still may. */
void api_wait(struct api_call *call, int64_t timeout_ms);
/* Suspends; after api_resume (from any thread) `then` runs in the HTTP thread. */
void api_await(struct api_call *call, void (*then)(struct api_call *call));
void api_resume(struct api_call *call);

/* --- another protocol: 101, and the connection is handed over --- */
struct api_upgrade {
    const char *protocol;
    /* In the HTTP thread, with a descriptor to read from and write to; it must not block. */
    void (*opened)(void *data, int fd, void *connection);
    void *data; /* in the call's arena */
};
/* The client must have asked for it by Upgrade. */
void api_reply_upgrade(struct api_call *call, const struct api_upgrade *upgrade);
/* Once, from any thread, before the server is stopped; the descriptor is closed by it. */
void api_upgraded_close(void *connection);
/*
 * Any thread, before that: the client has ended the connection, or is gone without a word for half a minute, and what it sent is taken.
 * The descriptor does not show it: libmicrohttpd ends it when both directions have ended.
 */
bool api_upgraded_is_over(void *connection);
