/* SPDX-License-Identifier: Apache-2.0 */
/* Redirects and refusals of hubs and their content servers. */
#include "common/model/remote.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/http/http_url.h"

static const char *without_query(struct arena *arena, const char *url)
{
    const char *shown = http_url_shown(arena, url);

    return arena_copy_n(arena, shown, strcspn(shown, "?#"));
}

bool remote_start(struct arena *arena, const char *url, const char *token, struct remote *out, struct error *err)
{
    struct remote remote = { .url = url, .token = token, .shown = without_query(arena, url) };
    char *origin = NULL;

    if (!http_url_origin(arena, url, &origin, err))
        return false;
    remote.origin = origin;
    *out = remote;
    return true;
}

void remote_request(struct arena *arena, const struct remote *remote, const struct model_settings *settings,
                    const char *range, struct http_request *out)
{
    struct http_header *headers = arena_new_array(arena, struct http_header, 3);
    size_t count = 0;

    headers[count++] = (struct http_header){ "Accept-Encoding", "identity" };
    if (remote->token != NULL && !remote->is_elsewhere)
        headers[count++] = (struct http_header){ "Authorization", arena_printf(arena, "Bearer %s", remote->token) };
    if (range != NULL)
        headers[count++] = (struct http_header){ "Range", arena_printf(arena, "bytes=%s", range) };
    *out = (struct http_request){
        .url = remote->url,
        .shown = remote->shown,
        .headers = headers,
        .header_count = count,
        .timeout_ms = settings->timeout_ms,
        .follow = HTTP_FOLLOW_NONE,
        .public_only = remote->hops > 0 && remote->is_first_public,
        .http1 = true,
    };
}

bool remote_is_redirect(const struct http_response *response)
{
    return response->status == 301 || response->status == 302 || response->status == 303 || response->status == 307 ||
           response->status == 308;
}

bool remote_follow(struct arena *arena, struct remote *remote, const struct http_response *response, struct error *err)
{
    const char *location = http_header_get(response, "Location");
    char *url = NULL, *origin = NULL;

    if (location == NULL || location[0] == '\0')
        return error_set(err, "%s: a redirect that does not say where to", remote->shown);
    if (remote->hops >= LIMIT_HTTP_REDIRECTS)
        return error_set(err, "%s: too many redirects", remote->shown);
    /* the words for it would hold the whole location, signatures too */
    if (!http_url_join(arena, remote->url, location, &url, err) || !http_url_origin(arena, url, &origin, err))
        return error_set(err, "%s: a redirect to what is no URL that can be followed", remote->shown);
    if (!text_starts(origin, "https://") && !text_starts(origin, "http://"))
        return error_set(err, "%s: refused: a redirect to %.20s, which is not http", remote->shown, origin);
    if (text_starts(remote->url, "https://") && !text_starts(origin, "https://"))
        return error_set(err, "%s: refused: a redirect from https to http", remote->shown);
    if (remote->hops == 0)
        remote->is_first_public = !response->peer_is_private;
    remote->url = url;
    remote->shown = without_query(arena, url);
    remote->hops++;
    if (strcmp(origin, remote->origin) != 0)
        remote->is_elsewhere = true; /* and stays so: who came back could have been sent back */
    return true;
}

static int month_of(const char *name)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

    for (int month = 0; month < 12; month++) {
        if (strncmp(months + month * 3L, name, 3) == 0)
            return month;
    }
    return -1;
}

/* "Sun, 06 Nov 1994 08:49:37 GMT" as seconds, without any locale. */
static bool date_seconds(const char *text, int64_t *out)
{
    int numbers[5] = { 0 }, count = 0, month = -1;
    struct tm when = { 0 };

    for (const char *at = text; *at != '\0' && count < 5;) {
        if (isalpha((unsigned char)*at)) {
            if (count == 1 && month < 0)
                month = month_of(at);
            while (isalpha((unsigned char)*at))
                at++;
        } else if (isdigit((unsigned char)*at)) {
            for (; isdigit((unsigned char)*at) && numbers[count] < 10000; at++)
                numbers[count] = numbers[count] * 10 + (*at - '0');
            count++;
        } else {
            at++;
        }
    }
    if (count < 5 || month < 0)
        return false;
    when.tm_mday = numbers[0];
    when.tm_mon = month;
    when.tm_year = numbers[1] - 1900;
    when.tm_hour = numbers[2];
    when.tm_min = numbers[3];
    when.tm_sec = numbers[4];
    *out = (int64_t)timegm(&when);
    return true;
}

int64_t remote_retry_after_ms(const char *header, const char *date)
{
    int64_t seconds = 0, then = 0, now = 0;

    if (header == NULL)
        return -1;
    if (text_to_int(header, &seconds))
        return seconds < 0 ? -1 : seconds > 1000 * 1000 ? INT64_C(1000) * 1000 * 1000 : seconds * 1000;
    if (date == NULL || !date_seconds(header, &then) || !date_seconds(date, &now))
        return -1;
    return then > now ? (then - now) * 1000 : 0;
}

bool remote_is_temporary(const struct http_response *response, int64_t *wait_ms_out)
{
    int status = response->status;

    *wait_ms_out = remote_retry_after_ms(http_header_get(response, "Retry-After"), http_header_get(response, "Date"));
    return status == 408 || status == 425 || status == 429 || (status >= 500 && status != 501 && status != 505);
}

/* A server's words may be shown: a terminal would obey some. */
static bool can_be_shown(const char *words)
{
    for (const char *at = words; *at != '\0'; at++) {
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            return false;
    }
    return text_utf8_valid(words, strlen(words));
}

/* What a hub says in its own words, if it can be shown. */
static const char *hub_words(struct arena *arena, const struct http_response *response)
{
    const char *words = http_header_get(response, "X-Error-Message");

    return words == NULL || !can_be_shown(words) ? "" : arena_printf(arena, " (%.200s)", words);
}

bool remote_refused(struct arena *arena, const struct remote *remote, const struct http_response *response,
                    struct error *err)
{
    const char *words = hub_words(arena, response), *what = can_be_shown(response->reason) ? response->reason : "?";
    const char *code = http_header_get(response, "X-Error-Code");

    if (response->status == 401 || response->status == 403)
        what = remote->token == NULL ? "access was denied; is it private or gated, and a token missing?"
                                     : "access was denied, with the token that is set";
    else if (response->status == 404 && code != NULL && strcmp(code, "RevisionNotFound") == 0)
        what = "there is no such revision";
    else if (response->status == 404 && code != NULL && strcmp(code, "RepoNotFound") == 0)
        what = "there is no such repository";
    else if (response->status == 404)
        what = "there is no such file or repository";
    else if (response->status == 429)
        what = "the server refuses for now: too many requests";
    return error_set(err, "%s: HTTP status %d: %.200s%s", remote->shown, response->status, what, words);
}
