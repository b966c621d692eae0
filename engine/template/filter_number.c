/* SPDX-License-Identifier: Apache-2.0 */
/* Filters on numbers: abs, round, log, pow, root. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/template/eval_expression.h"
#include "engine/template/filter.h"

static const struct value *filter_abs(struct eval *eval, const struct value *input, struct call_args *args)
{
    (void)args;
    if (input->kind == VALUE_REAL)
        return value_real(eval->arena, fabs(input->as.real));
    if (input->kind == VALUE_INT)
        return input->as.integer < 0 ? eval_negate(eval, input, true) : input;
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

static const struct value *filter_round(struct eval *eval, const struct value *input, struct call_args *args)
{
    const char *method = args_text(eval, args->bound[1], "common", "method");
    int64_t precision = 0;
    double number = 0, scale;

    if (method == NULL || !args_int(eval, args->bound[0], 0, &precision))
        return NULL;
    if (strcmp(method, "common") != 0 && strcmp(method, "ceil") != 0 && strcmp(method, "floor") != 0)
        return eval_fail(eval, "method must be common, ceil or floor");
    if (!eval_number(input, &number))
        return eval_fail_type(eval, "type %s doesn't define __round__ method", eval_type(input));
    if (strcmp(method, "common") == 0)
        return input->kind == VALUE_REAL ? value_real(eval->arena, round_decimal(eval, number, precision))
               : precision >= 0          ? input
                                         : eval_int(eval, (int64_t)round_decimal(eval, number, precision));
    scale = pow(10, (double)precision);
    number = strcmp(method, "ceil") == 0 ? ceil(number * scale) : floor(number * scale);
    return value_real(eval->arena, number / scale);
}

static bool number_or_fail(struct eval *eval, const struct value *value, const char *filter, double *out)
{
    return eval_number(value, out) || eval_fail(eval, "%s() can only be used on numbers: must be real number, not %s",
                                                filter, eval_type(value)) != NULL;
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
    if (args->bound[0] == NULL)
        return value_real(eval->arena, log(number));
    return value_real(eval->arena, base == 10 ? log10(number) : log(number) / log(base));
}

static const struct value *filter_pow(struct eval *eval, const struct value *input, struct call_args *args)
{
    double number = 0, power = 0;

    if (!number_or_fail(eval, input, "pow", &number) || !number_or_fail(eval, args->bound[0], "pow", &power))
        return NULL;
    return value_real(eval->arena, pow(number, power));
}

static const struct value *filter_root(struct eval *eval, const struct value *input, struct call_args *args)
{
    double number = 0, base = 2;

    if (!number_or_fail(eval, input, "root", &number) ||
        (args->bound[0] != NULL && !number_or_fail(eval, args->bound[0], "root", &base)))
        return NULL;
    if (number < 0)
        return eval_fail(eval, "root() can only be used on numbers: math domain error");
    return value_real(eval->arena, base == 2 ? sqrt(number) : pow(number, 1.0 / base));
}

const struct filter filters_number[] = {
    { "abs", filter_abs, "", FILTER_KEEPS },       { "round", filter_round, "precision method", FILTER_KEEPS },
    { "log", filter_log, "base", FILTER_KEEPS },   { "pow", filter_pow, "y!", FILTER_KEEPS },
    { "root", filter_root, "base", FILTER_KEEPS }, { .name = NULL },
};
