/* SPDX-License-Identifier: Apache-2.0 */
/* Taking URLs apart and putting them together (RFC 3986, section 5). */
#include "agent/task/uri_location.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "common/base/path.h"
#include "common/base/text.h"

/* Offsets of a URL's parts: scheme:, //authority, /path, ?query. */
struct parts {
    size_t authority; /* behind "://", or 0 */
    size_t path, query;
};

static struct parts parts_of(const char *url)
{
    const char *colon = strstr(url, "://");
    struct parts parts = { 0 };

    if (colon && (size_t)(colon - url) < strcspn(url, "/?#"))
        parts.authority = (size_t)(colon - url) + 3;
    parts.path = parts.authority + strcspn(url + parts.authority, "/?#");
    parts.query = parts.path + strcspn(url + parts.path, "?#");
    return parts;
}

static bool has_scheme(const char *text)
{
    size_t length = 0;

    while (isalnum((unsigned char)text[length]) || (length > 0 && text[length] && strchr("+-.", text[length])))
        length++;
    return length > 0 && isalpha((unsigned char)text[0]) && text[length] == ':';
}

/* Takes out "." and ".." of an absolute path. */
static char *path_clean(struct arena *arena, const char *path)
{
    size_t count = 0, kept = 0;
    char **names = text_split(arena, path, '/', &count);
    struct text out = text_new(arena);

    for (size_t i = 1; i < count; i++) {
        bool is_last = i + 1 == count, is_up = strcmp(names[i], "..") == 0, is_here = strcmp(names[i], ".") == 0;
        if (is_up && kept > 0)
            kept--;
        if (!is_up && !is_here)
            names[kept++] = names[i];
        else if (is_last)
            names[kept++] = arena_copy(arena, "");
    }
    for (size_t i = 0; i < kept; i++)
        text_printf(&out, "/%s", names[i]);
    return out.length > 0 ? out.data : arena_copy(arena, "/");
}

const char *uri_join(struct arena *arena, const char *base, const char *reference)
{
    struct parts parts = parts_of(base);
    size_t query = strcspn(reference, "?#");
    const char *tail = reference + query, *path = NULL;

    if (has_scheme(reference))
        return arena_copy(arena, reference);
    if (text_starts(reference, "//"))
        return arena_printf(arena, "%.*s%s", (int)(parts.authority >= 2 ? parts.authority - 2 : 0), base, reference);
    if (query == 0)
        return arena_printf(arena, "%.*s%s", (int)parts.query, base, reference);
    if (reference[0] == '/') {
        path = arena_copy_n(arena, reference, query);
    } else {
        const char *from = arena_copy_n(arena, base + parts.path, parts.query - parts.path);
        const char *slash = strrchr(from, '/');
        path = arena_printf(arena, "%.*s/%.*s", slash ? (int)(slash - from) : 0, from, (int)query, reference);
    }
    return arena_printf(arena, "%.*s%s%s", (int)parts.path, base, path_clean(arena, path), tail);
}

/* "host:port" in lower case, without user and password. */
static char *authority_of(struct arena *arena, const char *url)
{
    struct parts parts = parts_of(url);
    char *whole = arena_copy_n(arena, url + parts.authority, parts.path - parts.authority);
    char *at = strrchr(whole, '@');

    whole = at ? at + 1 : whole;
    return text_lower(whole);
}

static const char *with_port(struct arena *arena, const char *url)
{
    const char *authority = authority_of(arena, url), *close = strrchr(authority, ']');

    if (strchr(close ? close : authority, ':'))
        return authority;
    return arena_printf(arena, "%s:%s", authority, strncasecmp(url, "https", 5) == 0 ? "443" : "80");
}

bool uri_same_origin(struct arena *arena, const char *a, const char *b)
{
    size_t scheme = strcspn(a, ":");

    return scheme == strcspn(b, ":") && strncasecmp(a, b, scheme) == 0 &&
           strcmp(with_port(arena, a), with_port(arena, b)) == 0;
}

const char *uri_host(struct arena *arena, const char *url)
{
    char *authority = authority_of(arena, url);

    if (authority[0] == '[') {
        authority[strcspn(authority, "]")] = '\0';
        return authority + 1;
    }
    authority[strcspn(authority, ":")] = '\0';
    return authority;
}

const char *uri_path(struct arena *arena, const char *url)
{
    struct parts parts = parts_of(url);

    return parts.query > parts.path ? arena_copy_n(arena, url + parts.path, parts.query - parts.path) : "/";
}

const char *uri_location(struct arena *arena, const char *url, const char *location)
{
    struct parts parts = parts_of(url);

    if (strstr(location, "://"))
        return location;
    if (location[0] == '/')
        return arena_printf(arena, "%.*s%s", (int)parts.path, url, location);
    return arena_printf(arena, "%s/%s", path_dirname(arena, url), location);
}

static char *unquote(struct arena *arena, const char *text)
{
    static const char digits[] = "0123456789abcdef";
    struct text out = text_new(arena);

    for (; *text; text++) {
        const char *high =
            text[0] == '%' && isxdigit((unsigned char)text[1]) ? strchr(digits, tolower((unsigned char)text[1])) : NULL;
        if (high && isxdigit((unsigned char)text[2])) {
            const char *low = strchr(digits, tolower((unsigned char)text[2]));
            text_add_char(&out, (char)((high - digits) * 16 + (low - digits)));
            text += 2;
        } else {
            text_add_char(&out, *text);
        }
    }
    return out.data ? out.data : arena_copy(arena, "");
}

const char *uri_filename(struct arena *arena, const char *url, const char *disposition)
{
    const char *found = disposition ? strcasestr(disposition, "filename=") : NULL;
    char *name = NULL;

    if (found) {
        found += strlen("filename=");
        name = *found == '"' ? arena_copy_n(arena, found + 1, strcspn(found + 1, "\""))
                             : arena_copy_n(arena, found, strcspn(found, "; \t"));
    } else {
        char *path = arena_copy(arena, uri_path(arena, url));
        for (size_t length = strlen(path); length > 0 && path[length - 1] == '/'; length--)
            path[length - 1] = '\0';
        name = unquote(arena, path_basename(path));
    }
    /* A server does not choose the folder. */
    const char *base = path_basename(name);
    return base[0] && strcmp(base, ".") != 0 && strcmp(base, "..") != 0 ? base : "index.html";
}
