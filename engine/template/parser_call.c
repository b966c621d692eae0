/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls, filters and tests: their arguments, and finding the filter or test by name while parsing.
 */
#include <string.h>

#include "common/base/text.h"
#include "engine/template/filter.h"
#include "engine/template/parser_state.h"
#include "engine/template/test.h"

static bool add_named(struct parser *parser, struct node_args *args)
{
    const char *name = environment_name(parser->env, parser->token->data, parser->token->length);
    uint32_t count = args->named.count;
    const char **names = arena_new_array(parser->arena, const char *, count + 1);
    struct node *value;

    parser->token += 2;
    value = parser_expression(parser);
    if (value == NULL)
        return false;
    if (count > 0)
        memcpy(names, args->names, count * sizeof(*names));
    names[count] = name;
    args->names = names;
    parser_list_add(parser, &args->named, value);
    return true;
}

static bool bad_call(struct parser *parser)
{
    return parser_fail(parser, parser->token, "invalid syntax for function call expression");
}

static bool add_argument(struct parser *parser, struct node_args *args)
{
    struct node *value;

    if (parser_is(parser, TOKEN_MUL)) {
        if (args->star != NULL || args->star_star != NULL)
            return bad_call(parser);
        parser->token++;
        args->star = parser_expression(parser);
        return args->star != NULL;
    }
    if (parser_is(parser, TOKEN_POW)) {
        if (args->star_star != NULL)
            return bad_call(parser);
        parser->token++;
        args->star_star = parser_expression(parser);
        return args->star_star != NULL;
    }
    if (parser_is(parser, TOKEN_NAME) && parser->token[1].kind == TOKEN_ASSIGN)
        return args->star_star == NULL ? add_named(parser, args) : bad_call(parser);
    if (args->star != NULL || args->star_star != NULL || args->named.count > 0)
        return bad_call(parser);
    value = parser_expression(parser);
    if (value != NULL)
        parser_list_add(parser, &args->items, value);
    return value != NULL;
}

bool parser_call_args(struct parser *parser, struct node_args *args)
{
    bool first = true;

    if (!parser_expect(parser, TOKEN_LPAREN))
        return false;
    while (!parser_is(parser, TOKEN_RPAREN)) {
        if (!first && !parser_expect(parser, TOKEN_COMMA))
            return false;
        if (!first && parser_is(parser, TOKEN_RPAREN))
            break;
        if (!add_argument(parser, args))
            return false;
        first = false;
    }
    parser->token++;
    return true;
}

struct node *parser_call(struct parser *parser, struct node *target)
{
    struct node *node = parser_node(parser, NODE_CALL, parser->token);

    node->as.call.target = target;
    return parser_call_args(parser, &node->as.call.args) ? node : NULL;
}

/* "a.b.c" as one name */
static const char *dotted_name(struct parser *parser)
{
    struct text out = text_new(parser->arena);

    do {
        const struct token *token = parser->token;

        if (!parser_expect(parser, TOKEN_NAME))
            return NULL;
        if (out.length > 0)
            text_add_char(&out, '.');
        text_add_n(&out, token->data, token->length);
    } while (parser_skip(parser, TOKEN_DOT));
    return out.data;
}

struct node *parser_filter(struct parser *parser, struct node *target)
{
    struct node *node = parser_node(parser, NODE_FILTER, parser->token);

    node->as.filter.target = target;
    node->as.filter.name = dotted_name(parser);
    if (node->as.filter.name == NULL)
        return NULL;
    node->as.filter.entry = filter_find(node->as.filter.name);
    if (parser_is(parser, TOKEN_LPAREN) && !parser_call_args(parser, &node->as.filter.args))
        return NULL;
    return node;
}

/* A test may take one argument without parentheses: "is divisibleby 3". */
static bool bare_argument_follows(const struct parser *parser)
{
    switch (parser->token->kind) {
    case TOKEN_NAME:
        return !parser_is_name(parser, "else") && !parser_is_name(parser, "or") && !parser_is_name(parser, "and");
    case TOKEN_STRING:
    case TOKEN_INTEGER:
    case TOKEN_REAL:
    case TOKEN_LBRACKET:
    case TOKEN_LBRACE:
        return true;
    default:
        return false;
    }
}

static bool bare_argument(struct parser *parser, struct node *node)
{
    struct node *argument;

    if (parser_is_name(parser, "is"))
        return parser_fail(parser, parser->token, "You cannot chain multiple tests with is");
    argument = parser_primary(parser);
    if (argument != NULL)
        argument = parser_postfix(parser, argument);
    if (argument != NULL)
        parser_list_add(parser, &node->as.test.args.items, argument);
    return argument != NULL;
}

struct node *parser_test(struct parser *parser, struct node *target)
{
    const struct token *at = parser->token;
    bool negated = parser_skip_name(parser, "not");
    struct node *node = parser_node(parser, NODE_TEST, parser->token), *outer;

    node->as.test.target = target;
    node->as.test.name = dotted_name(parser);
    if (node->as.test.name == NULL)
        return NULL;
    node->as.test.entry = test_find(node->as.test.name);
    if (parser_is(parser, TOKEN_LPAREN) ? !parser_call_args(parser, &node->as.test.args)
                                        : bare_argument_follows(parser) && !bare_argument(parser, node))
        return NULL;
    if (!negated)
        return node;
    outer = parser_node(parser, NODE_NOT, at);
    outer->as.operand = node;
    return outer;
}
