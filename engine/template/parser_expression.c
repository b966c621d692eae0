/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Expressions from the loosest operator to the tightest: x if y, or, and, not, comparisons, + -, ~,
 * * / // %, **, and unary signs with what is bound to them.
 */
#include <string.h>

#include "engine/template/parser_state.h"

static struct node *parse_condition(struct parser *parser)
{
    const struct token *at = parser->token;
    struct node *left = parser_or(parser);

    while (left != NULL && parser_skip_name(parser, "if")) {
        struct node *node = parser_node(parser, NODE_CONDITION, at);

        node->as.condition.yes = left;
        node->as.condition.test = parser_or(parser);
        if (node->as.condition.test == NULL)
            return NULL;
        if (parser_skip_name(parser, "else")) {
            node->as.condition.no = parser_expression(parser);
            if (node->as.condition.no == NULL)
                return NULL;
        }
        left = node;
        at = parser->token;
    }
    return left;
}

struct node *parser_expression(struct parser *parser)
{
    struct node *node;

    if (!parser_enter(parser))
        return NULL;
    node = parse_condition(parser);
    parser->depth--;
    return node;
}

static struct node *binary(struct parser *parser, enum node_kind kind, const struct token *at, struct node *left,
                           struct node *right)
{
    struct node *node;

    if (right == NULL)
        return NULL;
    node = parser_node(parser, kind, at);
    node->as.binary.left = left;
    node->as.binary.right = right;
    return node;
}

static struct node *parse_add(struct parser *parser);

/* Is the current token a comparison? Then it is taken. */
static bool take_compare(struct parser *parser, enum compare_op *op_out)
{
    static const struct {
        enum token_kind token;
        enum compare_op op;
    } table[] = {
        { TOKEN_EQ, COMPARE_EQ }, { TOKEN_NE, COMPARE_NE }, { TOKEN_GT, COMPARE_GT },
        { TOKEN_GE, COMPARE_GE }, { TOKEN_LT, COMPARE_LT }, { TOKEN_LE, COMPARE_LE },
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (parser_skip(parser, table[i].token)) {
            *op_out = table[i].op;
            return true;
        }
    if (parser_skip_name(parser, "in")) {
        *op_out = COMPARE_IN;
        return true;
    }
    if (!parser_is_name(parser, "not") || !parser_token_is(parser->token + 1, "in"))
        return false;
    parser->token += 2;
    *op_out = COMPARE_NOT_IN;
    return true;
}

static bool add_operand(struct parser *parser, struct node *compare, enum compare_op op)
{
    struct node *operand = parse_add(parser);
    uint32_t count = compare->as.compare.operands.count;
    uint8_t *ops = arena_alloc(parser->arena, count + 1);

    if (operand == NULL)
        return false;
    if (count > 0)
        memcpy(ops, compare->as.compare.ops, count);
    ops[count] = (uint8_t)op;
    compare->as.compare.ops = ops;
    compare->op = ops[0];
    parser_list_add(parser, &compare->as.compare.operands, operand);
    return true;
}

static struct node *parse_compare(struct parser *parser)
{
    const struct token *first = parser->token;
    struct node *left = parse_add(parser), *compare = NULL;
    enum compare_op op = COMPARE_EQ;

    while (left != NULL && take_compare(parser, &op)) {
        if (compare == NULL) {
            compare = parser_node(parser, NODE_COMPARE, first);
            compare->as.compare.first = left;
        }
        if (!add_operand(parser, compare, op))
            return NULL;
    }
    return compare == NULL ? left : compare;
}

static struct node *parse_not(struct parser *parser)
{
    const struct token *at = parser->token;
    struct node *node;

    if (!parser_skip_name(parser, "not"))
        return parse_compare(parser);
    if (!parser_enter(parser))
        return NULL;
    node = parser_node(parser, NODE_NOT, at);
    node->as.operand = parse_not(parser);
    parser->depth--;
    return node->as.operand == NULL ? NULL : node;
}

static struct node *parse_and(struct parser *parser)
{
    const struct token *at = parser->token;
    struct node *left = parse_not(parser);

    while (left != NULL && parser_skip_name(parser, "and"))
        left = binary(parser, NODE_AND, at, left, parse_not(parser));
    return left;
}

struct node *parser_or(struct parser *parser)
{
    const struct token *at = parser->token;
    struct node *left = parse_and(parser);

    while (left != NULL && parser_skip_name(parser, "or"))
        left = binary(parser, NODE_OR, at, left, parse_and(parser));
    return left;
}

static struct node *parse_power(struct parser *parser)
{
    const struct token *at = parser->token;
    struct node *left = parser_unary(parser, true);

    while (left != NULL && parser_skip(parser, TOKEN_POW)) {
        left = binary(parser, NODE_BINARY, at, left, parser_unary(parser, true));
        if (left != NULL)
            left->op = BINARY_POW;
    }
    return left;
}

static bool take_multiply(struct parser *parser, enum binary_op *op_out)
{
    static const struct {
        enum token_kind token;
        enum binary_op op;
    } table[] = {
        { TOKEN_MUL, BINARY_MUL },
        { TOKEN_DIV, BINARY_DIV },
        { TOKEN_FLOORDIV, BINARY_FLOORDIV },
        { TOKEN_MOD, BINARY_MOD },
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (parser_skip(parser, table[i].token)) {
            *op_out = table[i].op;
            return true;
        }
    return false;
}

static struct node *parse_multiply(struct parser *parser)
{
    const struct token *at = parser->token;
    struct node *left = parse_power(parser);
    enum binary_op op = BINARY_MUL;

    while (left != NULL && take_multiply(parser, &op)) {
        left = binary(parser, NODE_BINARY, at, left, parse_power(parser));
        if (left != NULL)
            left->op = (uint8_t)op;
    }
    return left;
}

static struct node *parse_concat(struct parser *parser)
{
    const struct token *at = parser->token;
    struct node *left = parse_multiply(parser), *node;

    if (left == NULL || !parser_is(parser, TOKEN_TILDE))
        return left;
    node = parser_node(parser, NODE_CONCAT, at);
    parser_list_add(parser, &node->as.list, left);
    while (parser_skip(parser, TOKEN_TILDE)) {
        struct node *operand = parse_multiply(parser);

        if (operand == NULL)
            return NULL;
        parser_list_add(parser, &node->as.list, operand);
    }
    return node;
}

static struct node *parse_add(struct parser *parser)
{
    const struct token *at = parser->token;
    struct node *left = parse_concat(parser);

    while (left != NULL && (parser_is(parser, TOKEN_ADD) || parser_is(parser, TOKEN_SUB))) {
        enum binary_op op = parser_is(parser, TOKEN_ADD) ? BINARY_ADD : BINARY_SUB;

        parser->token++;
        left = binary(parser, NODE_BINARY, at, left, parse_concat(parser));
        if (left != NULL)
            left->op = (uint8_t)op;
    }
    return left;
}

/* Filters, tests and calls behind a value. */
static struct node *parse_filters(struct parser *parser, struct node *node)
{
    while (node != NULL) {
        if (parser_skip(parser, TOKEN_PIPE))
            node = parser_filter(parser, node);
        else if (parser_skip_name(parser, "is"))
            node = parser_test(parser, node);
        else if (parser_is(parser, TOKEN_LPAREN))
            node = parser_call(parser, node);
        else
            break;
    }
    return node;
}

static struct node *parse_sign(struct parser *parser)
{
    struct node *node = parser_node(parser, parser_is(parser, TOKEN_SUB) ? NODE_NEGATE : NODE_POSITIVE, parser->token);

    parser->token++;
    if (!parser_enter(parser))
        return NULL;
    node->as.operand = parser_unary(parser, false);
    parser->depth--;
    return node->as.operand == NULL ? NULL : node;
}

struct node *parser_unary(struct parser *parser, bool with_filter)
{
    bool sign = parser_is(parser, TOKEN_SUB) || parser_is(parser, TOKEN_ADD);
    struct node *node = sign ? parse_sign(parser) : parser_primary(parser);

    if (node != NULL)
        node = parser_postfix(parser, node);
    return node != NULL && with_filter ? parse_filters(parser, node) : node;
}
