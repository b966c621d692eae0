/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evaluating expressions: dispatch, names, literals, logic. Depth is bounded because chains of operators
 * make deep trees without nesting.
 */
#include "engine/template/eval_expression.h"

#include <string.h>

#include "engine/template/undefined.h"

#define EVAL_DEPTH_MAX 1500

/* A variable that cannot be templated because it needs an undefined one is undefined itself. */
static const struct value *undefined_variable(struct eval *eval, const char *message)
{
    eval->has_undefined = true;
    return value_undefined(eval->arena, message);
}

/* Keys need no trust, unless they could be templated, or call something as a condition. */
static bool is_unsafe_key(const struct value *key)
{
    return key->kind == VALUE_STRING && (key->marks & VALUE_TRUSTED) == 0 &&
           (value_text_is_template(key->as.string.data, key->as.string.length) ||
            memchr(key->as.string.data, '(', key->as.string.length) != NULL);
}

/* Text that is not from playbooks, roles and inventories. */
static bool is_unsafe(const struct value *value)
{
    switch (value->kind) {
    case VALUE_STRING:
        return (value->marks & VALUE_TRUSTED) == 0;
    case VALUE_LIST:
        for (size_t i = 0; i < value->as.list.count; i++)
            if (is_unsafe(value->as.list.items[i]))
                return true;
        return false;
    case VALUE_MAP:
        for (size_t i = 0; i < value->as.map.count; i++)
            if (is_unsafe(value->as.map.pairs[i].item) || is_unsafe_key(value->as.map.pairs[i].key))
                return true;
        return false;
    default:
        return value->kind == VALUE_OBJECT;
    }
}

bool eval_variable(struct eval *eval, const char *name, size_t length, const struct value **out)
{
    const struct template_vars *vars = eval->call->vars;
    const struct value *found = NULL;

    *out = NULL;
    if (vars == NULL || eval->without_vars)
        return true;
    if (!vars->get(vars->context, eval->arena, name, length, &found, eval->err)) {
        if (eval->err->kind != ERROR_UNDEFINED || eval->plain)
            return false;
        *out = undefined_variable(eval, eval->err->text);
        error_clear(eval->err);
        return true;
    }
    if (found == NULL)
        return true;
    if (!eval->unsafe)
        eval->unsafe = is_unsafe(found);
    if (found->kind == VALUE_UNDEFINED || eval->env->has_undefined)
        eval->has_undefined = true;
    if (found->kind != VALUE_UNDEFINED && found->kind != VALUE_STRING && (found->marks & VALUE_PRIVATE) != 0)
        found = value_mark(eval->arena, found, 0, VALUE_PRIVATE);
    *out = eval->tree != NULL && eval->tree->mutates ? eval_own(eval, found) : found;
    return true;
}

const struct value *eval_name(struct eval *eval, const struct node *node)
{
    const char *name = node->as.name.name;
    const struct value *found = scope_get(eval->scope, name);

    if (found == NULL && !eval->without_vars)
        found = scope_get(&eval->resolved, name);
    if (found != NULL)
        return eval_opened(eval, found);
    if (!eval_variable(eval, name, node->as.name.length, &found))
        return NULL;
    if (found == NULL && node->as.name.global != NULL)
        return node->as.name.global;
    if (found == NULL) {
        eval->has_undefined = true;
        found = value_undefined(eval->arena, name);
    }
    if (!eval->without_vars)
        scope_set(eval, &eval->resolved, name, found);
    return eval_opened(eval, found);
}

bool eval_truth(struct eval *eval, const struct value *value, bool *out)
{
    if (eval_is_strict(eval, value))
        return eval_fail_undefined(eval, value) != NULL;
    *out = value->kind != VALUE_UNDEFINED && value_truthy(value);
    return true;
}

static const struct value *list_node(struct eval *eval, const struct node *node)
{
    struct value *list = node->kind == NODE_TUPLE ? eval_tuple(eval) : eval_list(eval);

    for (uint32_t i = 0; i < node->as.list.count; i++) {
        const struct value *item = eval_expression(eval, node->as.list.items[i]);

        if (item == NULL)
            return NULL;
        value_list_add(eval->arena, list, item);
    }
    return list;
}

static const struct value *dict_node(struct eval *eval, const struct node *node)
{
    struct value *map = eval_map(eval);

    for (uint32_t i = 0; i + 1 < node->as.list.count; i += 2) {
        const struct value *key = eval_expression(eval, node->as.list.items[i]);
        const struct value *item = key == NULL ? NULL : eval_expression(eval, node->as.list.items[i + 1]);

        if (item == NULL)
            return NULL;
        if (eval_is_strict(eval, key))
            return eval_fail_undefined(eval, key);
        if (key->kind == VALUE_MAP || (key->kind == VALUE_LIST && (key->marks & VALUE_TUPLE) == 0))
            return eval_fail_type(eval, "unhashable type: '%s'", eval_type(key));
        value_map_put_value(eval->arena, map, key, item);
    }
    return map;
}

static const struct value *concat_node(struct eval *eval, const struct node *node)
{
    struct text out = text_new(eval->arena);
    bool secret = false;
    struct value *made;

    for (uint32_t i = 0; i < node->as.list.count; i++) {
        const struct value *part = eval_expression(eval, node->as.list.items[i]);

        part = part == NULL ? NULL : eval_str(eval, part);
        if (part == NULL)
            return NULL;
        secret |= (part->marks & VALUE_SECRET) != 0;
        text_add_n(&out, part->as.string.data, part->as.string.length);
        if (out.length > LIMIT_TEMPLATE_OUTPUT)
            return eval_fail(eval, "the template makes more than %d bytes", LIMIT_TEMPLATE_OUTPUT);
    }
    made = value_string_borrow(eval->arena, out.data, out.length);
    if (secret)
        made->marks |= VALUE_SECRET;
    return made;
}

static const struct value *logic_node(struct eval *eval, const struct node *node)
{
    const struct value *left = eval_expression(eval, node->as.binary.left);
    bool truth = false;

    if (left == NULL || !eval_truth(eval, left, &truth))
        return NULL;
    return truth == (node->kind == NODE_OR) ? left : eval_expression(eval, node->as.binary.right);
}

static const struct value *not_node(struct eval *eval, const struct node *node)
{
    const struct value *operand = eval_expression(eval, node->as.operand);
    bool truth = false;

    return operand == NULL || !eval_truth(eval, operand, &truth) ? NULL : value_bool(!truth);
}

static const struct value *sign_node(struct eval *eval, const struct node *node)
{
    const struct value *operand = eval_expression(eval, node->as.operand);

    return operand == NULL ? NULL : eval_negate(eval, operand, node->kind == NODE_NEGATE);
}

static const struct value *binary_node(struct eval *eval, const struct node *node)
{
    const struct value *left = eval_expression(eval, node->as.binary.left);
    const struct value *right = left == NULL ? NULL : eval_expression(eval, node->as.binary.right);

    return right == NULL ? NULL : eval_binary(eval, node->op, left, right);
}

static const struct value *compare_node(struct eval *eval, const struct node *node)
{
    const struct value *left = eval_expression(eval, node->as.compare.first);

    for (uint32_t i = 0; left != NULL && i < node->as.compare.operands.count; i++) {
        const struct value *right = eval_expression(eval, node->as.compare.operands.items[i]);
        bool truth = false;

        if (right == NULL || !eval_compare(eval, node->as.compare.ops[i], left, right, &truth))
            return NULL;
        if (!truth)
            return value_bool(false);
        left = right;
    }
    return left == NULL ? NULL : value_bool(true);
}

static const struct value *condition_node(struct eval *eval, const struct node *node)
{
    const struct value *test = eval_expression(eval, node->as.condition.test);
    bool truth = false;

    if (test == NULL || !eval_truth(eval, test, &truth))
        return NULL;
    if (truth)
        return eval_expression(eval, node->as.condition.yes);
    if (node->as.condition.no != NULL)
        return eval_expression(eval, node->as.condition.no);
    return value_mark(eval->arena,
                      eval_undefined(eval,
                                     "the inline if-expression on line %u evaluated to false and no else section "
                                     "was defined.",
                                     node->line),
                      VALUE_PRIVATE, 0);
}

static const struct value *const_node(struct eval *eval, const struct node *node)
{
    (void)eval;
    return node->as.constant;
}

/* A slice as an argument or a tuple of slices as a subscript. */
static const struct value *slice_node(struct eval *eval, const struct node *node)
{
    (void)node;
    return eval_fail(eval, "a slice is only possible as a subscript");
}

static const struct value *too_deep(struct eval *eval)
{
    eval_fail(eval, "an expression is nested more than %d levels deep", EVAL_DEPTH_MAX);
    eval->err->kind = ERROR_LIMIT;
    return NULL;
}

const struct value *eval_expression(struct eval *eval, const struct node *node)
{
    static const struct value *(*const handlers[])(struct eval *, const struct node *) = {
        [NODE_CONST] = const_node,     [NODE_NAME] = eval_name,
        [NODE_LIST] = list_node,       [NODE_TUPLE] = list_node,
        [NODE_DICT] = dict_node,       [NODE_ATTRIBUTE] = eval_attribute_node,
        [NODE_ITEM] = eval_item_node,  [NODE_SLICE] = slice_node,
        [NODE_CALL] = eval_call_node,  [NODE_FILTER] = eval_filter_node,
        [NODE_TEST] = eval_test_node,  [NODE_NOT] = not_node,
        [NODE_NEGATE] = sign_node,     [NODE_POSITIVE] = sign_node,
        [NODE_BINARY] = binary_node,   [NODE_AND] = logic_node,
        [NODE_OR] = logic_node,        [NODE_CONCAT] = concat_node,
        [NODE_COMPARE] = compare_node, [NODE_CONDITION] = condition_node,
    };
    const struct value *value;

    if (node->kind == NODE_CONST)
        return node->as.constant;
    if (!eval_step(eval))
        return NULL;
    if (eval->depth >= EVAL_DEPTH_MAX)
        return too_deep(eval);
    eval->depth++;
    value = handlers[node->kind](eval, node);
    eval->depth--;
    if (value == NULL)
        eval_locate(eval, node);
    return value;
}
