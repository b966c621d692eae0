/* SPDX-License-Identifier: Apache-2.0 */
/* Filters on sequences: ends, order, pieces, sums. */
#include <string.h>

#include "common/base/text.h"
#include "engine/template/eval_expression.h"
#include "engine/template/filter.h"
#include "engine/template/selector.h"

static const struct value *filter_first(struct eval *eval, const struct value *input, struct call_args *args)
{
    const struct value *items = eval_items(eval, input);

    (void)args;
    if (items == NULL)
        return NULL;
    return items->as.list.count > 0 ? items->as.list.items[0]
                                    : eval_undefined(eval, "No first item, sequence was empty.");
}

static const struct value *filter_last(struct eval *eval, const struct value *input, struct call_args *args)
{
    const struct value *items = eval_items(eval, input);

    (void)args;
    if (items == NULL)
        return NULL;
    return items->as.list.count > 0 ? items->as.list.items[items->as.list.count - 1]
                                    : eval_undefined(eval, "No last item, sequence was empty.");
}

static const struct value *reverse_text(struct eval *eval, const struct value *text)
{
    static const int64_t minus = -1;
    const int64_t *parts[3] = { NULL, NULL, &minus };

    return eval_slice(eval, text, parts);
}

static const struct value *filter_reverse(struct eval *eval, const struct value *input, struct call_args *args)
{
    const struct value *items;
    struct value *list;

    (void)args;
    if (input->kind == VALUE_STRING)
        return reverse_text(eval, input);
    items = eval_items(eval, input);
    if (items == NULL)
        return NULL;
    list = eval_list(eval);
    for (size_t i = items->as.list.count; i > 0; i--)
        value_list_add(eval->arena, list, items->as.list.items[i - 1]);
    return list;
}

static const struct value *filter_batch(struct eval *eval, const struct value *input, struct call_args *args)
{
    const struct value *items = eval_items(eval, input), *fill = args->bound[1];
    struct value *list = eval_list(eval), *line = NULL;
    int64_t size = 0;

    if (items == NULL || !args_int(eval, args->bound[0], 1, &size))
        return NULL;
    if (size < 1)
        return eval_fail(eval, "batch() needs a line count of at least 1");
    if (fill != NULL && size > (int64_t)(LIMIT_TEMPLATE_OUTPUT / sizeof(void *)))
        return eval_fail(eval, "a batch of %lld is too long to be filled up", (long long)size);
    for (size_t i = 0; i < items->as.list.count; i++) {
        if (line == NULL || (int64_t)line->as.list.count == size) {
            line = eval_list(eval);
            value_list_add(eval->arena, list, line);
        }
        value_list_add(eval->arena, line, items->as.list.items[i]);
    }
    while (line != NULL && fill != NULL && fill->kind != VALUE_NULL && (int64_t)line->as.list.count < size) {
        if (!eval_step(eval))
            return NULL;
        value_list_add(eval->arena, line, fill);
    }
    return list;
}

static const struct value *filter_slice(struct eval *eval, const struct value *input, struct call_args *args)
{
    const struct value *items = eval_items(eval, input), *fill = args->bound[1];
    struct value *list = eval_list(eval);
    int64_t slices = 0;
    size_t count, each, more, at = 0;

    if (items == NULL || !args_int(eval, args->bound[0], 1, &slices))
        return NULL;
    if (slices < 1)
        return eval_fail(eval, "slice() needs a count of at least 1");
    count = items->as.list.count;
    each = count / (size_t)slices;
    more = count % (size_t)slices;
    for (size_t i = 0; i < (size_t)slices; i++) {
        struct value *part = eval_list(eval);
        size_t size = each + (i < more);

        if (!eval_step(eval))
            return NULL;

        for (size_t k = 0; k < size; k++)
            value_list_add(eval->arena, part, items->as.list.items[at++]);
        if (fill != NULL && fill->kind != VALUE_NULL && i >= more)
            value_list_add(eval->arena, part, fill);
        value_list_add(eval->arena, list, part);
    }
    return list;
}

static const struct value *filter_sum(struct eval *eval, const struct value *input, struct call_args *args)
{
    const struct value *items = eval_items(eval, input);
    const struct value *sum = args->bound[1] == NULL ? eval_int(eval, 0) : args->bound[1];

    if (items != NULL && sum->kind == VALUE_STRING)
        return eval_fail_type(eval, "sum() can't sum strings [use ''.join(seq) instead]");
    for (size_t i = 0; items != NULL && sum != NULL && i < items->as.list.count; i++) {
        const struct value *item = items->as.list.items[i];

        if (args->bound[0] != NULL && args->bound[0]->kind != VALUE_NULL)
            item = select_attribute(eval, item, args->bound[0]);
        if (sum->kind == VALUE_STRING)
            return eval_fail_type(eval, "sum() can't sum strings [use ''.join(seq) instead]");
        sum = item == NULL ? NULL : eval_binary(eval, BINARY_ADD, sum, item);
    }
    return items == NULL ? NULL : sum;
}

static bool is_null_item(const struct value *item)
{
    const char *text = value_text(item);

    return item->kind == VALUE_NULL || (text != NULL && (strcmp(text, "None") == 0 || strcmp(text, "null") == 0));
}

struct flattening {
    struct eval *eval;
    struct value *list;
    int64_t levels; /* negative: all */
    bool skip_nulls;
};

static bool flatten_into(const struct flattening *all, const struct value *from, int64_t depth)
{
    if (!eval_step(all->eval))
        return false;
    if (depth > LIMIT_VALUE_DEPTH)
        return eval_too_deep(all->eval) != NULL;
    for (size_t i = 0; i < from->as.list.count; i++) {
        const struct value *item = from->as.list.items[i];

        if (all->skip_nulls && is_null_item(item))
            continue;
        if (item->kind == VALUE_LIST && depth != all->levels) {
            if (!flatten_into(all, item, depth + 1))
                return false;
        } else {
            value_list_add(all->eval->arena, all->list, item);
        }
    }
    return true;
}

static const struct value *filter_flatten(struct eval *eval, const struct value *input, struct call_args *args)
{
    const struct value *items = eval_items(eval, input), *given = args->bound[0];
    struct flattening all = { eval, eval_list(eval), -1, args_true(args->bound[1], true) };

    if (items == NULL || !args_int(eval, given, -1, &all.levels))
        return NULL;
    if (given != NULL && given->kind != VALUE_NULL && all.levels < 0)
        all.levels = 0; /* only without a number there is no bound */
    return flatten_into(&all, items, 0) ? all.list : NULL;
}

const struct filter filters_list[] = {
    { "first", filter_first, "", FILTER_KEEPS },
    { "last", filter_last, "", FILTER_KEEPS },
    { "reverse", filter_reverse, "", FILTER_KEEPS },
    { "batch", filter_batch, "linecount! fill_with", FILTER_KEEPS },
    { "slice", filter_slice, "slices! fill_with", FILTER_KEEPS },
    { "sum", filter_sum, "attribute start", 0 },
    { "flatten", filter_flatten, "levels skip_nulls", FILTER_KEEPS },
    { .name = NULL },
};
