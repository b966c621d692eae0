/* SPDX-License-Identifier: Apache-2.0 */
/* Filters on numbers: abs, round, log, pow, root. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/template/eval_expression.h"
#include "engine/template/filter.h"
#include "engine/template/python_integer.h"

static const struct value *filter_abs(struct eval *eval, const struct value *input, struct call_args *args)
{
    (void)args;
    if (input->kind == VALUE_REAL)
        return value_real(eval->arena, fabs(input->as.real));
    if (value_is_integer(input))
        return integer_is_negative(input) ? eval_negate(eval, input, true) : input;
    if (input->kind == VALUE_BOOL)
        return eval_int(eval, input->as.boolean);
    return eval_fail_type(eval, "bad operand type for abs(): '%s'", eval_type(input));
}

/* Beyond them a real has no digits: float.__round__ of CPython. */
#define REAL_PLACES_MAX 323
#define REAL_PLACES_MIN (-308)

/* To tens, hundreds and so on: so many of its digits are left. */
static double round_tens(struct eval *eval, double number, int places)
{
    const char *text = arena_printf(eval->arena, "%.17e", number), *exponent = strchr(text, 'e') + 1;
    int digits = (int)strtol(exponent, NULL, 10) + 1 - places;

    if (digits > 0)
        return strtod(arena_printf(eval->arena, "%.*e", digits - 1, number), NULL);
    if (digits == 0 && fabs(strtod(text, NULL)) > strtod(arena_printf(eval->arena, "5e%d", places - 1), NULL))
        return copysign(strtod(arena_printf(eval->arena, "1e%d", places), NULL), number);
    return 0.0 * number;
}

/* Half to even on the decimal text, as Python does. */
static const struct value *round_real(struct eval *eval, double number, int64_t precision)
{
    double rounded = number;

    if (!isfinite(number) || precision > REAL_PLACES_MAX)
        return value_real(eval->arena, number);
    if (precision >= 0)
        rounded = strtod(arena_printf(eval->arena, "%.*f", (int)precision, number), NULL);
    else
        rounded = precision < REAL_PLACES_MIN ? 0.0 * number : round_tens(eval, number, (int)-precision);
    return isfinite(rounded) ? value_real(eval->arena, rounded)
                             : eval_fail(eval, "rounded value too large to represent");
}

/* ceil() and floor() give integers. */
static const struct value *whole_of(struct eval *eval, const struct value *number, bool is_up)
{
    double real;

    if (number->kind != VALUE_REAL)
        return number;
    real = is_up ? ceil(number->as.real) : floor(number->as.real);
    if (!isfinite(real))
        return eval_fail(eval, "cannot convert float %s to integer", isnan(real) ? "NaN" : "infinity");
    return value_integer_real(eval->arena, real);
}

/* Up or down to a place: the scale is an integer or a real, as the power is. */
static const struct value *round_scaled(struct eval *eval, const struct value *input, bool is_up, int64_t precision)
{
    const struct value *scale = eval_binary(eval, BINARY_POW, eval_int(eval, 10), eval_int(eval, precision));
    const struct value *scaled = scale == NULL ? NULL : eval_binary(eval, BINARY_MUL, input, scale);

    scaled = scaled == NULL ? NULL : whole_of(eval, scaled, is_up);
    return scaled == NULL ? NULL : eval_binary(eval, BINARY_DIV, scaled, scale);
}

static const struct value *round_common(struct eval *eval, const struct value *input, int64_t precision)
{
    if (input->kind == VALUE_REAL)
        return round_real(eval, input->as.real, precision);
    if (precision < 0)
        return python_integer_round(eval, input, precision < -INT64_MAX ? INT64_MAX : -precision);
    return input->kind == VALUE_BOOL ? eval_int(eval, input->as.boolean) : input;
}

static const struct value *filter_round(struct eval *eval, const struct value *input, struct call_args *args)
{
    const char *method = args_text(eval, args->bound[1], "common", "method");
    int64_t precision = 0;
    double number = 0;

    if (method == NULL || !args_int(eval, args->bound[0], 0, &precision))
        return NULL;
    if (strcmp(method, "common") != 0 && strcmp(method, "ceil") != 0 && strcmp(method, "floor") != 0)
        return eval_fail(eval, "method must be common, ceil or floor");
    if (input->kind != VALUE_BIG && !eval_number(input, &number))
        return eval_fail_type(eval, "type %s doesn't define __round__ method", eval_type(input));
    if (strcmp(method, "common") == 0 && value_is(args->bound[0], VALUE_NULL) && isfinite(number))
        return input->kind == VALUE_REAL ? value_integer_real(eval->arena, nearbyint(number)) : input;
    if (strcmp(method, "common") == 0)
        return round_common(eval, input, precision);
    return round_scaled(eval, input, strcmp(method, "ceil") == 0, precision);
}

static bool number_or_fail(struct eval *eval, const struct value *value, const char *filter, double *out)
{
    return eval_number(value, out) ||
           eval_fail_type(eval, "%s() can only be used on numbers: must be real number, not %s", filter,
                          eval_type(value)) != NULL;
}

static bool one_log(struct eval *eval, const struct value *value, double (*log_of)(double), double *out)
{
    if (value->kind != VALUE_REAL)
        return python_integer_log(eval, value, log_of, out);
    *out = log_of(value->as.real);
    return true;
}

/* One of them is beyond all reals. */
static const struct value *log_of_big(struct eval *eval, const struct value *input, const struct value *base)
{
    double number = 0, divisor = 1, ten = 0;
    bool is_ten = base != NULL && eval_number(base, &ten) && ten == 10;

    if (!one_log(eval, input, is_ten ? log10 : log, &number) ||
        (base != NULL && !is_ten && !one_log(eval, base, log, &divisor)))
        return NULL;
    return divisor == 0 ? eval_raise(eval, "ZeroDivisionError", "float division by zero")
                        : value_real(eval->arena, number / divisor);
}

static const struct value *filter_log(struct eval *eval, const struct value *input, struct call_args *args)
{
    double number = 0, base = 0;

    if (!number_or_fail(eval, input, "log", &number))
        return NULL;
    if (args->bound[0] != NULL && !number_or_fail(eval, args->bound[0], "log", &base))
        return NULL;
    if (number <= 0 || (args->bound[0] != NULL && base <= 0))
        return eval_fail(eval, "math domain error");
    if (isinf(number + base) && (input->kind == VALUE_BIG || args->bound[0] != NULL))
        return log_of_big(eval, input, args->bound[0]);
    if (args->bound[0] == NULL)
        return value_real(eval->arena, log(number));
    if (base == 1)
        return eval_raise(eval, "ZeroDivisionError", "float division by zero");
    return value_real(eval->arena, base == 10 ? log10(number) : log(number) / log(base));
}

static const struct value *filter_pow(struct eval *eval, const struct value *input, struct call_args *args)
{
    double number = 0, power = 0, made;

    if (!number_or_fail(eval, input, "pow", &number) || !number_or_fail(eval, args->bound[0], "pow", &power))
        return NULL;
    if ((input->kind == VALUE_BIG && !python_real(eval, input, &number)) ||
        (args->bound[0]->kind == VALUE_BIG && !python_real(eval, args->bound[0], &power)))
        return NULL;
    made = pow(number, power);
    if (isnan(made) && !isnan(number) && !isnan(power))
        return eval_fail(eval, "math domain error");
    if (isinf(made) && isfinite(number) && isfinite(power))
        return eval_fail(eval, number == 0 ? "math domain error" : "math range error");
    return value_real(eval->arena, made);
}

static const struct value *filter_root(struct eval *eval, const struct value *input, struct call_args *args)
{
    double number = 0, base = 2;

    if (!number_or_fail(eval, input, "root", &number) ||
        (args->bound[0] != NULL && !number_or_fail(eval, args->bound[0], "root", &base)))
        return NULL;
    if (input->kind == VALUE_BIG && !python_real(eval, input, &number))
        return NULL;
    if (base == 0)
        return eval_raise(eval, "ZeroDivisionError", "float division by zero");
    if (number < 0)
        return eval_fail_type(eval, "root() can only be used on numbers: math domain error");
    return value_real(eval->arena, base == 2 ? sqrt(number) : pow(number, 1.0 / base));
}

const struct filter filters_number[] = {
    { "abs", filter_abs, "", 0 },       { "round", filter_round, "precision method", 0 },
    { "log", filter_log, "base", 0 },   { "pow", filter_pow, "y!", 0 },
    { "root", filter_root, "base", 0 }, { .name = NULL },
};
