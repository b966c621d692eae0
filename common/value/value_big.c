/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Integers beyond 64 bits as their decimal digits: made from text of any base and from reals, and put in order.
 */
#include "common/value/value_big.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/value/value_internal.h"

#define INT64_DIGITS 18                   /* so many always fit */
#define INT64_LIMIT 9223372036854775808.0 /* 2^63 */
#define LIMB 1000000000u                  /* nine decimal digits */
#define REAL_DIGITS 320                   /* of the largest double, its sign and NUL */

struct value *value_integer(struct arena *arena, const char *text, size_t length)
{
    bool is_negative = length > 0 && *text == '-';
    const char *digits = text + is_negative, *end = text + length;
    struct value *value;
    char small[32] = "";
    long long number;
    size_t count;

    while (end - digits > 1 && *digits == '0')
        digits++;
    count = (size_t)(end - digits);
    if (count <= INT64_DIGITS + 1) {
        (void)snprintf(small, sizeof(small), "%s%.*s", is_negative ? "-" : "", (int)count, digits);
        errno = 0;
        number = strtoll(small, NULL, 10);
        if (errno == 0)
            return value_int(arena, number);
    }
    value = value_string_borrow(arena, NULL, count + is_negative);
    value->kind = VALUE_BIG;
    value->marks = VALUE_STATIC;
    value->as.string.data = arena_printf(arena, "%s%.*s", is_negative ? "-" : "", (int)count, digits);
    return value;
}

/* --- digits of any base --- */

static unsigned digit_of(char c)
{
    int lower = tolower((unsigned char)c);

    return isdigit(lower) ? (unsigned)(lower - '0') : lower >= 'a' && lower <= 'z' ? (unsigned)(lower - 'a' + 10) : 36;
}

static bool digits_fit(const char *digits, size_t length, unsigned base, struct error *err)
{
    bool is_power = (base & (base - 1)) == 0;
    size_t most = is_power ? VALUE_DIGITS_BITS / (size_t)__builtin_ctz(base) : VALUE_DIGITS_MAX;

    for (size_t i = 0; i < length; i++)
        if (digit_of(digits[i]) >= base)
            return error_set(err, "'%c' is no digit of base %u", digits[i], base);
    if (length <= most)
        return true;
    if (is_power)
        return error_set_kind(err, ERROR_LIMIT, "an integer of more than %d bits", VALUE_DIGITS_BITS);
    return error_set_kind(err, ERROR_LIMIT,
                          "Exceeds the limit (%d digits) for integer string conversion: value has %zu digits; use "
                          "sys.set_int_max_str_digits() to increase the limit",
                          VALUE_DIGITS_MAX, length);
}

/* limbs = limbs * factor + added; the new count of limbs. */
static size_t limbs_add(uint32_t *limbs, size_t count, uint32_t factor, uint32_t added)
{
    uint64_t carry = added;

    for (size_t i = 0; i < count; i++) {
        carry += (uint64_t)limbs[i] * factor;
        limbs[i] = (uint32_t)(carry % LIMB);
        carry /= LIMB;
    }
    for (; carry > 0; carry /= LIMB)
        limbs[count++] = (uint32_t)(carry % LIMB);
    return count;
}

/* The decimal digits of what is written in another base. */
static struct text digits_decimal(struct arena *arena, const char *digits, size_t length, unsigned base)
{
    /* a digit of base 36 is less than 1.6 decimal ones; two limbs more for what is carried */
    uint32_t *limbs = arena_new_array(arena, uint32_t, length * 8 / 45 + 3);
    struct text out = text_new(arena);
    size_t count = 0;

    for (size_t i = 0; i < length;) {
        uint32_t factor = 1, added = 0;

        for (; i < length && factor <= UINT32_MAX / base; i++) {
            factor *= base;
            added = added * base + digit_of(digits[i]);
        }
        count = limbs_add(limbs, count, factor, added);
    }
    text_printf(&out, "%u", count == 0 ? 0 : limbs[count - 1]);
    for (size_t i = count; i > 1; i--)
        text_printf(&out, "%09u", limbs[i - 2]);
    return out;
}

struct value *value_integer_read(struct arena *arena, const char *digits, size_t length, int base, bool is_negative,
                                 struct error *err)
{
    struct text out = text_new(arena), decimal;

    if (length == 0)
        return error_set(err, "an integer without digits"), NULL;
    if (!digits_fit(digits, length, (unsigned)base, err))
        return NULL;
    text_add(&out, is_negative ? "-" : "");
    if (base == 10) {
        text_add_n(&out, digits, length);
    } else {
        decimal = digits_decimal(arena, digits, length, (unsigned)base);
        text_add_n(&out, decimal.data, decimal.length);
    }
    return value_integer(arena, out.data, out.length);
}

struct value *value_integer_real(struct arena *arena, double real)
{
    char text[REAL_DIGITS];
    int length;

    if (fabs(real) < INT64_LIMIT)
        return value_int(arena, (int64_t)real);
    length = snprintf(text, sizeof(text), "%.0f", trunc(real));
    return value_integer(arena, text, (size_t)length);
}

/* --- reading --- */

bool value_big_is_negative(const struct value *big)
{
    return big->as.string.data[0] == '-';
}

size_t value_big_digits(const struct value *big)
{
    return big->as.string.length - value_big_is_negative(big);
}

double value_big_real(const struct value *big)
{
    return strtod(big->as.string.data, NULL);
}

/* Of two that are both big. */
static int big_order(const struct value *a, const struct value *b)
{
    bool negative = value_big_is_negative(a);
    size_t a_length = a->as.string.length, b_length = b->as.string.length;
    int order;

    if (negative != value_big_is_negative(b))
        return negative ? -1 : 1;
    order = a_length != b_length ? (a_length > b_length) - (a_length < b_length)
                                 : memcmp(a->as.string.data, b->as.string.data, a_length);
    return negative ? -order : order;
}

/* Whole reals of this size have no fraction, and libc prints all of their digits. */
static int big_real_order(const struct value *big, double real)
{
    struct value other = { .kind = VALUE_BIG };
    char text[REAL_DIGITS];

    if (isinf(real) || fabs(real) < INT64_LIMIT)
        return isinf(real) ? (real > 0 ? -1 : 1) : value_big_is_negative(big) ? -1 : 1;
    other.as.string.length = (size_t)snprintf(text, sizeof(text), "%.0f", real);
    other.as.string.data = text;
    return big_order(big, &other);
}

int value_big_order(const struct value *a, const struct value *b)
{
    if (a->kind != VALUE_BIG)
        return -value_big_order(b, a);
    if (b->kind == VALUE_BIG)
        return big_order(a, b);
    if (b->kind == VALUE_REAL)
        return big_real_order(a, b->as.real);
    return value_big_is_negative(a) ? -1 : 1;
}
