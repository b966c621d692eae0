/* SPDX-License-Identifier: Apache-2.0 */
/* The five characters that HTML reserves. */
#include "engine/template/markup.h"

#include <string.h>

void markup_escape(struct text *out, const char *data, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        switch (data[i]) {
        case '&':
            text_add(out, "&amp;");
            break;
        case '<':
            text_add(out, "&lt;");
            break;
        case '>':
            text_add(out, "&gt;");
            break;
        case '"':
            text_add(out, "&#34;");
            break;
        case '\'':
            text_add(out, "&#39;");
            break;
        default:
            text_add_char(out, data[i]);
            break;
        }
    }
}

const struct value *markup_new(struct eval *eval, const char *data, size_t length)
{
    struct value *made = value_string_n(eval->arena, data, length);

    made->marks |= VALUE_MARKUP;
    return made;
}

const struct value *markup_of(struct eval *eval, const struct value *value)
{
    struct text out = text_new(eval->arena);
    const struct value *text = eval_str(eval, value);

    if (text == NULL || (text->marks & VALUE_MARKUP) != 0)
        return text;
    markup_escape(&out, text->as.string.data, text->as.string.length);
    return eval_taint(eval, markup_new(eval, out.data, out.length), value);
}
