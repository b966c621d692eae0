/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Integers beyond 64 bits: the slow path of arithmetic, and Python's functions that take integers of any size.
 */
#include "engine/template/python_integer.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#include "engine/template/eval_expression.h"

/* So many digits cost about one step of a template when they are squared. */
#define DIGITS_PER_STEP 316
#define INT64_DIGITS 19

static size_t digits_of(const struct value *value)
{
    return value->kind == VALUE_BIG ? value_big_digits(value) : 1;
}

/* Large numbers take time, of which a template has only so much. */
static bool charge(struct eval *eval, const struct value *a, const struct value *b)
{
    size_t scaled = (digits_of(a) + digits_of(b)) / DIGITS_PER_STEP;

    eval->type_error = false;
    eval->located = false;
    eval->steps += scaled * scaled;
    return eval_budget(eval);
}

const struct value *python_integer(struct eval *eval, enum integer_op op, const struct value *a, const struct value *b)
{
    const struct value *result = charge(eval, a, b) ? integer_binary(eval->arena, op, a, b, eval->err) : NULL;

    /* A power is large where its operands are not. */
    return result == NULL || (op == INTEGER_POW && !charge(eval, result, result)) ? NULL : result;
}

bool python_integer_bits(struct eval *eval, const struct value *value, int64_t *out)
{
    return charge(eval, value, value) && integer_bits(value, out, eval->err);
}

const struct value *python_ratio(struct eval *eval, const struct value *a, const struct value *b)
{
    double real = 0;

    if (!charge(eval, a, b) || !integer_ratio(a, b, &real, eval->err))
        return NULL;
    return value_real(eval->arena, real);
}

bool python_real(struct eval *eval, const struct value *number, double *out)
{
    eval->type_error = false;
    eval->located = false;
    if (number->kind != VALUE_REAL)
        return integer_real(number, out, eval->err);
    *out = number->as.real;
    return true;
}

/* --- int() --- */

static const char *prefix_skip(const char *digits, int64_t base)
{
    static const char letters[] = { [2] = 'b', [8] = 'o', [16] = 'x' };
    bool has_prefix = digits[0] == '0' && (base == 2 || base == 8 || base == 16) &&
                      tolower((unsigned char)digits[1]) == letters[base];

    return has_prefix && isalnum((unsigned char)digits[2]) ? digits + 2 : digits;
}

const struct value *python_integer_text(struct eval *eval, const char *text, int64_t base)
{
    bool is_negative = *text == '-';
    const char *digits = prefix_skip(text + (*text == '-' || *text == '+'), base);

    if (base < 2 || base > 36)
        return NULL;
    return value_integer_read(eval->arena, digits, strlen(digits), (int)base, is_negative, NULL);
}

/* --- digits --- */

bool python_integer_add(struct eval *eval, struct text *out, const struct value *value,
                        const struct number_style *style)
{
    int base = number_base(style->type);
    const char *digits = value->kind == VALUE_BIG ? value->as.string.data + value_big_is_negative(value) : NULL;

    if (value->kind != VALUE_BIG) {
        number_add_integer(out, value->kind == VALUE_BOOL ? value->as.boolean : value->as.integer, style);
        return true;
    }
    if (base == 10 && value_big_digits(value) > VALUE_DIGITS_MAX)
        return eval_fail(eval, VALUE_DIGITS_ERROR) != NULL;
    if (base != 10)
        digits = charge(eval, value, value) ? integer_digits(eval->arena, value, base, eval->err) : NULL;
    if (digits == NULL)
        return false;
    number_add_digits(out, digits, value_big_is_negative(value), style);
    return true;
}

/* --- round() and log() --- */

const struct value *python_integer_round(struct eval *eval, const struct value *value, int64_t places)
{
    const struct value *unit, *rest, *down, *twice, *count;
    int order = 0;

    if (places > (value->kind == VALUE_BIG ? (int64_t)value_big_digits(value) : INT64_DIGITS))
        return eval_int(eval, 0);
    unit = eval_binary(eval, BINARY_POW, eval_int(eval, 10), eval_int(eval, places));
    rest = unit == NULL ? NULL : eval_binary(eval, BINARY_MOD, value, unit);
    down = rest == NULL ? NULL : eval_binary(eval, BINARY_SUB, value, rest);
    twice = down == NULL ? NULL : eval_binary(eval, BINARY_ADD, rest, rest);
    if (twice == NULL || !value_compare(twice, unit, &order, eval->err))
        return NULL;
    if (order == 0) { /* half way: to the even one */
        count = eval_binary(eval, BINARY_FLOORDIV, down, unit);
        count = count == NULL ? NULL : eval_binary(eval, BINARY_MOD, count, eval_int(eval, 2));
        if (count == NULL)
            return NULL;
        order = value_truthy(count) ? 1 : -1;
    }
    return order > 0 ? eval_binary(eval, BINARY_ADD, down, unit) : down;
}

bool python_integer_log(struct eval *eval, const struct value *value, double (*log_of)(double), double *out)
{
    const struct value *power, *mantissa;
    int64_t bits = 0;
    double real;

    if (value->kind != VALUE_BIG || !isinf(value_big_real(value))) {
        if (!python_real(eval, value, &real))
            return false;
        *out = log_of(real);
        return true;
    }
    if (!python_integer_bits(eval, value, &bits))
        return false;
    power = python_integer(eval, INTEGER_POW, eval_int(eval, 2), eval_int(eval, bits));
    mantissa = power == NULL ? NULL : python_ratio(eval, value, power);
    if (mantissa == NULL)
        return false;
    *out = log_of(mantissa->as.real) + log_of(2.0) * (double)bits;
    return true;
}

/* --- range() --- */

const struct value *python_integer_steps(struct eval *eval, const struct value *start, const struct value *stop,
                                         const struct value *step)
{
    const struct value *towards = eval_int(eval, integer_is_negative(step) ? 1 : -1);
    const struct value *sum = python_integer(eval, INTEGER_SUB, stop, start);

    sum = sum == NULL ? NULL : python_integer(eval, INTEGER_ADD, sum, step);
    sum = sum == NULL ? NULL : python_integer(eval, INTEGER_ADD, sum, towards);
    return sum == NULL ? NULL : python_integer(eval, INTEGER_FLOORDIV, sum, step);
}

const struct value *python_integer_range(struct eval *eval, const struct value *parts[3], size_t most)
{
    const struct value *steps, *at = parts[0];
    struct value *list = eval_list(eval);

    if (value_equal(parts[2], eval_int(eval, 0)))
        return eval_fail(eval, "range() arg 3 must not be zero");
    steps = python_integer_steps(eval, parts[0], parts[1], parts[2]);
    if (steps == NULL || integer_is_negative(steps))
        return steps == NULL ? NULL : list;
    if (steps->kind == VALUE_BIG || (size_t)steps->as.integer > most)
        return eval_fail(eval, "Range too big. The maximum size for range is %zu.", most);
    for (int64_t i = 0; at != NULL && i < steps->as.integer; i++) {
        value_list_add(eval->arena, list, at);
        at = python_integer(eval, INTEGER_ADD, at, parts[2]);
    }
    return at == NULL ? NULL : list;
}
