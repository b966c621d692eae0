/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the parser share. Functions return NULL or false after setting the error. */
#pragma once

#include <string.h>

#include "engine/template/environment.h"
#include "engine/template/lexer.h"
#include "engine/template/tree.h"

#define PARSER_TAGS 64

struct parser {
    struct template_env *env;
    struct arena *arena;
    const struct token *token; /* the current one; the next follow it */
    struct template *tree;
    struct node_macro *macro; /* the innermost being parsed, or NULL */
    bool in_loop;             /* break and continue make sense */
    struct error *err;
    int depth;
    const char *tags[PARSER_TAGS];        /* open tags, outermost first */
    const char *const *ends[PARSER_TAGS]; /* what ends each open body */
    int tag_count, end_count;
};

/* --- parser.c --- */
bool parser_fail(struct parser *parser, const struct token *at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
bool parser_enter(struct parser *parser); /* one level deeper; false: too deep */
struct node *parser_node(struct parser *parser, enum node_kind kind, const struct token *at);
static inline bool parser_is(const struct parser *parser, enum token_kind kind)
{
    return parser->token->kind == kind;
}
/* The first character tells nearly all names apart. */
static inline bool parser_token_is(const struct token *token, const char *name)
{
    return token->kind == TOKEN_NAME && token->data[0] == name[0] && token->length == strlen(name) &&
           memcmp(token->data, name, token->length) == 0;
}
static inline bool parser_is_name(const struct parser *parser, const char *name)
{
    return parser_token_is(parser->token, name);
}
static inline bool parser_skip(struct parser *parser, enum token_kind kind)
{
    bool is = parser->token->kind == kind;

    parser->token += is;
    return is;
}
static inline bool parser_skip_name(struct parser *parser, const char *name)
{
    bool is = parser_token_is(parser->token, name);

    parser->token += is;
    return is;
}
bool parser_expect(struct parser *parser, enum token_kind kind);
bool parser_expect_name(struct parser *parser, const char *name);
const char *parser_take_name(struct parser *parser); /* an interned identifier; NULL: error */
void parser_list_add(struct parser *parser, struct node_list *list, struct node *node);

/* --- parser_expression.c, parser_primary.c, parser_call.c --- */
struct node *parser_expression(struct parser *parser);
struct node *parser_or(struct parser *parser); /* an expression without "x if y" */
struct node *parser_unary(struct parser *parser, bool with_filter);
/* "a, b": `end` is a name that may follow (or NULL); a single item without comma is no tuple. */
struct node *parser_tuple(struct parser *parser, bool with_condition, const char *end);
struct node *parser_primary(struct parser *parser);
struct node *parser_postfix(struct parser *parser, struct node *node);
struct node *parser_filter(struct parser *parser, struct node *target); /* at a filter's name */
struct node *parser_test(struct parser *parser, struct node *target);   /* behind "is" */
struct node *parser_call(struct parser *parser, struct node *target);
bool parser_call_args(struct parser *parser, struct node_args *args);

/* --- parser_statement.c, parser_macro.c, parser_import.c, parser_target.c --- */
struct node *parser_statement(struct parser *parser);
/* From ":" or the end of the block's tag up to one of `ends`, which becomes the current token. */
struct node *parser_body(struct parser *parser, const char *const *ends);
struct node *parser_body_to(struct parser *parser, const char *end); /* and takes the end */
struct node *parser_subparse(struct parser *parser, const char *const *ends);
struct node *parser_unknown(struct parser *parser); /* the error about an unknown tag; NULL */
struct node *parser_target(struct parser *parser, const char *end, bool with_namespace);
struct node *parser_target_name(struct parser *parser); /* a name that may be assigned to */
struct node *parser_macro(struct parser *parser);
struct node *parser_call_block(struct parser *parser);
struct node *parser_include(struct parser *parser);
struct node *parser_import(struct parser *parser);
struct node *parser_from(struct parser *parser);
struct node *parser_extends(struct parser *parser);
struct node *parser_block(struct parser *parser);
