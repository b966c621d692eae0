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

/* Rounds half to even on the decimal text, as Python does. */
static double round_decimal(struct eval *eval, double number, int64_t precision)
{
    double scale = 0;

    if (!isfinite(number) || precision > 22)
        return number;
    if (precision >= 0)
        return strtod(arena_printf(eval->arena, "%.*f", (int)precision, number), NULL);
    if (precision < -300)
        return 0;
    scale = pow(10, (double)-precision);
    return nearbyint(number / scale) * scale;
}

/* An integer that is large, or rounded to tens: up and down goes through reals where the scale is one. */
static const struct value *round_integer(struct eval *eval, const struct value *input, const char *method,
                                         int64_t precision)
{
    const struct value *scale, *scaled;
    double real = 0;

    if (strcmp(method, "common") == 0)
        return precision >= 0 ? input : python_integer_round(eval, input, -precision);
    scale = eval_binary(eval, BINARY_POW, eval_int(eval, 10), eval_int(eval, precision));
    scaled = scale == NULL ? NULL : eval_binary(eval, BINARY_MUL, input, scale);
    if (scaled != NULL && scaled->kind == VALUE_REAL) {
        real = strcmp(method, "ceil") == 0 ? ceil(scaled->as.real) : floor(scaled->as.real);
        scaled = isfinite(real) ? value_integer_real(eval->arena, real)
                                : eval_fail(eval, "cannot convert float infinity to integer");
    }
    return scaled == NULL ? NULL : eval_binary(eval, BINARY_DIV, scaled, scale);
}

static const struct value *filter_round(struct eval *eval, const struct value *input, struct call_args *args)
{
    const char *method = args_text(eval, args->bound[1], "common", "method");
    int64_t precision = 0;
    double number = 0, scale;

    if (method == NULL || !args_int(eval, args->bound[0], 0, &precision))
        return NULL;
    if (strcmp(method, "common") != 0 && strcmp(method, "ceil") != 0 && strcmp(method, "floor") != 0)
        return eval_fail(eval, "method must be common, ceil or floor");
    if (input->kind == VALUE_BIG || (python_is_integer(input) && precision < 0))
        return round_integer(eval, input, method, precision);
    if (!eval_number(input, &number))
        return eval_fail_type(eval, "type %s doesn't define __round__ method", eval_type(input));
    if (strcmp(method, "common") == 0)
        return input->kind == VALUE_REAL   ? value_real(eval->arena, round_decimal(eval, number, precision))
               : input->kind == VALUE_BOOL ? eval_int(eval, input->as.boolean)
                                           : input;
    scale = pow(10, (double)precision);
    number = strcmp(method, "ceil") == 0 ? ceil(number * scale) : floor(number * scale);
    return value_real(eval->arena, (number + 0.0) / scale); /* an integer in Python: never -0.0 */
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
