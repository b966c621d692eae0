/* SPDX-License-Identifier: Apache-2.0 */
/* From words to a tree, by binding powers ("top down operator precedence"), as the grammar's reference does. */
#include <string.h>

#include "common/base/text.h"
#include "common/jmespath/jmespath_parts.h"

#define PROJECTION_STOP 10 /* what binds less ends a projection */

enum { POWER_PIPE = 1, POWER_OR = 2, POWER_AND = 3, POWER_COMPARISON = 5, POWER_FLATTEN = 9, POWER_STAR = 20 };
enum { POWER_FILTER = 21, POWER_DOT = 40, POWER_NOT = 45 };

struct parser {
    struct arena *arena;
    struct error *err;
    const char *text;
    const struct jmespath_token *tokens, *at;
    int depth;
};

static struct jmespath_node *expression(struct parser *parser, int power);
static struct jmespath_node *projection_rest(struct parser *parser, int power);

static int power_of(enum jmespath_token_kind kind)
{
    static const unsigned char powers[] = {
        [TOKEN_PIPE] = POWER_PIPE,
        [TOKEN_OR] = POWER_OR,
        [TOKEN_AND] = POWER_AND,
        [TOKEN_EQ] = POWER_COMPARISON,
        [TOKEN_GT] = POWER_COMPARISON,
        [TOKEN_LT] = POWER_COMPARISON,
        [TOKEN_GTE] = POWER_COMPARISON,
        [TOKEN_LTE] = POWER_COMPARISON,
        [TOKEN_NE] = POWER_COMPARISON,
        [TOKEN_FLATTEN] = POWER_FLATTEN,
        [TOKEN_STAR] = POWER_STAR,
        [TOKEN_FILTER] = POWER_FILTER,
        [TOKEN_DOT] = POWER_DOT,
        [TOKEN_NOT] = POWER_NOT,
        [TOKEN_LBRACE] = 50,
        [TOKEN_LBRACKET] = 55,
        [TOKEN_LPAREN] = 60,
    };

    return powers[kind];
}

static const char *kind_name(enum jmespath_token_kind kind)
{
    static const char *const names[] = {
        "EOF",
        "UNQUOTED_IDENTIFIER",
        "QUOTED_IDENTIFIER",
        "LITERAL",
        "RBRACKET",
        "RPAREN",
        "COMMA",
        "RBRACE",
        "NUMBER",
        "CURRENT",
        "EXPREF",
        "COLON",
        "PIPE",
        "OR",
        "AND",
        "EQ",
        "GT",
        "LT",
        "GTE",
        "LTE",
        "NE",
        "FLATTEN",
        "STAR",
        "FILTER",
        "DOT",
        "NOT",
        "LBRACE",
        "LBRACKET",
        "LPAREN",
    };

    return names[kind];
}

/* Always NULL. */
static struct jmespath_node *parse_fail(struct parser *parser, const struct jmespath_token *token, const char *what)
{
    const char *shown = value_text(token->value);

    if (token->kind == TOKEN_EOF)
        error_set(parser->err, JMESPATH_FAILED "Invalid jmespath expression: Incomplete expression:\n\"%s\"\n%*s^",
                  parser->text, (int)text_utf8_count(parser->text, strlen(parser->text)) + 1, "");
    else
        error_set(parser->err,
                  JMESPATH_FAILED "%s: Parse error at column %zu, token \"%s\" (%s), for expression:\n\"%s\"\n%*s^",
                  what, token->start, shown == NULL ? "" : shown, kind_name(token->kind), parser->text,
                  (int)token->start + 1, "");
    return NULL;
}

static struct jmespath_node *node_new(struct parser *parser, enum jmespath_node_kind kind)
{
    struct jmespath_node *node = arena_new_of(parser->arena, struct jmespath_node);

    node->kind = kind;
    node->depth = 1;
    return node;
}

/* False: `part` is NULL (error set), or too deep. */
static bool node_add(struct parser *parser, struct jmespath_node *node, struct jmespath_node *part)
{
    if (part == NULL)
        return false;
    if (node->depth <= part->depth)
        node->depth = part->depth + 1;
    if (node->depth > JMESPATH_DEPTH)
        return error_set(parser->err, JMESPATH_FAILED "the expression nests deeper than %d levels", JMESPATH_DEPTH);
    if ((node->count & (node->count - 1)) == 0) /* room for a power of two */
        node->parts = arena_grow(parser->arena, node->parts, node->count * sizeof(node),
                                 (node->count == 0 ? 1 : node->count * 2) * sizeof(node));
    node->parts[node->count++] = part;
    return true;
}

static struct jmespath_node *node_of(struct parser *parser, enum jmespath_node_kind kind, struct jmespath_node *left,
                                     struct jmespath_node *right)
{
    struct jmespath_node *node = node_new(parser, kind);

    return node_add(parser, node, left) && node_add(parser, node, right) ? node : NULL;
}

static bool match(struct parser *parser, enum jmespath_token_kind kind)
{
    if (parser->at->kind == kind)
        return parser->at++, true;
    return parse_fail(parser, parser->at, "Invalid jmespath expression") != NULL;
}

/* --- brackets and braces --- */

static struct jmespath_node *slice(struct parser *parser)
{
    struct jmespath_node *node = node_new(parser, NODE_SLICE);
    int index = 0;

    while (parser->at->kind != TOKEN_RBRACKET) {
        const struct jmespath_token *token = parser->at;

        if (token->kind == TOKEN_COLON && ++index == 3)
            return parse_fail(parser, token, "syntax error");
        if (token->kind == TOKEN_NUMBER) {
            node->numbers[index] = token->number;
            node->given[index] = true;
        } else if (token->kind != TOKEN_COLON) {
            return parse_fail(parser, token, "syntax error");
        }
        parser->at++;
    }
    parser->at++;
    return node;
}

/* Behind "[", at a number or a colon. A slice is a projection of what it is taken from. */
static struct jmespath_node *index_or_slice(struct parser *parser, struct jmespath_node *left)
{
    bool is_slice = parser->at->kind == TOKEN_COLON || parser->at[1].kind == TOKEN_COLON;
    struct jmespath_node *right = is_slice ? slice(parser) : node_new(parser, NODE_INDEX);

    if (!is_slice) {
        right->numbers[0] = parser->at++->number;
        if (!match(parser, TOKEN_RBRACKET))
            return NULL;
    }
    if (right == NULL)
        return NULL;
    left = node_of(parser, NODE_SUBEXPRESSION, left, right);
    return left == NULL || !is_slice ? left
                                     : node_of(parser, NODE_PROJECTION, left, projection_rest(parser, POWER_STAR));
}

static struct jmespath_node *multi_list(struct parser *parser)
{
    struct jmespath_node *node = node_new(parser, NODE_MULTI_LIST);

    while (node_add(parser, node, expression(parser, 0))) {
        if (parser->at->kind == TOKEN_RBRACKET)
            return parser->at++, node;
        if (!match(parser, TOKEN_COMMA))
            return NULL;
    }
    return NULL;
}

static struct jmespath_node *multi_map(struct parser *parser)
{
    struct jmespath_node *node = node_new(parser, NODE_MULTI_MAP);

    node->names = value_list(parser->arena);
    for (;;) {
        const struct jmespath_token *key = parser->at;

        if (key->kind != TOKEN_NAME && key->kind != TOKEN_QUOTED_NAME)
            return parse_fail(parser, key, "Invalid jmespath expression");
        parser->at++;
        value_list_add(parser->arena, node->names, key->value);
        if (!match(parser, TOKEN_COLON) || !node_add(parser, node, expression(parser, 0)))
            return NULL;
        if (parser->at->kind == TOKEN_RBRACE)
            return parser->at++, node;
        parser->at += parser->at->kind == TOKEN_COMMA;
    }
}

/* --- what follows dots and projections --- */

static struct jmespath_node *dot_rest(struct parser *parser, int power)
{
    const struct jmespath_token *token = parser->at;

    switch (token->kind) {
    case TOKEN_NAME:
    case TOKEN_QUOTED_NAME:
    case TOKEN_STAR:
        return expression(parser, power);
    case TOKEN_LBRACKET:
        parser->at++;
        return multi_list(parser);
    case TOKEN_LBRACE:
        parser->at++;
        return multi_map(parser);
    default:
        break;
    }
    return parse_fail(parser, token,
                      arena_printf(parser->arena,
                                   "Expecting: ['quoted_identifier', 'unquoted_identifier', 'lbracket', 'lbrace'], "
                                   "got: %s",
                                   text_lower(arena_copy(parser->arena, kind_name(token->kind)))));
}

static struct jmespath_node *projection_rest(struct parser *parser, int power)
{
    if (power_of(parser->at->kind) < PROJECTION_STOP)
        return node_new(parser, NODE_CURRENT);
    if (parser->at->kind == TOKEN_LBRACKET || parser->at->kind == TOKEN_FILTER)
        return expression(parser, power);
    if (parser->at->kind != TOKEN_DOT)
        return parse_fail(parser, parser->at, "syntax error");
    parser->at++;
    return dot_rest(parser, power);
}

static struct jmespath_node *filter_of(struct parser *parser, struct jmespath_node *left)
{
    struct jmespath_node *condition = expression(parser, 0), *right, *node;

    if (condition == NULL || !match(parser, TOKEN_RBRACKET))
        return NULL;
    right = parser->at->kind == TOKEN_FLATTEN ? node_new(parser, NODE_CURRENT) : projection_rest(parser, POWER_FILTER);
    node = node_of(parser, NODE_FILTER_PROJECTION, left, right);
    return node != NULL && node_add(parser, node, condition) ? node : NULL;
}

static struct jmespath_node *flatten_of(struct parser *parser, struct jmespath_node *left)
{
    struct jmespath_node *node = node_new(parser, NODE_FLATTEN);

    return node_add(parser, node, left) ? node_of(parser, NODE_PROJECTION, node, projection_rest(parser, POWER_FLATTEN))
                                        : NULL;
}

/* --- tokens that begin an expression --- */

static struct jmespath_node *leaf(struct parser *parser, enum jmespath_node_kind kind,
                                  const struct jmespath_token *token)
{
    struct jmespath_node *node = node_new(parser, kind);

    node->value = token->value;
    if (token->kind == TOKEN_QUOTED_NAME && parser->at->kind == TOKEN_LPAREN) {
        struct jmespath_token where = *parser->at;

        where.start = 0;
        return parse_fail(parser, &where, "Quoted identifier not allowed for function names.");
    }
    return node;
}

static struct jmespath_node *single(struct parser *parser, enum jmespath_node_kind kind, int power)
{
    struct jmespath_node *node = node_new(parser, kind);

    return node_add(parser, node, expression(parser, power)) ? node : NULL;
}

static struct jmespath_node *in_parentheses(struct parser *parser)
{
    struct jmespath_node *node = expression(parser, 0);

    return node != NULL && match(parser, TOKEN_RPAREN) ? node : NULL;
}

static struct jmespath_node *begin_bracket(struct parser *parser)
{
    struct jmespath_node *current = node_new(parser, NODE_CURRENT);

    if (parser->at->kind == TOKEN_NUMBER || parser->at->kind == TOKEN_COLON)
        return index_or_slice(parser, current);
    if (parser->at->kind != TOKEN_STAR || parser->at[1].kind != TOKEN_RBRACKET)
        return multi_list(parser);
    parser->at += 2;
    return node_of(parser, NODE_PROJECTION, current, projection_rest(parser, POWER_STAR));
}

static struct jmespath_node *begin_star(struct parser *parser)
{
    struct jmespath_node *right =
        parser->at->kind == TOKEN_RBRACKET ? node_new(parser, NODE_CURRENT) : projection_rest(parser, POWER_STAR);

    return node_of(parser, NODE_VALUE_PROJECTION, node_new(parser, NODE_CURRENT), right);
}

static struct jmespath_node *begin(struct parser *parser)
{
    const struct jmespath_token *token = parser->at;

    if (token->kind != TOKEN_EOF)
        parser->at++;
    switch (token->kind) {
    case TOKEN_LITERAL:
        return leaf(parser, NODE_LITERAL, token);
    case TOKEN_NAME:
    case TOKEN_QUOTED_NAME:
        return leaf(parser, NODE_FIELD, token);
    case TOKEN_CURRENT:
        return node_new(parser, NODE_CURRENT);
    case TOKEN_STAR:
        return begin_star(parser);
    case TOKEN_FILTER:
        return filter_of(parser, node_new(parser, NODE_CURRENT));
    case TOKEN_FLATTEN:
        return flatten_of(parser, node_new(parser, NODE_CURRENT));
    case TOKEN_LBRACE:
        return multi_map(parser);
    case TOKEN_LPAREN:
        return in_parentheses(parser);
    case TOKEN_NOT:
        return single(parser, NODE_NOT, POWER_NOT);
    case TOKEN_EXPREF:
        return single(parser, NODE_EXPREF, 0);
    case TOKEN_LBRACKET:
        return begin_bracket(parser);
    default:
        return parse_fail(parser, token, "invalid token");
    }
}

/* --- tokens that go on with one --- */

static struct jmespath_node *function_of(struct parser *parser, const struct jmespath_node *left)
{
    struct jmespath_node *node = node_new(parser, NODE_FUNCTION);
    const struct jmespath_token *name = parser->at - 2;

    if (left->kind != NODE_FIELD)
        return parse_fail(parser, name,
                          arena_printf(parser->arena, "Invalid function name '%s'",
                                       value_text(name->value) == NULL ? "" : value_text(name->value)));
    node->value = left->value;
    while (parser->at->kind != TOKEN_RPAREN) {
        if (!node_add(parser, node, expression(parser, 0)))
            return NULL;
        parser->at += parser->at->kind == TOKEN_COMMA;
    }
    parser->at++;
    return node;
}

static struct jmespath_node *after_dot(struct parser *parser, struct jmespath_node *left)
{
    if (parser->at->kind != TOKEN_STAR)
        return node_of(parser, NODE_SUBEXPRESSION, left, dot_rest(parser, POWER_DOT));
    parser->at++;
    return node_of(parser, NODE_VALUE_PROJECTION, left, projection_rest(parser, POWER_DOT));
}

static struct jmespath_node *after_bracket(struct parser *parser, struct jmespath_node *left)
{
    if (parser->at->kind == TOKEN_NUMBER || parser->at->kind == TOKEN_COLON)
        return index_or_slice(parser, left);
    if (!match(parser, TOKEN_STAR) || !match(parser, TOKEN_RBRACKET))
        return NULL;
    return node_of(parser, NODE_PROJECTION, left, projection_rest(parser, POWER_STAR));
}

static struct jmespath_node *go_on(struct parser *parser, struct jmespath_node *left)
{
    const struct jmespath_token *token = parser->at++;
    struct jmespath_node *node;

    switch (token->kind) {
    case TOKEN_DOT:
        return after_dot(parser, left);
    case TOKEN_PIPE:
        return node_of(parser, NODE_SUBEXPRESSION, left, expression(parser, POWER_PIPE));
    case TOKEN_OR:
        return node_of(parser, NODE_OR, left, expression(parser, POWER_OR));
    case TOKEN_AND:
        return node_of(parser, NODE_AND, left, expression(parser, POWER_AND));
    case TOKEN_LPAREN:
        return function_of(parser, left);
    case TOKEN_FILTER:
        return filter_of(parser, left);
    case TOKEN_FLATTEN:
        return flatten_of(parser, left);
    case TOKEN_LBRACKET:
        return after_bracket(parser, left);
    case TOKEN_EQ:
    case TOKEN_NE:
    case TOKEN_LT:
    case TOKEN_LTE:
    case TOKEN_GT:
    case TOKEN_GTE:
        node = node_of(parser, NODE_COMPARISON, left, expression(parser, POWER_COMPARISON));
        if (node != NULL)
            node->comparison = token->kind;
        return node;
    default:
        return parse_fail(parser, token, "invalid token");
    }
}

static struct jmespath_node *expression(struct parser *parser, int power)
{
    struct jmespath_node *left = NULL;

    if (++parser->depth > JMESPATH_DEPTH)
        error_set(parser->err, JMESPATH_FAILED "the expression nests deeper than %d levels", JMESPATH_DEPTH);
    else
        left = begin(parser);
    while (left != NULL && power < power_of(parser->at->kind))
        left = go_on(parser, left);
    parser->depth--;
    return left;
}

struct jmespath_node *jmespath_parse(struct arena *arena, const char *text, size_t length, struct error *err)
{
    struct parser parser = { .arena = arena, .err = err, .text = text };
    struct jmespath_node *node;

    parser.tokens = parser.at = jmespath_tokens(arena, text, length, err);
    node = parser.tokens == NULL ? NULL : expression(&parser, 0);
    if (node != NULL && parser.at->kind != TOKEN_EOF)
        return parse_fail(&parser, parser.at,
                          arena_printf(arena, "Unexpected token: %s",
                                       value_text(parser.at->value) == NULL ? "" : value_text(parser.at->value)));
    return node;
}
