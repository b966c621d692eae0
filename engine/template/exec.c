/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Statements that need nothing but scopes: text, print, if, set, with, filter, do; and assignment.
 */
#include "engine/template/exec.h"

#include "engine/template/eval_expression.h"
#include "engine/template/object.h"

static bool assign_tuple(struct eval *eval, const struct node *target, const struct value *value)
{
    const struct value *items;
    uint32_t count = target->as.list.count;

    if (value->kind < VALUE_STRING && value->kind != VALUE_UNDEFINED)
        return eval_fail_type(eval, "cannot unpack non-iterable %s object", eval_type(value)) != NULL;
    items = eval_items(eval, value);
    if (items == NULL)
        return false;
    if (items->as.list.count > count)
        return eval_fail(eval, "too many values to unpack (expected %u)", count) != NULL;
    if (items->as.list.count < count)
        return eval_fail(eval, "not enough values to unpack (expected %u, got %zu)", count, items->as.list.count) !=
               NULL;
    for (uint32_t i = 0; i < count; i++)
        if (!eval_assign(eval, target->as.list.items[i], items->as.list.items[i]))
            return false;
    return true;
}

static bool assign_namespace(struct eval *eval, const struct node *target, const struct value *value)
{
    const struct value *space = eval_name(eval, target->as.attribute.target);

    return space != NULL && namespace_assign(eval, space, target->as.attribute.name, value);
}

bool eval_assign(struct eval *eval, const struct node *target, const struct value *value)
{
    bool done = true;

    if (target->kind == NODE_NAME)
        scope_set(eval, eval->scope, target->as.name.name, value);
    else if (target->kind == NODE_TUPLE)
        done = assign_tuple(eval, target, value);
    else
        done = assign_namespace(eval, target, value);
    if (!done)
        eval_locate(eval, target);
    return done;
}

const struct value *exec_capture(struct eval *eval, const struct node *body)
{
    struct output out = { .pieces = 0 };
    const struct template *parent = eval->parent_tree;
    bool done;

    eval->parent_tree = NULL; /* behind {% extends %} too, what is captured is wanted */
    done = exec_node(eval, body, &out);
    eval->parent_tree = parent;
    return done ? output_result(eval, &out) : NULL;
}

static bool exec_print(struct eval *eval, const struct node *node, struct output *out)
{
    const struct value *value = eval_expression(eval, node->as.operand);

    if (value != NULL && output_value(eval, out, value))
        return true;
    eval_locate(eval, node->as.operand);
    return false;
}

static bool exec_if(struct eval *eval, const struct node *node, struct output *out)
{
    const struct value *test = eval_expression(eval, node->as.condition.test);
    bool truth = false;

    if (test == NULL)
        return false;
    if (!eval_truth(eval, test, &truth)) {
        eval_locate(eval, node);
        return false;
    }
    return exec_node(eval, truth ? node->as.condition.yes : node->as.condition.no, out);
}

static bool exec_set(struct eval *eval, const struct node *node, struct output *out)
{
    const struct value *value = eval_expression(eval, node->as.set.value);

    (void)out;
    return value != NULL && eval_assign(eval, node->as.set.target, value);
}

/* Body and filters in a scope of their own. */
static const struct value *filtered_body(struct eval *eval, const struct node *node)
{
    struct scope *outer = eval->scope;
    const struct value *value;

    scope_push(eval);
    value = exec_capture(eval, node->as.set.body);
    eval->scope = outer;
    return value == NULL ? NULL : eval_filter_chain(eval, node->as.set.filter, value);
}

static bool exec_set_block(struct eval *eval, const struct node *node, struct output *out)
{
    const struct value *value = filtered_body(eval, node);

    (void)out;
    return value != NULL && eval_assign(eval, node->as.set.target, value);
}

static bool exec_filter_block(struct eval *eval, const struct node *node, struct output *out)
{
    const struct value *value = filtered_body(eval, node);

    return value != NULL && output_value(eval, out, value);
}

static bool exec_with(struct eval *eval, const struct node *node, struct output *out)
{
    struct scope *outer = eval->scope;
    bool done = true;

    scope_push(eval);
    for (uint32_t i = 0; done && i < node->as.with.targets.count; i++) {
        struct scope *inner = eval->scope;
        const struct value *value;

        eval->scope = outer; /* values do not see the names that the same statement sets */
        value = eval_expression(eval, node->as.with.values.items[i]);
        eval->scope = inner;
        done = value != NULL && eval_assign(eval, node->as.with.targets.items[i], value);
    }
    done = done && exec_node(eval, node->as.with.body, out);
    eval->scope = outer;
    return done;
}

static bool exec_scope(struct eval *eval, const struct node *node, struct output *out)
{
    struct scope *outer = eval->scope;
    bool done;

    scope_push(eval);
    done = exec_node(eval, node->as.operand, out);
    eval->scope = outer;
    return done;
}

static bool exec_body(struct eval *eval, const struct node *node, struct output *out)
{
    for (uint32_t i = 0; i < node->as.list.count; i++) {
        if (!exec_node(eval, node->as.list.items[i], out))
            return false;
        if (eval->flow != FLOW_NORMAL)
            break;
    }
    return true;
}

static bool exec_break(struct eval *eval, const struct node *node, struct output *out)
{
    (void)node;
    (void)out;
    eval->flow = FLOW_BREAK;
    return true;
}

static bool exec_continue(struct eval *eval, const struct node *node, struct output *out)
{
    (void)node;
    (void)out;
    eval->flow = FLOW_CONTINUE;
    return true;
}

static bool exec_data(struct eval *eval, const struct node *node, struct output *out)
{
    if (out->pieces < 2)
        return output_value(eval, out, node->as.constant);
    text_add_n(&out->text, node->as.constant->as.string.data, node->as.constant->as.string.length);
    return out->text.length <= LIMIT_TEMPLATE_OUTPUT || output_value(eval, out, node->as.constant);
}

static bool exec_do(struct eval *eval, const struct node *node, struct output *out)
{
    (void)out;
    return eval_expression(eval, node->as.operand) != NULL;
}

/* Behind {% extends %} only what has effects counts. */
static bool is_silent(const struct node *node)
{
    return node->kind == NODE_DATA || node->kind == NODE_PRINT || node->kind == NODE_BLOCK;
}

/* A table and no switch: every handler keeps a small frame of its own. */
bool exec_node(struct eval *eval, const struct node *node, struct output *out)
{
    static bool (*const handlers[])(struct eval *, const struct node *, struct output *) = {
        [NODE_DATA] = exec_data,
        [NODE_PRINT] = exec_print,
        [NODE_BODY] = exec_body,
        [NODE_IF] = exec_if,
        [NODE_FOR] = exec_for,
        [NODE_SET] = exec_set,
        [NODE_SET_BLOCK] = exec_set_block,
        [NODE_MACRO] = exec_macro,
        [NODE_CALL_BLOCK] = exec_call_block,
        [NODE_FILTER_BLOCK] = exec_filter_block,
        [NODE_WITH] = exec_with,
        [NODE_SCOPE] = exec_scope,
        [NODE_INCLUDE] = exec_include,
        [NODE_IMPORT] = exec_import,
        [NODE_FROM] = exec_from,
        [NODE_EXTENDS] = exec_extends,
        [NODE_BLOCK] = exec_block,
        [NODE_DO] = exec_do,
        [NODE_BREAK] = exec_break,
        [NODE_CONTINUE] = exec_continue,
    };

    if (!eval_step(eval))
        return false;
    if (eval->parent_tree != NULL && is_silent(node))
        return true;
    return handlers[node->kind](eval, node, out);
}
