/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of a file in memory. Only "\n" ends a line, as when Python reads bytes. */
#include "agent/system/file/file_lines.h"

#include <string.h>

#include "common/base/text.h"

static void reserve(struct file_lines *lines)
{
    if (lines->items && lines->count < lines->capacity)
        return;
    size_t wider = lines->capacity ? lines->capacity * 2 : 64;
    lines->items =
        arena_grow(lines->arena, lines->items, lines->capacity * sizeof(*lines->items), wider * sizeof(*lines->items));
    lines->capacity = wider;
}

void file_lines_split(struct arena *arena, const char *data, size_t length, struct file_lines *out)
{
    const char *end = data + length;
    struct file_lines lines = { .arena = arena };

    while (data < end) {
        const char *newline = memchr(data, '\n', (size_t)(end - data));
        const char *next = newline ? newline + 1 : end;
        reserve(&lines);
        lines.items[lines.count++] = (struct file_line){ data, (size_t)(next - data) };
        data = next;
    }
    *out = lines;
}

void file_lines_insert(struct file_lines *lines, size_t index, const char *text)
{
    const char *data = arena_printf(lines->arena, "%s\n", text);

    reserve(lines);
    if (index < lines->count)
        memmove(lines->items + index + 1, lines->items + index, (lines->count - index) * sizeof(*lines->items));
    lines->items[index] = (struct file_line){ data, strlen(data) };
    lines->count++;
}

void file_lines_append(struct file_lines *lines, const char *text)
{
    struct file_line *last = lines->count ? &lines->items[lines->count - 1] : NULL;

    if (last && last->length > 0 && last->data[last->length - 1] != '\n' && last->data[last->length - 1] != '\r') {
        char *data = arena_alloc(lines->arena, last->length + 1);
        memcpy(data, last->data, last->length);
        data[last->length] = '\n';
        *last = (struct file_line){ data, last->length + 1 };
    }
    file_lines_insert(lines, lines->count, text);
}

void file_lines_remove(struct file_lines *lines, size_t index)
{
    memmove(lines->items + index, lines->items + index + 1, (lines->count - index - 1) * sizeof(*lines->items));
    lines->count--;
}

bool file_line_is(const struct file_line *line, const char *text)
{
    size_t length = line->length;

    while (length > 0 && (line->data[length - 1] == '\n' || line->data[length - 1] == '\r'))
        length--;
    return strlen(text) == length && memcmp(line->data, text, length) == 0;
}

bool file_line_contains(const struct file_line *line, const char *text)
{
    return memmem(line->data, line->length, text, strlen(text)) != NULL;
}

bool file_line_equal(const struct file_line *line, const char *data, size_t length)
{
    return line->length == length && memcmp(line->data, data, length) == 0;
}

char *file_lines_join(const struct file_lines *lines, size_t *length_out)
{
    size_t length = 0;
    for (size_t i = 0; i < lines->count; i++)
        length += lines->items[i].length;
    char *data = arena_alloc(lines->arena, length + 1), *at = data;
    for (size_t i = 0; i < lines->count; i++) {
        memcpy(at, lines->items[i].data, lines->items[i].length);
        at += lines->items[i].length;
    }
    *length_out = length;
    return data;
}
