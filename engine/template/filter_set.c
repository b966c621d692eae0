/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Filters that treat lists as sets. Membership goes through a map with Python's equality, so that long lists
 * stay cheap; lists and dicts as members are compared one by one.
 */
#include "engine/template/filter.h"
#include "engine/template/selector.h"

struct member_set {
    struct eval *eval;
    struct value *known; /* map: hashable member -> itself */
    struct value *rest;  /* list: the others */
};

static struct member_set set_new(struct eval *eval)
{
    return (struct member_set){ eval, value_map(eval->arena), value_list(eval->arena) };
}

static bool is_hashable(const struct value *value)
{
    return value->kind != VALUE_LIST && value->kind != VALUE_MAP;
}

static bool set_has(const struct member_set *set, const struct value *value)
{
    if (is_hashable(value))
        return value_map_get_value(set->known, value) != NULL;
    for (size_t i = 0; i < set->rest->as.list.count; i++)
        if (value_equal(set->rest->as.list.items[i], value))
            return true;
    return false;
}

/* False: it was there already. */
static bool set_add(struct member_set *set, const struct value *value)
{
    if (set_has(set, value))
        return false;
    if (is_hashable(value))
        value_map_put_value(set->eval->arena, set->known, value, value);
    else
        value_list_add(set->eval->arena, set->rest, value);
    return true;
}

static struct member_set set_of(struct eval *eval, const struct value *items)
{
    struct member_set set = set_new(eval);

    for (size_t i = 0; i < items->as.list.count; i++)
        set_add(&set, items->as.list.items[i]);
    return set;
}

static const struct value *filter_unique(struct eval *eval, const struct value *input, struct call_args *args)
{
    const struct value *items = eval_items(eval, input);
    struct member_set seen = set_new(eval);
    struct value *list = eval_list(eval);

    for (size_t i = 0; items != NULL && i < items->as.list.count; i++) {
        const struct value *key =
            select_key(eval, items->as.list.items[i], args->bound[1], args_true(args->bound[0], false));

        if (key == NULL)
            return NULL;
        if (set_add(&seen, key))
            value_list_add(eval->arena, list, items->as.list.items[i]);
    }
    return items == NULL ? NULL : list;
}

/* Both operands as lists; false: error. */
static bool operands(struct eval *eval, const struct value *a, const struct value *b, const struct value *out[2])
{
    if (b->kind == VALUE_UNDEFINED)
        return eval_fail_undefined(eval, b) != NULL;
    out[0] = eval_items(eval, a);
    out[1] = out[0] == NULL ? NULL : eval_items(eval, b);
    return out[1] != NULL;
}

/* Members of a, each once, whose being in `other` equals `wanted`. */
static void add_where(struct eval *eval, struct value *list, const struct value *a, const struct member_set *other,
                      bool wanted)
{
    struct member_set seen = set_of(eval, list);

    for (size_t i = 0; i < a->as.list.count; i++) {
        const struct value *item = a->as.list.items[i];

        if (set_has(other, item) == wanted && set_add(&seen, item))
            value_list_add(eval->arena, list, item);
    }
}

static const struct value *filter_intersect(struct eval *eval, const struct value *input, struct call_args *args)
{
    const struct value *sides[2] = { NULL, NULL };
    struct value *list = eval_list(eval);
    struct member_set other;

    if (!operands(eval, input, args->bound[0], sides))
        return NULL;
    other = set_of(eval, sides[1]);
    add_where(eval, list, sides[0], &other, true);
    return list;
}

static const struct value *filter_difference(struct eval *eval, const struct value *input, struct call_args *args)
{
    const struct value *sides[2] = { NULL, NULL };
    struct value *list = eval_list(eval);
    struct member_set other;

    if (!operands(eval, input, args->bound[0], sides))
        return NULL;
    other = set_of(eval, sides[1]);
    add_where(eval, list, sides[0], &other, false);
    return list;
}

static const struct value *filter_union(struct eval *eval, const struct value *input, struct call_args *args)
{
    const struct value *sides[2] = { NULL, NULL };
    struct value *list = eval_list(eval);
    struct member_set none = set_new(eval);

    if (!operands(eval, input, args->bound[0], sides))
        return NULL;
    add_where(eval, list, sides[0], &none, false);
    add_where(eval, list, sides[1], &none, false);
    return list;
}

static const struct value *filter_symmetric_difference(struct eval *eval, const struct value *input,
                                                       struct call_args *args)
{
    const struct value *sides[2] = { NULL, NULL };
    struct value *list = eval_list(eval);
    struct member_set left, right;

    if (!operands(eval, input, args->bound[0], sides))
        return NULL;
    left = set_of(eval, sides[0]);
    right = set_of(eval, sides[1]);
    add_where(eval, list, sides[0], &right, false);
    add_where(eval, list, sides[1], &left, false);
    return list;
}

const struct filter filters_set[] = {
    { "unique", filter_unique, "case_sensitive attribute", FILTER_KEEPS },
    { "intersect", filter_intersect, "b!", FILTER_KEEPS },
    { "difference", filter_difference, "b!", FILTER_KEEPS },
    { "union", filter_union, "b!", FILTER_KEEPS },
    { "symmetric_difference", filter_symmetric_difference, "b!", FILTER_KEEPS },
    { .name = NULL },
};
