/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Integers beyond 64 bits: VALUE_BIG, whose as.string is its decimal digits, "-" before a negative one's, no
 * leading zeros. What fits into 64 bits is VALUE_INT, always. Here they are made, compared and printed; what is
 * computed with them is common/integer.
 */
#pragma once

#include "common/value/value.h"

/* Between an integer and its decimal digits, both ways: as Python's limit, and with its message. */
#define VALUE_DIGITS_MAX 4300
#define VALUE_DIGITS_ERROR                                                                                             \
    "Exceeds the limit (4300 digits) for integer string conversion; use sys.set_int_max_str_digits() to increase the " \
    "limit"
/* Digits of a base that is a power of two are not limited by Python: here they are. */
#define VALUE_DIGITS_BITS 65536

static inline bool value_is_integer(const struct value *value)
{
    return value != NULL && (value->kind == VALUE_INT || value->kind == VALUE_BIG);
}

/* From decimal digits, "-" before them or not, of any number: VALUE_INT or VALUE_BIG. */
struct value *value_integer(struct arena *arena, const char *text, size_t length);
/* From digits of a base from 2 to 36, without sign or prefix. NULL: one is no digit, or too many, as Python sees it. */
struct value *value_integer_read(struct arena *arena, const char *digits, size_t length, int base, bool is_negative,
                                 struct error *err);
/* A finite real without its fraction, exactly. */
struct value *value_integer_real(struct arena *arena, double real);

bool value_big_is_negative(const struct value *big);
size_t value_big_digits(const struct value *big); /* without the sign */
double value_big_real(const struct value *big);   /* the nearest; infinite: beyond all reals */
/* One of them is a VALUE_BIG, the other one an integer, boolean, or a real that is not NaN: <0, 0, >0. */
int value_big_order(const struct value *a, const struct value *b);
