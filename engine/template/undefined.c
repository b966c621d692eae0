/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of undefined values. */
#include "engine/template/undefined.h"

#include <string.h>

static bool is_name(const struct value *undefined)
{
    const char *text = undefined->as.string.data;

    return (undefined->marks & UNDEFINED_WHOLE) == 0 && *text != '\0' && strpbrk(text, " '") == NULL;
}

void undefined_message(struct text *out, const struct value *undefined)
{
    const char *text = undefined->as.string.data;

    if (text == NULL || *text == '\0')
        text_add(out, "the value is undefined");
    else if (is_name(undefined))
        text_printf(out, "'%s' is undefined", text);
    else
        text_add(out, text);
}

const char *undefined_name(struct arena *arena, const struct value *undefined)
{
    const char *text = undefined->as.string.data, *end, *start;

    if ((undefined->marks & UNDEFINED_WHOLE) != 0)
        return NULL;
    if (text == NULL || is_name(undefined))
        return text;
    end = strrchr(text, '\'');
    if (end == NULL || end[1] != '\0')
        return NULL;
    for (start = end; start > text && start[-1] != '\'';)
        start--;
    return arena_copy_n(arena, start, (size_t)(end - start));
}
