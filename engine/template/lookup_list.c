/* SPDX-License-Identifier: Apache-2.0 */
/* Lookups that only rearrange their terms: what the with_ loops are made of. */
#include <string.h>
#include <sys/random.h>

#include "common/base/text.h"
#include "common/value/value_python.h"
#include "engine/template/eval_expression.h"
#include "engine/template/filter.h"
#include "engine/template/lookup.h"
#include "engine/template/strings.h"

static const struct value *run_filter(struct eval *eval, const char *name, const struct value *input,
                                      const struct value **items, uint32_t count)
{
    struct call_args args = { .items = items, .count = count };

    return filter_run(eval, filter_find(name), input, &args);
}

/* One level of lists is opened, as with_items does. */
static const struct value *lookup_items(struct eval *eval, const struct value *terms, const struct value *options)
{
    struct value *list = eval_list(eval);

    (void)options;
    for (size_t i = 0; i < terms->as.list.count; i++) {
        const struct value *term = terms->as.list.items[i];

        for (size_t k = 0; term->kind == VALUE_LIST && k < term->as.list.count; k++)
            value_list_add(eval->arena, list, term->as.list.items[k]);
        if (term->kind != VALUE_LIST)
            value_list_add(eval->arena, list, term);
    }
    return list;
}

static const struct value *lookup_list(struct eval *eval, const struct value *terms, const struct value *options)
{
    (void)eval;
    (void)options;
    return terms;
}

static const struct value *lookup_indexed_items(struct eval *eval, const struct value *terms,
                                                const struct value *options)
{
    const struct value *items = lookup_items(eval, terms, options);
    struct value *list = eval_list(eval);

    for (size_t i = 0; i < items->as.list.count; i++) {
        struct value *pair = eval_tuple(eval);

        value_list_add(eval->arena, pair, eval_int(eval, (int64_t)i));
        value_list_add(eval->arena, pair, items->as.list.items[i]);
        value_list_add(eval->arena, list, pair);
    }
    return list;
}

static bool add_pairs(struct eval *eval, const struct value *term, struct value *list)
{
    const struct value *names = eval_shown_items(eval, term);

    for (size_t i = 0; names != NULL && i < names->as.list.count; i++) {
        const struct value *name = names->as.list.items[i];
        const struct value *item = eval_step(eval) ? eval_item(eval, term, name) : NULL;
        struct value *pair = eval_map(eval);

        if (item == NULL)
            return false;
        value_map_put(eval->arena, pair, "key", name);
        value_map_put(eval->arena, pair, "value", item);
        value_list_add(eval->arena, list, pair);
    }
    return names != NULL;
}

static const struct value *lookup_dict(struct eval *eval, const struct value *terms, const struct value *options)
{
    struct value *list = eval_list(eval);

    (void)options;
    for (size_t i = 0; i < terms->as.list.count; i++) {
        if (!value_is_mapping(terms->as.list.items[i]))
            return eval_fail(eval, "with_dict expects a dict");
        if (!add_pairs(eval, terms->as.list.items[i], list))
            return NULL;
    }
    return list;
}

/* What a term stands for: text and numbers for themselves, a dict for its names. */
static const struct value *as_list(struct eval *eval, const struct value *term)
{
    struct value *list;

    if (term->kind == VALUE_LIST)
        return term;
    if (value_is_mapping(term))
        return eval_shown_items(eval, term);
    list = eval_list(eval);
    value_list_add(eval->arena, list, term->kind == VALUE_STRING ? strings_strip(eval, term, NULL, true, true) : term);
    return list;
}

static const struct value **as_lists(struct eval *eval, const struct value *terms)
{
    const struct value **lists = arena_new_array(eval->arena, const struct value *, terms->as.list.count + 1);

    for (size_t i = 0; i < terms->as.list.count; i++)
        lists[i] = as_list(eval, terms->as.list.items[i]);
    return lists;
}

/* Each row with one level of its lists opened; what is no list is a row of what iterating gives. */
static const struct value *flat_rows(struct eval *eval, const struct value *rows)
{
    struct value *list = eval_list(eval);

    for (size_t i = 0; rows != NULL && i < rows->as.list.count; i++) {
        const struct value *row = eval_step(eval) ? eval_items(eval, rows->as.list.items[i]) : NULL;

        if (row == NULL)
            return NULL;
        value_list_add(eval->arena, list, lookup_items(eval, row, NULL));
    }
    return rows == NULL ? NULL : list;
}

/* Two lists at a time, and a level is opened each time. */
static const struct value *lookup_nested(struct eval *eval, const struct value *terms, const struct value *options)
{
    const struct value **lists = as_lists(eval, terms), *made = lists[0];

    (void)options;
    if (terms->as.list.count == 0)
        return eval_fail(eval, "with_nested requires at least one element in the nested list");
    for (size_t i = 1; made != NULL && i < terms->as.list.count; i++) {
        made = run_filter(eval, "product", made, &lists[i], 1);
        made = made == NULL ? NULL : flat_rows(eval, made);
    }
    return made == NULL ? NULL : flat_rows(eval, made);
}

static const struct value *lookup_cartesian(struct eval *eval, const struct value *terms, const struct value *options)
{
    const struct value **lists = as_lists(eval, terms);

    (void)options;
    if (terms->as.list.count == 0)
        return eval_fail(eval, "with_cartesian requires at least one element in each list");
    return flat_rows(eval, run_filter(eval, "product", lists[0], lists + 1, (uint32_t)terms->as.list.count - 1));
}

static const struct value *lookup_together(struct eval *eval, const struct value *terms, const struct value *options)
{
    const struct value **lists = as_lists(eval, terms);

    (void)options;
    if (terms->as.list.count == 0)
        return eval_fail(eval, "with_together requires at least one element in each list");
    return flat_rows(eval, run_filter(eval, "zip_longest", lists[0], lists + 1, (uint32_t)terms->as.list.count - 1));
}

/* A copy of the map without what stands at "a.b": the elements are the second item, they are not shown in the first again. */
static const struct value *without_key(struct eval *eval, const struct value *map, const char *path)
{
    size_t length = path == NULL ? 0 : strcspn(path, ".");
    struct value *copy = eval_map(eval);

    if (!value_is(map, VALUE_MAP) || length == 0)
        return map;
    for (size_t i = 0; i < map->as.map.count; i++) {
        const struct value_pair *pair = &map->as.map.pairs[i];
        const char *key = value_text(pair->key);
        bool here = key != NULL && strlen(key) == length && memcmp(key, path, length) == 0;

        if (here && path[length] == '\0')
            continue;
        value_map_put_value(eval->arena, copy, pair->key,
                            here ? without_key(eval, pair->item, path + length + 1) : pair->item);
    }
    return copy;
}

/* What stands at the path in the item; NULL: error set. */
static const struct value *subelements_of(struct eval *eval, const struct value *item, const char *path,
                                          bool skip_missing)
{
    const struct value *at = item, *found;
    char **keys = text_split(eval->arena, path, '.', NULL);
    const struct value *none = eval_list(eval);

    for (; *keys != NULL; keys++, at = found) {
        bool is_last = keys[1] == NULL;

        found = value_map_get(at, *keys);
        if (found == NULL && skip_missing)
            return none;
        if (found == NULL)
            return eval_fail(eval, "could not find '%s' key in iterated item '%s'", *keys,
                             value_to_text(eval->arena, at));
        if (!is_last && found->kind != VALUE_MAP && skip_missing)
            return none;
        if (found->kind != (is_last ? VALUE_LIST : VALUE_MAP))
            return eval_fail(eval, "the key %s should point to a %s, got '%s'", *keys, is_last ? "list" : "dictionary",
                             value_to_text(eval->arena, found));
    }
    return at;
}

static bool was_skipped(const struct value *value)
{
    const struct value *skipped = value_map_get(value, "skipped");

    return skipped != NULL && (skipped->kind != VALUE_BOOL || skipped->as.boolean);
}

/* The elements that the terms speak of; NULL: error set. */
static const struct value *subelement_items(struct eval *eval, const struct value *terms)
{
    static const char *const expects = "subelements lookup expects a list of two or three items, ";
    const struct value *first = value_item(terms, 0), *path = value_item(terms, 1), *flags = value_item(terms, 2);
    struct value *list = eval_list(eval);
    size_t count = terms->as.list.count;

    if (count < 2 || count > 3)
        return eval_fail(eval, "%s", expects);
    if (first->kind == VALUE_STRING && path->kind == VALUE_STRING)
        return eval_fail(eval, "subelements lookup expects a dictionary, got '%s'", first->as.string.data);
    if ((first->kind != VALUE_LIST && first->kind != VALUE_MAP) || path->kind != VALUE_STRING)
        return eval_fail(eval, "%sfirst a dict or a list, second a string pointing to the subkey", expects);
    if (flags != NULL && flags->kind != VALUE_MAP)
        return eval_fail(eval, "%sthe optional third item must be a dict with flags skip_missing", expects);
    if (first->kind == VALUE_LIST || was_skipped(first))
        return first->kind == VALUE_LIST ? first : list;
    for (size_t i = 0; i < first->as.map.count; i++)
        value_list_add(eval->arena, list, first->as.map.pairs[i].item);
    return list;
}

static const struct value *lookup_subelements(struct eval *eval, const struct value *terms, const struct value *options)
{
    const struct value *items = subelement_items(eval, terms), *path = value_item(terms, 1);
    bool skip_missing = lookup_flag(value_item(terms, 2), "skip_missing", false);
    struct value *list = eval_list(eval);

    (void)options;
    for (size_t i = 0; i < value_count(items); i++) {
        const struct value *item = items->as.list.items[i], *inner, *shown;

        if (item->kind != VALUE_MAP)
            return eval_fail(eval, "subelements lookup expects a dictionary, got '%s'",
                             value_to_text(eval->arena, item));
        if (was_skipped(item))
            continue;
        inner = subelements_of(eval, item, value_text(path), skip_missing);
        if (inner == NULL)
            return NULL;
        shown = without_key(eval, item, value_text(path));
        for (size_t k = 0; k < inner->as.list.count; k++) {
            struct value *row = eval_tuple(eval);

            value_list_add(eval->arena, row, shown);
            value_list_add(eval->arena, row, inner->as.list.items[k]);
            value_list_add(eval->arena, list, row);
        }
    }
    return items == NULL ? NULL : list;
}

/* The words None and null end their list, as Ansible has it. */
static bool add_flattened(struct eval *eval, struct value *out, const struct value *list, int depth)
{
    if (depth > LIMIT_VALUE_DEPTH)
        return eval_too_deep(eval) != NULL;
    for (size_t i = 0; i < list->as.list.count; i++) {
        const struct value *item = list->as.list.items[i];
        const char *text = value_text(item);

        if (text != NULL && (strcmp(text, "None") == 0 || strcmp(text, "null") == 0))
            return true;
        if (item->kind != VALUE_LIST)
            value_list_add(eval->arena, out, item);
        else if (!add_flattened(eval, out, item, depth + 1))
            return false;
    }
    return true;
}

static const struct value *lookup_flattened(struct eval *eval, const struct value *terms, const struct value *options)
{
    struct value *list = eval_list(eval);

    (void)options;
    return add_flattened(eval, list, terms, 0) ? list : NULL;
}

static const struct value *lookup_random_choice(struct eval *eval, const struct value *terms,
                                                const struct value *options)
{
    struct value *list = eval_list(eval);
    uint64_t number = 0;

    (void)options;
    if (terms->as.list.count == 0)
        return terms;
    if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
        return eval_fail(eval, "no random numbers can be had");
    value_list_add(eval->arena, list, terms->as.list.items[number % terms->as.list.count]);
    return list;
}

const struct lookup lookups_list[] = {
    { "items", lookup_items },
    { "list", lookup_list },
    { "indexed_items", lookup_indexed_items },
    { "dict", lookup_dict },
    { "nested", lookup_nested },
    { "cartesian", lookup_cartesian },
    { "community.general.cartesian", lookup_cartesian },
    { "together", lookup_together },
    { "subelements", lookup_subelements },
    { "flattened", lookup_flattened },
    { "community.general.flattened", lookup_flattened },
    { "random_choice", lookup_random_choice },
    { .name = NULL },
};
