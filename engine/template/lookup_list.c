/* SPDX-License-Identifier: Apache-2.0 */
/* Lookups that only rearrange their terms: what the with_ loops are made of. */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "common/base/text.h"
#include "engine/template/filter.h"
#include "engine/template/lookup.h"
#include "engine/template/python_format.h"

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

static const struct value *lookup_dict(struct eval *eval, const struct value *terms, const struct value *options)
{
    struct value *list = eval_list(eval);

    (void)options;
    for (size_t i = 0; i < terms->as.list.count; i++) {
        const struct value *term = terms->as.list.items[i], *pairs;

        if (term->kind != VALUE_MAP)
            return eval_fail(eval, "with_dict expects a dict");
        pairs = run_filter(eval, "dict2items", term, NULL, 0);
        for (size_t k = 0; pairs != NULL && k < pairs->as.list.count; k++)
            value_list_add(eval->arena, list, pairs->as.list.items[k]);
        if (pairs == NULL)
            return NULL;
    }
    return list;
}

/* Terms that are no lists are lists of one. */
static const struct value *as_list(struct eval *eval, const struct value *term)
{
    struct value *list;

    if (term->kind == VALUE_LIST)
        return term;
    list = eval_list(eval);
    value_list_add(eval->arena, list, term);
    return list;
}

static void add_flat(struct eval *eval, struct value *out, const struct value *value)
{
    for (size_t i = 0; value->kind == VALUE_LIST && i < value->as.list.count; i++)
        add_flat(eval, out, value->as.list.items[i]);
    if (value->kind != VALUE_LIST)
        value_list_add(eval->arena, out, value);
}

static const struct value *lookup_nested(struct eval *eval, const struct value *terms, const struct value *options)
{
    const struct value **lists = arena_new_array(eval->arena, const struct value *, terms->as.list.count + 1), *made;
    struct value *flat = eval_list(eval);

    (void)options;
    if (terms->as.list.count == 0)
        return eval_fail(eval, "with_nested requires at least one element in the nested list");
    for (size_t i = 0; i < terms->as.list.count; i++)
        lists[i] = as_list(eval, terms->as.list.items[i]);
    made = run_filter(eval, "product", lists[0], lists + 1, (uint32_t)terms->as.list.count - 1);
    for (size_t i = 0; made != NULL && i < made->as.list.count; i++) {
        struct value *row = eval_list(eval);

        add_flat(eval, row, made->as.list.items[i]);
        value_list_add(eval->arena, flat, row);
    }
    return made == NULL ? NULL : flat;
}

static const struct value *lookup_together(struct eval *eval, const struct value *terms, const struct value *options)
{
    const struct value **lists = arena_new_array(eval->arena, const struct value *, terms->as.list.count + 1), *made;
    struct value *rows = eval_list(eval);

    (void)options;
    if (terms->as.list.count == 0)
        return eval_fail(eval, "with_together requires at least one element in each list");
    for (size_t i = 0; i < terms->as.list.count; i++)
        lists[i] = as_list(eval, terms->as.list.items[i]);
    made = run_filter(eval, "zip_longest", lists[0], lists + 1, (uint32_t)terms->as.list.count - 1);
    for (size_t i = 0; made != NULL && i < made->as.list.count; i++) {
        struct value *row = eval_list(eval);

        add_flat(eval, row, made->as.list.items[i]);
        value_list_add(eval->arena, rows, row);
    }
    return made == NULL ? NULL : rows;
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

static const struct value *lookup_subelements(struct eval *eval, const struct value *terms, const struct value *options)
{
    const struct value *items[2] = { value_item(terms, 1), NULL }, *flags = value_item(terms, 2), *pairs;
    struct value *list = eval_list(eval);

    (void)options;
    if (items[0] == NULL)
        return eval_fail(
            eval, "subelements lookup expects a list of two or three items, first a dict or a list, second a string "
                  "pointing to the subkey");
    items[1] = value_is(flags, VALUE_MAP) ? value_map_get(flags, "skip_missing") : NULL;
    pairs = run_filter(eval, "subelements", value_item(terms, 0), items, items[1] != NULL ? 2 : 1);
    for (size_t i = 0; pairs != NULL && i < pairs->as.list.count; i++) {
        const struct value *pair = pairs->as.list.items[i];
        struct value *row = eval_list(eval);

        value_list_add(eval->arena, row, without_key(eval, value_item(pair, 0), value_text(items[0])));
        value_list_add(eval->arena, row, value_item(pair, 1));
        value_list_add(eval->arena, list, row);
    }
    return pairs == NULL ? NULL : list;
}

static const struct value *lookup_flattened(struct eval *eval, const struct value *terms, const struct value *options)
{
    struct value *list = eval_list(eval);

    (void)options;
    add_flat(eval, list, terms);
    return list;
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

/* --- sequence --- */

struct sequence {
    int64_t start, end, count, stride;
    bool has_end, has_count;
    const char *format;
};

/* Decimal, 0x.., 0o.. or 0.. at *cursor. */
static bool read_number(const char **cursor, int64_t *out)
{
    char *end = NULL;
    const char *at = *cursor;
    bool octal = at[0] == '0' && (at[1] == 'o' || at[1] == 'O');
    long long number = strtoll(octal ? at + 2 : at, &end, octal ? 8 : 0);

    if (end == at || (octal && end == at + 2))
        return false;
    *cursor = end;
    *out = number;
    return true;
}

/* [start-]end[/stride][:format] */
static bool read_short(const char *term, struct sequence *out)
{
    int64_t first = 0;

    if (!read_number(&term, &first))
        return false;
    out->end = first;
    out->has_end = true;
    if (*term == '-') {
        term++;
        out->start = first;
        if (!read_number(&term, &out->end))
            return false;
    }
    if (*term == '/' && (term++, !read_number(&term, &out->stride)))
        return false;
    if (*term == ':')
        out->format = term + 1;
    return *term == '\0' || *term == ':';
}

static bool set_field(struct eval *eval, struct sequence *out, const char *key, const char *value)
{
    struct {
        const char *name;
        int64_t *target;
        bool *given;
    } fields[] = {
        { "start", &out->start, NULL },
        { "end", &out->end, &out->has_end },
        { "count", &out->count, &out->has_count },
        { "stride", &out->stride, NULL },
    };
    const char *cursor = value;

    if (strcmp(key, "format") == 0) {
        out->format = value;
        return true;
    }
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        if (strcmp(fields[i].name, key) != 0)
            continue;
        if (!read_number(&cursor, fields[i].target) || *cursor != '\0')
            return eval_fail(eval, "can't parse %s=%s as integer", key, value) != NULL;
        if (fields[i].given != NULL)
            *fields[i].given = true;
        return true;
    }
    return eval_fail(eval, "unrecognized arguments to with_sequence: ['%s']", key) != NULL;
}

static bool read_pairs(struct eval *eval, const char *term, struct sequence *out)
{
    char **words = text_split(eval->arena, term, ' ', NULL);

    for (; *words != NULL; words++) {
        char *equals = strchr(*words, '=');

        if (**words == '\0')
            continue;
        if (equals == NULL)
            return eval_fail(eval, "unrecognized arguments to with_sequence: ['%s']", *words) != NULL;
        *equals = '\0';
        if (!set_field(eval, out, *words, equals + 1))
            return false;
    }
    return true;
}

static bool check_sequence(struct eval *eval, struct sequence *out)
{
    if (!out->has_end && !out->has_count)
        return eval_fail(eval, "must specify count or end in with_sequence") != NULL;
    if (out->has_end && out->has_count)
        return eval_fail(eval, "can't specify both count and end in with_sequence") != NULL;
    if (out->has_count && out->count == 0)
        out->start = out->end = out->stride = 0;
    else if (out->has_count)
        out->end = out->start + out->count * out->stride - 1;
    if (out->stride > 0 && out->end < out->start)
        return eval_fail(eval, "to count backwards make stride negative") != NULL;
    if (out->stride < 0 && out->end > out->start)
        return eval_fail(eval, "to count forward don't make stride negative") != NULL;
    if (out->stride != 0 && (out->end - out->start) / out->stride > LIMIT_RANGE)
        return eval_fail(eval, "a sequence of more than %d items", LIMIT_RANGE) != NULL;
    return true;
}

static bool add_sequence(struct eval *eval, const struct sequence *sequence, struct value *list)
{
    const struct value *format = eval_text(eval, sequence->format);

    if (sequence->stride == 0)
        return true;
    for (int64_t i = sequence->start; sequence->stride > 0 ? i <= sequence->end : i >= sequence->end;
         i += sequence->stride) {
        const struct value *text = python_percent(eval, format, eval_int(eval, i));

        if (text == NULL)
            return false;
        value_list_add(eval->arena, list, text);
    }
    return true;
}

static const struct value *lookup_sequence(struct eval *eval, const struct value *terms, const struct value *options)
{
    struct value *list = eval_list(eval);

    (void)options;
    for (size_t i = 0; i < terms->as.list.count; i++) {
        struct sequence sequence = { .start = 1, .stride = 1, .format = "%d" };
        const char *term = lookup_term(eval, terms->as.list.items[i]);

        if (term == NULL)
            return NULL;
        if (!read_short(term, &sequence)) {
            sequence = (struct sequence){ .start = 1, .stride = 1, .format = "%d" };
            if (!read_pairs(eval, term, &sequence))
                return NULL;
        }
        if (!check_sequence(eval, &sequence) || !add_sequence(eval, &sequence, list))
            return NULL;
    }
    return list;
}

const struct lookup lookups_list[] = {
    { "items", lookup_items },
    { "list", lookup_list },
    { "indexed_items", lookup_indexed_items },
    { "dict", lookup_dict },
    { "nested", lookup_nested },
    { "cartesian", lookup_nested },
    { "together", lookup_together },
    { "subelements", lookup_subelements },
    { "flattened", lookup_flattened },
    { "community.general.flattened", lookup_flattened },
    { "random_choice", lookup_random_choice },
    { "sequence", lookup_sequence },
    { .name = NULL },
};
