/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls, filters and tests in expressions. A method that is called at once is never bound to an object.
 */
#include <string.h>

#include "engine/template/eval_expression.h"
#include "engine/template/filter.h"
#include "engine/template/method.h"
#include "engine/template/object.h"
#include "engine/template/plugin.h"

static bool add_star(struct eval *eval, const struct node *node, struct call_args *out)
{
    const struct value *extra = eval_expression(eval, node);
    const struct value **items;

    extra = extra == NULL ? NULL : eval_items(eval, extra);
    if (extra == NULL)
        return false;
    items = arena_new_array(eval->arena, const struct value *, out->count + extra->as.list.count + 1);
    for (uint32_t i = 0; i < out->count; i++)
        items[i] = out->items[i];
    for (size_t i = 0; i < extra->as.list.count; i++)
        items[out->count++] = extra->as.list.items[i];
    out->items = items;
    return true;
}

static bool add_star_star(struct eval *eval, const struct node *node, struct call_args *out)
{
    const struct value *extra = eval_expression(eval, node);
    const struct value **named;
    const char **names;

    if (extra == NULL)
        return false;
    if (extra->kind != VALUE_MAP)
        return eval_fail_type(eval, "argument after ** must be a mapping, not %s", eval_type(extra)) != NULL;
    named = arena_new_array(eval->arena, const struct value *, out->named_count + extra->as.map.count + 1);
    names = arena_new_array(eval->arena, const char *, out->named_count + extra->as.map.count + 1);
    for (uint32_t i = 0; i < out->named_count; i++) {
        named[i] = out->named[i];
        names[i] = out->names[i];
    }
    for (size_t i = 0; i < extra->as.map.count; i++) {
        const struct value_pair *pair = &extra->as.map.pairs[i];

        if (pair->key->kind != VALUE_STRING)
            return eval_fail_type(eval, "keywords must be strings") != NULL;
        names[out->named_count] = environment_name(eval->env, pair->key->as.string.data, pair->key->as.string.length);
        named[out->named_count++] = pair->item;
    }
    out->named = named;
    out->names = names;
    return true;
}

static bool eval_list_into(struct eval *eval, const struct node_list *nodes, const struct value ***out)
{
    const struct value **items;

    if (nodes->count == 0)
        return true;
    items = arena_new_array(eval->arena, const struct value *, nodes->count);
    for (uint32_t i = 0; i < nodes->count; i++) {
        items[i] = eval_expression(eval, nodes->items[i]);
        if (items[i] == NULL)
            return false;
    }
    *out = items;
    return true;
}

bool eval_args(struct eval *eval, const struct node_args *nodes, struct call_args *out)
{
    out->count = nodes->items.count;
    out->named_count = nodes->named.count;
    out->names = nodes->names;
    out->items = out->named = NULL;
    if (!eval_list_into(eval, &nodes->items, &out->items) || !eval_list_into(eval, &nodes->named, &out->named))
        return false;
    if (nodes->star != NULL && !add_star(eval, nodes->star, out))
        return false;
    return nodes->star_star == NULL || add_star_star(eval, nodes->star_star, out);
}

/* target.name(...): NULL method means that the attribute has to be looked up and called. */
static const struct value *call_attribute(struct eval *eval, const struct node *node)
{
    const struct node *callee = node->as.call.target;
    const struct value *self = eval_expression(eval, callee->as.attribute.target), *made;
    const struct method *method;
    struct call_args args;

    if (self == NULL)
        return NULL;
    method = self->kind == VALUE_OBJECT && object_kind(self) != NULL ? NULL
                                                                     : method_for(&callee->as.attribute.methods, self);
    if (method == NULL) {
        const struct value *bound = eval_attribute(eval, self, callee->as.attribute.name);

        return bound == NULL || !eval_args(eval, &node->as.call.args, &args) ? NULL : object_call(eval, bound, &args);
    }
    if (!eval_args(eval, &node->as.call.args, &args))
        return NULL;
    made = args_undefined(eval, self, &args);
    if (made != NULL)
        return made;
    made = method_run(eval, method, self, &args);
    return made != NULL && eval->tree->mutates ? eval_own(eval, made) : made;
}

const struct value *eval_call_node(struct eval *eval, const struct node *node)
{
    const struct value *callee, *made;
    struct call_args args;

    if (node->as.call.target->kind == NODE_ATTRIBUTE)
        return call_attribute(eval, node);
    callee = eval_expression(eval, node->as.call.target);
    if (callee == NULL || !eval_args(eval, &node->as.call.args, &args))
        return NULL;
    made = object_call(eval, callee, &args);
    return made != NULL && eval->tree->mutates ? eval_own(eval, made) : made;
}

static const struct value *run_filter(struct eval *eval, const struct node *node, const struct value *input)
{
    const struct filter *filter = plugin_filter_or(eval->env, node->as.filter.entry, node->as.filter.name);
    struct call_args args;

    if (input == NULL || !eval_args(eval, &node->as.filter.args, &args))
        return NULL;
    if (filter == NULL) {
        eval_fail(eval, "%s", plugin_missing(eval->env, eval->arena, TEMPLATE_FILTER, node->as.filter.name));
        eval->err->kind = ERROR_PARSE;
        return NULL;
    }
    return filter_run(eval, filter, input, &args);
}

const struct value *eval_filter_node(struct eval *eval, const struct node *node)
{
    const struct filter *filter = node->as.filter.entry;
    bool keeps = eval->keeps_vault;
    const struct value *input;

    eval->keeps_vault = filter != NULL && (filter->flags & FILTER_TAKES_VAULT) != 0;
    input = eval_expression(eval, node->as.filter.target);
    eval->keeps_vault = keeps;
    return run_filter(eval, node, input);
}

const struct value *eval_filter_chain(struct eval *eval, const struct node *node, const struct value *input)
{
    if (node == NULL)
        return input;
    if (node->as.filter.target != NULL)
        input = eval_filter_chain(eval, node->as.filter.target, input);
    input = run_filter(eval, node, input);
    if (input == NULL)
        eval_locate(eval, node);
    return input;
}

const struct value *eval_test_node(struct eval *eval, const struct node *node)
{
    const struct test *test = plugin_test_or(eval->env, node->as.test.entry, node->as.test.name);
    bool truth = false, keeps = eval->keeps_vault;
    const struct value *input;
    struct call_args args;

    eval->keeps_vault =
        test != NULL && (eval_name_is(test->name, "vault_encrypted") || eval_name_is(test->name, "defined"));
    input = eval_expression(eval, node->as.test.target);
    eval->keeps_vault = keeps;
    if (input == NULL || !eval_args(eval, &node->as.test.args, &args))
        return NULL;
    if (test == NULL) {
        eval_fail(eval, "%s", plugin_missing(eval->env, eval->arena, TEMPLATE_TEST, node->as.test.name));
        eval->err->kind = ERROR_PARSE;
        return NULL;
    }
    if (test->run == NULL)
        return plugin_run(eval, TEMPLATE_TEST, test->name, input, &args);
    return test_run(eval, test, input, &args, &truth) ? value_bool(truth) : NULL;
}
