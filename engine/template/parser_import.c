/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Statements that refer to other templates: include, import, from, extends; and blocks.
 */
#include <ctype.h>
#include <string.h>

#include "engine/template/parser_state.h"

static bool at_context(const struct parser *parser)
{
    return (parser_is_name(parser, "with") || parser_is_name(parser, "without")) &&
           parser_token_is(parser->token + 1, "context");
}

static void take_context(struct parser *parser, struct node *node)
{
    if (!at_context(parser))
        return;
    node->context = parser_is_name(parser, "with");
    parser->token += 2;
}

struct node *parser_include(struct parser *parser)
{
    struct node *node = parser_node(parser, NODE_INCLUDE, parser->token);

    parser->token++;
    node->as.import.source = parser_expression(parser);
    if (node->as.import.source == NULL)
        return NULL;
    if (parser_is_name(parser, "ignore") && parser_token_is(parser->token + 1, "missing")) {
        node->flag = true;
        parser->token += 2;
    }
    node->context = true;
    take_context(parser, node);
    return node;
}

struct node *parser_import(struct parser *parser)
{
    struct node *node = parser_node(parser, NODE_IMPORT, parser->token);

    parser->token++;
    node->as.import.source = parser_expression(parser);
    if (node->as.import.source == NULL || !parser_expect_name(parser, "as"))
        return NULL;
    node->as.import.name = parser_take_name(parser);
    take_context(parser, node);
    return node->as.import.name == NULL ? NULL : node;
}

static bool add_import_name(struct parser *parser, struct node *node)
{
    uint32_t count = node->as.import.count;
    struct name_pair *names = arena_new_array(parser->arena, struct name_pair, count + 1);
    const char *name = parser_take_name(parser), *alias = name;

    if (name == NULL)
        return false;
    if (name[0] == '_')
        return parser_fail(parser, parser->token, "names starting with an underline can not be imported");
    if (parser_skip_name(parser, "as"))
        alias = parser_take_name(parser);
    if (alias == NULL)
        return false;
    if (count > 0)
        memcpy(names, node->as.import.names, count * sizeof(*names));
    names[count] = (struct name_pair){ name, alias };
    node->as.import.names = names;
    node->as.import.count = count + 1;
    return true;
}

struct node *parser_from(struct parser *parser)
{
    struct node *node = parser_node(parser, NODE_FROM, parser->token);

    parser->token++;
    node->as.import.source = parser_expression(parser);
    if (node->as.import.source == NULL || !parser_expect_name(parser, "import"))
        return NULL;
    for (;;) {
        if (node->as.import.count > 0 && !parser_expect(parser, TOKEN_COMMA))
            return NULL;
        if (at_context(parser)) {
            take_context(parser, node);
            return node;
        }
        if (!add_import_name(parser, node))
            return NULL;
        if (at_context(parser) || !parser_is(parser, TOKEN_COMMA)) {
            take_context(parser, node);
            return node;
        }
    }
}

struct node *parser_extends(struct parser *parser)
{
    struct node *node = parser_node(parser, NODE_EXTENDS, parser->token);

    parser->token++;
    node->as.operand = parser_expression(parser);
    return node->as.operand == NULL ? NULL : node;
}

static bool is_blank(const struct node *body)
{
    for (uint32_t i = 0; i < body->as.list.count; i++) {
        const struct node *piece = body->as.list.items[i];

        if (piece->kind != NODE_DATA)
            return false;
        for (const char *c = piece->as.constant->as.string.data; *c != '\0'; c++)
            if (!isspace((unsigned char)*c))
                return false;
    }
    return true;
}

static bool register_block(struct parser *parser, struct node *node)
{
    for (uint32_t i = 0; i < parser->tree->blocks.count; i++)
        if (parser->tree->blocks.items[i]->as.block.name == node->as.block.name)
            return parser_fail(parser, parser->token, "block '%s' defined twice", node->as.block.name);
    parser_list_add(parser, &parser->tree->blocks, node);
    return true;
}

static bool block_head(struct parser *parser, struct node *node)
{
    node->as.block.name = parser_take_name(parser);
    if (node->as.block.name == NULL)
        return false;
    node->flag = parser_skip_name(parser, "scoped");
    node->as.block.required = parser_skip_name(parser, "required");
    if (parser_is(parser, TOKEN_SUB))
        return parser_fail(parser, parser->token,
                           "Block names in Jinja have to be valid Python identifiers and may not contain hyphens, use "
                           "an underscore instead.");
    return register_block(parser, node);
}

struct node *parser_block(struct parser *parser)
{
    struct node *node = parser_node(parser, NODE_BLOCK, parser->token);
    bool outer_loop = parser->in_loop;

    parser->token++;
    if (!block_head(parser, node))
        return NULL;
    parser->in_loop = false;
    node->as.block.body = parser_body_to(parser, "endblock");
    parser->in_loop = outer_loop;
    if (node->as.block.body == NULL)
        return NULL;
    if (node->as.block.required && !is_blank(node->as.block.body)) {
        parser_fail(parser, parser->token, "Required blocks can only contain comments or whitespace");
        return NULL;
    }
    parser_skip_name(parser, node->as.block.name);
    return node;
}
