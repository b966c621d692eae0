/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One connection to the controller, and one request on it at a time: HTTP/1.1 over TLS, driven by the caller's poll(). Nothing
 * waits. The connection is kept for the next request; one that the controller has closed meanwhile is made anew once,
 * unseen. Proxies of the environment are not used.
 */
#pragma once

#include <poll.h>

#include "agent/daemon/link_answer.h"
#include "common/trust/tls_stream.h"

struct controller_link;

struct link_request {
    struct arena *arena; /* of the answer; lives, as all that follows, until the request is over */
    const char *path;
    const char *body; /* JSON; NULL: GET */
    size_t body_length;
    const struct http_header
        *headers; /* beside those that are sent in any case; names and values are the caller's to check */
    size_t header_count;
    const char *upgrade;          /* the protocol to change to; NULL: none */
    const struct http_sink *sink; /* NULL: the body is kept */
    int64_t limit_bytes;          /* of the body; 0: LIMIT_API_BODY */
    int deadline_ms;              /* connecting included; 0: LIMIT_HTTP_TIMEOUT_MS without any data ends it */
};

enum link_step { LINK_WAIT, LINK_DONE, LINK_FAILED };

/* `address`: "host:port", what is dialled; `tls` lives as long as the link. */
bool controller_link_new(const char *address, const struct tls_client *tls, struct controller_link **out,
                         struct error *err);
void controller_link_free(struct controller_link *link); /* NULL is fine */

/* Begins; the link must not be busy. What moves, moves in the next step. */
void controller_link_start(struct controller_link *link, const struct link_request *request);
bool controller_link_is_busy(const struct controller_link *link);
/* Does what can be done. LINK_DONE and LINK_FAILED (err begins with "the controller at ...") end the request. Between
 * requests: LINK_WAIT, and a connection that was closed is let go. */
enum link_step controller_link_step(struct controller_link *link, struct error *err);
/* What to poll before the next step (fd -1: nothing), and until when at most (monotonic ms; INT64_MAX: no end). */
struct pollfd controller_link_wait(const struct controller_link *link, int64_t *until_ms_out);
/* The answer of the request that is done; lives in its arena. */
const struct link_answer *controller_link_answer(const struct controller_link *link);

/* After a 101: the connection is the caller's now, with what has come behind the head. The link can be freed. */
struct link_upgraded {
    struct tls_stream *stream;
    int fd;
    const char *early; /* in the request's arena */
    size_t early_length;
};
void controller_link_take(struct controller_link *link, struct link_upgraded *out);
/* The address of the controller's end of the connection that there is ("10.0.0.1"), in `arena`; NULL: there is none. */
const char *controller_link_peer(const struct controller_link *link, struct arena *arena);
