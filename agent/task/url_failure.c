/* SPDX-License-Identifier: Apache-2.0 */
/* Turns sentences of common/http into those of urlopen. What names the URL again is dropped: results have it as url. */
#include "agent/task/url_failure.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/path.h"
#include "common/base/text.h"

#define ERRNO_MAX 133 /* EHWPOISON, Linux's last */

/* The path of a file:// URL, %41 as A; NULL: another URL. */
static const char *file_path(struct arena *arena, const char *url)
{
    struct text path = text_new(arena);
    const char *at = text_starts(url, "file://") ? strchr(url + 7, '/') : NULL;

    if (!at)
        return NULL;
    while (*at && *at != '?' && *at != '#') {
        bool is_code = *at == '%' && isxdigit((unsigned char)at[1]) && isxdigit((unsigned char)at[2]);
        char byte = is_code ? (char)strtol((const char[]){ at[1], at[2], '\0' }, NULL, 16) : *at;

        text_add_n(&path, &byte, 1);
        at += is_code ? 3 : 1;
    }
    return path.data;
}

static const char *error_text(struct arena *arena, int number, const char *path)
{
    if (path)
        return arena_printf(arena, "<urlopen error [Errno %d] %s: '%s'>", number, strerror(number), path);
    return arena_printf(arena, "<urlopen error [Errno %d] %s>", number, strerror(number));
}

static int number_of(const char *reason)
{
    for (int number = 1; number <= ERRNO_MAX; number++) {
        if (strcmp(strerror(number), reason) == 0)
            return number;
    }
    return 0;
}

const char *url_failure_text(struct arena *arena, const char *url, const char *said)
{
    static const char connect[] = ": no connection: ";
    const char *reason = strstr(said, connect), *path = file_path(arena, url);
    int number = reason ? number_of(reason + sizeof(connect) - 1) : 0;

    if (number > 0)
        return error_text(arena, number, NULL);
    if (strstr(said, ": the host name cannot be resolved"))
        return "<urlopen error [Errno -2] Name or service not known>";
    if (path && access(path, R_OK) != 0)
        return error_text(arena, errno, path);
    return said;
}

const char *url_folder_failure(struct arena *arena, const char *url)
{
    const char *path = file_path(arena, url);

    return path && path_is_folder(path) ? error_text(arena, EISDIR, path) : NULL;
}
