/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Literals, names, tuples, lists, dicts, and what follows a value directly: attributes, subscripts,
 * slices and calls.
 */
#include <string.h>

#include "common/base/text.h"
#include "engine/template/method.h"
#include "engine/template/parser_state.h"

static struct node *constant(struct parser *parser, const struct value *value)
{
    struct node *node = parser_node(parser, NODE_CONST, parser->token);

    node->as.constant = value;
    parser->token++;
    return node;
}

static void note_special_name(struct parser *parser, const char *name)
{
    if (parser->macro == NULL)
        return;
    parser->macro->uses_caller |= name == parser->env->known.caller;
    parser->macro->uses_varargs |= name == parser->env->known.varargs;
    parser->macro->uses_kwargs |= name == parser->env->known.kwargs;
}

static struct node *parse_name(struct parser *parser)
{
    const struct token *token = parser->token;
    struct node *node;

    if (parser_is_name(parser, "true") || parser_is_name(parser, "True"))
        return constant(parser, value_bool(true));
    if (parser_is_name(parser, "false") || parser_is_name(parser, "False"))
        return constant(parser, value_bool(false));
    if (parser_is_name(parser, "none") || parser_is_name(parser, "None"))
        return constant(parser, value_null());
    node = parser_node(parser, NODE_NAME, token);
    node->as.name.name = environment_name(parser->env, token->data, token->length);
    node->as.name.length = token->length;
    node->as.name.global = environment_global(parser->env, node->as.name.name);
    note_special_name(parser, node->as.name.name);
    parser->token++;
    return node;
}

/* Strings next to each other are one string. */
static struct node *parse_string(struct parser *parser)
{
    struct node *node = parser_node(parser, NODE_CONST, parser->token);
    struct text out = text_new(parser->arena);

    for (; parser_is(parser, TOKEN_STRING); parser->token++)
        text_add_n(&out, parser->token->data, parser->token->length);
    node->as.constant = value_string_n(parser->arena, out.data, out.length);
    return node;
}

static struct node *parse_list(struct parser *parser)
{
    struct node *node = parser_node(parser, NODE_LIST, parser->token);

    parser->token++;
    while (!parser_is(parser, TOKEN_RBRACKET)) {
        struct node *item;

        if (node->as.list.count > 0 && !parser_expect(parser, TOKEN_COMMA))
            return NULL;
        if (parser_is(parser, TOKEN_RBRACKET))
            break;
        item = parser_expression(parser);
        if (item == NULL)
            return NULL;
        parser_list_add(parser, &node->as.list, item);
    }
    parser->token++;
    return node;
}

static struct node *parse_dict(struct parser *parser)
{
    struct node *node = parser_node(parser, NODE_DICT, parser->token);

    parser->token++;
    while (!parser_is(parser, TOKEN_RBRACE)) {
        struct node *key, *item;

        if (node->as.list.count > 0 && !parser_expect(parser, TOKEN_COMMA))
            return NULL;
        if (parser_is(parser, TOKEN_RBRACE))
            break;
        key = parser_expression(parser);
        if (key == NULL || !parser_expect(parser, TOKEN_COLON))
            return NULL;
        item = parser_expression(parser);
        if (item == NULL)
            return NULL;
        parser_list_add(parser, &node->as.list, key);
        parser_list_add(parser, &node->as.list, item);
    }
    parser->token++;
    return node;
}

static bool tuple_ends(const struct parser *parser, const char *end)
{
    return parser_is(parser, TOKEN_VARIABLE_END) || parser_is(parser, TOKEN_BLOCK_END) ||
           parser_is(parser, TOKEN_RPAREN) || (end != NULL && parser_is_name(parser, end));
}

/* The items; a comma anywhere makes it a tuple. */
static struct node *parse_items(struct parser *parser, bool with_condition, const char *end, bool *is_tuple_out)
{
    struct node *node = parser_node(parser, NODE_TUPLE, parser->token);

    while (!tuple_ends(parser, end)) {
        struct node *item = with_condition ? parser_expression(parser) : parser_or(parser);

        if (item == NULL)
            return NULL;
        parser_list_add(parser, &node->as.list, item);
        if (!parser_skip(parser, TOKEN_COMMA))
            break;
        *is_tuple_out = true;
    }
    return node;
}

struct node *parser_tuple(struct parser *parser, bool with_condition, const char *end)
{
    bool is_tuple = false;
    struct node *node = parse_items(parser, with_condition, end, &is_tuple);

    if (node == NULL || is_tuple)
        return node;
    if (node->as.list.count == 1)
        return node->as.list.items[0];
    parser_fail(parser, parser->token, "Expected an expression, got '%s'",
                token_describe(parser->arena, parser->token));
    return NULL;
}

static struct node *parse_parentheses(struct parser *parser)
{
    bool is_tuple = false;
    struct node *node;

    parser->token++;
    node = parse_items(parser, true, NULL, &is_tuple);
    if (node == NULL || !parser_expect(parser, TOKEN_RPAREN))
        return NULL;
    return is_tuple || node->as.list.count != 1 ? node : node->as.list.items[0];
}

struct node *parser_primary(struct parser *parser)
{
    switch (parser->token->kind) {
    case TOKEN_NAME:
        return parse_name(parser);
    case TOKEN_STRING:
        return parse_string(parser);
    case TOKEN_INTEGER:
    case TOKEN_REAL:
        return constant(parser, parser->token->value);
    case TOKEN_LPAREN:
        return parse_parentheses(parser);
    case TOKEN_LBRACKET:
        return parse_list(parser);
    case TOKEN_LBRACE:
        return parse_dict(parser);
    default:
        parser_fail(parser, parser->token, "unexpected '%s'", token_describe(parser->arena, parser->token));
        return NULL;
    }
}

/* --- behind a value --- */

static struct node *parse_attribute(struct parser *parser, struct node *target)
{
    const struct token *dot = parser->token++;
    const struct token *token = parser->token++;
    struct node *node;

    if (token->kind == TOKEN_NAME) {
        node = parser_node(parser, NODE_ATTRIBUTE, dot);
        node->as.attribute.target = target;
        node->as.attribute.name = environment_name(parser->env, token->data, token->length);
        node->as.attribute.methods = method_find(node->as.attribute.name);
        parser->tree->mutates |= method_mutates(&node->as.attribute.methods);
        return node;
    }
    parser->token = token;
    if (token->kind != TOKEN_INTEGER) {
        parser_fail(parser, token, "expected name or number");
        return NULL;
    }
    node = parser_node(parser, NODE_ITEM, dot);
    node->as.item.target = target;
    node->as.item.index = constant(parser, token->value);
    return node;
}

static bool slice_part_ends(const struct parser *parser)
{
    return parser_is(parser, TOKEN_COLON) || parser_is(parser, TOKEN_RBRACKET) || parser_is(parser, TOKEN_COMMA);
}

/* An optional expression between colons; false: error. */
static bool slice_part(struct parser *parser, struct node **out)
{
    if (slice_part_ends(parser))
        return true;
    *out = parser_expression(parser);
    return *out != NULL;
}

static struct node *parse_subscript(struct parser *parser)
{
    struct node *slice = parser_node(parser, NODE_SLICE, parser->token);

    if (!slice_part(parser, &slice->as.slice.start))
        return NULL;
    if (!parser_is(parser, TOKEN_COLON)) {
        if (slice->as.slice.start == NULL)
            parser_fail(parser, parser->token, "unexpected '%s'", token_describe(parser->arena, parser->token));
        return slice->as.slice.start;
    }
    parser->token++;
    if (!slice_part(parser, &slice->as.slice.stop))
        return NULL;
    if (parser_skip(parser, TOKEN_COLON) && !slice_part(parser, &slice->as.slice.step))
        return NULL;
    return slice;
}

static struct node *parse_item(struct parser *parser, struct node *target)
{
    struct node *node = parser_node(parser, NODE_ITEM, parser->token);
    struct node *tuple = parser_node(parser, NODE_TUPLE, parser->token);

    parser->token++;
    while (!parser_is(parser, TOKEN_RBRACKET)) {
        struct node *index;

        if (tuple->as.list.count > 0 && !parser_expect(parser, TOKEN_COMMA))
            return NULL;
        index = parse_subscript(parser);
        if (index == NULL)
            return NULL;
        parser_list_add(parser, &tuple->as.list, index);
    }
    parser->token++;
    node->as.item.target = target;
    node->as.item.index = tuple->as.list.count == 1 ? tuple->as.list.items[0] : tuple;
    return node;
}

struct node *parser_postfix(struct parser *parser, struct node *node)
{
    while (node != NULL) {
        if (parser_is(parser, TOKEN_DOT))
            node = parse_attribute(parser, node);
        else if (parser_is(parser, TOKEN_LBRACKET))
            node = parse_item(parser, node);
        else if (parser_is(parser, TOKEN_LPAREN))
            node = parser_call(parser, node);
        else
            break;
    }
    return node;
}
