/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arithmetic with Python's rules. Integers of 64 bits have a way of their own; what does not fit goes to
 * python_integer.c.
 */
#include <math.h>
#include <string.h>

#include "common/base/text.h"
#include "engine/template/eval_expression.h"
#include "engine/template/markup.h"
#include "engine/template/python_format.h"
#include "engine/template/python_integer.h"

#define EXACT_BITS 53 /* integers of so many bits are reals without a loss */

static const char *const symbols[] = { "+", "-", "*", "/", "//", "%", "** or pow()" };

static bool as_integer(const struct value *value, int64_t *out)
{
    if (value->kind != VALUE_INT && value->kind != VALUE_BOOL)
        return false;
    *out = value->kind == VALUE_INT ? value->as.integer : value->as.boolean;
    return true;
}

bool eval_number(const struct value *value, double *out)
{
    int64_t integer = 0;

    if (value->kind == VALUE_REAL)
        *out = value->as.real;
    else if (as_integer(value, &integer))
        *out = (double)integer;
    else if (value->kind == VALUE_BIG)
        *out = value_big_real(value);
    else
        return false;
    return true;
}

static const struct value *real(struct eval *eval, double number)
{
    return value_real(eval->arena, number);
}

static const enum integer_op integer_ops[] = {
    [BINARY_ADD] = INTEGER_ADD,           [BINARY_SUB] = INTEGER_SUB, [BINARY_MUL] = INTEGER_MUL,
    [BINARY_FLOORDIV] = INTEGER_FLOORDIV, [BINARY_MOD] = INTEGER_MOD, [BINARY_POW] = INTEGER_POW,
};

/* Out of the way of what 64 bits hold. */
#define RARE __attribute__((cold, noinline))

/* 64 bits do not do. */
RARE static const struct value *too_large(struct eval *eval, enum binary_op op, int64_t a, int64_t b)
{
    return python_integer(eval, integer_ops[op], eval_int(eval, a), eval_int(eval, b));
}

static const struct value *integer_divide(struct eval *eval, int64_t a, int64_t b, bool want_rest)
{
    int64_t quotient, rest;

    if (b == 0)
        return want_rest ? eval_raise(eval, "ZeroDivisionError", "integer modulo by zero")
                         : eval_raise(eval, "ZeroDivisionError", "integer division or modulo by zero");
    if (b == -1)
        return want_rest        ? eval_int(eval, 0)
               : a == INT64_MIN ? too_large(eval, BINARY_FLOORDIV, a, b)
                                : eval_int(eval, -a);
    quotient = a / b;
    rest = a % b;
    if (rest != 0 && (rest < 0) != (b < 0)) {
        quotient--;
        rest += b;
    }
    return eval_int(eval, want_rest ? rest : quotient);
}

__attribute__((noinline)) static const struct value *integer_power(struct eval *eval, int64_t base, int64_t exponent)
{
    int64_t result = 1, factor = base, left = exponent;
    bool overflow = false;

    if (exponent < 0) {
        if (base == 0)
            return eval_raise(eval, "ZeroDivisionError", "0.0 cannot be raised to a negative power");
        return real(eval, pow((double)base, (double)exponent));
    }
    while (left > 0 && !overflow) {
        if ((left & 1) != 0)
            overflow = __builtin_mul_overflow(result, factor, &result);
        left >>= 1;
        if (left > 0 && !overflow)
            overflow = __builtin_mul_overflow(factor, factor, &factor);
    }
    return overflow ? too_large(eval, BINARY_POW, base, exponent) : eval_int(eval, result);
}

RARE static const struct value *long_quotient(struct eval *eval, int64_t a, int64_t b)
{
    return python_ratio(eval, eval_int(eval, a), eval_int(eval, b));
}

__attribute__((noinline)) static const struct value *integer_quotient(struct eval *eval, int64_t a, int64_t b)
{
    const uint64_t half = UINT64_C(1) << EXACT_BITS;

    if (b == 0)
        return eval_raise(eval, "ZeroDivisionError", "division by zero");
    if ((uint64_t)a + half <= 2 * half && (uint64_t)b + half <= 2 * half)
        return real(eval, (double)a / (double)b);
    return long_quotient(eval, a, b);
}

static const struct value *small_binary(struct eval *eval, enum binary_op op, int64_t a, int64_t b)
{
    int64_t result = 0;

    switch (op) {
    case BINARY_ADD:
        return __builtin_add_overflow(a, b, &result) ? too_large(eval, op, a, b) : eval_int(eval, result);
    case BINARY_SUB:
        return __builtin_sub_overflow(a, b, &result) ? too_large(eval, op, a, b) : eval_int(eval, result);
    case BINARY_MUL:
        return __builtin_mul_overflow(a, b, &result) ? too_large(eval, op, a, b) : eval_int(eval, result);
    case BINARY_DIV:
        return integer_quotient(eval, a, b);
    case BINARY_FLOORDIV:
        return integer_divide(eval, a, b, false);
    case BINARY_MOD:
        return integer_divide(eval, a, b, true);
    default:
        return integer_power(eval, a, b);
    }
}

static const struct value *real_power(struct eval *eval, double a, double b)
{
    double result;

    if (a == 0 && b < 0)
        return eval_raise(eval, "ZeroDivisionError", "0.0 cannot be raised to a negative power");
    result = pow(a, b);
    if (isnan(result) && !isnan(a) && !isnan(b))
        return eval_fail(eval, "a negative number to a fractional power is a complex number, which is not supported");
    if (isinf(result) && isfinite(a) && isfinite(b))
        return eval_fail(eval, "(34, 'Numerical result out of range')");
    return real(eval, result);
}

static double real_modulo(double a, double b)
{
    double rest = fmod(a, b);

    if (rest == 0)
        return copysign(0, b); /* zero has the divisor's sign */
    return (rest < 0) != (b < 0) ? rest + b : rest;
}

/* Rounded down from what is left without the rest, as in CPython: 2 // 0.1 is 19, -5 // inf is -1. */
static double real_divide(double a, double b)
{
    double rest = fmod(a, b), exact = (a - rest) / b, whole;

    if (rest != 0 && (rest < 0) != (b < 0))
        exact -= 1;
    whole = floor(exact);
    if (exact == 0)
        return copysign(0, a / b);
    return exact - whole > 0.5 ? whole + 1 : whole;
}

static const struct value *real_binary(struct eval *eval, enum binary_op op, double a, double b)
{
    switch (op) {
    case BINARY_ADD:
        return real(eval, a + b);
    case BINARY_SUB:
        return real(eval, a - b);
    case BINARY_MUL:
        return real(eval, a * b);
    case BINARY_DIV:
        return b == 0 ? eval_raise(eval, "ZeroDivisionError", "float division by zero") : real(eval, a / b);
    case BINARY_FLOORDIV:
        return b == 0 ? eval_raise(eval, "ZeroDivisionError", "float floor division by zero")
                      : real(eval, real_divide(a, b));
    case BINARY_MOD:
        return b == 0 ? eval_raise(eval, "ZeroDivisionError", "float modulo") : real(eval, real_modulo(a, b));
    default:
        return real_power(eval, a, b);
    }
}

/* --- beyond 64 bits --- */

static const struct value *big_power(struct eval *eval, const struct value *a, const struct value *b)
{
    double x = 0, y = 0;

    if (!integer_is_negative(b))
        return python_integer(eval, INTEGER_POW, a, b);
    return python_real(eval, a, &x) && python_real(eval, b, &y) ? real_power(eval, x, y) : NULL;
}

/* One of them is beyond 64 bits. */
RARE static const struct value *big_binary(struct eval *eval, enum binary_op op, const struct value *a,
                                           const struct value *b, bool *done_out)
{
    double x = 0, y = 0;

    *done_out = true;
    if (a->kind == VALUE_REAL || b->kind == VALUE_REAL) {
        if (eval_number(a, &x) && eval_number(b, &y))
            return python_real(eval, a, &x) && python_real(eval, b, &y) ? real_binary(eval, op, x, y) : NULL;
    } else if (python_is_integer(a) && python_is_integer(b)) {
        if (op == BINARY_DIV)
            return python_ratio(eval, a, b);
        return op == BINARY_POW ? big_power(eval, a, b) : python_integer(eval, integer_ops[op], a, b);
    }
    *done_out = false;
    return NULL;
}

/* --- sequences --- */

static const struct value *join_lists(struct eval *eval, const struct value *a, const struct value *b)
{
    struct value *list;

    if (b->kind != VALUE_LIST || ((a->marks ^ b->marks) & VALUE_TUPLE) != 0)
        return eval_fail_type(eval, "can only concatenate %s (not \"%s\") to %s", eval_type(a), eval_type(b),
                              eval_type(a));
    list = (a->marks & VALUE_TUPLE) != 0 ? eval_tuple(eval) : eval_list(eval);
    for (size_t i = 0; i < a->as.list.count; i++)
        value_list_add(eval->arena, list, a->as.list.items[i]);
    for (size_t i = 0; i < b->as.list.count; i++)
        value_list_add(eval->arena, list, b->as.list.items[i]);
    return list;
}

static const struct value *join_strings(struct eval *eval, const struct value *a, const struct value *b)
{
    size_t length;
    char *data;
    struct value *made;

    if (b->kind != VALUE_STRING)
        return eval_fail_type(eval, "can only concatenate str (not \"%s\") to str", eval_type(b));
    if (((a->marks | b->marks) & VALUE_MARKUP) != 0) { /* HTML escapes what is added to it */
        a = markup_of(eval, a);
        b = markup_of(eval, b);
    }
    length = a->as.string.length + b->as.string.length;
    data = arena_alloc(eval->arena, length + 1);
    memcpy(data, a->as.string.data, a->as.string.length);
    memcpy(data + a->as.string.length, b->as.string.data, b->as.string.length);
    made = value_string_borrow(eval->arena, data, length);
    made->marks |= (uint8_t)((a->marks | b->marks) & (VALUE_SECRET | VALUE_MARKUP));
    return made;
}

static bool too_long(struct eval *eval, size_t unit, int64_t times)
{
    if (times <= 0 || unit == 0 || (uint64_t)times <= LIMIT_TEMPLATE_OUTPUT / unit)
        return false;
    eval_fail(eval, "a repeated sequence would be larger than %d", LIMIT_TEMPLATE_OUTPUT);
    return true;
}

/* Parts are shared: a list of lists of lists is small in memory, but what walks through it never ends. So it has to fit. */
static const struct value *repeat(struct eval *eval, const struct value *sequence, int64_t times)
{
    bool is_text = sequence->kind == VALUE_STRING;
    struct text out;
    struct value *list;

    if ((is_text ? sequence->as.string.length : sequence->as.list.count) == 0)
        times = 0; /* however often */
    if (is_text) {
        if (too_long(eval, sequence->as.string.length, times))
            return NULL;
        out = text_new(eval->arena);
        for (int64_t i = 0; i < times; i++)
            text_add_n(&out, sequence->as.string.data, sequence->as.string.length);
        return eval_taint(eval, value_string_borrow(eval->arena, out.data, out.length), sequence);
    }
    if (too_long(eval, sequence->as.list.count * sizeof(void *), times))
        return NULL;
    list = (sequence->marks & VALUE_TUPLE) != 0 ? eval_tuple(eval) : eval_list(eval);
    for (int64_t i = 0; i < times; i++)
        for (size_t k = 0; k < sequence->as.list.count; k++)
            value_list_add(eval->arena, list, sequence->as.list.items[k]);
    return eval_fits(eval, list) ? list : NULL;
}

static bool is_sequence(const struct value *value)
{
    return value->kind == VALUE_STRING || value->kind == VALUE_LIST;
}

/* NULL without an error: not for sequences. */
static const struct value *sequence_binary(struct eval *eval, enum binary_op op, const struct value *a,
                                           const struct value *b, bool *done_out)
{
    int64_t times = 0;

    *done_out = true;
    if (op == BINARY_ADD && a->kind == VALUE_STRING)
        return join_strings(eval, a, b);
    if (op == BINARY_ADD && a->kind == VALUE_LIST)
        return join_lists(eval, a, b);
    if (op == BINARY_MUL && is_sequence(a) && as_integer(b, &times))
        return repeat(eval, a, times);
    if (op == BINARY_MUL && is_sequence(b) && as_integer(a, &times))
        return repeat(eval, b, times);
    if (op == BINARY_MUL && ((is_sequence(a) && b->kind == VALUE_BIG) || (is_sequence(b) && a->kind == VALUE_BIG)))
        return eval_fail(eval, "cannot fit 'int' into an index-sized integer");
    if (op == BINARY_MOD && a->kind == VALUE_STRING)
        return python_percent(eval, a, b);
    *done_out = false;
    return NULL;
}

static const struct value *binary(struct eval *eval, enum binary_op op, const struct value *a, const struct value *b)
{
    int64_t left = 0, right = 0;
    double x = 0, y = 0;
    const struct value *made;
    bool done = false;

    if (as_integer(a, &left) && as_integer(b, &right))
        return small_binary(eval, op, left, right);
    if (a->kind == VALUE_BIG || b->kind == VALUE_BIG) {
        made = big_binary(eval, op, a, b, &done);
        if (done)
            return made;
    } else if (eval_number(a, &x) && eval_number(b, &y)) {
        return real_binary(eval, op, x, y);
    }
    if (a->kind == VALUE_UNDEFINED || b->kind == VALUE_UNDEFINED)
        return eval_fail_undefined(eval, a->kind == VALUE_UNDEFINED ? a : b);
    made = sequence_binary(eval, op, a, b, &done);
    if (done)
        return made;
    made = python_date_binary(eval, op, a, b, &done);
    if (done)
        return made;
    return eval_fail_type(eval, "unsupported operand type(s) for %s: '%s' and '%s'", symbols[op], eval_type(a),
                          eval_type(b));
}

/* Lists keep the marks that their items have. */
static bool is_secret_scalar(const struct value *value)
{
    return (value->marks & VALUE_SECRET) != 0 && value->kind != VALUE_LIST && value->kind != VALUE_MAP;
}

const struct value *eval_binary(struct eval *eval, enum binary_op op, const struct value *a, const struct value *b)
{
    const struct value *made = binary(eval, op, a, b);

    if (((a->marks | b->marks) & VALUE_SECRET) == 0 || made == NULL || !(is_secret_scalar(a) || is_secret_scalar(b)))
        return made;
    return value_mark(eval->arena, made, VALUE_SECRET, 0);
}

static const struct value *signed_number(struct eval *eval, const struct value *value, bool negate)
{
    int64_t integer = 0;

    if (value->kind == VALUE_UNDEFINED)
        return eval_fail_undefined(eval, value);
    if (as_integer(value, &integer))
        return small_binary(eval, negate ? BINARY_SUB : BINARY_ADD, 0, integer);
    if (value->kind == VALUE_BIG)
        return negate ? python_integer(eval, INTEGER_SUB, eval_int(eval, 0), value) : value;
    if (value->kind == VALUE_REAL)
        return negate ? real(eval, -value->as.real) : value;
    return eval_fail_type(eval, "bad operand type for unary %c: '%s'", negate ? '-' : '+', eval_type(value));
}

const struct value *eval_negate(struct eval *eval, const struct value *value, bool negate)
{
    return eval_taint(eval, signed_number(eval, value, negate), value);
}
