/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strings and numbers of JSON. A string without escapes is copied once and as it is. A lone surrogate that
 * stands for a byte which was no UTF-8 (as Python and our writer write it) becomes that byte again.
 */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/json/json_input.h"
#include "common/value/value_big.h"

#define NUMBER_MAX 64     /* longer ones are copied to the arena first */
#define INTEGER_DIGITS 18 /* so many always fit into 64 bits */

static struct value *string_value(struct json_input *in, char *data, size_t length)
{
    struct value *string = value_string_borrow(in->arena, data, length);

    if (!value_text_is_template(data, length))
        string->marks |= VALUE_STATIC;
    return string;
}

/* Four hexadecimal digits at `at`. */
static bool read_unit(const struct json_input *in, const char *at, uint32_t *out)
{
    uint32_t unit = 0;

    if (in->end - at < 4)
        return false;
    for (int i = 0; i < 4; i++) {
        int c = tolower((unsigned char)at[i]);

        if (!isxdigit(c))
            return false;
        unit = unit << 4 | (uint32_t)(isdigit(c) ? c - '0' : c - 'a' + 10);
    }
    *out = unit;
    return true;
}

/* \uXXXX, and the second half of a pair if there is one. `at` stands on the first digit. */
static bool read_unicode(struct json_input *in, struct text *text)
{
    uint32_t unit = 0, low = 0;

    if (!read_unit(in, in->at, &unit))
        return json_fail(in, in->at - 1, "Invalid \\uXXXX escape");
    in->at += 4;
    if (unit >= 0xD800 && unit <= 0xDBFF && in->end - in->at >= 6 && in->at[0] == '\\' && in->at[1] == 'u' &&
        read_unit(in, in->at + 2, &low) && low >= 0xDC00 && low <= 0xDFFF) {
        unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
        in->at += 6;
    }
    text_add_codepoint(text, unit);
    return true;
}

/* `at` stands behind the backslash. */
static bool read_escape(struct json_input *in, struct text *text)
{
    static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    const char *found;
    char c = *in->at;

    if (c == 'u') {
        in->at++;
        return read_unicode(in, text);
    }
    found = c == '\0' ? NULL : strchr(names, c);
    if (found == NULL)
        return json_fail(in, in->at - 1, "Invalid \\escape");
    text_add_char(text, values[found - names]);
    in->at++;
    return true;
}

/* Up to the quote, a backslash or a control character. */
static const char *plain_end(const char *at, const char *end)
{
    while (at < end && *at != '"' && *at != '\\' && (unsigned char)*at >= 0x20)
        at++;
    return at;
}

static struct value *read_escaped(struct json_input *in, const char *open)
{
    struct text text = text_new(in->arena);

    for (;;) {
        const char *end = plain_end(in->at, in->end);

        text_add_n(&text, in->at, (size_t)(end - in->at));
        in->at = end + 1;
        if (end == in->end || (*end == '\\' && in->at == in->end))
            return json_fail(in, open, "Unterminated string starting at"), NULL;
        if (*end == '"')
            return string_value(in, text.data, text.length);
        if (*end != '\\')
            return json_fail(in, end, "Invalid control character at"), NULL;
        if (!read_escape(in, &text))
            return NULL;
    }
}

struct value *json_read_string(struct json_input *in)
{
    const char *open = in->at++;
    const char *end = plain_end(in->at, in->end);
    size_t length = (size_t)(end - in->at);
    const char *data = in->at;

    if (end == in->end || *end != '"')
        return read_escaped(in, open);
    in->at = end + 1;
    return string_value(in, arena_copy_n(in->arena, data, length), length);
}

static const char *skip_digits(const char *at, const char *end)
{
    while (at < end && isdigit((unsigned char)*at))
        at++;
    return at;
}

/* Where the number that starts at `at` ends; NULL: no number. *is_real_out: it has a fraction or exponent. */
static const char *number_end(const char *at, const char *end, bool *is_real_out)
{
    const char *digits = at + (*at == '-'), *rest, *more;

    rest = skip_digits(digits, end);
    *is_real_out = false;
    if (rest == digits)
        return NULL;
    if (*digits == '0')
        rest = digits + 1;
    more = rest < end && *rest == '.' ? skip_digits(rest + 1, end) : rest;
    if (more > rest + 1) {
        *is_real_out = true;
        rest = more;
    }
    if (rest < end && (*rest == 'e' || *rest == 'E')) {
        const char *exponent = rest + 1;

        if (exponent < end && (*exponent == '+' || *exponent == '-'))
            exponent++;
        more = skip_digits(exponent, end);
        if (more > exponent) {
            *is_real_out = true;
            rest = more;
        }
    }
    return rest;
}

static struct value *integer_short(struct json_input *in, const char *end)
{
    bool is_negative = *in->at == '-';
    int64_t number = 0;

    for (in->at += is_negative; in->at < end; in->at++)
        number = number * 10 + (*in->at - '0');
    return value_int(in->arena, is_negative ? -number : number);
}

/* A word that only Python knows as a number. */
static struct value *read_special(struct json_input *in)
{
    static const char *const words[] = { "NaN", "Infinity", "-Infinity" };
    const double values[] = { (double)NAN, (double)INFINITY, -(double)INFINITY };

    for (size_t i = 0; i < 3; i++) {
        size_t length = strlen(words[i]);

        if ((size_t)(in->end - in->at) >= length && memcmp(in->at, words[i], length) == 0) {
            in->at += length;
            return value_real(in->arena, values[i]);
        }
    }
    json_fail(in, in->at, "Expecting value");
    return NULL;
}

/* Beyond 64 bits. */
static struct value *integer_long(struct json_input *in, const char *text, size_t length, const char *end)
{
    bool is_negative = *text == '-';
    struct error why = ERROR_INIT;
    struct value *value =
        value_integer_read(in->arena, text + is_negative, length - is_negative, 10, is_negative, &why);

    if (value == NULL)
        json_fail(in, in->at, why.text);
    in->at = end;
    return value;
}

struct value *json_read_number(struct json_input *in)
{
    char small[NUMBER_MAX];
    const char *text = small;
    bool is_real = false;
    const char *end = number_end(in->at, in->end, &is_real);
    size_t length;
    int64_t integer;

    if (end == NULL)
        return read_special(in);
    length = (size_t)(end - in->at);
    if (!is_real && length <= INTEGER_DIGITS)
        return integer_short(in, end);
    if (length < sizeof(small)) {
        memcpy(small, in->at, length);
        small[length] = '\0';
    } else {
        text = arena_copy_n(in->arena, in->at, length);
    }
    if (!is_real && text_to_int(text, &integer)) {
        in->at = end;
        return value_int(in->arena, integer);
    }
    if (!is_real)
        return integer_long(in, text, length, end);
    in->at = end;
    return value_real(in->arena, strtod(text, NULL));
}
