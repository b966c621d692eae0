/* SPDX-License-Identifier: Apache-2.0 */
/* scheme://user:password@host:port/path?query#fragment, every part optional. */
#include "engine/template/url_split.h"

#include <ctype.h>
#include <string.h>

#include "common/base/text.h"
#include "engine/template/strings.h"
#include "engine/template/text_case.h"

struct url {
    const char *scheme, *netloc, *path, *query, *fragment;
};

/* Blanks and control characters in front and line breaks and tabs anywhere are no part of a URL. */
static char *cleaned(struct eval *eval, const struct value *url)
{
    const char *at = url->as.string.data;
    char *copy, *write;

    while (*at != '\0' && (unsigned char)*at <= ' ')
        at++;
    copy = write = arena_copy(eval->arena, at);
    for (const char *read = copy; *read != '\0'; read++)
        if (strchr("\t\r\n", *read) == NULL)
            *write++ = *read;
    *write = '\0';
    return copy;
}

static char *take_scheme(char *text, struct url *out)
{
    char *colon = strchr(text, ':');

    if (colon == NULL || colon == text || !isalpha((unsigned char)*text))
        return text;
    for (char *at = text; at < colon; at++)
        if (!isalnum((unsigned char)*at) && strchr("+-.", *at) == NULL)
            return text;
    for (char *at = text; at < colon; at++)
        *at = (char)tolower((unsigned char)*at);
    *colon = '\0';
    out->scheme = text;
    return colon + 1;
}

/* Cuts `text` at the last or first `mark`; what is behind it, or NULL. */
static char *cut(char *text, char mark, bool last)
{
    char *found = last ? strrchr(text, mark) : strchr(text, mark);

    if (found == NULL)
        return NULL;
    *found = '\0';
    return found + 1;
}

static struct url parse(struct eval *eval, const struct value *value)
{
    struct url url = { "", "", "", "", "" };
    char *at = take_scheme(cleaned(eval, value), &url), *behind;

    if (at[0] == '/' && at[1] == '/') {
        size_t length = strcspn(at + 2, "/?#");

        url.netloc = arena_copy_n(eval->arena, at + 2, length);
        at += 2 + length;
    }
    behind = cut(at, '#', false);
    url.fragment = behind == NULL ? "" : behind;
    behind = cut(at, '?', false);
    url.query = behind == NULL ? "" : behind;
    url.path = at;
    return url;
}

static bool port_of(struct eval *eval, const char *text, const struct value **out)
{
    int64_t port = 0;

    *out = value_null();
    if (text == NULL || *text == '\0')
        return true;
    if (strspn(text, "0123456789") != strlen(text))
        return eval_fail(eval, "Port could not be cast to integer value as '%s'", text) != NULL;
    if (!text_to_int(text, &port) || port > 65535)
        return eval_fail(eval, "Port out of range 0-65535") != NULL;
    *out = eval_int(eval, port);
    return true;
}

static const struct value *text_or_null(struct eval *eval, const char *text)
{
    return text == NULL ? value_null() : eval_text(eval, text);
}

struct authority {
    const char *user, *password, *host, *port;
};

static struct authority authority_of(struct eval *eval, const char *netloc)
{
    struct authority out = { 0 };
    char *user = arena_copy(eval->arena, netloc), *host = cut(user, '@', true), *bracket;

    if (host != NULL) {
        out.password = cut(user, ':', false);
        out.user = user;
    } else {
        host = user;
    }
    bracket = strchr(host, '[');
    if (bracket != NULL) {
        char *rest = cut(bracket, ']', false);

        out.host = bracket + 1;
        out.port = rest != NULL && *rest == ':' ? rest + 1 : NULL;
    } else {
        out.port = cut(host, ':', false);
        out.host = host;
    }
    return out;
}

static const struct value *host_name(struct eval *eval, const char *host)
{
    return *host == '\0' ? value_null() : strings_case(eval, eval_text(eval, host), CASE_LOWER);
}

const struct value *url_split(struct eval *eval, const struct value *value)
{
    struct url url = parse(eval, value);
    struct authority authority = authority_of(eval, url.netloc);
    struct value *map = eval_map(eval);
    const struct value *port = NULL;

    if ((strchr(url.netloc, '[') == NULL) != (strchr(url.netloc, ']') == NULL))
        return eval_fail(eval, "Invalid IPv6 URL");
    if (!port_of(eval, authority.port, &port))
        return NULL;
    value_map_put(eval->arena, map, "fragment", eval_text(eval, url.fragment));
    value_map_put(eval->arena, map, "hostname", host_name(eval, authority.host));
    value_map_put(eval->arena, map, "netloc", eval_text(eval, url.netloc));
    value_map_put(eval->arena, map, "password", text_or_null(eval, authority.password));
    value_map_put(eval->arena, map, "path", eval_text(eval, url.path));
    value_map_put(eval->arena, map, "port", port);
    value_map_put(eval->arena, map, "query", eval_text(eval, url.query));
    value_map_put(eval->arena, map, "scheme", eval_text(eval, url.scheme));
    value_map_put(eval->arena, map, "username", text_or_null(eval, authority.user));
    return map;
}
