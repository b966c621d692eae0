/* SPDX-License-Identifier: Apache-2.0 */
/*
 * repr() of a float: the shortest digits that read back equal, with an exponent below 1e-4 and from 1e16.
 */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/value/value_python.h"

#define DIGITS_SAFE 15 /* every decimal of so many digits survives the way through a double */
#define DIGITS_MAX 17

static bool reads_back(const char *text, double real)
{
    return strtod(text, NULL) >= real && strtod(text, NULL) <= real;
}

/* The next decimal of as many digits. A leading 9 that would carry is left: there is no such double. */
static void digits_increment(char *text)
{
    char *at = strchr(text, 'e') - 1;

    while (at > text && (*at == '9' || *at == '.')) {
        if (*at == '9')
            *at = '0';
        at--;
    }
    if (*at < '9')
        (*at)++;
}

/* "d.ddde+xx" with as few digits as possible. Powers of two lie nearer to the double below than to the one above, so that the
 * decimal next above may be short enough where the nearest one is not. */
static void real_shortest(double real, char *out, size_t size)
{
    int digits = fabs(real) < DBL_MIN ? 1 : DIGITS_SAFE;

    for (; digits <= DIGITS_MAX; digits++) {
        (void)snprintf(out, size, "%.*e", digits - 1, real);
        if (reads_back(out, real))
            return;
        digits_increment(out);
        if (reads_back(out, real))
            return;
    }
}

/* Splits "d.ddde+xx" into its digits without trailing zeros and the exponent. */
static int real_digits(const char *text, char *digits, size_t *count_out)
{
    const char *mark = strchr(text, 'e');
    size_t count = 0;

    for (const char *at = text; at < mark; at++) {
        if (*at != '.')
            digits[count++] = *at;
    }
    while (count > 1 && digits[count - 1] == '0')
        count--;
    *count_out = count;
    return (int)strtol(mark + 1, NULL, 10);
}

static void real_add_exponent(struct text *out, const char *digits, size_t count, int exponent)
{
    text_add_char(out, digits[0]);
    if (count > 1) {
        text_add_char(out, '.');
        text_add_n(out, digits + 1, count - 1);
    }
    text_printf(out, "e%c%02d", exponent < 0 ? '-' : '+', abs(exponent));
}

static void real_add_plain(struct text *out, const char *digits, size_t count, int exponent)
{
    size_t whole = exponent < 0 ? 0 : (size_t)exponent + 1;

    if (whole == 0)
        text_printf(out, "0.%.*s", -exponent - 1, "0000");
    for (size_t i = 0; i < count || i < whole; i++) {
        if (i == whole && i > 0)
            text_add_char(out, '.');
        text_add_char(out, i < count ? digits[i] : '0');
    }
    if (count <= whole)
        text_add_n(out, ".0", 2);
}

void value_real_repr(struct text *out, double real)
{
    char text[40] = "", digits[40] = "";
    size_t count = 0;
    int exponent;

    if (isnan(real)) {
        text_add(out, "nan");
        return;
    }
    if (signbit(real))
        text_add_char(out, '-');
    if (isinf(real)) {
        text_add(out, "inf");
        return;
    }
    real_shortest(fabs(real), text, sizeof(text));
    exponent = real_digits(text, digits, &count);
    if (exponent < -4 || exponent >= 16)
        real_add_exponent(out, digits, count, exponent);
    else
        real_add_plain(out, digits, count, exponent);
}
