/* SPDX-License-Identifier: Apache-2.0 */
/* Following redirects. Passwords, Authorization and Cookie headers stay with the server they were meant for. */
#include "agent/task/uri_exchange.h"

#include <string.h>
#include <strings.h>

#include "agent/task/uri_location.h"
#include "common/base/limits.h"
#include "common/base/text.h"

static bool is_redirect(int status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

static bool is_get(const char *method)
{
    return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
}

static bool in_list(const struct value *names, const char *name)
{
    for (size_t i = 0; i < value_count(names); i++)
        if (strcasecmp(value_text(value_item(names, i)), name) == 0)
            return true;
    return false;
}

static bool is_for_body(const char *name)
{
    return strcasecmp(name, "Content-Type") == 0 || strcasecmp(name, "Content-Length") == 0;
}

static bool is_secret(const char *name)
{
    return strcasecmp(name, "Authorization") == 0 || strcasecmp(name, "Cookie") == 0 ||
           strcasecmp(name, "Proxy-Authorization") == 0;
}

/* The request of one hop: the first one's headers less what a redirect must not have, plus cookies. */
static struct http_request hop_request(struct arena *arena, const struct uri_exchange *exchange,
                                       const struct http_request *now, const struct uri_cookies *cookies)
{
    struct http_request request = *now;
    const struct http_request *first = &exchange->request;
    struct http_header *headers = arena_new_array(arena, struct http_header, first->header_count + 1);
    bool is_first = strcmp(now->url, first->url) == 0, same = is_first || uri_same_origin(arena, first->url, now->url);
    const char *cookie = uri_cookies_header(cookies, now->url);

    request.header_count = 0;
    for (size_t i = 0; i < first->header_count; i++) {
        const char *name = first->headers[i].name;
        if ((!is_first && in_list(exchange->unredirected, name)) || (!same && is_secret(name)) ||
            (!is_first && !now->body && is_for_body(name)))
            continue;
        headers[request.header_count++] = first->headers[i];
    }
    if (cookie)
        headers[request.header_count++] = (struct http_header){ "Cookie", cookie };
    if (!same)
        request.username = request.password = NULL;
    request.headers = headers;
    request.follow = HTTP_FOLLOW_NONE;
    return request;
}

/* What the next request is; false: the answer is the last one. */
static bool redirect(struct arena *arena, const struct uri_exchange *exchange, const struct http_response *response,
                     struct http_request *request)
{
    const char *location = http_header_get(response, "Location");

    if (exchange->follow == HTTP_FOLLOW_NONE || !is_redirect(response->status) || !location ||
        (exchange->follow == HTTP_FOLLOW_SAFE && !is_get(request->method)))
        return false;
    request->url = uri_join(arena, request->url, location);
    if (strcmp(request->method, "HEAD") == 0)
        return true;
    if (response->status == 303 || response->status == 302 ||
        (response->status == 301 && strcmp(request->method, "POST") == 0)) {
        request->method = "GET";
        request->body = NULL;
        request->body_length = 0;
    }
    return true;
}

static bool check_target(struct arena *arena, const char *url, struct error *err)
{
    if (strncasecmp(url, "http://", 7) == 0 || strncasecmp(url, "https://", 8) == 0)
        return true;
    return error_set(err, "the server redirects to '%s', which is not HTTP", http_url_shown(arena, url));
}

bool uri_exchange_run(struct arena *arena, const struct uri_exchange *exchange, struct uri_answer *out,
                      struct error *err)
{
    struct http_request request = exchange->request;

    *out = (struct uri_answer){ .url = request.url, .cookies = { .arena = arena } };
    for (int hop = 0; hop <= LIMIT_HTTP_REDIRECTS; hop++) {
        const struct http_request now = hop_request(arena, exchange, &request, &out->cookies);
        if (!exchange->restart(exchange->sink.data, err) ||
            !http_download(arena, &now, &exchange->sink, &out->response, err))
            return false;
        uri_cookies_take(&out->cookies, request.url, &out->response, time(NULL));
        out->url = request.url;
        out->is_redirected = hop > 0;
        if (!redirect(arena, exchange, &out->response, &request))
            return true;
        if (!check_target(arena, request.url, err))
            return false;
    }
    out->is_endless = true;
    return true;
}
