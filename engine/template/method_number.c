/* SPDX-License-Identifier: Apache-2.0 */
/* Methods of int, bool and float. */
#include <math.h>

#include "engine/template/method.h"
#include "engine/template/python_integer.h"

static const struct value *number_bit_length(struct eval *eval, const struct value *self, struct call_args *args)
{
    int64_t number, bits = 0;
    uint64_t rest;

    (void)args;
    if (self->kind == VALUE_BIG)
        return python_integer_bits(eval, self, &bits) ? eval_int(eval, bits) : NULL;
    if (self->kind == VALUE_REAL)
        return eval_fail(eval, "'float object' has no attribute 'bit_length'");
    number = self->kind == VALUE_INT ? self->as.integer : self->as.boolean;
    rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    for (; rest > 0; rest >>= 1)
        bits++;
    return eval_int(eval, bits);
}

static const struct value *number_is_integer(struct eval *eval, const struct value *self, struct call_args *args)
{
    (void)args;
    if (self->kind != VALUE_REAL)
        return eval_fail(eval, "'%s object' has no attribute 'is_integer'", eval_type(self));
    return value_bool(isfinite(self->as.real) && floor(self->as.real) == self->as.real);
}

static const struct value *number_conjugate(struct eval *eval, const struct value *self, struct call_args *args)
{
    (void)eval;
    (void)args;
    return self;
}

const struct method method_of_number[] = {
    { "bit_length", number_bit_length, "", false },
    { "is_integer", number_is_integer, "", false },
    { "conjugate", number_conjugate, "", false },
    { .name = NULL },
};
