/* SPDX-License-Identifier: Apache-2.0 */
/* A request with its redirects, each of which is a request of its own: cookies, methods and headers by Ansible's rules. */
#pragma once

#include "agent/task/uri_cookies.h"

struct uri_exchange {
    struct http_request request; /* its `follow` is not used */
    enum http_follow follow;
    const struct value *unredirected; /* names of headers that a redirect does not get, or NULL */
    struct http_sink sink;
    /* Called before each answer: what came so far belongs to a redirect. */
    bool (*restart)(void *data, struct error *err);
};

struct uri_answer {
    struct http_response response;
    const char *url; /* the last one, as it was asked for */
    bool is_redirected;
    bool is_endless; /* there were too many redirects; `response` is the last one */
    struct uri_cookies cookies;
};

bool uri_exchange_run(struct arena *arena, const struct uri_exchange *exchange, struct uri_answer *out,
                      struct error *err);
