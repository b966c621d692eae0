/* SPDX-License-Identifier: Apache-2.0 */
/* random and shuffle; with a seed they give what Ansible gives. */
#include <stdlib.h>

#include "common/base/text.h"
#include "engine/template/filter.h"
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

/* randrange(start, end, step) */
static const struct value *in_range(struct eval *eval, struct random *random, int64_t start, int64_t end, int64_t step)
{
    int64_t width = 0, count = 0;

    if (__builtin_sub_overflow(end, start, &width) || width == INT64_MIN || step == INT64_MIN)
        return eval_fail(eval, "the range of random is too large");
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
    int64_t start = 0, step = 1, end = 0;

    if (!generator(eval, args->bound[2], &random))
        return NULL;
    if (input->kind == VALUE_INT || input->kind == VALUE_BOOL) {
        if (!args_int(eval, args->bound[0], 0, &start) || !args_int(eval, args->bound[1], 1, &step) ||
            !args_int(eval, input, 0, &end))
            return NULL;
        return in_range(eval, &random, start, end, step == 0 ? 1 : step);
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
