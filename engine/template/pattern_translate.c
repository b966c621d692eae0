/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Differences that matter: \Z is the very end in Python, {,n} counts from zero, \uXXXX is a code point,
 * the inline flags a, u and L do not exist in PCRE2, and [[ has no POSIX classes.
 */
#include "engine/template/pattern_translate.h"

#include <ctype.h>
#include <string.h>

struct cursor {
    const char *at, *end;
    bool in_class;
    size_t class_start; /* characters since "[" */
};

static size_t hex_run(const char *at, const char *end, size_t wanted)
{
    size_t count = 0;

    while (count < wanted && at + count < end && isxdigit((unsigned char)at[count]))
        count++;
    return count;
}

static void add_escape(struct text *out, struct cursor *cursor)
{
    char c = cursor->at + 1 < cursor->end ? cursor->at[1] : '\0';
    size_t digits = c == 'u' ? 4 : c == 'U' ? 8 : 0;

    if (digits > 0 && hex_run(cursor->at + 2, cursor->end, digits) == digits) {
        text_printf(out, "\\x{%.*s}", (int)digits, cursor->at + 2);
        cursor->at += 2 + digits;
        return;
    }
    if (c == 'Z' && !cursor->in_class)
        text_add(out, "\\z");
    else
        text_add_n(out, cursor->at, c == '\0' ? 1 : 2);
    cursor->at += c == '\0' ? 1 : 2;
}

/* "(?aiLmsux)" or "(?i:": the flags that PCRE2 does not know are dropped. */
static bool add_flags(struct text *out, struct cursor *cursor)
{
    const char *at = cursor->at + 2;

    if (cursor->end - cursor->at < 3 || memcmp(cursor->at, "(?", 2) != 0)
        return false;
    while (at < cursor->end && strchr("aiLmsux-", *at) != NULL)
        at++;
    if (at == cursor->at + 2 || at >= cursor->end || (*at != ')' && *at != ':'))
        return false;
    text_add(out, "(?");
    for (const char *flag = cursor->at + 2; flag < at; flag++)
        if (strchr("auL", *flag) == NULL)
            text_add_char(out, *flag);
    cursor->at = at;
    return true;
}

static bool add_open_count(struct text *out, struct cursor *cursor)
{
    const char *at = cursor->at + 2;

    if (cursor->end - cursor->at < 4 || memcmp(cursor->at, "{,", 2) != 0 || !isdigit((unsigned char)*at))
        return false;
    while (at < cursor->end && isdigit((unsigned char)*at))
        at++;
    if (at >= cursor->end || *at != '}')
        return false;
    text_add(out, "{0,");
    cursor->at += 2;
    return true;
}

static void add_in_class(struct text *out, struct cursor *cursor)
{
    char c = *cursor->at++;
    bool first = cursor->class_start == 0;

    if (c == ']' && !first) {
        cursor->in_class = false;
    } else if (c == '[') {
        text_add_char(out, '\\');
    }
    if (!(first && c == '^'))
        cursor->class_start++;
    text_add_char(out, c);
}

struct text pattern_translate(struct arena *arena, const char *pattern, size_t length)
{
    struct text out = text_new(arena);
    struct cursor cursor = { pattern, pattern + length, false, 0 };

    while (cursor.at < cursor.end) {
        if (*cursor.at == '\\') {
            add_escape(&out, &cursor);
            cursor.class_start++;
        } else if (cursor.in_class) {
            add_in_class(&out, &cursor);
        } else if (!add_flags(&out, &cursor) && !add_open_count(&out, &cursor)) {
            cursor.in_class = *cursor.at == '[';
            cursor.class_start = 0;
            text_add_char(&out, *cursor.at++);
        }
    }
    return out;
}

void pattern_escape(struct text *out, const char *data, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (data[i] != '\0' && strchr("()[]{}?*+-|^$\\.&~# \t\n\r\v\f", data[i]) != NULL)
            text_add_char(out, '\\');
        text_add_char(out, data[i]);
    }
}
