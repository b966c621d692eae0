/* SPDX-License-Identifier: Apache-2.0 */
/* community.general's filters on dicts and lists, and json_query. */
#include <string.h>

#include "common/jmespath/jmespath.h"
#include "common/value/value_python.h"
#include "engine/template/eval_expression.h"
#include "engine/template/filter.h"
#include "engine/template/sorting.h"
#include "engine/template/test_version.h"

static const struct value *filter_json_query(struct eval *eval, const struct value *input, struct call_args *args)
{
    const struct value *made = NULL;

    if (args->bound[0]->kind == VALUE_UNDEFINED)
        return eval_fail_undefined(eval, args->bound[0]);
    if (args->bound[0]->kind != VALUE_STRING)
        return eval_fail(eval,
                         "Error in jmespath.search in json_query filter plugin:\n'%s' object is not subscriptable",
                         eval_type(args->bound[0]));
    return jmespath_search(eval->arena, args->bound[0], input, &made, eval->err) ? made : NULL;
}

/* A list of pairs as a dict. */
static const struct value *filter_dict(struct eval *eval, const struct value *input, struct call_args *args)
{
    const struct value *items = input->kind == VALUE_MAP ? NULL : eval_items(eval, input);
    struct value *map = eval_map(eval);

    (void)args;
    if (items == NULL)
        return input->kind == VALUE_MAP ? input : NULL;
    for (size_t i = 0; i < items->as.list.count; i++) {
        const struct value *pair = eval_items(eval, items->as.list.items[i]);

        if (pair == NULL)
            return eval_fail_type(eval, "cannot convert dictionary update sequence element #%zu to a sequence", i);
        if (pair->as.list.count != 2)
            return eval_fail(eval, "dictionary update sequence element #%zu has length %zu; 2 is required", i,
                             pair->as.list.count);
        if (pair->as.list.items[0]->kind == VALUE_LIST || pair->as.list.items[0]->kind == VALUE_MAP)
            return eval_fail_type(eval, "unhashable type: '%s'", eval_type(pair->as.list.items[0]));
        value_map_put_value(eval->arena, map, pair->as.list.items[0], pair->as.list.items[1]);
    }
    return map;
}

static const struct value *filter_dict_kv(struct eval *eval, const struct value *input, struct call_args *args)
{
    struct value *map = eval_map(eval);

    if (args->bound[0]->kind == VALUE_LIST || args->bound[0]->kind == VALUE_MAP)
        return eval_fail_type(eval, "unhashable type: '%s'", eval_type(args->bound[0]));
    value_map_put_value(eval->arena, map, args->bound[0], input);
    return map;
}

static const struct value *filter_groupby_as_dict(struct eval *eval, const struct value *input, struct call_args *args)
{
    struct value *map = eval_map(eval);

    if (input->kind == VALUE_STRING && input->as.string.length > 0)
        return eval_fail(eval, "Sequence element #0 is not a mapping");
    if (input->kind != VALUE_LIST)
        return input->kind == VALUE_STRING ? map : eval_fail(eval, "Input is not a sequence");
    for (size_t i = 0; i < input->as.list.count; i++) {
        const struct value *item = input->as.list.items[i], *key = value_map_get_value(item, args->bound[0]);

        if (item->kind != VALUE_MAP)
            return eval_fail(eval, "Sequence element #%zu is not a mapping", i);
        if (key == NULL)
            return eval_fail(eval, "Attribute not contained in element #%zu of sequence", i);
        if (value_map_get_value(map, key) != NULL) {
            struct text shown = text_new(eval->arena);

            value_repr(&shown, key);
            return eval_fail(eval, "Multiple sequence entries have attribute value %s", shown.data);
        }
        value_map_put_value(eval->arena, map, key, item);
    }
    return map;
}

static const struct value *filter_counter(struct eval *eval, const struct value *input, struct call_args *args)
{
    const struct value *items;
    struct value *map = eval_map(eval);

    (void)args;
    if (input->kind != VALUE_LIST && input->kind != VALUE_STRING)
        return eval_fail(
            eval, "Argument for community.general.counter must be a sequence (string or list). %s is <class '%s'>",
            value_to_text(eval->arena, input), eval_type(input));
    items = eval_items(eval, input);
    for (size_t i = 0; items != NULL && i < items->as.list.count; i++) {
        const struct value *item = items->as.list.items[i], *known;

        if (item->kind == VALUE_LIST || item->kind == VALUE_MAP)
            return eval_fail(
                eval,
                "community.general.counter needs a sequence with hashable elements (int, float or str) - unhashable "
                "type: '%s'",
                eval_type(item));
        known = value_map_get_value(map, item);
        value_map_put_value(eval->arena, map, item, eval_int(eval, known == NULL ? 1 : known->as.integer + 1));
    }
    return items == NULL ? NULL : map;
}

static const struct value *filter_crc32(struct eval *eval, const struct value *input, struct call_args *args)
{
    uint32_t crc = UINT32_MAX;

    (void)args;
    if (input->kind != VALUE_STRING)
        return eval_fail(eval, "Invalid value type (<class '%s'>) for crc32 (%s)", eval_type(input),
                         value_to_text(eval->arena, input));
    for (size_t i = 0; i < input->as.string.length; i++) {
        crc ^= (unsigned char)input->as.string.data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xEDB88320U : 0);
    }
    return eval_text(eval, arena_printf(eval->arena, "%x", crc ^ UINT32_MAX));
}

/* --- version_sort --- */

/* Stable, by insertion in halves: the order may fail, so qsort does not do. */
static bool sort_versions(struct eval *eval, const struct value **items, const struct value **spare, size_t count,
                          bool reverse)
{
    size_t half = count / 2, left = 0, right = half;

    if (count < 2)
        return true;
    if (!sort_versions(eval, items, spare, half, reverse) ||
        !sort_versions(eval, items + half, spare, count - half, reverse))
        return false;
    for (size_t i = 0; i < count; i++) {
        int order = 0;

        if (left < half && right < count &&
            !version_order(eval, "loose", value_text(items[left]), value_text(items[right]), &order))
            return false;
        if (right >= count || (left < half && (reverse ? order >= 0 : order <= 0)))
            spare[i] = items[left++];
        else
            spare[i] = items[right++];
    }
    memcpy(items, spare, count * sizeof(*items));
    return true;
}

static const struct value *filter_version_sort(struct eval *eval, const struct value *input, struct call_args *args)
{
    const struct value *items = eval_items(eval, input);
    struct value *list = eval_list(eval);
    size_t count = items == NULL ? 0 : items->as.list.count;

    for (size_t i = 0; i < count; i++) {
        if (items->as.list.items[i]->kind != VALUE_STRING)
            return eval_fail_type(eval, "expected string or bytes-like object");
        value_list_add(eval->arena, list, items->as.list.items[i]);
    }
    if (items == NULL ||
        !sort_versions(eval, list->as.list.items, arena_new_array(eval->arena, const struct value *, count + 1), count,
                       args_true(args->bound[0], false)))
        return NULL;
    return list;
}

/* --- lists_mergeby --- */

/* All lists, and of a list of lists its lists. False: error set. */
static bool merge_lists_of(struct eval *eval, const struct value *term, struct value *lists)
{
    bool nested = true;

    if (term->kind != VALUE_LIST)
        return eval_fail(eval,
                         "All arguments before the argument index for community.general.lists_mergeby must be lists. "
                         "%s is <class '%s'>",
                         value_to_text(eval->arena, term), eval_type(term)) != NULL;
    for (size_t i = 0; i < term->as.list.count; i++)
        nested = nested && (term->as.list.items[i]->kind == VALUE_LIST || term->as.list.items[i]->kind == VALUE_STRING);
    if (term->as.list.count > 0 && !nested)
        value_list_add(eval->arena, lists, term);
    for (size_t i = 0; nested && i < term->as.list.count; i++)
        value_list_add(eval->arena, lists, term->as.list.items[i]);
    return true;
}

/* Puts the members of `list` into `map`, by what stands at `index` in them; `options` are those of combine. */
static bool merge_into(struct eval *eval, struct value *map, const struct value *list, const struct value *index,
                       const struct call_args *options)
{
    for (size_t i = 0; i < value_count(list); i++) {
        const struct value *item = value_item(list, i), *key = value_map_get_value(item, index), *known;

        if (item == NULL || item->kind != VALUE_MAP)
            return eval_fail(eval,
                             "Elements of list arguments for lists_mergeby must be dictionaries. %s is <class '%s'>",
                             item == NULL ? "" : value_to_text(eval->arena, item),
                             item == NULL ? "str" : eval_type(item)) != NULL;
        if (key == NULL)
            continue;
        known = value_map_get_value(map, key);
        if (known != NULL) {
            struct call_args args = *options;

            args.items = &item;
            args.count = 1;
            item = filter_run(eval, filter_find("combine"), known, &args);
            if (item == NULL)
                return false;
        }
        value_map_put_value(eval->arena, map, key, item);
    }
    return true;
}

static const struct value *merge_two(struct eval *eval, const struct value *const lists[2], const struct value *index,
                                     const struct call_args *options)
{
    struct value *map = value_map(eval->arena), *made = eval_list(eval);
    struct sort_item *items;
    size_t count;

    for (int i = 0; i < 2; i++)
        if (!merge_into(eval, map, lists[i], index, options))
            return NULL;
    count = map->as.map.count;
    items = arena_new_array(eval->arena, struct sort_item, count + 1);
    for (size_t i = 0; i < count; i++)
        items[i] = (struct sort_item){ map->as.map.pairs[i].key, map->as.map.pairs[i].item };
    if (!sorting_run(eval, items, count, false))
        return NULL;
    for (size_t i = 0; i < count; i++)
        value_list_add(eval->arena, made, items[i].item);
    return made;
}

static const struct value *filter_lists_mergeby(struct eval *eval, const struct value *input, struct call_args *args)
{
    struct call_args options = *args;
    struct value *lists = value_list(eval->arena);
    const struct value *index = args->count == 0 ? NULL : args->items[args->count - 1], *result;

    for (uint32_t i = 0; i < args->named_count; i++)
        if (strcmp(args->names[i], "recursive") != 0 && strcmp(args->names[i], "list_merge") != 0)
            return eval_fail(eval, "'recursive' and 'list_merge' are the only valid keyword arguments.");
    if (index == NULL)
        return eval_fail(eval, "At least one list and index are needed.");
    for (uint32_t i = 0; i < args->count; i++)
        if (!merge_lists_of(eval, i == 0 ? input : args->items[i - 1], lists))
            return NULL;
    if (lists->as.list.count <= 1)
        return lists->as.list.count == 0 ? lists : lists->as.list.items[0];
    if (index->kind != VALUE_STRING)
        return eval_fail(
            eval,
            "First argument after the lists for community.general.lists_mergeby must be string. %s is <class "
            "'%s'>",
            value_to_text(eval->arena, index), eval_type(index));
    result = lists->as.list.items[lists->as.list.count - 1];
    for (size_t i = lists->as.list.count - 1; result != NULL && i-- > 0;)
        result = merge_two(eval, (const struct value *const[]){ lists->as.list.items[i], result }, index, &options);
    return result;
}

const struct filter filters_general[] = {
    { "community.general.json_query", filter_json_query, "expr!", 0 },
    { "community.general.dict", filter_dict, "", FILTER_KEEPS },
    { "community.general.dict_kv", filter_dict_kv, "key!", FILTER_KEEPS },
    { "community.general.groupby_as_dict", filter_groupby_as_dict, "attribute!", FILTER_KEEPS },
    { "community.general.counter", filter_counter, "", 0 },
    { "community.general.crc32", filter_crc32, "", 0 },
    { "community.general.version_sort", filter_version_sort, "reverse", FILTER_KEEPS },
    { "community.general.lists_mergeby", filter_lists_mergeby, NULL, FILTER_KEEPS },
    { .name = NULL },
};
