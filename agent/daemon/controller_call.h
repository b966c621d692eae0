/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions to the controller that are waited for: JSON both ways over TLS, verified by the CA that the node keeps and the name
 * roost-controller, whatever address is dialled. Proxies of the environment are not used. The daemon's own loop, which
 * must not wait, uses controller_link.h.
 */
#pragma once

#include "agent/daemon/controller_link.h"
#include "agent/daemon/identity.h"
#include "common/value/value.h"

struct controller_address {
    const char *address;           /* "host:port" */
    const char *ca_path;           /* NULL: the certificate is not checked */
    const char *certificate, *key; /* of the node; NULL: none */
};

struct controller_answer {
    int status;
    const struct value *body;   /* null when it is no JSON */
    const char *text;           /* as it came */
    const char *etag;           /* NULL: none was sent */
    const char *code, *message; /* of {"error": {...}}; "" when there are none */
    int64_t clock_behind_s;     /* of this machine, by the answer's Date; 0: not known */
};

/* The node's own, by which it is known. */
struct controller_address controller_address_of(const struct identity *identity);

/* Makes sense of what came; never fails. */
void controller_answer_read(struct arena *arena, const struct http_response *response, const char *text, size_t length,
                            struct controller_answer *out);

/* Asks and waits. False: there is no answer. */
bool controller_ask(struct arena *arena, const struct controller_address *to, const char *path,
                    const struct value *body, struct controller_answer *out, struct error *err);

/* The same for many questions over one connection. */
struct controller_talk;
bool controller_talk_open(const struct controller_address *to, struct controller_talk **out, struct error *err);
void controller_talk_close(struct controller_talk *talk); /* NULL is fine */
bool controller_talk_ask(struct controller_talk *talk, struct arena *arena, const char *path, const struct value *body,
                         struct controller_answer *out, struct error *err);

struct controller_fetch {
    const char *path;
    const char *etag;             /* sent as If-None-Match: 304 when it is still that one; NULL: not sent */
    const struct http_sink *sink; /* of a body with status 200; NULL: it is kept, in answer.text */
    int64_t limit_bytes;          /* of the body; 0: LIMIT_API_BODY */
};
/* A GET of anything. What comes with another status than 200 never reaches the sink: it is in the answer. */
bool controller_talk_fetch(struct controller_talk *talk, struct arena *arena, const struct controller_fetch *fetch,
                           struct controller_answer *out, struct error *err);

/* Until the request of a link is over; for a link that is not part of a loop. */
bool controller_link_finish(struct controller_link *link, struct error *err);
bool controller_tls_open(const struct controller_address *to, struct tls_client **out, struct error *err);
