/* SPDX-License-Identifier: Apache-2.0 */
/*
 * format(value, spec): Python's mini-language for one value. The % operator is in python_percent.c,
 * str.format in python_str_format.c.
 */
#include "engine/template/python_format.h"

#include <math.h>
#include <string.h>

#include "engine/template/eval_expression.h"
#include "engine/template/object.h"
#include "engine/template/object_date.h"
#include "engine/template/python_integer.h"

struct spec {
    uint32_t fill;
    char align; /* '<' '>' '^' '=' or 0 */
    bool has_width, fill_given, sign_given;
    int64_t width;
    struct number_style number;
};

struct reader {
    const char *data;
    size_t length, at;
};

static char peek(const struct reader *in)
{
    return in->at < in->length ? in->data[in->at] : '\0';
}

static bool is_align(char c)
{
    return c != '\0' && strchr("<>^=", c) != NULL;
}

static void read_align(struct reader *in, struct spec *spec)
{
    size_t next = in->at;
    uint32_t first = in->length > 0 ? text_utf8_next(in->data, in->length, &next) : 0;

    if (next < in->length && is_align(in->data[next])) {
        spec->fill = first;
        spec->fill_given = true;
        spec->align = in->data[next];
        in->at = next + 1;
    } else if (is_align(peek(in))) {
        spec->align = in->data[in->at++];
    }
}

/* *out stays as it is without digits. False: too large. */
static bool read_count(struct reader *in, int64_t *out)
{
    int64_t count = 0;

    if (peek(in) < '0' || peek(in) > '9')
        return true;
    for (; peek(in) >= '0' && peek(in) <= '9'; in->at++) {
        count = count * 10 + (in->data[in->at] - '0');
        if (count > PYTHON_WIDTH_MAX)
            return false;
    }
    *out = count;
    return true;
}

static bool read_numbers(struct eval *eval, struct reader *in, struct spec *spec, bool right)
{
    if (!spec->fill_given && peek(in) == '0') {
        spec->fill = '0';
        spec->align = spec->align == 0 && right ? '=' : spec->align;
        in->at++;
    }
    if (!read_count(in, &spec->width))
        return eval_fail(eval, "Too many decimal digits in format string") != NULL;
    if (peek(in) == ',' || peek(in) == '_') {
        spec->number.grouping = in->data[in->at++];
        if (peek(in) == ',' || peek(in) == '_')
            return eval_fail(eval,
                             spec->number.grouping == peek(in) ? "Cannot specify '%c' with '%c'."
                                                               : "Cannot specify both ',' and '_'.",
                             spec->number.grouping, peek(in)) != NULL;
    }
    if (peek(in) != '.')
        return true;
    in->at++;
    if (!read_count(in, &spec->number.precision))
        return eval_fail(eval, "Too many decimal digits in format string") != NULL;
    return spec->number.precision >= 0 || eval_fail(eval, "Format specifier missing precision") != NULL;
}

static bool check_grouping(struct eval *eval, const struct spec *spec, const struct value *value)
{
    char type = spec->number.type, grouping = spec->number.grouping;

    if (type == 0 && value->kind == VALUE_STRING)
        type = 's';
    if (grouping == 0 || type == 0 || strchr("defgEG%F", type) != NULL)
        return true;
    if (grouping == '_' && strchr("boxX", type) != NULL)
        return true;
    return eval_fail(eval, "Cannot specify '%c' with '%c'.", grouping, type) != NULL;
}

static bool read_spec(struct eval *eval, struct reader *in, struct spec *spec, const struct value *value)
{
    read_align(in, spec);
    if (peek(in) == '+' || peek(in) == '-' || peek(in) == ' ') {
        spec->number.sign = in->data[in->at++];
        spec->sign_given = true;
    }
    if (peek(in) == '#') {
        spec->number.alternate = true;
        in->at++;
    }
    if (!read_numbers(eval, in, spec, value->kind != VALUE_STRING))
        return false;
    if (in->length - in->at > 1)
        return eval_fail(eval, "Invalid format specifier '%.*s' for object of type '%s'", (int)in->length, in->data,
                         eval_type(value)) != NULL;
    if (in->at < in->length)
        spec->number.type = in->data[in->at];
    return check_grouping(eval, spec, value);
}

static void fill(struct text *out, uint32_t codepoint, int64_t count)
{
    while (count-- > 0)
        text_add_codepoint(out, codepoint);
}

static void add_aligned(struct text *out, const struct spec *spec, const char *data, size_t length, char align)
{
    int64_t space = spec->width - (int64_t)text_utf8_count(data, length);
    int64_t left = space <= 0 || align == '<' ? 0 : align == '^' ? space / 2 : space;

    fill(out, spec->fill, left);
    text_add_n(out, data, length);
    fill(out, spec->fill, space - left);
}

static bool unknown_code(struct eval *eval, const struct spec *spec, const struct value *value)
{
    return eval_fail(eval, "Unknown format code '%c' for object of type '%s'", spec->number.type, eval_type(value)) !=
           NULL;
}

static bool format_string(struct eval *eval, struct text *out, const struct value *value, const struct spec *spec)
{
    size_t length = value->as.string.length;

    if (spec->number.type != 0 && spec->number.type != 's')
        return unknown_code(eval, spec, value);
    if (spec->sign_given)
        return eval_fail(eval, "%s not allowed in string format specifier",
                         spec->number.sign == ' ' ? "Space" : "Sign") != NULL;
    if (spec->number.alternate)
        return eval_fail(eval, "Alternate form (#) not allowed in string format specifier") != NULL;
    if (spec->align == '=')
        return eval_fail(eval, "'=' alignment not allowed in string format specifier") != NULL;
    if (spec->number.precision >= 0)
        length = text_utf8_offset(value->as.string.data, length, (size_t)spec->number.precision);
    add_aligned(out, spec, value->as.string.data, length, spec->align == 0 ? '<' : spec->align);
    return true;
}

static bool format_integer(struct eval *eval, struct text *number, const struct value *value, struct spec *spec)
{
    char type = spec->number.type;
    int64_t integer = 0;

    if (type != 0 && strchr("bcdoxXn", type) == NULL)
        return unknown_code(eval, spec, value);
    if (spec->number.precision >= 0)
        return eval_fail(eval, "Precision not allowed in integer format specifier") != NULL;
    if (type != 'c') {
        spec->number.type = type == 0 || type == 'n' ? 'd' : type;
        return python_integer_add(eval, number, value, &spec->number);
    }
    if (spec->sign_given)
        return eval_fail(eval, "Sign not allowed with integer format specifier 'c'") != NULL;
    if (spec->number.alternate)
        return eval_fail(eval, "Alternate form (#) not allowed with integer format specifier 'c'") != NULL;
    if (value->kind == VALUE_BIG)
        return eval_fail(eval, "Python int too large to convert to C long") != NULL;
    integer = value->kind == VALUE_BOOL ? value->as.boolean : value->as.integer;
    if (integer < 0 || integer > 0x10FFFF)
        return eval_fail(eval, "%%c arg not in range(0x110000)") != NULL;
    text_add_codepoint(number, (uint32_t)integer);
    return true;
}

static bool format_number(struct eval *eval, struct text *out, const struct value *value, struct spec *spec)
{
    struct text number = text_new(eval->arena);
    char type = spec->number.type;
    double real = 0;

    if (spec->align == '=' && spec->fill == '0') {
        spec->number.zero_width = (size_t)spec->width;
        spec->width = 0;
    }
    eval_number(value, &real);
    if (type != 0 && strchr("eEfFgG%", type) != NULL && value->kind == VALUE_BIG && !python_real(eval, value, &real))
        return false;
    if (type != 0 && strchr("eEfFgG%", type) != NULL)
        number_add_real(&number, real, &spec->number);
    else if (value->kind != VALUE_REAL && !format_integer(eval, &number, value, spec))
        return false;
    else if (value->kind == VALUE_REAL && type != 0 && type != 'n')
        return unknown_code(eval, spec, value);
    else if (value->kind == VALUE_REAL)
        number_add_real(&number, real, &spec->number);
    if (spec->align == '=') {
        size_t sign = strspn(number.data, "+- ") > 0 ? 1 : 0;

        text_add_n(out, number.data, sign);
        fill(out, spec->fill, spec->width - (int64_t)number.length);
        text_add_n(out, number.data + sign, number.length - sign);
        return true;
    }
    add_aligned(out, spec, number.data, number.length, spec->align == 0 ? '>' : spec->align);
    return true;
}

bool python_format_spec(struct eval *eval, struct text *out, const struct value *value, const char *spec, size_t length)
{
    struct reader in = { spec, length, 0 };
    struct spec parsed = { .fill = ' ', .number = { .sign = '-', .precision = -1 } };
    double real = 0;

    if (value->kind == VALUE_UNDEFINED && !eval->plain)
        return eval_fail_undefined(eval, value) != NULL;
    if (length == 0) {
        if (!eval_printable(eval, value))
            return false;
        object_str(out, value);
        return true;
    }
    if (date_is(value))
        return date_strftime(eval, out, value, spec, length);
    if (value->kind != VALUE_STRING && !eval_number(value, &real))
        return eval_fail_type(eval, "unsupported format string passed to %s.__format__", eval_type(value)) != NULL;
    if (!read_spec(eval, &in, &parsed, value))
        return false;
    return value->kind == VALUE_STRING ? format_string(eval, out, value, &parsed)
                                       : format_number(eval, out, value, &parsed);
}
