/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strings and numbers of Python literals: all quotes, prefixes r, b and u, escapes, numbers with
 * underscores and in other bases.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/value/value_big.h"
#include "common/value/value_literal.h"
#include "common/value/value_python.h"

struct string_form {
    bool is_raw, is_bytes, is_triple;
    char quote;
};

/* Reads a prefix and quote; returns their length, 0 when there is no string here. */
static size_t string_open(const struct literal *in, struct string_form *form)
{
    const char *at = in->at;

    *form = (struct string_form){ 0 };
    for (; at < in->end && at - in->at < 2 && strchr("rRbBuU", *at) != NULL && *at != '\0'; at++) {
        form->is_raw |= tolower((unsigned char)*at) == 'r';
        form->is_bytes |= tolower((unsigned char)*at) == 'b';
    }
    if (at >= in->end || (*at != '\'' && *at != '"'))
        return 0;
    form->quote = *at;
    form->is_triple = in->end - at >= 3 && at[1] == *at && at[2] == *at;
    return (size_t)(at - in->at) + (form->is_triple ? 3 : 1);
}

bool literal_is_string(const struct literal *in)
{
    struct string_form form;

    return string_open(in, &form) > 0;
}

static bool string_ends(const struct literal *in, const struct string_form *form)
{
    if (*in->at != form->quote)
        return false;
    return !form->is_triple || (in->end - in->at >= 3 && in->at[1] == form->quote && in->at[2] == form->quote);
}

/* Up to `most` digits of `base`; false unless at least `least` are there. */
static bool escape_digits(struct literal *in, int base, int least, int most, uint32_t *out)
{
    uint32_t number = 0;
    int count = 0;

    for (; count < most && in->at < in->end; count++, in->at++) {
        int c = tolower((unsigned char)*in->at);
        int digit = isdigit(c) ? c - '0' : (c >= 'a' && c <= 'f') ? c - 'a' + 10 : 16;

        if (digit >= base)
            break;
        number = number * (uint32_t)base + (uint32_t)digit;
    }
    *out = number;
    return count >= least;
}

static void add_character(struct text *text, uint32_t codepoint, bool is_bytes)
{
    if (is_bytes)
        text_add_char(text, (char)(codepoint & 0xFFu));
    else
        text_add_codepoint(text, codepoint);
}

/* \x, \u and \U with the number of digits each needs. */
static bool escape_hex(struct literal *in, char kind, struct text *text, bool is_bytes)
{
    int digits = kind == 'x' ? 2 : kind == 'u' ? 4 : 8;
    uint32_t codepoint = 0;

    if (!escape_digits(in, 16, digits, digits, &codepoint) || codepoint > 0x10FFFF)
        return literal_fail(in, "bad escape");
    add_character(text, codepoint, is_bytes);
    return true;
}

/* What follows a backslash. */
static bool string_escape(struct literal *in, struct text *text, bool is_bytes)
{
    static const char names[] = "abfnrtv\\'\"", values[] = "\a\b\f\n\r\t\v\\'\"";
    char kind = *in->at;
    const char *simple = kind == '\0' ? NULL : strchr(names, kind);
    uint32_t codepoint = 0;

    if (simple != NULL) {
        in->at++;
        text_add_char(text, values[simple - names]);
        return true;
    }
    if (kind == '\n') {
        in->at++;
        return true;
    }
    if (kind >= '0' && kind <= '7') {
        escape_digits(in, 8, 1, 3, &codepoint);
        add_character(text, codepoint, is_bytes);
        return true;
    }
    if (kind == 'x' || (!is_bytes && (kind == 'u' || kind == 'U'))) {
        in->at++;
        return escape_hex(in, kind, text, is_bytes);
    }
    if (kind == 'N' && !is_bytes)
        return literal_fail(in, "named characters are not supported");
    text_add_char(text, '\\'); /* an unknown escape stays as it is */
    return true;
}

static bool string_body(struct literal *in, const struct string_form *form, struct text *text)
{
    while (in->at < in->end && !string_ends(in, form)) {
        char c = *in->at;

        if (c == '\n' && !form->is_triple)
            return literal_fail(in, "string is not closed");
        in->at++;
        if (c == '\\' && in->at == in->end)
            return literal_fail(in, "string is not closed");
        if (c == '\\' && !form->is_raw) {
            if (!string_escape(in, text, form->is_bytes))
                return false;
            continue;
        }
        text_add_char(text, c);
        if (c == '\\')
            text_add_char(text, *in->at++); /* raw: the next character cannot close the string */
    }
    if (in->at >= in->end)
        return literal_fail(in, "string is not closed");
    in->at += form->is_triple ? 3 : 1;
    return true;
}

/* Strings side by side are one string. */
const struct value *literal_string(struct literal *in)
{
    struct text text = text_new(in->arena);
    struct string_form form;
    bool is_bytes = false, is_first = true;
    struct value *value;
    size_t open;

    while ((open = string_open(in, &form)) > 0) {
        if (!is_first && form.is_bytes != is_bytes)
            return literal_fail(in, "bytes and text side by side"), NULL;
        is_bytes = form.is_bytes;
        is_first = false;
        in->at += open;
        if (!string_body(in, &form, &text))
            return NULL;
        while (in->at < in->end && (*in->at == ' ' || *in->at == '\t' || (*in->at == '\n' && in->depth > 0)))
            in->at++;
    }
    value = value_string_borrow(in->arena, text.data, text.length);
    if (is_bytes)
        value->marks |= VALUE_BYTES;
    return value;
}

/* Takes the prefix of a number in another base. */
static int number_base(struct literal *in)
{
    int kind = in->end - in->at > 2 && in->at[0] == '0' ? tolower((unsigned char)in->at[1]) : '\0';
    int base = kind == 'x' ? 16 : kind == 'o' ? 8 : kind == 'b' ? 2 : 10;

    if (base != 10)
        in->at += 2;
    return base;
}

/* Copies the number's characters without underscores; false when an underscore is not between digits. */
static bool number_text(struct literal *in, struct text *out, int *base_out)
{
    const char *start = in->at;

    *base_out = number_base(in);
    for (; in->at < in->end; in->at++) {
        char c = *in->at, before = in->at == start ? '\0' : in->at[-1];
        bool is_sign = (c == '-' || c == '+') && (before == 'e' || before == 'E') && *base_out == 10;

        if (c == '_') {
            if (!isxdigit((unsigned char)before) || in->end - in->at < 2 || !isxdigit((unsigned char)in->at[1]))
                return false;
            continue;
        }
        if (!isalnum((unsigned char)c) && c != '.' && !is_sign)
            break;
        text_add_char(out, c);
    }
    return out->length > 0;
}

static const struct value *number_integer(struct literal *in, const char *text, int base, bool is_negative)
{
    char *end = NULL;
    unsigned long long number;
    const struct value *made;

    if (base == 10 && text[0] == '0' && strspn(text, "0") != strlen(text))
        return literal_fail(in, "leading zeros in a number"), NULL;
    errno = 0;
    number = strtoull(text, &end, base);
    if (*end != '\0' || end == text || !isxdigit((unsigned char)text[0]))
        return literal_fail(in, "bad number"), NULL;
    if (errno == 0 && number <= (unsigned long long)INT64_MAX)
        return value_int(in->arena, is_negative ? -(int64_t)number : (int64_t)number);
    made = value_integer_read(in->arena, text, strlen(text), base, is_negative, NULL);
    return made != NULL || literal_fail(in, "a number of too many digits") ? made : NULL;
}

const struct value *literal_number(struct literal *in)
{
    struct text text = text_new(in->arena);
    bool is_negative = *in->at == '-';
    double real = 0;
    int base = 10;

    if (*in->at == '-' || *in->at == '+')
        in->at++;
    while (in->at < in->end && *in->at == ' ')
        in->at++;
    if (in->at == in->end || !number_text(in, &text, &base))
        return literal_fail(in, "bad number"), NULL;
    if (base != 10 || strpbrk(text.data, ".eE") == NULL)
        return number_integer(in, text.data, base, is_negative);
    if (!text_to_real(text.data, &real) || strpbrk(text.data, "nNfF") != NULL)
        return literal_fail(in, "bad number"), NULL;
    return value_real(in->arena, is_negative ? -real : real);
}
