/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this folder share: tokens, the tree, the state of one search. */
#pragma once

#include "common/jmespath/jmespath.h"

#define JMESPATH_DEPTH 200
#define JMESPATH_STEPS (5 * 1000 * 1000)
#define JMESPATH_EXPRESSION (64 * 1024)

/* In the order of their binding power (jmespath_parser.c). */
enum jmespath_token_kind {
    TOKEN_EOF,
    TOKEN_NAME,
    TOKEN_QUOTED_NAME,
    TOKEN_LITERAL,
    TOKEN_RBRACKET,
    TOKEN_RPAREN,
    TOKEN_COMMA,
    TOKEN_RBRACE,
    TOKEN_NUMBER,
    TOKEN_CURRENT,
    TOKEN_EXPREF,
    TOKEN_COLON,
    TOKEN_PIPE,
    TOKEN_OR,
    TOKEN_AND,
    TOKEN_EQ,
    TOKEN_GT,
    TOKEN_LT,
    TOKEN_GTE,
    TOKEN_LTE,
    TOKEN_NE,
    TOKEN_FLATTEN,
    TOKEN_STAR,
    TOKEN_FILTER,
    TOKEN_DOT,
    TOKEN_NOT,
    TOKEN_LBRACE,
    TOKEN_LBRACKET,
    TOKEN_LPAREN,
};

struct jmespath_token {
    enum jmespath_token_kind kind;
    const struct value *value; /* of names and literals; the text of others */
    int64_t number;
    size_t start; /* in characters */
};

enum jmespath_node_kind {
    NODE_CURRENT,
    NODE_FIELD,
    NODE_LITERAL,
    NODE_SUBEXPRESSION,
    NODE_INDEX,
    NODE_SLICE,
    NODE_FLATTEN,
    NODE_PROJECTION,
    NODE_VALUE_PROJECTION,
    NODE_FILTER_PROJECTION,
    NODE_COMPARISON,
    NODE_OR,
    NODE_AND,
    NODE_NOT,
    NODE_EXPREF,
    NODE_FUNCTION,
    NODE_MULTI_LIST,
    NODE_MULTI_MAP,
};

struct jmespath_node {
    enum jmespath_node_kind kind;
    enum jmespath_token_kind comparison;
    const struct value *value;    /* name, literal */
    struct value *names;          /* NODE_MULTI_MAP: its keys */
    struct jmespath_node **parts; /* left, right, condition; arguments; members */
    size_t count;
    int64_t numbers[3]; /* index; slice */
    bool given[3];
    int depth;
};

/* One search: its memory, its error, what it may still do. */
struct jmespath {
    struct arena *arena;
    struct error *err;
    size_t steps;
};

/* What functions take: a value, or an expression to be evaluated later (&name). */
struct jmespath_argument {
    const struct value *value;
    const struct jmespath_node *expression;
};

/* Ends with TOKEN_EOF. NULL: error set. */
struct jmespath_token *jmespath_tokens(struct arena *arena, const char *text, size_t length, struct error *err);
struct jmespath_node *jmespath_parse(struct arena *arena, const char *text, size_t length, struct error *err);

/* NULL: error set. */
const struct value *jmespath_evaluate(struct jmespath *search, const struct jmespath_node *node,
                                      const struct value *value);
const struct value *jmespath_call(struct jmespath *search, const char *name, const struct jmespath_argument *args,
                                  size_t count);
bool jmespath_step(struct jmespath *search); /* false: too much work, error set */
bool jmespath_is_number(const struct value *value);

/* How jmespath.py and Python begin their messages. */
#define JMESPATH_FAILED "JMESPathError in json_query filter plugin:\n"
#define JMESPATH_PYTHON_FAILED "Error in jmespath.search in json_query filter plugin:\n"
