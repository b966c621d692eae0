/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts prepared for literal blocks. What is lost is white space at line ends and characters that do not show.
 */
#include "common/yaml/yaml_block.h"

#include <string.h>

#define TAB_WIDTH 8
#define NEL 0x85
#define LINE_SEPARATOR 0x2028
#define PARAGRAPH_SEPARATOR 0x2029
#define BYTE_ORDER_MARK 0xFEFF

static bool is_break(uint32_t c)
{
    return c == '\n' || c == NEL || c == LINE_SEPARATOR || c == PARAGRAPH_SEPARATOR;
}

bool yaml_has_break(const char *data, size_t length)
{
    if (memchr(data, '\n', length) != NULL)
        return true;
    for (size_t offset = 0; offset < length;) {
        if (is_break(text_utf8_next(data, length, &offset)))
            return true;
    }
    return false;
}

static bool is_shown(uint32_t c)
{
    if (c == '\n' || (c >= 0x20 && c <= 0x7E) || c == NEL || (c >= 0xA0 && c <= 0xD7FF))
        return true;
    return (c >= 0xE000 && c <= 0xFFFD && c != BYTE_ORDER_MARK) || c >= 0x10000;
}

/* White space as Python's str.rstrip() sees it. */
static bool is_blank(uint32_t c)
{
    if (c <= 0x20)
        return c == ' ' || (c >= '\t' && c <= '\r') || c >= 0x1C;
    return c == NEL || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == LINE_SEPARATOR ||
           c == PARAGRAPH_SEPARATOR || c == 0x202F || c == 0x205F || c == 0x3000;
}

/* Length without the white space at the end. */
static size_t trimmed_length(const char *data, size_t length)
{
    size_t end = 0;

    for (size_t offset = 0; offset < length;) {
        if (!is_blank(text_utf8_next(data, length, &offset)))
            end = offset;
    }
    return end;
}

static void cut_blanks(struct text *text)
{
    while (text->length > 0 && text->data[text->length - 1] == ' ')
        text_truncate(text, text->length - 1);
}

void yaml_block_text(struct arena *arena, const char **data, size_t *length)
{
    size_t column = 0, end = trimmed_length(*data, *length);
    struct text out = text_new(arena);

    for (size_t offset = 0; offset < end;) {
        size_t start = offset;
        uint32_t c = text_utf8_next(*data, end, &offset);

        if (is_break(c))
            cut_blanks(&out);
        if (c == '\t') {
            size_t blanks = TAB_WIDTH - column % TAB_WIDTH;

            text_add_n(&out, "        ", blanks);
            column += blanks;
            continue;
        }
        column = c == '\n' || c == '\r' ? 0 : column + 1;
        if (is_shown(c))
            text_add_n(&out, *data + start, offset - start);
    }
    *data = out.length == 0 ? "" : out.data;
    *length = out.length;
}

bool yaml_has_wide_break(const char *data, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (data[i] == '\r' || (data[i] >= 0x1C && data[i] <= 0x1E))
            return true;
    }
    return yaml_has_break(data, length);
}

void yaml_block_text_wide(struct arena *arena, const char **data, size_t *length)
{
    size_t column = 0, end = trimmed_length(*data, *length);
    struct text out = text_new(arena);

    for (size_t offset = 0; offset < end;) {
        size_t start = offset;
        uint32_t c = text_utf8_next(*data, end, &offset);

        if (c == '\n')
            cut_blanks(&out);
        if (c == '\t') {
            size_t blanks = TAB_WIDTH - column % TAB_WIDTH;

            text_add_n(&out, "        ", blanks);
            column += blanks;
        } else if (c == '\n' || (c >= 0x20 && c <= 0x7E) || c >= 0xA0) {
            column = c == '\n' ? 0 : column + 1;
            text_add_n(&out, *data + start, offset - start);
        } else if (c == '\r') {
            column = 0;
        } else if (c == '\v' || c == '\f') {
            column++;
        }
    }
    *data = out.length == 0 ? "" : out.data;
    *length = out.length;
}
