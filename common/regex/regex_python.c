/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pass over a pattern: what both dialects share is copied, the differences are spelled out. Source of the
 * dialects: the manuals of Python 3.11's re module and of pcre2pattern(3).
 */
#include "common/regex/regex_python.h"

#include <ctype.h>
#include <string.h>

struct translation {
    const char *at, *end, *start;
    bool text_pattern;
    bool verbose; /* (?x): comments are to be passed over */
    struct text *out;
};

static bool refuse(const struct translation *t, struct error *err, const char *what)
{
    return error_set(err, "%s at position %zu of the regular expression", what, (size_t)(t->at - t->start));
}

static bool hex_digits(const char *at, const char *end, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (at + i >= end || !isxdigit((unsigned char)at[i]))
            return false;
    }
    return true;
}

/* \xhh, and in text patterns \uhhhh and \Uhhhhhhhh. t->at is at the letter. */
static bool translate_hex(struct translation *t, struct error *err)
{
    size_t count = *t->at == 'x' ? 2 : *t->at == 'u' ? 4 : 8;

    if (!hex_digits(t->at + 1, t->end, count))
        return refuse(t, err, "incomplete escape");
    text_printf(t->out, "\\x{%.*s}", (int)count, t->at + 1);
    t->at += 1 + count;
    return true;
}

/* \0.., \12, \123: octal or the number of a group, by Python's rules. */
static bool translate_number(struct translation *t, bool in_class, struct error *err)
{
    size_t count = 0;
    while (count < 3 && t->at + count < t->end && t->at[count] >= '0' && t->at[count] <= '7')
        count++;
    if (*t->at == '0' || count == 3 || in_class) {
        if (count == 0)
            return refuse(t, err, "bad escape");
        unsigned value = 0;
        for (size_t i = 0; i < count; i++)
            value = value * 8 + (unsigned)(*t->at++ - '0');
        if (value > 0377)
            return refuse(t, err, "octal escape value outside of range 0-0o377");
        text_printf(t->out, "\\x{%02x}", value);
        return true;
    }
    count = t->at + 1 < t->end && isdigit((unsigned char)t->at[1]) ? 2 : 1;
    text_printf(t->out, "\\g{%.*s}", (int)count, t->at);
    t->at += count;
    return true;
}

/* t->at is behind the backslash. */
static bool translate_escape(struct translation *t, bool in_class, struct error *err)
{
    if (t->at >= t->end)
        return refuse(t, err, "bad escape (end of pattern)");
    char c = *t->at;
    if (isdigit((unsigned char)c))
        return translate_number(t, in_class, err);
    if (c == 'x' || (t->text_pattern && (c == 'u' || c == 'U')))
        return translate_hex(t, err);
    t->at++;
    if (c == 'v')
        text_add(t->out, "\\x0b");
    else if (c == 'a')
        text_add(t->out, "\\x07");
    else if (c == 'Z' && !in_class)
        text_add(t->out, "\\z");
    else if (strchr(in_class ? "bdDfnrsStwW" : "AbBdDfnrsStwW", c) && c)
        text_printf(t->out, "\\%c", c);
    else if (isalpha((unsigned char)c)) {
        t->at -= 2;
        return refuse(t, err, "bad escape");
    } else if ((unsigned char)c < 128 && !isalnum((unsigned char)c))
        text_printf(t->out, c ? "\\%c" : "\\x{00}", c);
    else
        text_add_char(t->out, c);
    return true;
}

/* t->at is behind the opening bracket. Python knows no [:class:], so an inner [ is only a character. */
static bool translate_class(struct translation *t, struct error *err)
{
    text_add_char(t->out, '[');
    if (t->at < t->end && *t->at == '^')
        text_add_char(t->out, *t->at++);
    if (t->at < t->end && *t->at == ']') {
        text_add(t->out, "\\]");
        t->at++;
    }
    while (t->at < t->end && *t->at != ']') {
        char c = *t->at++;
        if (c == '\\') {
            if (!translate_escape(t, true, err))
                return false;
        } else if (c == '[') {
            text_add(t->out, "\\[");
        } else {
            text_add_char(t->out, c);
        }
    }
    if (t->at >= t->end)
        return refuse(t, err, "unterminated character set");
    text_add_char(t->out, *t->at++);
    return true;
}

/* (?aiLmsux-imsx) and (?flags:...): the letters that PCRE2 knows; a, L and u say what is the case anyway. */
static bool translate_flags(struct translation *t, struct error *err)
{
    text_add(t->out, "(?");
    for (; t->at < t->end && *t->at != ')' && *t->at != ':'; t->at++) {
        if (strchr("aLu", *t->at))
            continue;
        if (!strchr("imsx-", *t->at))
            return refuse(t, err, "unknown flag");
        t->verbose = t->verbose || *t->at == 'x';
        text_add_char(t->out, *t->at);
    }
    return t->at < t->end ? true : refuse(t, err, "missing ), unterminated group");
}

/* t->at is behind "(?". */
static bool translate_extension(struct translation *t, struct error *err)
{
    size_t left = (size_t)(t->end - t->at);

    if (left == 0)
        return refuse(t, err, "unexpected end of pattern");
    if (*t->at == '#') {
        const char *close = memchr(t->at, ')', left);
        if (!close)
            return refuse(t, err, "missing ), unterminated comment");
        t->at = close + 1;
        return true;
    }
    if (strchr("aiLmsux-", *t->at))
        return translate_flags(t, err);
    bool known = strchr(":=!>(", *t->at) || (left > 1 && t->at[0] == '<' && strchr("=!", t->at[1])) ||
                 (left > 1 && t->at[0] == 'P' && strchr("<=", t->at[1]));
    if (!known)
        return refuse(t, err, "unknown extension");
    text_add(t->out, "(?");
    size_t copied = *t->at == '<' || *t->at == 'P' ? 2 : 1;
    text_add_n(t->out, t->at, copied);
    t->at += copied;
    return true;
}

static bool translate_group(struct translation *t, struct error *err)
{
    if (t->at < t->end && *t->at == '?') {
        t->at++;
        return translate_extension(t, err);
    }
    if (t->at < t->end && *t->at == '*')
        return refuse(t, err, "nothing to repeat");
    text_add_char(t->out, '(');
    return true;
}

/* {,n} counts from nothing in Python. t->at is behind the brace. */
static void translate_brace(struct translation *t)
{
    const char *at = t->at;

    text_add_char(t->out, '{');
    if (at >= t->end || *at != ',')
        return;
    for (at++; at < t->end && isdigit((unsigned char)*at); at++) {
    }
    if (at < t->end && *at == '}')
        text_add_char(t->out, '0');
}

static void skip_comment(struct translation *t)
{
    const char *newline = memchr(t->at, '\n', (size_t)(t->end - t->at));
    t->at = newline ? newline : t->end;
}

bool regex_python_translate(const char *pattern, size_t length, bool text_pattern, struct text *out, struct error *err)
{
    struct translation t = { pattern, pattern + length, pattern, text_pattern, false, out };

    while (t.at < t.end) {
        char c = *t.at++;
        bool fine = true;
        if (c == '\\')
            fine = translate_escape(&t, false, err);
        else if (c == '[')
            fine = translate_class(&t, err);
        else if (c == '(')
            fine = translate_group(&t, err);
        else if (c == '{')
            translate_brace(&t);
        else if (c == '#' && t.verbose)
            skip_comment(&t);
        else if (c == '\0')
            text_add(t.out, "\\x{00}");
        else
            text_add_char(t.out, c);
        if (!fine)
            return false;
    }
    return true;
}
