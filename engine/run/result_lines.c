/* SPDX-License-Identifier: Apache-2.0 */
/* Splitting output into lines as Python's str.splitlines does: \n, \r\n, \r, \v, \f, FS, GS, RS, NEL, LS, PS. */
#include "engine/run/result_lines.h"

#include <string.h>

/* Bytes of the line end at `at`; 0: none. */
static size_t line_end(const unsigned char *at, size_t left)
{
    if (*at == '\r')
        return left > 1 && at[1] == '\n' ? 2 : 1;
    if (*at == '\n' || *at == '\v' || *at == '\f' || (*at >= 0x1c && *at <= 0x1e))
        return 1;
    if (*at == 0xc2 && left > 1 && at[1] == 0x85)
        return 2;
    return *at == 0xe2 && left > 2 && at[1] == 0x80 && (at[2] == 0xa8 || at[2] == 0xa9) ? 3 : 0;
}

static void line_add(struct arena *arena, struct value *list, const struct value *text, size_t from, size_t to)
{
    struct value *line = value_string_n(arena, text->as.string.data + from, to - from);

    line->marks |= text->marks & VALUE_SECRET;
    value_list_add(arena, list, line);
}

void result_add_lines(struct arena *arena, struct value *result, const char *from, const char *to)
{
    const struct value *text = value_map_get(result, from);
    struct value *list;
    size_t start = 0, length;
    const char *data;

    if (!value_is(text, VALUE_STRING) || value_map_get(result, to) != NULL)
        return;
    list = value_list(arena); /* a list whatever its lines hold */
    data = text->as.string.data;
    length = text->as.string.length;
    for (size_t i = 0; i < length;) {
        size_t end = line_end((const unsigned char *)data + i, length - i);

        if (end > 0) {
            line_add(arena, list, text, start, i);
            start = i + end;
        }
        i += end > 0 ? end : 1;
    }
    if (start < length)
        line_add(arena, list, text, start, length);
    value_map_put(arena, result, to, list);
}
