/* SPDX-License-Identifier: Apache-2.0 */
/* Cookies that servers set during one task: kept, sent back to the same host, shown in the result. */
#pragma once

#include <time.h>

#include "common/http/http.h"
#include "common/value/value.h"

struct uri_cookie {
    const char *host, *path, *name, *value;
};

struct uri_cookies {
    struct arena *arena;
    struct uri_cookie *items;
    size_t count;
};

/* Takes the Set-Cookie headers of an answer from `url`. Expired ones are forgotten. */
void uri_cookies_take(struct uri_cookies *cookies, const char *url, const struct http_response *response, time_t now);
/* Value of the Cookie header for `url`, or NULL. */
const char *uri_cookies_header(const struct uri_cookies *cookies, const char *url);
struct value *uri_cookies_map(const struct uri_cookies *cookies);
const char *uri_cookies_text(const struct uri_cookies *cookies); /* "a=1; b=2" */
