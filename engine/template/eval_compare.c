/* SPDX-License-Identifier: Apache-2.0 */
/* Comparisons and membership. */
#include <string.h>

#include "engine/template/eval_expression.h"
#include "engine/template/object.h"
#include "engine/template/object_date.h"

static const char *const symbols[] = { "==", "!=", ">", ">=", "<", "<=" };

static bool contains_text(struct eval *eval, const struct value *text, const struct value *part, bool *out)
{
    if (part->kind != VALUE_STRING)
        return eval_fail_type(eval, "'in <string>' requires string as left operand, not %s", eval_type(part)) != NULL;
    *out = part->as.string.length == 0 ||
           memmem(text->as.string.data, text->as.string.length, part->as.string.data, part->as.string.length) != NULL;
    return true;
}

bool eval_contains(struct eval *eval, const struct value *container, const struct value *item, bool *out)
{
    const struct value *items;

    if (eval_is_strict(eval, container))
        return eval_fail_undefined(eval, container) != NULL;
    if (eval_is_strict(eval, item))
        return eval_fail_undefined(eval, item) != NULL;
    *out = false;
    if (container->kind == VALUE_STRING)
        return contains_text(eval, container, item, out);
    if (container->kind == VALUE_MAP) {
        bool is_list = item->kind == VALUE_LIST && (item->marks & VALUE_TUPLE) == 0;

        if (is_list || item->kind == VALUE_MAP)
            return eval_fail_type(eval, "unhashable type: '%s'", eval_type(item)) != NULL;
        *out = value_map_get_value(container, item) != NULL;
        return true;
    }
    if (container->kind != VALUE_LIST && container->kind != VALUE_OBJECT && container->kind != VALUE_UNDEFINED)
        return eval_fail_type(eval, "argument of type '%s' is not iterable", eval_type(container)) != NULL;
    items = eval_items(eval, container);
    for (size_t i = 0; !*out && i < value_count(items); i++)
        *out = value_equal(value_item(items, i), item);
    return items != NULL;
}

/* False: not two dates or two differences of dates. */
static bool date_order(const struct value *a, const struct value *b, int *order_out)
{
    bool dates = date_is(a) || delta_is(a);

    return dates && (date_is(b) || delta_is(b)) && date_compare(a, b, order_out);
}

static bool order_holds(enum compare_op op, int order)
{
    switch (op) {
    case COMPARE_GT:
        return order > 0;
    case COMPARE_GE:
        return order >= 0;
    case COMPARE_LT:
        return order < 0;
    default:
        return order <= 0;
    }
}

bool eval_compare(struct eval *eval, enum compare_op op, const struct value *a, const struct value *b, bool *out)
{
    int order = 0;

    if (op == COMPARE_IN || op == COMPARE_NOT_IN) {
        if (!eval_contains(eval, b, a, out))
            return false;
        *out ^= op == COMPARE_NOT_IN;
        return true;
    }
    if ((a->kind == VALUE_UNDEFINED || b->kind == VALUE_UNDEFINED) &&
        (op > COMPARE_NE || eval_is_strict(eval, a) || eval_is_strict(eval, b)))
        return eval_fail_undefined(eval, a->kind == VALUE_UNDEFINED ? a : b) != NULL;
    if (op == COMPARE_EQ || op == COMPARE_NE) {
        bool equal = date_order(a, b, &order) ? order == 0 : value_equal(a, b);

        *out = equal == (op == COMPARE_EQ);
        return true;
    }
    if (!date_order(a, b, &order) && !value_compare(a, b, &order, NULL))
        return eval_fail_type(eval, "'%s' not supported between instances of '%s' and '%s'", symbols[op], eval_type(a),
                              eval_type(b)) != NULL;
    *out = order_holds(op, order);
    return true;
}
