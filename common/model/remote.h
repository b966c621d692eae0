/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A URL on its way through redirects, and the rules for them: the token goes to the origin it was given for and to no
 * other; never from https to http; a public server may not send us to a private address; not more than
 * LIMIT_HTTP_REDIRECTS of them.
 */
#pragma once

#include "common/http/http_group.h"
#include "common/model/model_settings.h"

struct remote {
    const char *url;      /* where it is now */
    const char *shown;    /* without query and user: signatures are secrets */
    const char *origin;   /* that the token belongs to: of the first URL */
    const char *token;    /* of `origin`, or NULL */
    bool is_first_public; /* the first server has a public address */
    bool is_elsewhere;    /* not at `origin` any more */
    int hops;
};

bool remote_start(struct arena *arena, const char *url, const char *token, struct remote *out, struct error *err);
/* A request for where it is now. Headers are made in `arena`; `range` is "0-99" or NULL. */
void remote_request(struct arena *arena, const struct remote *remote, const struct model_settings *settings,
                    const char *range, struct http_request *out);
/* Follows an answer of status 3xx. */
bool remote_follow(struct arena *arena, struct remote *remote, const struct http_response *response, struct error *err);
bool remote_is_redirect(const struct http_response *response);
/* True: the same may work later (408, 425, 429, 5xx). *wait_ms_out: what the server asks for, or -1. */
bool remote_is_temporary(const struct http_response *response, int64_t *wait_ms_out);
/* Milliseconds that a Retry-After header asks for; a date counts from the answer's own Date, so that no clock of ours
 * matters. -1: it says nothing. */
int64_t remote_retry_after_ms(const char *header, const char *date);
/* Why an answer is none, in a sentence: status, and what the hub says about it. Always false. */
bool remote_refused(struct arena *arena, const struct remote *remote, const struct http_response *response,
                    struct error *err);
