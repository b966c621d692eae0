/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Integers beyond 64 bits in expressions: what common/integer computes, with the budget of an evaluation and Python's
 * messages. "Integer" is bool, int and big here, as in Python. NULL or false: error set.
 */
#pragma once

#include "common/integer/integer.h"
#include "engine/template/eval.h"
#include "engine/template/python_number.h"

static inline bool python_is_integer(const struct value *value)
{
    return value->kind >= VALUE_BOOL && value->kind <= VALUE_BIG;
}
const struct value *python_integer(struct eval *eval, enum integer_op op, const struct value *a, const struct value *b);
/* a / b of integers, as real. */
const struct value *python_ratio(struct eval *eval, const struct value *a, const struct value *b);
/* float(): of an integer or real. */
bool python_real(struct eval *eval, const struct value *number, double *out);
/* int(text, base): blanks and underscores are gone already. NULL without an error: Python would not take it. */
const struct value *python_integer_text(struct eval *eval, const char *text, int64_t base);
/* Its digits as the style wants them: %d, %x, format(). */
bool python_integer_add(struct eval *eval, struct text *out, const struct value *value,
                        const struct number_style *style);
/* round(integer, -places): half to even. */
const struct value *python_integer_round(struct eval *eval, const struct value *value, int64_t places);
/* log() or log10() of a positive integer of any size. */
bool python_integer_log(struct eval *eval, const struct value *value, double (*log_of)(double), double *out);
/* The bits of its absolute value. */
bool python_integer_bits(struct eval *eval, const struct value *value, int64_t *out);
/* How many integers lie from start to before stop by step, which is not zero; not positive: none. */
const struct value *python_integer_steps(struct eval *eval, const struct value *start, const struct value *stop,
                                         const struct value *step);
/* These integers as a list, at most `most` of them: more is an error at once. */
const struct value *python_integer_range(struct eval *eval, const struct value *parts[3], size_t most);
