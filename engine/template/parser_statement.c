/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Statements that need no other template: if, for, set, with, filter, autoescape, do, break, continue.
 */
#include <string.h>

#include "engine/template/parser_state.h"

static struct node *parse_if(struct parser *parser);

static struct node *parse_else(struct parser *parser)
{
    if (parser_is_name(parser, "elif"))
        return parse_if(parser);
    if (parser_skip_name(parser, "else"))
        return parser_body_to(parser, "endif");
    parser->token++;
    return parser_node(parser, NODE_BODY, parser->token);
}

/* At "if" or "elif". Takes everything up to and with "endif". */
static struct node *parse_if(struct parser *parser)
{
    static const char *const ends[] = { "elif", "else", "endif", NULL };
    struct node *node = parser_node(parser, NODE_IF, parser->token);

    parser->token++;
    node->as.condition.test = parser_tuple(parser, false, NULL);
    if (node->as.condition.test == NULL)
        return NULL;
    node->as.condition.yes = parser_body(parser, ends);
    if (node->as.condition.yes == NULL || !parser_enter(parser))
        return NULL;
    parser->depth--;
    node->as.condition.no = parse_else(parser);
    return node->as.condition.no == NULL ? NULL : node;
}

static bool for_head(struct parser *parser, struct node *node)
{
    const struct token *at = parser->token;

    node->as.loop.target = parser_target(parser, "in", false);
    if (node->as.loop.target == NULL)
        return false;
    if (node->as.loop.target->kind == NODE_NAME && node->as.loop.target->as.name.name == parser->env->known.loop)
        return parser_fail(parser, at, "Can't assign to special loop variable in for-loop target");
    if (!parser_expect_name(parser, "in"))
        return false;
    node->as.loop.items = parser_tuple(parser, false, "recursive");
    if (node->as.loop.items == NULL)
        return false;
    if (parser_skip_name(parser, "if")) {
        node->as.loop.test = parser_expression(parser);
        if (node->as.loop.test == NULL)
            return false;
    }
    node->flag = parser_skip_name(parser, "recursive");
    return true;
}

static struct node *parse_for(struct parser *parser)
{
    static const char *const ends[] = { "endfor", "else", NULL };
    struct node *node = parser_node(parser, NODE_FOR, parser->token);
    bool outer = parser->in_loop;

    parser->token++;
    if (!for_head(parser, node))
        return NULL;
    parser->in_loop = true;
    node->as.loop.body = parser_body(parser, ends);
    parser->in_loop = outer;
    if (node->as.loop.body == NULL)
        return NULL;
    if (!parser_skip_name(parser, "else")) {
        parser->token++;
        return node;
    }
    node->as.loop.otherwise = parser_body_to(parser, "endfor");
    return node->as.loop.otherwise == NULL ? NULL : node;
}

/* "| a | b(1)" of a set block; *out stays NULL without any. */
static bool parse_filter_chain(struct parser *parser, struct node **out)
{
    while (parser_skip(parser, TOKEN_PIPE)) {
        *out = parser_filter(parser, *out);
        if (*out == NULL)
            return false;
    }
    return true;
}

static struct node *parse_set(struct parser *parser)
{
    struct node *node = parser_node(parser, NODE_SET, parser->token);

    parser->token++;
    node->as.set.target = parser_target(parser, NULL, true);
    if (node->as.set.target == NULL)
        return NULL;
    if (parser_skip(parser, TOKEN_ASSIGN)) {
        node->as.set.value = parser_tuple(parser, true, NULL);
        return node->as.set.value == NULL ? NULL : node;
    }
    node->kind = NODE_SET_BLOCK;
    if (!parse_filter_chain(parser, &node->as.set.filter))
        return NULL;
    node->as.set.body = parser_body_to(parser, "endset");
    return node->as.set.body == NULL ? NULL : node;
}

static struct node *parse_filter_block(struct parser *parser)
{
    struct node *node = parser_node(parser, NODE_FILTER_BLOCK, parser->token);

    parser->token++;
    node->as.set.filter = parser_filter(parser, NULL);
    if (node->as.set.filter == NULL || !parse_filter_chain(parser, &node->as.set.filter))
        return NULL;
    node->as.set.body = parser_body_to(parser, "endfilter");
    return node->as.set.body == NULL ? NULL : node;
}

static struct node *parse_with(struct parser *parser)
{
    struct node *node = parser_node(parser, NODE_WITH, parser->token);

    parser->token++;
    while (!parser_is(parser, TOKEN_BLOCK_END)) {
        struct node *target, *value;

        if (node->as.with.targets.count > 0 && !parser_expect(parser, TOKEN_COMMA))
            return NULL;
        target = parser_target(parser, NULL, false);
        if (target == NULL || !parser_expect(parser, TOKEN_ASSIGN))
            return NULL;
        value = parser_expression(parser);
        if (value == NULL)
            return NULL;
        parser_list_add(parser, &node->as.with.targets, target);
        parser_list_add(parser, &node->as.with.values, value);
    }
    node->as.with.body = parser_body_to(parser, "endwith");
    return node->as.with.body == NULL ? NULL : node;
}

/* Escaping is off in Ansible; the block is kept as a scope of its own. */
static struct node *parse_autoescape(struct parser *parser)
{
    struct node *node = parser_node(parser, NODE_SCOPE, parser->token);

    parser->token++;
    if (parser_expression(parser) == NULL)
        return NULL;
    node->as.operand = parser_body_to(parser, "endautoescape");
    return node->as.operand == NULL ? NULL : node;
}

/* {% print a, b %}: line statements have no other way to print */
static struct node *parse_print(struct parser *parser)
{
    struct node *body = parser_node(parser, NODE_BODY, parser->token);

    parser->token++;
    while (!parser_is(parser, TOKEN_BLOCK_END)) {
        struct node *node = parser_node(parser, NODE_PRINT, parser->token);

        if (body->as.list.count > 0 && !parser_expect(parser, TOKEN_COMMA))
            return NULL;
        node->as.operand = parser_expression(parser);
        if (node->as.operand == NULL)
            return NULL;
        parser_list_add(parser, &body->as.list, node);
    }
    return body;
}

static struct node *parse_do(struct parser *parser)
{
    struct node *node = parser_node(parser, NODE_DO, parser->token);

    if (!parser->env->config.extension_do)
        return parser_unknown(parser);
    parser->token++;
    node->as.operand = parser_tuple(parser, true, NULL);
    return node->as.operand == NULL ? NULL : node;
}

static struct node *parse_loop_control(struct parser *parser, enum node_kind kind)
{
    struct node *node = parser_node(parser, kind, parser->token);

    if (!parser->env->config.extension_loopcontrols || !parser->in_loop)
        return parser_unknown(parser);
    parser->token++;
    return node;
}

static struct node *parse_break(struct parser *parser)
{
    return parse_loop_control(parser, NODE_BREAK);
}

static struct node *parse_continue(struct parser *parser)
{
    return parse_loop_control(parser, NODE_CONTINUE);
}

struct node *parser_statement(struct parser *parser)
{
    static const struct {
        const char *name;
        struct node *(*parse)(struct parser *);
    } table[] = {
        { "if", parse_if },
        { "for", parse_for },
        { "set", parse_set },
        { "filter", parse_filter_block },
        { "with", parse_with },
        { "autoescape", parse_autoescape },
        { "macro", parser_macro },
        { "call", parser_call_block },
        { "include", parser_include },
        { "import", parser_import },
        { "from", parser_from },
        { "extends", parser_extends },
        { "block", parser_block },
        { "print", parse_print },
        { "do", parse_do },
        { "break", parse_break },
        { "continue", parse_continue },
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (parser_is_name(parser, table[i].name))
            return table[i].parse(parser);
    return parser_unknown(parser);
}
