/* SPDX-License-Identifier: Apache-2.0 */
/* Filters that compare: sort, dictsort, groupby, min, max, unique. */
#include <string.h>

#include "common/base/text.h"
#include "engine/template/eval_expression.h"
#include "engine/template/filter.h"
#include "engine/template/selector.h"
#include "engine/template/sorting.h"

/* "a,b.c": several attributes make a key of several parts. */
static const struct value *multi_key(struct eval *eval, const struct value *item, const struct value *path,
                                     bool case_sensitive)
{
    struct value *key;
    size_t count = 0;
    char **parts;

    if (path == NULL || path->kind != VALUE_STRING || strchr(path->as.string.data, ',') == NULL)
        return select_key(eval, item, path, case_sensitive);
    key = eval_tuple(eval);
    parts = text_split(eval->arena, path->as.string.data, ',', &count);
    for (size_t i = 0; i < count; i++) {
        const struct value *part = select_key(eval, item, eval_text(eval, parts[i]), case_sensitive);

        if (part == NULL)
            return NULL;
        value_list_add(eval->arena, key, part);
    }
    return key;
}

/* Keys of several parts are compared from the first part on: one that is not there ends it. */
static bool parts_defined(struct eval *eval, const struct sort_item *keys, size_t count)
{
    size_t parts = (keys[0].key->marks & VALUE_TUPLE) != 0 ? value_count(keys[0].key) : 0;

    for (size_t part = 0; part < parts; part++)
        for (size_t i = 0; i < count; i++) {
            const struct value *found = value_item(keys[i].key, part);

            if (found != NULL && eval_is_strict(eval, found))
                return eval_fail_undefined(eval, found) != NULL;
        }
    return true;
}

static struct sort_item *keyed(struct eval *eval, const struct value *items, const struct value *path,
                               bool case_sensitive)
{
    struct sort_item *keys = arena_new_array(eval->arena, struct sort_item, items->as.list.count + 1);

    for (size_t i = 0; i < items->as.list.count; i++) {
        keys[i].item = items->as.list.items[i];
        keys[i].key = multi_key(eval, keys[i].item, path, case_sensitive);
        if (keys[i].key == NULL)
            return NULL;
    }
    return items->as.list.count < 2 || parts_defined(eval, keys, items->as.list.count) ? keys : NULL;
}

static const struct value *filter_sort(struct eval *eval, const struct value *input, struct call_args *args)
{
    const struct value *items = eval_items(eval, input), *reverse = args->bound[0];
    struct sort_item *keys;
    struct value *list = eval_list(eval);
    int64_t number = 0;

    if (items == NULL || (!value_is(reverse, VALUE_BIG) && !args_int(eval, reverse, 0, &number)))
        return NULL;
    keys = keyed(eval, items, args->bound[2], args_true(args->bound[1], false));
    if (keys == NULL || !sorting_run(eval, keys, items->as.list.count, args_true(args->bound[0], false)))
        return NULL;
    for (size_t i = 0; i < items->as.list.count; i++)
        value_list_add(eval->arena, list, keys[i].item);
    return list;
}

static const struct value *pair_tuple(struct eval *eval, const struct value *a, const struct value *b)
{
    struct value *tuple = eval_tuple(eval);

    value_list_add(eval->arena, tuple, a);
    value_list_add(eval->arena, tuple, b);
    return tuple;
}

static const struct value *filter_dictsort(struct eval *eval, const struct value *input, struct call_args *args)
{
    const char *by = args->bound[1] == NULL ? "key" : value_text(args->bound[1]);
    bool by_value = by != NULL && strcmp(by, "value") == 0;
    struct sort_item *keys;
    struct value *list = eval_list(eval);

    if (by == NULL || (!by_value && strcmp(by, "key") != 0))
        return eval_fail(eval, "You can only sort by either \"key\" or \"value\"");
    if (input->kind != VALUE_MAP)
        return eval_fail_type(eval, "'%s' object has no attribute 'items'", eval_type(input));
    keys = arena_new_array(eval->arena, struct sort_item, input->as.map.count + 1);
    for (size_t i = 0; i < input->as.map.count; i++) {
        const struct value_pair *pair = &input->as.map.pairs[i];

        keys[i].item = pair_tuple(eval, pair->key, pair->item);
        keys[i].key = select_key(eval, by_value ? pair->item : pair->key, NULL, args_true(args->bound[0], false));
    }
    if (!sorting_run(eval, keys, input->as.map.count, args_true(args->bound[2], false)))
        return NULL;
    for (size_t i = 0; i < input->as.map.count; i++)
        value_list_add(eval->arena, list, keys[i].item);
    return list;
}

/* The first of equal keys names the group, in its own case. */
static const struct value *group_name(struct eval *eval, const struct value *item, const struct value *path,
                                      const struct value *fallback)
{
    const struct value *name = select_attribute(eval, item, path);

    if (name != NULL && name->kind == VALUE_UNDEFINED && fallback != NULL && fallback->kind != VALUE_NULL)
        return fallback;
    return name;
}

/* A tuple of name and members that has them as .grouper and .list, too. */
static const struct value *group_tuple(struct eval *eval, const struct value *name, const struct value *members)
{
    struct value *tuple = eval_tuple(eval);

    tuple->marks |= VALUE_GROUP;
    value_list_add(eval->arena, tuple, name);
    value_list_add(eval->arena, tuple, members);
    return tuple;
}

static const struct value *filter_groupby(struct eval *eval, const struct value *input, struct call_args *args)
{
    const struct value *items = eval_items(eval, input);
    bool sensitive = args_true(args->bound[2], false);
    struct value *list = eval_list(eval), *group = NULL;
    struct sort_item *keys;

    if (items == NULL)
        return NULL;
    keys = arena_new_array(eval->arena, struct sort_item, items->as.list.count + 1);
    for (size_t i = 0; i < items->as.list.count; i++) {
        const struct value *name = group_name(eval, items->as.list.items[i], args->bound[0], args->bound[1]);

        if (name == NULL)
            return NULL;
        keys[i] = (struct sort_item){ select_key(eval, name, NULL, sensitive), items->as.list.items[i] };
    }
    if (!sorting_run(eval, keys, items->as.list.count, false))
        return NULL;
    for (size_t i = 0; i < items->as.list.count; i++) {
        if (i == 0 || !value_equal(keys[i].key, keys[i - 1].key)) {
            group = eval_list(eval);
            value_list_add(eval->arena, list,
                           group_tuple(eval, group_name(eval, keys[i].item, args->bound[0], args->bound[1]), group));
        }
        value_list_add(eval->arena, group, keys[i].item);
    }
    return list;
}

static const struct value *extreme(struct eval *eval, const struct value *input, const struct call_args *args,
                                   enum compare_op op)
{
    const struct value *items = eval_items(eval, input), *best = NULL, *best_key = NULL;

    for (size_t i = 0; items != NULL && i < items->as.list.count; i++) {
        const struct value *item = items->as.list.items[i];
        const struct value *key = select_key(eval, item, args->bound[1], args_true(args->bound[0], false));
        bool better = best == NULL;

        if (key == NULL || (best != NULL && !eval_compare(eval, op, key, best_key, &better)))
            return NULL;
        best = better ? item : best;
        best_key = better ? key : best_key;
    }
    if (items == NULL)
        return NULL;
    return best == NULL ? eval_undefined(eval, "No aggregated item, sequence was empty.") : best;
}

static const struct value *filter_min(struct eval *eval, const struct value *input, struct call_args *args)
{
    return extreme(eval, input, args, COMPARE_LT);
}

static const struct value *filter_max(struct eval *eval, const struct value *input, struct call_args *args)
{
    return extreme(eval, input, args, COMPARE_GT);
}

const struct filter filters_sort[] = {
    { "sort", filter_sort, "reverse case_sensitive attribute", FILTER_KEEPS },
    { "dictsort", filter_dictsort, "case_sensitive by reverse", FILTER_KEEPS },
    { "groupby", filter_groupby, "attribute! default case_sensitive", FILTER_KEEPS },
    { "min", filter_min, "case_sensitive attribute", FILTER_KEEPS },
    { "max", filter_max, "case_sensitive attribute", FILTER_KEEPS },
    { .name = NULL },
};
