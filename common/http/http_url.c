/* SPDX-License-Identifier: Apache-2.0 */
/* Joining and comparing URLs through libcurl's URL interface. */
#include "common/http/http_url.h"

#include <ctype.h>
#include <string.h>

#include "common/base/text.h"
#include "common/http/http_transfer.h"

struct url {
    struct http_library library;
    CURLU *handle;
};

static void url_end(struct url *url)
{
    if (url->handle != NULL)
        url->library.url_cleanup(url->handle);
}
#define URL_SCOPED __attribute__((cleanup(url_end))) struct url

static bool url_start(struct arena *arena, struct url *url, const char *text, struct error *err)
{
    if (!http_library_load(&url->library, err))
        return false;
    url->handle = url->library.url();
    if (url->handle == NULL)
        return error_set(err, "no memory");
    if (url->library.url_set(url->handle, CURLUPART_URL, text, 0) != CURLUE_OK)
        return error_set(err, "this is not a URL: %s", http_url_shown(arena, text));
    return true;
}

/* One part in `arena`, or NULL. */
static char *url_part(struct arena *arena, struct url *url, CURLUPart part, unsigned flags)
{
    char *found = NULL, *copy;

    if (url->library.url_get(url->handle, part, &found, flags) != CURLUE_OK)
        return NULL;
    copy = arena_copy(arena, found);
    url->library.free(found);
    return copy;
}

bool http_url_join(struct arena *arena, const char *base, const char *reference, char **out, struct error *err)
{
    URL_SCOPED url = { 0 };
    char *joined = NULL;

    if (!url_start(arena, &url, base, err))
        return false;
    if (url.library.url_set(url.handle, CURLUPART_URL, reference, 0) == CURLUE_OK &&
        url.library.url_set(url.handle, CURLUPART_FRAGMENT, NULL, 0) == CURLUE_OK)
        joined = url_part(arena, &url, CURLUPART_URL, 0);
    if (joined == NULL)
        return error_set(err, "this is not a URL that can be followed: %.200s", reference);
    *out = joined;
    return true;
}

bool http_url_origin(struct arena *arena, const char *text, char **out, struct error *err)
{
    URL_SCOPED url = { 0 };
    char *scheme, *host, *port, *origin;

    if (!url_start(arena, &url, text, err))
        return false;
    scheme = url_part(arena, &url, CURLUPART_SCHEME, 0);
    host = url_part(arena, &url, CURLUPART_HOST, 0);
    port = url_part(arena, &url, CURLUPART_PORT, CURLU_DEFAULT_PORT);
    if (scheme == NULL || host == NULL || port == NULL)
        return error_set(err, "this URL names no host: %s", http_url_shown(arena, text));
    origin = arena_printf(arena, "%s://%s:%s", scheme, host, port);
    for (char *at = origin; *at != '\0'; at++)
        *at = (char)tolower((unsigned char)*at);
    *out = origin;
    return true;
}

char *http_url_escape(struct arena *arena, const char *text, const char *keep)
{
    struct text out = text_new(arena);

    text_add(&out, "");
    for (const char *at = text; *at != '\0'; at++) {
        unsigned char c = (unsigned char)*at;

        if ((c < 0x80 && isalnum(c)) || strchr("-._~", c) != NULL || strchr(keep, c) != NULL)
            text_add_char(&out, *at);
        else
            text_printf(&out, "%%%02X", c);
    }
    return out.data;
}
