/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Digits of integers and reals, with sign, prefix, groups and leading zeros. Rounding is libc's, which
 * is correct for every double, as Python's is.
 */
#include "engine/template/python_number.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/value/value_python.h"

/* A number taken apart: sign, prefix, whole digits, and the rest ("." digits, exponent, "%"). */
struct parts {
    const char *sign, *prefix, *whole, *rest;
    size_t whole_length, group;
};

static size_t grouped_length(size_t digits, size_t group)
{
    return group == 0 || digits == 0 ? digits : digits + (digits - 1) / group;
}

static void add_parts(struct text *out, const struct parts *parts, const struct number_style *style)
{
    size_t fixed = strlen(parts->sign) + strlen(parts->prefix) + strlen(parts->rest);
    size_t digits = parts->whole_length;

    while (fixed + grouped_length(digits, parts->group) < style->zero_width)
        digits++;
    text_add(out, parts->sign);
    text_add(out, parts->prefix);
    for (size_t i = 0; i < digits; i++) {
        size_t left = digits - i;

        text_add_char(out, left > parts->whole_length ? '0' : parts->whole[parts->whole_length - left]);
        if (parts->group > 0 && left > 1 && (left - 1) % parts->group == 0)
            text_add_char(out, style->grouping);
    }
    text_add(out, parts->rest);
}

static const char *sign_text(bool negative, const struct number_style *style)
{
    if (negative)
        return "-";
    return style->sign == '+' ? "+" : style->sign == ' ' ? " " : "";
}

/* --- integers --- */

int number_base(char type)
{
    return type == 'b' ? 2 : type == 'o' ? 8 : type == 'x' || type == 'X' ? 16 : 10;
}

void number_add_integer(struct text *out, int64_t integer, const struct number_style *style)
{
    uint64_t rest = integer < 0 ? 0 - (uint64_t)integer : (uint64_t)integer;
    unsigned base = (unsigned)number_base(style->type);
    char digits[65];
    size_t at = sizeof(digits) - 1;

    digits[at] = '\0';
    do {
        digits[--at] = "0123456789abcdef"[rest % base];
        rest /= base;
    } while (rest > 0);
    number_add_digits(out, digits + at, integer < 0, style);
}

void number_add_digits(struct text *out, const char *symbols, bool is_negative, const struct number_style *style)
{
    static const char *const prefixes[] = { ['b'] = "0b", ['o'] = "0o", ['x'] = "0x", ['X'] = "0X" };
    int base = number_base(style->type);
    struct text digits = text_new(out->arena);
    struct parts parts = { .sign = sign_text(is_negative, style), .prefix = "", .rest = "" };

    for (int64_t i = (int64_t)strlen(symbols); i < style->precision; i++)
        text_add_char(&digits, '0');
    for (; *symbols != '\0'; symbols++)
        text_add_char(&digits, style->type == 'X' ? (char)toupper((unsigned char)*symbols) : *symbols);
    if (style->alternate && base != 10)
        parts.prefix = prefixes[(unsigned char)style->type];
    parts.whole = digits.data;
    parts.whole_length = digits.length;
    parts.group = style->grouping == 0 ? 0 : base == 10 ? 3 : 4;
    add_parts(out, &parts, style);
}

/* --- reals --- */

/* Takes zeros at the end of the fraction away, keeping `keep` digits of it. */
static void trim_zeros(char *text, size_t keep)
{
    char *point = strchr(text, '.'), *exponent = strchr(text, 'e');
    char *end = exponent == NULL ? text + strlen(text) : exponent, *last = end;

    if (point == NULL)
        return;
    while (last > point + 1 + keep && last[-1] == '0')
        last--;
    if (last == point + 1)
        last = point;
    memmove(last, end, strlen(end) + 1);
}

/* Without a type: as "g", but it looks like a real number, and turns to exponents one digit earlier. */
static void print_general(struct text *out, double real, int precision, bool keep_zeros)
{
    int digits = precision == 0 ? 1 : precision, exponent;
    struct text text = text_new(out->arena);

    text_printf(&text, "%.*e", digits - 1, real);
    exponent = (int)strtol(strchr(text.data, 'e') + 1, NULL, 10);
    if (exponent >= -4 && exponent + 1 < digits) {
        text_truncate(&text, 0);
        text_printf(&text, "%.*f", digits - exponent - 1, real);
        exponent = 1;
    } else {
        exponent = 0;
    }
    if (!keep_zeros)
        trim_zeros(text.data, (size_t)exponent);
    text_add(out, text.data);
}

/* The alternate form has a point in every number. */
static void print_plain(struct text *out, double real, const struct number_style *style)
{
    struct text text = text_new(out->arena);
    size_t whole;

    if (style->precision < 0)
        value_real_repr(&text, real);
    else
        print_general(&text, real, (int)style->precision, style->alternate);
    whole = strspn(text.data, "0123456789");
    text_add_n(out, text.data, whole);
    text_add(out, style->alternate && text.data[whole] != '.' ? "." : "");
    text_add(out, text.data + whole);
}

static void print_real(struct text *out, double real, const struct number_style *style)
{
    int precision = style->precision < 0 ? 6 : (int)style->precision;
    bool point = style->alternate;

    switch (style->type) {
    case 'e':
    case 'E':
        text_printf(out, point ? "%#.*e" : "%.*e", precision, real);
        break;
    case 'f':
    case 'F':
    case '%':
        text_printf(out, point ? "%#.*f" : "%.*f", precision, real);
        break;
    case 0:
        print_plain(out, real, style);
        break;
    default:
        text_printf(out, point ? "%#.*g" : "%.*g", precision, real);
        break;
    }
}

void number_add_real(struct text *out, double real, const struct number_style *style)
{
    struct text text = text_new(out->arena);
    struct parts parts = { .sign = sign_text(signbit(real) != 0 && !isnan(real), style), .prefix = "" };
    double shown = style->type == '%' ? real * 100 : real;

    if (isfinite(shown))
        print_real(&text, fabs(shown), style);
    else
        text_add(&text, isnan(shown) ? "nan" : "inf");
    if (style->type == '%')
        text_add_char(&text, '%');
    for (size_t i = 0; i < text.length && isupper((unsigned char)style->type); i++)
        text.data[i] = (char)toupper((unsigned char)text.data[i]);
    parts.whole = text.data;
    parts.whole_length = isfinite(shown) ? strspn(text.data, "0123456789") : 3;
    parts.rest = text.data + parts.whole_length;
    parts.group = style->grouping == 0 || !isfinite(shown) ? 0 : 3;
    add_parts(out, &parts, style);
}
