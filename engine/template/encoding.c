/* SPDX-License-Identifier: Apache-2.0 */
/* Text in other encodings than UTF-8, through the C library. */
#include "engine/template/encoding.h"

#include <errno.h>
#include <iconv.h>
#include <string.h>

#include "common/base/text.h"

#define ENCODING_NAME_MAX 40

/* Python's names that iconv spells otherwise; "utf-8" and its kin need no conversion. */
static const char *encoding_name(struct arena *arena, const char *name)
{
    static const struct {
        const char *python, *iconv;
    } names[] = { { "utf-8", NULL },
                  { "utf8", NULL },
                  { "u8", NULL },
                  { "utf", NULL },
                  { "latin-1", "LATIN1" },
                  { "latin1", "LATIN1" },
                  { "utf-16-le", "UTF-16LE" },
                  { "utf-16-be", "UTF-16BE" },
                  { "utf-32-le", "UTF-32LE" },
                  { "utf-32-be", "UTF-32BE" },
                  { "ascii", "US-ASCII" },
                  { "us-ascii", "US-ASCII" } };
    char *lower = text_lower(arena_copy(arena, name));

    for (char *c = lower; *c != '\0'; c++)
        *c = *c == '_' ? '-' : *c;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(names[i].python, lower) == 0)
            return names[i].iconv;
    return lower;
}

bool encoding_find(struct arena *arena, const char *name, const char **out, struct error *err)
{
    if (strlen(name) > ENCODING_NAME_MAX || strpbrk(name, "/,") != NULL)
        return error_set(err, "unknown encoding: %s", name);
    *out = *name == '\0' ? NULL : encoding_name(arena, name);
    return true;
}

bool encoding_convert(const char *to, const char *from, const char *data, size_t length, struct text *out,
                      struct error *err)
{
    const char *other = strcmp(to, "UTF-8") == 0 ? from : to;
    char *at = arena_copy_n(out->arena, data, length); /* iconv wants it without const */
    iconv_t door = iconv_open(to, from);
    char piece[4096];
    bool good = true;

    if (door == (iconv_t)-1)
        return error_set(err, "unknown encoding: %s", other);
    while (good && length > 0) {
        char *made = piece;
        size_t room = sizeof(piece);

        good = iconv(door, &at, &length, &made, &room) != (size_t)-1 || errno == E2BIG;
        text_add_n(out, piece, (size_t)(made - piece));
    }
    iconv_close(door);
    return good || error_set(err, "'%s' codec can't convert a character of the text", other);
}

bool encoding_read(struct arena *arena, const char *name, char **data, size_t *length, struct error *err)
{
    struct text out = text_new(arena);
    const char *encoding = NULL;

    if (!encoding_find(arena, name, &encoding, err))
        return false;
    if (encoding == NULL)
        return true;
    if (!encoding_convert("UTF-8", encoding, *data, *length, &out, err))
        return false;
    *data = out.data;
    *length = out.length;
    return true;
}
