/* SPDX-License-Identifier: Apache-2.0 */
/* A tree applied to a value. */
#include <string.h>

#include "common/jmespath/jmespath_parts.h"
#include "common/value/value_big.h"
#include "common/value/value_python.h"

bool jmespath_step(struct jmespath *search)
{
    return ++search->steps <= JMESPATH_STEPS ||
           error_set_kind(search->err, ERROR_LIMIT, JMESPATH_FAILED "the query takes more than %d steps",
                          JMESPATH_STEPS);
}

bool jmespath_is_number(const struct value *value)
{
    return value_is_integer(value) || value->kind == VALUE_REAL;
}

/* Empty text, lists and maps are false, as null and false are; 0 is not. */
static bool is_false(const struct value *value)
{
    return !value_truthy(value) && !jmespath_is_number(value);
}

static const struct value *field(struct jmespath *search, const struct value *name, const struct value *value)
{
    const struct value *found = NULL;

    if (value->kind == VALUE_MAP)
        found = value_map_get_value(value, name);
    else if (value->kind == VALUE_OBJECT && value->as.object.ops->keys != NULL)
        found = value->as.object.ops->get(value->as.object.data, search->arena, name->as.string.data,
                                          name->as.string.length);
    return found == NULL ? value_null() : found;
}

static const struct value *index_of(const struct jmespath_node *node, const struct value *value)
{
    int64_t index = node->numbers[0];

    if (value->kind != VALUE_LIST)
        return value_null();
    if (index < 0)
        index += (int64_t)value->as.list.count;
    return index < 0 || index >= (int64_t)value->as.list.count ? value_null() : value->as.list.items[index];
}

/* A bound of a slice as Python cuts it. */
static int64_t bound(const struct jmespath_node *node, int which, int64_t count, int64_t step)
{
    int64_t at = node->numbers[which], low = step < 0 ? -1 : 0, high = step < 0 ? count - 1 : count;

    if (!node->given[which])
        return (which == 0) == (step > 0) ? low : high;
    if (at < 0)
        at += count;
    return at < low ? low : at > high ? high : at;
}

static const struct value *slice_of(struct jmespath *search, const struct jmespath_node *node,
                                    const struct value *value)
{
    int64_t step = node->given[2] ? node->numbers[2] : 1, count = (int64_t)value_count(value), end;
    struct value *list;

    if (value->kind != VALUE_LIST)
        return value_null();
    if (step == 0) {
        error_set(search->err, JMESPATH_PYTHON_FAILED "slice step cannot be zero");
        return NULL;
    }
    list = value_list(search->arena);
    end = bound(node, 1, count, step);
    if (step > count + 1 || step < -count - 1)
        step = step > 0 ? count + 1 : -count - 1;
    for (int64_t i = bound(node, 0, count, step); step > 0 ? i < end : i > end; i += step)
        value_list_add(search->arena, list, value->as.list.items[i]);
    return list;
}

static const struct value *flatten(struct jmespath *search, const struct jmespath_node *node, const struct value *value)
{
    const struct value *base = jmespath_evaluate(search, node->parts[0], value);
    struct value *list = value_list(search->arena);

    if (base == NULL || base->kind != VALUE_LIST)
        return base == NULL ? NULL : value_null();
    for (size_t i = 0; i < base->as.list.count; i++) {
        const struct value *item = base->as.list.items[i];

        if (item->kind != VALUE_LIST)
            value_list_add(search->arena, list, item);
        for (size_t k = 0; item->kind == VALUE_LIST && k < item->as.list.count; k++) {
            if (!jmespath_step(search))
                return NULL;
            value_list_add(search->arena, list, item->as.list.items[k]);
        }
    }
    return list;
}

/* --- projections --- */

/* The values of a map or object; NULL: it is none. */
static const struct value *values_of(struct jmespath *search, const struct value *value)
{
    struct value *list = value_list(search->arena);
    const struct value *keys;

    for (size_t i = 0; i < value_map_count(value); i++)
        value_list_add(search->arena, list, value_pair_at(value, i)->item);
    if (value->kind == VALUE_MAP)
        return list;
    if (value->kind != VALUE_OBJECT || value->as.object.ops->keys == NULL)
        return NULL;
    keys = value->as.object.ops->keys(value->as.object.data, search->arena);
    for (size_t i = 0; i < value_count(keys); i++)
        value_list_add(search->arena, list, field(search, value_item(keys, i), value));
    return list;
}

/* Does the item belong to the projection? False with *failed_out: error set. */
static bool is_wanted(struct jmespath *search, const struct jmespath_node *node, const struct value *item,
                      bool *failed_out)
{
    const struct value *truth =
        node->kind == NODE_FILTER_PROJECTION ? jmespath_evaluate(search, node->parts[2], item) : NULL;

    if (node->kind != NODE_FILTER_PROJECTION)
        return true;
    *failed_out = truth == NULL;
    return truth != NULL && !is_false(truth);
}

static const struct value *project(struct jmespath *search, const struct jmespath_node *node, const struct value *value)
{
    const struct value *base = jmespath_evaluate(search, node->parts[0], value);
    struct value *list = value_list(search->arena);
    bool failed = false;

    if (base == NULL)
        return NULL;
    if (node->kind == NODE_VALUE_PROJECTION)
        base = values_of(search, base);
    if (base == NULL || base->kind != VALUE_LIST)
        return value_null();
    for (size_t i = 0; i < base->as.list.count; i++) {
        const struct value *item = base->as.list.items[i];

        if (!is_wanted(search, node, item, &failed)) {
            if (failed)
                return NULL;
            continue;
        }
        item = jmespath_evaluate(search, node->parts[1], item);
        if (item == NULL)
            return NULL;
        if (item->kind != VALUE_NULL)
            value_list_add(search->arena, list, item);
    }
    return list;
}

static const struct value *multi(struct jmespath *search, const struct jmespath_node *node, const struct value *value)
{
    bool is_map = node->kind == NODE_MULTI_MAP;
    struct value *made = is_map ? value_map(search->arena) : value_list(search->arena);

    if (value->kind == VALUE_NULL)
        return value;
    for (size_t i = 0; i < node->count; i++) {
        const struct value *item = jmespath_evaluate(search, node->parts[i], value);

        if (item == NULL)
            return NULL;
        if (is_map)
            value_map_put_value(search->arena, made, value_item(node->names, i), item);
        else
            value_list_add(search->arena, made, item);
    }
    return made;
}

/* --- operators --- */

static bool equals(const struct value *a, const struct value *b)
{
    if ((jmespath_is_number(a) && b->kind == VALUE_BOOL) || (a->kind == VALUE_BOOL && jmespath_is_number(b)))
        return false; /* unlike in Python */
    return value_equal(a, b);
}

static const struct value *ordered(struct jmespath *search, enum jmespath_token_kind kind, const struct value *a,
                                   const struct value *b)
{
    static const char *const signs[] = { ">", "<", ">=", "<=" };
    int order = 0;

    if ((!jmespath_is_number(a) && a->kind != VALUE_STRING) || (!jmespath_is_number(b) && b->kind != VALUE_STRING))
        return value_null();
    if ((a->kind == VALUE_STRING) != (b->kind == VALUE_STRING) || !value_compare(a, b, &order, search->err)) {
        error_set(search->err, JMESPATH_PYTHON_FAILED "'%s' not supported between instances of '%s' and '%s'",
                  signs[kind - TOKEN_GT], value_python_type(a), value_python_type(b));
        return NULL;
    }
    switch (kind) {
    case TOKEN_LT:
        return value_bool(order < 0);
    case TOKEN_LTE:
        return value_bool(order <= 0);
    case TOKEN_GT:
        return value_bool(order > 0);
    default:
        return value_bool(order >= 0);
    }
}

static const struct value *compare(struct jmespath *search, const struct jmespath_node *node, const struct value *value)
{
    const struct value *left = jmespath_evaluate(search, node->parts[0], value);
    const struct value *right = left == NULL ? NULL : jmespath_evaluate(search, node->parts[1], value);

    if (right == NULL)
        return NULL;
    if (node->comparison == TOKEN_EQ || node->comparison == TOKEN_NE)
        return value_bool(equals(left, right) == (node->comparison == TOKEN_EQ));
    return ordered(search, node->comparison, left, right);
}

static const struct value *logic(struct jmespath *search, const struct jmespath_node *node, const struct value *value)
{
    const struct value *left = jmespath_evaluate(search, node->parts[0], value);

    if (left == NULL || is_false(left) == (node->kind == NODE_AND))
        return left;
    return jmespath_evaluate(search, node->parts[1], value);
}

static const struct value *negate(struct jmespath *search, const struct jmespath_node *node, const struct value *value)
{
    const struct value *made = jmespath_evaluate(search, node->parts[0], value);

    return made == NULL ? NULL : value_bool(is_false(made));
}

static const struct value *call(struct jmespath *search, const struct jmespath_node *node, const struct value *value)
{
    struct jmespath_argument *args = arena_new_array(search->arena, struct jmespath_argument, node->count + 1);

    for (size_t i = 0; i < node->count; i++) {
        if (node->parts[i]->kind == NODE_EXPREF)
            args[i].expression = node->parts[i]->parts[0];
        else if ((args[i].value = jmespath_evaluate(search, node->parts[i], value)) == NULL)
            return NULL;
    }
    return jmespath_call(search, value_text(node->value), args, node->count);
}

static const struct value *subexpression(struct jmespath *search, const struct jmespath_node *node,
                                         const struct value *value)
{
    const struct value *left = jmespath_evaluate(search, node->parts[0], value);

    return left == NULL ? NULL : jmespath_evaluate(search, node->parts[1], left);
}

const struct value *jmespath_evaluate(struct jmespath *search, const struct jmespath_node *node,
                                      const struct value *value)
{
    if (!jmespath_step(search))
        return NULL;
    switch (node->kind) {
    case NODE_CURRENT:
        return value;
    case NODE_FIELD:
        return field(search, node->value, value);
    case NODE_LITERAL:
        return node->value;
    case NODE_SUBEXPRESSION:
        return subexpression(search, node, value);
    case NODE_INDEX:
        return index_of(node, value);
    case NODE_SLICE:
        return slice_of(search, node, value);
    case NODE_FLATTEN:
        return flatten(search, node, value);
    case NODE_PROJECTION:
    case NODE_VALUE_PROJECTION:
    case NODE_FILTER_PROJECTION:
        return project(search, node, value);
    case NODE_COMPARISON:
        return compare(search, node, value);
    case NODE_OR:
    case NODE_AND:
        return logic(search, node, value);
    case NODE_NOT:
        return negate(search, node, value);
    case NODE_FUNCTION:
        return call(search, node, value);
    case NODE_MULTI_LIST:
    case NODE_MULTI_MAP:
        return multi(search, node, value);
    case NODE_EXPREF:
        break;
    }
    error_set(search->err, JMESPATH_FAILED "an expression reference (&) stands where a value must");
    return NULL;
}

bool jmespath_search(struct arena *arena, const struct value *expression, const struct value *data,
                     const struct value **out, struct error *err)
{
    struct jmespath search = { .arena = arena, .err = err };
    const struct jmespath_node *node =
        jmespath_parse(arena, expression->as.string.data, expression->as.string.length, err);
    const struct value *made = node == NULL ? NULL : jmespath_evaluate(&search, node, data);

    if (made != NULL)
        *out = made;
    return made != NULL;
}
