/* SPDX-License-Identifier: Apache-2.0 */
/* Filters on dicts: combine, dict2items, items2dict, items, subelements, rekey_on_member, extract. */
#include <string.h>

#include "common/base/text.h"
#include "common/value/value_python.h"
#include "engine/template/eval_expression.h"
#include "engine/template/filter.h"

/* --- combine --- */

enum list_merge { MERGE_REPLACE, MERGE_KEEP, MERGE_APPEND, MERGE_PREPEND, MERGE_APPEND_RP, MERGE_PREPEND_RP };

struct merge {
    struct eval *eval;
    bool recursive;
    enum list_merge lists;
};

static bool list_has(const struct value *list, const struct value *item)
{
    for (size_t i = 0; i < list->as.list.count; i++)
        if (value_equal(list->as.list.items[i], item))
            return true;
    return false;
}

static void add_all(struct eval *eval, struct value *list, const struct value *from, const struct value *except)
{
    for (size_t i = 0; i < from->as.list.count; i++)
        if (except == NULL || !list_has(except, from->as.list.items[i]))
            value_list_add(eval->arena, list, from->as.list.items[i]);
}

static const struct value *merge_lists(const struct merge *merge, const struct value *base, const struct value *over)
{
    bool removes = merge->lists == MERGE_APPEND_RP || merge->lists == MERGE_PREPEND_RP;
    bool over_first = merge->lists == MERGE_PREPEND || merge->lists == MERGE_PREPEND_RP;
    struct value *list;

    if (merge->lists == MERGE_REPLACE || merge->lists == MERGE_KEEP)
        return merge->lists == MERGE_REPLACE ? over : base;
    list = eval_list(merge->eval);
    if (over_first)
        add_all(merge->eval, list, over, NULL);
    add_all(merge->eval, list, base, removes ? over : NULL);
    if (!over_first)
        add_all(merge->eval, list, over, NULL);
    return list;
}

/* NULL: error set. */
static const struct value *merge_maps(const struct merge *merge, const struct value *base, const struct value *over,
                                      int depth)
{
    struct value *map = eval_map(merge->eval);

    if (depth > LIMIT_VALUE_DEPTH)
        return eval_too_deep(merge->eval);
    if (base->as.map.count == 0)
        return over;
    for (size_t i = 0; i < base->as.map.count; i++)
        value_map_put_value(merge->eval->arena, map, base->as.map.pairs[i].key, base->as.map.pairs[i].item);
    for (size_t i = 0; i < over->as.map.count; i++) {
        const struct value_pair *pair = &over->as.map.pairs[i];
        const struct value *old = value_map_get_value(map, pair->key), *item = pair->item;

        if (value_is(old, VALUE_MAP) && item->kind == VALUE_MAP && merge->recursive)
            item = merge_maps(merge, old, item, depth + 1);
        else if (value_is(old, VALUE_LIST) && item->kind == VALUE_LIST)
            item = merge_lists(merge, old, item);
        if (item == NULL)
            return NULL;
        value_map_put_value(merge->eval->arena, map, pair->key, item);
    }
    return map;
}

static bool merge_option(struct eval *eval, const char *name, enum list_merge *out)
{
    static const char *const names[] = { "replace", "keep", "append", "prepend", "append_rp", "prepend_rp" };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(names[i], name) == 0) {
            *out = (enum list_merge)i;
            return true;
        }
    return eval_fail(eval, "merge_hash: 'list_merge' argument can only be equal to 'replace', 'keep', 'append', "
                           "'prepend', 'append_rp' or 'prepend_rp'") != NULL;
}

static const struct value *not_dicts(struct eval *eval, const struct value *a, const struct value *b)
{
    struct text left = text_new(eval->arena), right = text_new(eval->arena);

    value_repr(&left, a);
    value_repr(&right, b);
    return eval_fail(eval, "failed to combine variables, expected dicts but got a '%s' and a '%s': \n%s\n%s",
                     eval_type(a), eval_type(b), left.data, right.data);
}

static const struct value *combine_all(const struct merge *merge, const struct value *dicts)
{
    const struct value *result = NULL;

    for (size_t i = 0; i < dicts->as.list.count; i++) {
        const struct value *dict = dicts->as.list.items[i];

        if (dict->kind == VALUE_UNDEFINED)
            return eval_fail_undefined(merge->eval, dict);
        if (result != NULL && (result->kind != VALUE_MAP || dict->kind != VALUE_MAP))
            return not_dicts(merge->eval, result, dict);
        result = result == NULL ? dict : merge_maps(merge, result, dict, 0);
        if (result == NULL)
            return NULL;
    }
    return result == NULL ? eval_map(merge->eval) : result;
}

static const struct value *filter_combine(struct eval *eval, const struct value *input, struct call_args *args)
{
    struct merge merge = { .eval = eval, .lists = MERGE_REPLACE };
    struct value *dicts = value_list(eval->arena);

    for (uint32_t i = 0; i < args->named_count; i++) {
        if (strcmp(args->names[i], "recursive") == 0)
            merge.recursive = value_truthy(args->named[i]);
        else if (strcmp(args->names[i], "list_merge") != 0)
            return eval_fail(eval, "'recursive' and 'list_merge' are the only valid keyword arguments");
        else if (value_text(args->named[i]) == NULL || !merge_option(eval, value_text(args->named[i]), &merge.lists))
            return NULL;
    }
    for (uint32_t i = 0; i <= args->count; i++) {
        const struct value *term = i == 0 ? input : args->items[i - 1];

        if (term->kind == VALUE_LIST)
            add_all(eval, dicts, term, NULL);
        else if (term->kind != VALUE_NULL)
            value_list_add(eval->arena, dicts, term);
    }
    return combine_all(&merge, dicts);
}

/* --- between dicts and lists --- */

static const char *name_or(struct eval *eval, const struct value *value, const char *fallback)
{
    return args_text(eval, value, fallback, "a key name");
}

static const struct value *filter_dict2items(struct eval *eval, const struct value *input, struct call_args *args)
{
    const char *key_name = name_or(eval, args->bound[0], "key"), *value_name = name_or(eval, args->bound[1], "value");
    struct value *list = eval_list(eval);
    const struct value *keys;

    if (key_name == NULL || value_name == NULL)
        return NULL;
    if (input->kind != VALUE_MAP && input->kind != VALUE_OBJECT)
        return eval_fail_type(eval, "dict2items requires a dictionary, got <class '%s'> instead.", eval_type(input));
    keys = eval_items(eval, input);
    for (size_t i = 0; keys != NULL && i < keys->as.list.count; i++) {
        struct value *item = eval_map(eval);
        const struct value *found = eval_item(eval, input, keys->as.list.items[i]);

        if (found == NULL)
            return NULL;
        value_map_put(eval->arena, item, key_name, keys->as.list.items[i]);
        value_map_put(eval->arena, item, value_name, found);
        value_list_add(eval->arena, list, item);
    }
    return keys == NULL ? NULL : list;
}

/* item[name]: of a dict, or of a tuple when the name is a number. NULL: there is none. */
static const struct value *part_of(const struct value *item, const struct value *name)
{
    if (item->kind == VALUE_MAP)
        return value_map_get_value(item, name);
    return item->kind == VALUE_LIST && name->kind == VALUE_INT && name->as.integer >= 0
               ? value_item(item, (size_t)name->as.integer)
               : NULL;
}

static const struct value *filter_items2dict(struct eval *eval, const struct value *input, struct call_args *args)
{
    const struct value *key_name = args->bound[0] == NULL ? eval_text(eval, "key") : args->bound[0];
    const struct value *value_name = args->bound[1] == NULL ? eval_text(eval, "value") : args->bound[1];
    struct value *map = eval_map(eval);

    if (input->kind != VALUE_LIST)
        return eval_fail_type(eval, "items2dict requires a list, got <class '%s'> instead.", eval_type(input));
    for (size_t i = 0; i < input->as.list.count; i++) {
        const struct value *item = input->as.list.items[i];
        const struct value *key = part_of(item, key_name), *value = part_of(item, value_name);

        if (item->kind != VALUE_MAP && (key == NULL || value == NULL))
            return eval_fail_type(eval, "items2dict requires a list of dictionaries, got %s instead.",
                                  value_to_text(eval->arena, input));
        if (key == NULL || value == NULL)
            return eval_fail_type(eval,
                                  "items2dict requires each dictionary in the list to contain the keys '%s' and '%s', "
                                  "got %s instead.",
                                  value_to_text(eval->arena, key_name), value_to_text(eval->arena, value_name),
                                  value_to_text(eval->arena, input));
        value_map_put_value(eval->arena, map, key, value);
    }
    return map;
}

static const struct value *filter_items(struct eval *eval, const struct value *input, struct call_args *args)
{
    struct value *list = eval_list(eval);

    (void)args;
    if (input->kind == VALUE_UNDEFINED)
        return list;
    if (input->kind != VALUE_MAP)
        return eval_fail_type(eval, "Can only get item pairs from a mapping.");
    for (size_t i = 0; i < input->as.map.count; i++) {
        struct value *pair = eval_tuple(eval);

        value_list_add(eval->arena, pair, input->as.map.pairs[i].key);
        value_list_add(eval->arena, pair, input->as.map.pairs[i].item);
        value_list_add(eval->arena, list, pair);
    }
    return list;
}

/* --- subelements --- */

static const struct value *walk(struct eval *eval, const struct value *element, const struct value *path,
                                bool skip_missing)
{
    const struct value *at = element;
    const char *name = NULL;

    for (size_t i = 0; i < path->as.list.count; i++) {
        const struct value *key = path->as.list.items[i], *found;

        name = value_text(key);

        if (at->kind != VALUE_MAP)
            return eval_fail_type(eval, "the key %s should point to a dictionary, got '%s'", name == NULL ? "?" : name,
                                  value_to_text(eval->arena, at));
        found = value_map_get_value(at, key);
        if (found == NULL && skip_missing)
            return value_list(eval->arena);
        if (found == NULL)
            return eval_fail(eval, "could not find '%s' key in iterated item %s", name == NULL ? "?" : name,
                             value_to_text(eval->arena, at));
        at = found;
    }
    if (at->kind == VALUE_LIST)
        return at;
    return eval_fail_type(eval, "the key '%s' should point to a list, got %s", name == NULL ? "?" : name,
                          value_to_text(eval->arena, at));
}

static const struct value *subelement_path(struct eval *eval, const struct value *path)
{
    struct value *list;
    size_t count = 0;
    char **parts;

    if (path->kind == VALUE_LIST)
        return path;
    if (path->kind != VALUE_STRING)
        return eval_fail_type(eval, "subelements must be a list or a string");
    list = value_list(eval->arena);
    parts = text_split(eval->arena, path->as.string.data, '.', &count);
    for (size_t i = 0; i < count; i++)
        value_list_add(eval->arena, list, eval_text(eval, parts[i]));
    return list;
}

static const struct value *filter_subelements(struct eval *eval, const struct value *input, struct call_args *args)
{
    const struct value *path = subelement_path(eval, args->bound[0]);
    struct value *list = eval_list(eval);

    if (path == NULL)
        return NULL;
    if (input->kind != VALUE_MAP && input->kind != VALUE_LIST)
        return eval_fail(eval, "obj must be a list of dicts or a nested dict");
    for (size_t i = 0; i < value_count(input); i++) {
        const struct value *element = input->kind == VALUE_MAP ? input->as.map.pairs[i].item : input->as.list.items[i];
        const struct value *found = walk(eval, element, path, args_true(args->bound[1], false));

        if (found == NULL)
            return NULL;
        for (size_t k = 0; k < found->as.list.count; k++) {
            struct value *tuple = eval_tuple(eval);

            value_list_add(eval->arena, tuple, element);
            value_list_add(eval->arena, tuple, found->as.list.items[k]);
            value_list_add(eval->arena, list, tuple);
        }
    }
    return list;
}

/* --- rekey_on_member, extract --- */

static bool rekey_one(struct eval *eval, struct value *map, const struct value *item, const struct value *key,
                      bool overwrite)
{
    const struct value *member;

    if (item->kind != VALUE_MAP)
        return eval_fail_type(eval, "List item is not a valid dict") != NULL;
    member = value_map_get_value(item, key);
    if (member == NULL)
        return eval_fail(eval, "Key %s was not found", value_to_text(eval->arena, key)) != NULL;
    if (!overwrite && value_map_get_value(map, member) != NULL)
        return eval_fail(eval, "Key %s is not unique, cannot correctly turn into dict",
                         value_to_text(eval->arena, member)) != NULL;
    value_map_put_value(eval->arena, map, member, item);
    return true;
}

static const struct value *filter_rekey(struct eval *eval, const struct value *input, struct call_args *args)
{
    const char *duplicates = args_text(eval, args->bound[1], "error", "duplicates");
    struct value *map = eval_map(eval);

    if (duplicates == NULL)
        return NULL;
    if (strcmp(duplicates, "error") != 0 && strcmp(duplicates, "overwrite") != 0)
        return eval_fail(eval, "duplicates parameter to rekey_on_member has unknown value: %s", duplicates);
    if (input->kind != VALUE_MAP && input->kind != VALUE_LIST)
        return eval_fail_type(eval, "Type is not a valid list, set, or dict");
    for (size_t i = 0; i < value_count(input); i++)
        if (!rekey_one(eval, map, input->kind == VALUE_MAP ? input->as.map.pairs[i].item : input->as.list.items[i],
                       args->bound[0], strcmp(duplicates, "overwrite") == 0))
            return NULL;
    return map;
}

static const struct value *filter_extract(struct eval *eval, const struct value *input, struct call_args *args)
{
    const struct value *more = args->bound[1], *found = eval_item(eval, args->bound[0], input);

    if (more == NULL || more->kind == VALUE_NULL)
        return found;
    if (more->kind != VALUE_LIST)
        return found == NULL ? NULL : eval_item(eval, found, more);
    for (size_t i = 0; found != NULL && i < more->as.list.count; i++)
        found = eval_item(eval, found, more->as.list.items[i]);
    return found;
}

const struct filter filters_dict[] = {
    { "combine", filter_combine, NULL, FILTER_KEEPS },
    { "dict2items", filter_dict2items, "key_name value_name", FILTER_KEEPS },
    { "items2dict", filter_items2dict, "key_name value_name", FILTER_KEEPS },
    { "items", filter_items, "", FILTER_KEEPS | FILTER_TAKES_UNDEFINED },
    { "subelements", filter_subelements, "subelements! skip_missing", FILTER_KEEPS },
    { "rekey_on_member", filter_rekey, "key! duplicates", FILTER_KEEPS },
    { "extract", filter_extract, "container! morekeys", FILTER_KEEPS },
    { .name = NULL },
};
