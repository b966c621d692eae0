/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What may stand left of "=" or "in": a name, a tuple of such, or an attribute of a namespace.
 */
#include <string.h>

#include "engine/template/parser_state.h"

static bool cannot_assign(struct parser *parser, const struct token *at, const char *what)
{
    return parser_fail(parser, at, "can't assign to '%s'", what);
}

struct node *parser_target_name(struct parser *parser)
{
    static const char *const reserved[] = { "true", "false", "none", "True", "False", "None" };
    struct node *node = parser_node(parser, NODE_NAME, parser->token);

    for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
        if (parser_is_name(parser, reserved[i])) {
            cannot_assign(parser, parser->token, "const");
            return NULL;
        }
    node->as.name.length = parser->token->length;
    node->as.name.name = parser_take_name(parser);
    return node->as.name.name == NULL ? NULL : node;
}

static struct node *namespace_target(struct parser *parser);

static bool is_namespace_target(const struct parser *parser)
{
    return parser_is(parser, TOKEN_NAME) && parser->token[1].kind == TOKEN_DOT;
}

static struct node *target_item(struct parser *parser, bool with_namespace)
{
    struct node *node;

    if (with_namespace && is_namespace_target(parser))
        return namespace_target(parser);
    if (parser_is(parser, TOKEN_LPAREN)) {
        parser->token++;
        if (!parser_enter(parser))
            return NULL;
        node = parser_target(parser, NULL, with_namespace);
        parser->depth--;
        return node == NULL || !parser_expect(parser, TOKEN_RPAREN) ? NULL : node;
    }
    if (parser_is(parser, TOKEN_NAME))
        return parser_target_name(parser);
    if (parser_is(parser, TOKEN_STRING) || parser_is(parser, TOKEN_INTEGER))
        cannot_assign(parser, parser->token, "const");
    else
        parser_fail(parser, parser->token, "unexpected '%s'", token_describe(parser->arena, parser->token));
    return NULL;
}

static struct node *namespace_target(struct parser *parser)
{
    struct node *node = parser_node(parser, NODE_ATTRIBUTE, parser->token);

    node->as.attribute.target = parser_target_name(parser);
    if (node->as.attribute.target == NULL || !parser_expect(parser, TOKEN_DOT))
        return NULL;
    node->as.attribute.name = parser_take_name(parser);
    return node->as.attribute.name == NULL ? NULL : node;
}

struct node *parser_target(struct parser *parser, const char *end, bool with_namespace)
{
    struct node *tuple = parser_node(parser, NODE_TUPLE, parser->token), *item;
    bool is_tuple = false;

    do {
        if (is_tuple && (parser_is(parser, TOKEN_RPAREN) || parser_is(parser, TOKEN_BLOCK_END) ||
                         (end != NULL && parser_is_name(parser, end))))
            break;
        item = target_item(parser, with_namespace);
        if (item == NULL)
            return NULL;
        parser_list_add(parser, &tuple->as.list, item);
        is_tuple |= parser_is(parser, TOKEN_COMMA);
    } while (parser_skip(parser, TOKEN_COMMA));
    return is_tuple ? tuple : tuple->as.list.items[0];
}
