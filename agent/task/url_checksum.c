/* SPDX-License-Identifier: Apache-2.0 */
/* Text only: file names in URLs and in files of checksums, as sha256sum and its sisters write them. */
#include "agent/task/url_checksum.h"

#include <ctype.h>
#include <string.h>

#include "common/base/path.h"
#include "common/base/text.h"

const char *url_filename(struct arena *arena, const char *url)
{
    const char *scheme = strstr(url, "://"), *path = scheme ? strchr(scheme + 3, '/') : strchr(url, '/');

    path = path ? arena_copy_n(arena, path, strcspn(path, "?#")) : "";
    return path_basename(path)[0] ? path_basename(path) : "index.html";
}

bool url_is_complete(const char *text)
{
    static const char *const schemes[] = { "http://", "https://", "ftp://", "file://" };

    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        if (text_starts(text, schemes[i]))
            return true;
    }
    return false;
}

/* "HEX  NAME" or "HEX *NAME", NAME perhaps with ./ in front: HEX if it is for `filename`. */
static const char *checksum_of_line(struct arena *arena, const char *line, const char *filename)
{
    const char *blank = strchr(line, ' ');

    if (!blank)
        return NULL;
    const char *name = blank + 1;
    name += *name == ' ' || *name == '*';
    name += strspn(name, "./");
    return strcmp(name, filename) == 0 ? arena_copy_n(arena, line, (size_t)(blank - line)) : NULL;
}

const char *url_checksum_find(struct arena *arena, const char *data, const char *filename)
{
    char *trimmed = text_trim(arena, data, strlen(data));
    size_t count = 0;

    if (trimmed[0] && !strpbrk(trimmed, " \t\n"))
        return trimmed;
    char **lines = text_split(arena, data, '\n', &count);
    for (size_t i = 0; i < count; i++) {
        const char *found = checksum_of_line(arena, lines[i], filename);
        if (found)
            return found;
    }
    return NULL;
}

const char *url_checksum_clean(struct arena *arena, const char *text)
{
    struct text hex = text_new(arena);

    for (; *text; text++) {
        if (isalnum((unsigned char)*text) || *text == '_')
            text_add_char(&hex, (char)tolower((unsigned char)*text));
    }
    return hex.length > 0 && strspn(hex.data, "0123456789abcdef") == hex.length ? hex.data : NULL;
}
