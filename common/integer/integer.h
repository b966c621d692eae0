/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Computing with integers of any size, by Python's rules. Operands are VALUE_BOOL, VALUE_INT and VALUE_BIG; results
 * are VALUE_INT where 64 bits hold them. For what fits into 64 bits the caller has a faster way of its own.
 * GMP does the work, loaded at the first number that needs it; this folder is the only one that knows it.
 */
#pragma once

#include "common/value/value_big.h"

#define INTEGER_BITS_MAX (1024 * 1024) /* of a result: more is an error at once */

enum integer_op {
    INTEGER_ADD,
    INTEGER_SUB,
    INTEGER_MUL,
    INTEGER_FLOORDIV,
    INTEGER_MOD,
    INTEGER_POW, /* the exponent is not negative */
};

/* NULL: division by zero, more than INTEGER_BITS_MAX, or no GMP here. */
const struct value *integer_binary(struct arena *arena, enum integer_op op, const struct value *a,
                                   const struct value *b, struct error *err);
/* a / b as the nearest real. False: b is zero, beyond all reals, or no GMP here. */
bool integer_ratio(const struct value *a, const struct value *b, double *out, struct error *err);
/* The nearest real. False: beyond all reals. */
bool integer_real(const struct value *value, double *out, struct error *err);
bool integer_is_negative(const struct value *value);
/* The digits of its absolute value in a base from 2 to 36, in lower case; NULL: failed. */
char *integer_digits(struct arena *arena, const struct value *value, int base, struct error *err);
/* The bits of its absolute value; false: failed. */
bool integer_bits(const struct value *value, int64_t *out, struct error *err);
/* Its absolute value in words of 32 bits, lowest first, at least one; NULL: failed. */
uint32_t *integer_words(struct arena *arena, const struct value *value, size_t *count_out, struct error *err);
const struct value *integer_from_words(struct arena *arena, const uint32_t *words, size_t count, struct error *err);
