/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The growing byte string, and splitting and comparing of plain strings. Numbers are in
 * text_number.c, UTF-8 in text_utf8.c, the search for a near word in text_nearest.c.
 */
#include "common/base/text.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define TEXT_FIRST 64

struct text text_new(struct arena *arena)
{
    char *data = arena_alloc(arena, TEXT_FIRST);

    return (struct text){ .arena = arena, .data = data, .length = 0, .capacity = TEXT_FIRST };
}

/* Makes room for `more` bytes and the final NUL. */
static void text_room(struct text *text, size_t more)
{
    size_t capacity = text->capacity;

    if (more < capacity - text->length)
        return;
    while (capacity - text->length <= more)
        capacity *= 2;
    text->data = arena_grow(text->arena, text->data, text->capacity, capacity);
    text->capacity = capacity;
}

void text_add_n(struct text *text, const char *data, size_t length)
{
    if (length == 0)
        return;
    text_room(text, length);
    memcpy(text->data + text->length, data, length);
    text->length += length;
    text->data[text->length] = '\0';
}

void text_add(struct text *text, const char *string)
{
    text_add_n(text, string, strlen(string));
}

void text_add_char(struct text *text, char c)
{
    text_room(text, 1);
    text->data[text->length++] = c;
    text->data[text->length] = '\0';
}

void text_vprintf(struct text *text, const char *format, va_list args)
{
    va_list again;
    int length;

    va_copy(again, args);
    length = vsnprintf(text->data + text->length, text->capacity - text->length, format, args);
    if (length > 0 && (size_t)length >= text->capacity - text->length) {
        text_room(text, (size_t)length);
        length = vsnprintf(text->data + text->length, text->capacity - text->length, format, again);
    }
    va_end(again);
    if (length > 0)
        text->length += (size_t)length;
    text->data[text->length] = '\0';
}

void text_printf(struct text *text, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    text_vprintf(text, format, args);
    va_end(args);
}

void text_truncate(struct text *text, size_t length)
{
    if (length >= text->length)
        return;
    text->length = length;
    text->data[length] = '\0';
}

bool text_equal(const char *a, const char *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    return strcmp(a, b) == 0;
}

bool text_starts(const char *string, const char *prefix)
{
    return strncmp(string, prefix, strlen(prefix)) == 0;
}

bool text_ends(const char *string, const char *suffix)
{
    size_t length = strlen(string), tail = strlen(suffix);

    return tail <= length && memcmp(string + length - tail, suffix, tail) == 0;
}

bool text_in(const char *string, const char *const *list)
{
    for (; list != NULL && *list != NULL; list++) {
        if (text_equal(string, *list))
            return true;
    }
    return false;
}

char *text_trim(struct arena *arena, const char *string, size_t length)
{
    while (length > 0 && isspace((unsigned char)*string)) {
        string++;
        length--;
    }
    while (length > 0 && isspace((unsigned char)string[length - 1]))
        length--;
    return arena_copy_n(arena, string, length);
}

char *text_lower(char *string)
{
    for (char *at = string; *at != '\0'; at++)
        if (*at >= 'A' && *at <= 'Z')
            *at = (char)(*at - 'A' + 'a');
    return string;
}

char *text_upper(char *string)
{
    for (char *at = string; *at != '\0'; at++)
        if (*at >= 'a' && *at <= 'z')
            *at = (char)(*at - 'a' + 'A');
    return string;
}

char **text_split(struct arena *arena, const char *string, char separator, size_t *count_out)
{
    size_t count = 1, done = 0;
    char **parts;

    for (const char *at = string; *at != '\0'; at++)
        count += *at == separator;
    parts = arena_new_array(arena, char *, count + 1);
    for (const char *start = string; done < count; done++) {
        const char *end = strchrnul(start, separator);

        parts[done] = arena_copy_n(arena, start, (size_t)(end - start));
        start = end + 1;
    }
    if (count_out != NULL)
        *count_out = count;
    return parts;
}

bool text_line(const char **cursor, const char *end, const char **line_out, size_t *length_out)
{
    const char *start = *cursor, *newline;

    if (start == NULL || start >= end)
        return false;
    newline = memchr(start, '\n', (size_t)(end - start));
    *line_out = start;
    *length_out = (size_t)((newline == NULL ? end : newline) - start);
    *cursor = newline == NULL ? end : newline + 1;
    return true;
}
