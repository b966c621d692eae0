/* SPDX-License-Identifier: Apache-2.0 */
/* zip, zip_longest, product, permutations, combinations: as Python's itertools. */
#include <string.h>

#include "engine/template/filter.h"

/* The input and all positional arguments, each as a list. */
static const struct value **all_lists(struct eval *eval, const struct value *input, const struct call_args *args)
{
    const struct value **lists = arena_new_array(eval->arena, const struct value *, args->count + 1);

    lists[0] = eval_items(eval, input);
    for (uint32_t i = 0; i < args->count; i++)
        lists[i + 1] = eval_items(eval, args->items[i]);
    for (uint32_t i = 0; i <= args->count; i++)
        if (lists[i] == NULL)
            return NULL;
    return lists;
}

static size_t length_of(const struct value **lists, uint32_t count, bool longest)
{
    size_t length = lists[0]->as.list.count;

    for (uint32_t i = 1; i < count; i++) {
        size_t other = lists[i]->as.list.count;

        length = longest ? (other > length ? other : length) : (other < length ? other : length);
    }
    return length;
}

static const struct value *zip(struct eval *eval, const struct value *input, const struct call_args *args,
                               const struct value *fill)
{
    const struct value **lists = all_lists(eval, input, args);
    struct value *list = eval_list(eval);
    size_t length = lists == NULL ? 0 : length_of(lists, args->count + 1, fill != NULL);

    for (size_t i = 0; i < length; i++) {
        struct value *tuple = eval_tuple(eval);

        if (!eval_step(eval))
            return NULL;
        for (uint32_t k = 0; k <= args->count; k++)
            value_list_add(eval->arena, tuple, i < lists[k]->as.list.count ? lists[k]->as.list.items[i] : fill);
        value_list_add(eval->arena, list, tuple);
    }
    return lists == NULL ? NULL : list;
}

/* The first named argument that is not this one, or NULL. */
static const char *other_named(const struct call_args *args, const char *allowed)
{
    for (uint32_t i = 0; i < args->named_count; i++)
        if (strcmp(args->names[i], allowed) != 0)
            return args->names[i];
    return NULL;
}

/* zip(strict=True): all are as long as the first. */
static bool same_lengths(struct eval *eval, const struct value *input, const struct call_args *args)
{
    const struct value **lists = all_lists(eval, input, args);
    size_t first = lists == NULL ? 0 : lists[0]->as.list.count;

    for (uint32_t i = 1; lists != NULL && i <= args->count; i++) {
        size_t length = lists[i]->as.list.count;

        if (length != first)
            return eval_fail(eval,
                             i == 1 ? "zip() argument %u is %s than argument 1"
                                    : "zip() argument %u is %s than arguments 1-%u",
                             i + 1, length < first ? "shorter" : "longer", i) != NULL;
    }
    return lists != NULL;
}

static const struct value *filter_zip(struct eval *eval, const struct value *input, struct call_args *args)
{
    const char *other = other_named(args, "strict");

    if (other != NULL)
        return eval_fail_type(eval, "'%s' is an invalid keyword argument for zip()", other);
    if (args_true(args_named(args, "strict"), false) && !same_lengths(eval, input, args))
        return NULL;
    return zip(eval, input, args, NULL);
}

static const struct value *filter_zip_longest(struct eval *eval, const struct value *input, struct call_args *args)
{
    const struct value *fill = args_named(args, "fillvalue");

    if (other_named(args, "fillvalue") != NULL)
        return eval_fail_type(eval, "zip_longest() got an unexpected keyword argument");
    return zip(eval, input, args, fill == NULL ? value_null() : fill);
}

static const struct value *tuple_at(struct eval *eval, const struct value **lists, const size_t *at, size_t count)
{
    struct value *tuple = eval_tuple(eval);

    for (size_t i = 0; i < count; i++)
        value_list_add(eval->arena, tuple, lists[i]->as.list.items[at[i]]);
    return tuple;
}

static const struct value *filter_product(struct eval *eval, const struct value *input, struct call_args *args)
{
    const struct value **lists = all_lists(eval, input, args), **repeated;
    struct value *list = eval_list(eval);
    size_t count = args->count + 1, *at, last;
    int64_t repeat = 1;

    if (other_named(args, "repeat") != NULL)
        return eval_fail_type(eval, "'%s' is an invalid keyword argument for product()", other_named(args, "repeat"));
    if (lists == NULL || !args_int(eval, args_named(args, "repeat"), 1, &repeat))
        return NULL;
    if (repeat < 0 || repeat > 1000)
        return eval_fail(eval, "repeat argument cannot be negative or over 1000");
    repeated = arena_new_array(eval->arena, const struct value *, count *(size_t)repeat + 1);
    for (size_t i = 0; i < count * (size_t)repeat; i++) {
        repeated[i] = lists[i % count];
        if (repeated[i]->as.list.count == 0)
            return list;
    }
    count *= (size_t)repeat;
    at = arena_new_array(eval->arena, size_t, count + 1);
    for (;;) {
        if (!eval_step(eval))
            return NULL;
        value_list_add(eval->arena, list, tuple_at(eval, repeated, at, count));
        for (last = count; last > 0 && ++at[last - 1] == repeated[last - 1]->as.list.count; last--)
            at[last - 1] = 0;
        if (last == 0)
            return list;
    }
}

static const struct value *tuple_of(struct eval *eval, const struct value *items, const size_t *at, size_t count)
{
    struct value *tuple = eval_tuple(eval);

    for (size_t i = 0; i < count; i++)
        value_list_add(eval->arena, tuple, items->as.list.items[at[i]]);
    return tuple;
}

static const struct value *filter_combinations(struct eval *eval, const struct value *input, struct call_args *args)
{
    const struct value *items = eval_items(eval, input);
    struct value *list = eval_list(eval);
    int64_t size = 0;
    size_t *at, n, r, i;

    if (items == NULL || !args_int(eval, args->bound[0], 0, &size))
        return NULL;
    n = items->as.list.count;
    r = (size_t)size;
    if (size < 0)
        return eval_fail(eval, "r must be non-negative");
    if (r > n)
        return list;
    at = arena_new_array(eval->arena, size_t, r + 1);
    for (i = 0; i < r; i++)
        at[i] = i;
    for (;;) {
        if (!eval_step(eval))
            return NULL;
        value_list_add(eval->arena, list, tuple_of(eval, items, at, r));
        for (i = r; i > 0 && at[i - 1] == i - 1 + n - r; i--)
            continue;
        if (i == 0)
            return list;
        at[i - 1]++;
        for (; i < r; i++)
            at[i] = at[i - 1] + 1;
    }
}

struct permutation {
    size_t *at, count, size;
    bool *used;
};

static bool permute(struct eval *eval, struct value *list, const struct value *items, struct permutation *state,
                    size_t position)
{
    if (!eval_step(eval))
        return false;
    if (position == state->size) {
        value_list_add(eval->arena, list, tuple_of(eval, items, state->at, state->size));
        return true;
    }
    for (size_t i = 0; i < state->count; i++) {
        bool done;

        if (state->used[i])
            continue;
        state->used[i] = true;
        state->at[position] = i;
        done = permute(eval, list, items, state, position + 1);
        state->used[i] = false;
        if (!done)
            return false;
    }
    return true;
}

static const struct value *filter_permutations(struct eval *eval, const struct value *input, struct call_args *args)
{
    const struct value *items = eval_items(eval, input);
    struct value *list = eval_list(eval);
    struct permutation state;
    int64_t size = 0;

    if (items == NULL || !args_int(eval, args->bound[0], (int64_t)items->as.list.count, &size))
        return NULL;
    if (size < 0)
        return eval_fail(eval, "r must be non-negative");
    if ((size_t)size > items->as.list.count)
        return list;
    if (size > 100)
        return eval_fail(eval, "permutations of more than 100 items are not possible");
    state.size = (size_t)size;
    state.count = items->as.list.count;
    state.at = arena_new_array(eval->arena, size_t, state.size + 1);
    state.used = arena_new_array(eval->arena, bool, state.count + 1);
    return permute(eval, list, items, &state, 0) ? list : NULL;
}

const struct filter filters_combinatoric[] = {
    { "zip", filter_zip, NULL, FILTER_KEEPS },
    { "zip_longest", filter_zip_longest, NULL, FILTER_KEEPS },
    { "product", filter_product, NULL, FILTER_KEEPS },
    { "combinations", filter_combinations, "r!", FILTER_KEEPS },
    { "permutations", filter_permutations, "r", FILTER_KEEPS },
    { .name = NULL },
};
