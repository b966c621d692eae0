/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One question to the controller: JSON both ways over TLS, verified by the CA that the node keeps and the name
 * roost-controller, whatever address is dialled. Proxies of the environment are not used.
 */
#pragma once

#include "common/http/http.h"
#include "common/value/value.h"

struct controller_address {
    const char *address;           /* "host:port" */
    const char *ca_path;           /* NULL: the certificate is not checked */
    const char *certificate, *key; /* of the node; NULL: none */
};

/* A request for `path`; `body` NULL: GET. Texts are in `arena`. */
struct http_request controller_request(struct arena *arena, const struct controller_address *to, const char *path,
                                       const struct value *body);

struct controller_answer {
    int status;
    const struct value *body;   /* null when it is no JSON */
    const char *text;           /* as it came */
    const char *code, *message; /* of {"error": {...}}; "" when there are none */
    int64_t clock_behind_s;     /* of this machine, by the answer's Date; 0: not known */
};

/* Makes sense of what came; never fails. */
void controller_answer_read(struct arena *arena, const struct http_response *response, const char *text, size_t length,
                            struct controller_answer *out);
/* Asks and waits. False: there is no answer. */
bool controller_ask(struct arena *arena, const struct controller_address *to, const char *path,
                    const struct value *body, struct controller_answer *out, struct error *err);
