/* SPDX-License-Identifier: Apache-2.0 */
/* Finds user information in URLs wherever they stand in a text: command lines, output of programs, messages. */
#include "agent/system/network/url_secrets.h"

#include <string.h>

#include "common/base/text.h"

/* `at` is behind "://". Length of user information with its '@', or 0. A blank or a quote ends a URL. */
static size_t user_length(const char *at)
{
    size_t authority = strcspn(at, "/?# \t\r\n\"'<>"), length = 0;

    for (size_t i = 0; i < authority; i++)
        if (at[i] == '@')
            length = i + 1;
    return length;
}

static bool is_web(const char *start, const char *colon)
{
    size_t length = (size_t)(colon - start);

    return (length >= 4 && memcmp(colon - 4, "http", 4) == 0) || (length >= 5 && memcmp(colon - 5, "https", 5) == 0);
}

const char *url_secrets_hide(struct arena *arena, const char *text)
{
    struct text out = text_new(arena);
    const char *done = text;
    bool found = false;

    for (const char *at = strstr(text, "://"); at; at = strstr(at, "://")) {
        const char *user = at + 3, *colon;
        size_t length = user_length(user);
        bool web = is_web(text, at);
        at = user + length;
        if (length == 0)
            continue;
        colon = memchr(user, ':', length);
        if (!colon && !web)
            continue;
        text_add_n(&out, done, (size_t)((colon ? colon + 1 : user) - done));
        text_add(&out, "********");
        done = user + length - 1;
        found = true;
    }
    text_add(&out, done);
    return found ? out.data : text;
}
