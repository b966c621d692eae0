/* SPDX-License-Identifier: Apache-2.0 */
/* random and shuffle; with a seed they give what Ansible gives. */
#include <stdlib.h>

#include "common/base/text.h"
#include "engine/template/filter.h"
#include "common/value/value_python.h"
#include "engine/template/python_integer.h"
#include "engine/template/python_random.h"

static bool is_given(const struct value *value)
{
    return value != NULL && value->kind != VALUE_NULL;
}

static bool generator(struct eval *eval, const struct value *seed, struct random *out)
{
    if (!is_given(seed)) {
        *out = random_from_system();
        return true;
    }
    if (random_from_seed(eval->arena, seed, out))
        return true;
    return eval_fail_type(eval, "The only supported seed types are: None,\nint, float, str, bytes, and bytearray.") !=
           NULL;
}

/* The same beyond 64 bits. */
static const struct value *in_big_range(struct eval *eval, struct random *random, const struct value *start,
                                        const struct value *end, const struct value *step)
{
    const struct value *count = python_integer_steps(eval, start, end, step), *width, *drawn;

    if (count == NULL)
        return NULL;
    if (integer_is_negative(count) || !value_truthy(count)) {
        if (!value_equal(step, eval_int(eval, 1)))
            return eval_fail(eval, "empty range for randrange()");
        width = python_integer(eval, INTEGER_SUB, end, start);
        return width == NULL
                   ? NULL
                   : eval_fail(eval, "empty range for randrange() (%s, %s, %s)", value_to_text(eval->arena, start),
                               value_to_text(eval->arena, end), value_to_text(eval->arena, width));
    }
    drawn = random_below_big(eval->arena, random, count, eval->err);
    drawn = drawn == NULL ? NULL : python_integer(eval, INTEGER_MUL, step, drawn);
    return drawn == NULL ? NULL : python_integer(eval, INTEGER_ADD, start, drawn);
}

/* A number of the range, or NULL with the error: what is not given is `otherwise`. */
static const struct value *range_part(struct eval *eval, const struct value *part, int64_t otherwise)
{
    int64_t number = 0;

    if (part != NULL && part->kind == VALUE_BIG)
        return part;
    if (part == NULL || !value_truthy(part))
        return eval_int(eval, otherwise);
    return args_int(eval, part, otherwise, &number) ? eval_int(eval, number) : NULL;
}

/* randrange(start, end, step) */
static const struct value *in_range(struct eval *eval, struct random *random, int64_t start, int64_t end, int64_t step)
{
    int64_t width = 0, count = 0;

    if (__builtin_sub_overflow(end, start, &width) || width == INT64_MIN || step == INT64_MIN)
        return in_big_range(eval, random, eval_int(eval, start), eval_int(eval, end), eval_int(eval, step));
    if ((width > 0) == (step > 0) && width != 0)
        count = (llabs(width) - 1) / llabs(step) + 1;
    if (count == 0 && step == 1)
        return eval_fail(eval, "empty range for randrange() (%lld, %lld, %lld)", (long long)start, (long long)end,
                         (long long)width);
    if (count == 0)
        return eval_fail(eval, "empty range for randrange()");
    return eval_int(eval, start + step * (int64_t)random_below(random, (uint64_t)count));
}

static const struct value *filter_random(struct eval *eval, const struct value *input, struct call_args *args)
{
    struct random random;
    const struct value *items;
    const struct value *start, *step;

    if (!generator(eval, args->bound[2], &random))
        return NULL;
    if (python_is_integer(input)) {
        start = range_part(eval, args->bound[0], 0);
        step = start == NULL ? NULL : range_part(eval, args->bound[1], 1);
        if (step == NULL)
            return NULL;
        if (input->kind == VALUE_BIG || start->kind == VALUE_BIG || step->kind == VALUE_BIG)
            return in_big_range(eval, &random, start, input, step);
        return in_range(eval, &random, start->as.integer,
                        input->kind == VALUE_BOOL ? input->as.boolean : input->as.integer, step->as.integer);
    }
    if (input->kind != VALUE_LIST && input->kind != VALUE_STRING && input->kind != VALUE_OBJECT)
        return eval_fail(eval, "random can only be used on sequences and integers");
    if ((is_given(args->bound[0]) && value_truthy(args->bound[0])) ||
        (is_given(args->bound[1]) && value_truthy(args->bound[1])))
        return eval_fail(eval, "start and step can only be used with integer values");
    items = eval_items(eval, input);
    if (items == NULL)
        return NULL;
    if (items->as.list.count == 0)
        return eval_fail(eval, "Cannot choose from an empty sequence");
    return items->as.list.items[random_below(&random, items->as.list.count)];
}

/* What cannot be shuffled comes back as it is. */
static const struct value *filter_shuffle(struct eval *eval, const struct value *input, struct call_args *args)
{
    struct random random = random_from_system();
    const struct value *items, *seed = args->bound[0];
    struct value *list;

    if (input->kind != VALUE_LIST && input->kind != VALUE_STRING && input->kind != VALUE_MAP)
        return input;
    items = eval_items(eval, input);
    if (items == NULL)
        return NULL;
    list = eval_list(eval);
    for (size_t i = 0; i < items->as.list.count; i++)
        value_list_add(eval->arena, list, items->as.list.items[i]);
    if (is_given(seed) && value_truthy(seed) && !random_from_seed(eval->arena, seed, &random))
        return list;
    for (size_t i = list->as.list.count; i > 1; i--) {
        size_t k = (size_t)random_below(&random, i);
        const struct value *moved = list->as.list.items[i - 1];

        list->as.list.items[i - 1] = list->as.list.items[k];
        list->as.list.items[k] = moved;
    }
    return list;
}

const struct filter filters_random[] = {
    { "random", filter_random, "start step seed", FILTER_KEEPS },
    { "shuffle", filter_shuffle, "seed", FILTER_KEEPS },
    { .name = NULL },
};
