/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Filters that treat lists as sets. Membership goes through a map with Python's equality, so that long lists
 * stay cheap; lists and dicts as members are compared one by one.
 */
#include <string.h>

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
    return value->kind != VALUE_MAP && (value->kind != VALUE_LIST || (value->marks & VALUE_TUPLE) != 0);
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

/* Without these arguments Ansible goes on with a way of its own. */
static const struct value *no_fallback(struct eval *eval)
{
    return eval_fail(eval, "Jinja2's unique filter failed and we cannot fall back to Ansible's version as it does not "
                           "support the parameters supplied");
}

static const struct value *filter_unique(struct eval *eval, const struct value *input, struct call_args *args)
{
    const struct value *items = eval_items(eval, input), *path = args->bound[1];
    bool is_strict =
        args_true(path, false) || (value_is(args->bound[0], VALUE_BOOL) && !args_true(args->bound[0], true));
    struct member_set seen = set_new(eval);
    struct value *list = eval_list(eval);

    if (items == NULL && is_strict && input->kind != VALUE_UNDEFINED)
        return no_fallback(eval);
    for (size_t i = 0; items != NULL && i < items->as.list.count; i++) {
        const struct value *key = select_key(eval, items->as.list.items[i], path, args_true(args->bound[0], false));

        if (key == NULL)
            return NULL;
        if (is_strict && (!is_hashable(key) || eval_is_strict(eval, key)))
            return no_fallback(eval);
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

/* Python takes sets of two hashable ones, and else asks `item in b` for each item of a. */
static bool are_sets(const struct value *a, const struct value *b)
{
    return is_hashable(a) && is_hashable(b);
}

/* Can each item be asked for: in a text only texts, in a dict only what may be a key? */
static bool may_ask(struct eval *eval, const struct value *items, const struct value *container)
{
    for (size_t i = 0; i < items->as.list.count; i++) {
        const struct value *item = items->as.list.items[i];

        if (container->kind == VALUE_STRING && item->kind != VALUE_STRING)
            return eval_fail_type(eval, "'in <string>' requires string as left operand, not %s", eval_type(item)) !=
                   NULL;
        if (container->kind == VALUE_MAP && !is_hashable(item))
            return eval_fail_type(eval, "unhashable type: '%s'", eval_type(item)) != NULL;
    }
    return true;
}

/* What of `a` is asked for and found: parts of a text, where that is not taken as a set of characters. */
static const struct value *members(struct eval *eval, const struct value *const sides[2], const struct value *b,
                                   const struct value *a)
{
    struct value *found = eval_list(eval);

    if (b->kind != VALUE_STRING || are_sets(a, b))
        return sides[1];
    for (size_t i = 0; i < sides[0]->as.list.count; i++) {
        const struct value *item = sides[0]->as.list.items[i];

        if (strstr(b->as.string.data, item->as.string.data) != NULL)
            value_list_add(eval->arena, found, item);
    }
    return found;
}

/* a + b, which must be lists then. */
static bool may_add(struct eval *eval, const struct value *a, const struct value *b)
{
    const char *left = eval_type(a), *right = eval_type(b);

    if (a->kind == VALUE_LIST && b->kind == VALUE_LIST && is_hashable(a) == is_hashable(b))
        return true;
    if (a->kind == VALUE_LIST || a->kind == VALUE_STRING)
        return eval_fail_type(eval, "can only concatenate %s (not \"%s\") to %s", left, right, left) != NULL;
    return eval_fail_type(eval, "unsupported operand type(s) for +: '%s' and '%s'", left, right) != NULL;
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

    if (!operands(eval, input, args->bound[0], sides) ||
        (!are_sets(input, args->bound[0]) && !may_ask(eval, sides[0], args->bound[0])))
        return NULL;
    other = set_of(eval, members(eval, sides, args->bound[0], input));
    add_where(eval, list, sides[0], &other, true);
    return list;
}

static const struct value *filter_difference(struct eval *eval, const struct value *input, struct call_args *args)
{
    const struct value *sides[2] = { NULL, NULL };
    struct value *list = eval_list(eval);
    struct member_set other;

    if (!operands(eval, input, args->bound[0], sides) ||
        (!are_sets(input, args->bound[0]) && !may_ask(eval, sides[0], args->bound[0])))
        return NULL;
    other = set_of(eval, members(eval, sides, args->bound[0], input));
    add_where(eval, list, sides[0], &other, false);
    return list;
}

static bool may_join(struct eval *eval, const struct value *a, const struct value *b)
{
    if (a->kind == VALUE_UNDEFINED || b->kind == VALUE_UNDEFINED)
        return eval_fail_undefined(eval, a->kind == VALUE_UNDEFINED ? a : b) != NULL;
    return are_sets(a, b) || may_add(eval, a, b);
}

static const struct value *filter_union(struct eval *eval, const struct value *input, struct call_args *args)
{
    const struct value *sides[2] = { NULL, NULL };
    struct value *list = eval_list(eval);
    struct member_set none = set_new(eval);

    if (!may_join(eval, input, args->bound[0]) || !operands(eval, input, args->bound[0], sides))
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

    if (!operands(eval, input, args->bound[0], sides) || !may_join(eval, input, args->bound[0]))
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
