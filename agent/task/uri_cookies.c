/* SPDX-License-Identifier: Apache-2.0 */
/* A cookie jar for one task (RFC 6265, as far as one host and its paths need it). */
#include "agent/task/uri_cookies.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "agent/task/uri_location.h"
#include "common/base/text.h"

struct set_cookie {
    struct uri_cookie cookie;
    const char *domain;
    bool is_expired;
};

static bool date_is_past(const char *text, time_t now)
{
    static const char *const formats[] = { "%a, %d %b %Y %H:%M:%S", "%a, %d-%b-%Y %H:%M:%S", "%A, %d-%b-%y %H:%M:%S" };

    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        struct tm at = { 0 };
        if (strptime(text, formats[i], &at))
            return timegm(&at) <= now;
    }
    return false;
}

static void attribute_take(struct set_cookie *set, struct arena *arena, const char *text, time_t now)
{
    const char *equals = strchr(text, '=');
    const char *name = text_trim(arena, text, equals ? (size_t)(equals - text) : strlen(text));
    const char *value = equals ? text_trim(arena, equals + 1, strlen(equals + 1)) : "";
    int64_t seconds = 0;

    if (strcasecmp(name, "path") == 0 && value[0] == '/')
        set->cookie.path = value;
    else if (strcasecmp(name, "domain") == 0 && value[0])
        set->domain = value[0] == '.' ? value + 1 : value;
    else if (strcasecmp(name, "max-age") == 0 && text_to_int(value, &seconds))
        set->is_expired = seconds <= 0;
    else if (strcasecmp(name, "expires") == 0)
        set->is_expired = set->is_expired || date_is_past(value, now);
}

/* The folder of the path that set the cookie. */
static const char *default_path(struct arena *arena, const char *url)
{
    const char *path = uri_path(arena, url), *slash = strrchr(path, '/');

    return slash && slash > path ? arena_copy_n(arena, path, (size_t)(slash - path)) : "/";
}

static bool parse(struct arena *arena, const char *url, const char *header, time_t now, struct set_cookie *out)
{
    size_t count = 0;
    char **parts = text_split(arena, header, ';', &count);
    const char *equals = strchr(parts[0], '=');

    if (!equals)
        return false;
    *out = (struct set_cookie){ .cookie = { uri_host(arena, url), default_path(arena, url),
                                            text_trim(arena, parts[0], (size_t)(equals - parts[0])),
                                            text_trim(arena, equals + 1, strlen(equals + 1)) } };
    for (size_t i = 1; i < count; i++)
        attribute_take(out, arena, parts[i], now);
    /* A server may set cookies for itself and for the domain it is in. */
    if (!out->domain || strcasecmp(out->domain, out->cookie.host) == 0)
        return true;
    return text_ends(out->cookie.host, arena_printf(arena, ".%s", out->domain)) && strchr(out->domain, '.');
}

static void put(struct uri_cookies *cookies, const struct set_cookie *set)
{
    const struct uri_cookie *wanted = &set->cookie;
    size_t at = 0;

    while (at < cookies->count &&
           (strcmp(cookies->items[at].name, wanted->name) != 0 || strcmp(cookies->items[at].path, wanted->path) != 0 ||
            strcmp(cookies->items[at].host, wanted->host) != 0))
        at++;
    if (set->is_expired) {
        if (at < cookies->count)
            memmove(cookies->items + at, cookies->items + at + 1, (--cookies->count - at) * sizeof(*cookies->items));
        return;
    }
    if (at == cookies->count) {
        cookies->items = arena_grow(cookies->arena, cookies->items, cookies->count * sizeof(*cookies->items),
                                    (cookies->count + 1) * sizeof(*cookies->items));
        cookies->count++;
    }
    cookies->items[at] = *wanted;
}

void uri_cookies_take(struct uri_cookies *cookies, const char *url, const struct http_response *response, time_t now)
{
    struct set_cookie set;

    for (size_t i = 0; i < response->header_count; i++)
        if (strcasecmp(response->headers[i].name, "Set-Cookie") == 0 &&
            parse(cookies->arena, url, response->headers[i].value, now, &set))
            put(cookies, &set);
}

static bool path_covers(const char *cookie, const char *path)
{
    size_t length = strlen(cookie);

    return strncmp(cookie, path, length) == 0 &&
           (cookie[length - 1] == '/' || path[length] == '/' || path[length] == '\0');
}

static void add_pair(struct text *out, const struct uri_cookie *cookie)
{
    text_printf(out, "%s%s=%s", out->length > 0 ? "; " : "", cookie->name, cookie->value);
}

const char *uri_cookies_header(const struct uri_cookies *cookies, const char *url)
{
    const char *host = uri_host(cookies->arena, url), *path = uri_path(cookies->arena, url);
    struct text out = text_new(cookies->arena);

    for (size_t i = 0; i < cookies->count; i++)
        if (strcmp(cookies->items[i].host, host) == 0 && path_covers(cookies->items[i].path, path))
            add_pair(&out, &cookies->items[i]);
    return out.length > 0 ? out.data : NULL;
}

struct value *uri_cookies_map(const struct uri_cookies *cookies)
{
    struct value *map = value_map(cookies->arena);

    for (size_t i = 0; i < cookies->count; i++)
        value_map_put_string(cookies->arena, map, cookies->items[i].name, cookies->items[i].value);
    return map;
}

const char *uri_cookies_text(const struct uri_cookies *cookies)
{
    struct text out = text_new(cookies->arena);

    for (size_t i = 0; i < cookies->count; i++)
        add_pair(&out, &cookies->items[i]);
    return out.length > 0 ? out.data : "";
}
