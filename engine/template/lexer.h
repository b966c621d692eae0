/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Template text -> tokens, by Jinja2's rules for white space control, raw blocks, comments and line
 * statements. Comments and raw markers produce no tokens. Everything lives in the arena.
 */
#pragma once

#include <stdint.h>

#include "common/value/value.h"
#include "engine/template/syntax.h"

enum token_kind {
    TOKEN_END,
    TOKEN_DATA,
    TOKEN_BLOCK_BEGIN,
    TOKEN_BLOCK_END,
    TOKEN_VARIABLE_BEGIN,
    TOKEN_VARIABLE_END,
    TOKEN_NAME,
    TOKEN_STRING,
    TOKEN_INTEGER,
    TOKEN_REAL,
    TOKEN_ADD,
    TOKEN_SUB,
    TOKEN_MUL,
    TOKEN_DIV,
    TOKEN_FLOORDIV,
    TOKEN_MOD,
    TOKEN_POW,
    TOKEN_TILDE,
    TOKEN_LBRACKET,
    TOKEN_RBRACKET,
    TOKEN_LPAREN,
    TOKEN_RPAREN,
    TOKEN_LBRACE,
    TOKEN_RBRACE,
    TOKEN_EQ,
    TOKEN_NE,
    TOKEN_GT,
    TOKEN_GE,
    TOKEN_LT,
    TOKEN_LE,
    TOKEN_ASSIGN,
    TOKEN_DOT,
    TOKEN_COLON,
    TOKEN_PIPE,
    TOKEN_COMMA,
    TOKEN_SEMICOLON,
};

struct token {
    enum token_kind kind;
    uint32_t line, column; /* in the template text, from 1 */
    const char *data;      /* name, operator or text; for TOKEN_STRING the unescaped text */
    size_t length;
    const struct value *value; /* TOKEN_INTEGER and TOKEN_REAL */
};

/* Room for tokens, used again by the next text. Zero at first. */
struct token_buffer {
    struct token *items;
    size_t capacity;
};

/* The last token is TOKEN_END; they live until the buffer is used again. Errors carry line and column of the template text and no path. */
bool lexer_run(struct arena *arena, const struct syntax *syntax, const char *text, size_t length,
               struct token_buffer *buffer, struct error *err);
/* A bare expression: no delimiters around it. */
bool lexer_run_expression(struct arena *arena, const struct syntax *syntax, const char *text, size_t length,
                          struct token_buffer *buffer, struct error *err);
/* As Jinja2 names a token in "expected token 'x', got 'y'". */
const char *token_describe(struct arena *arena, const struct token *token);
const char *token_kind_text(enum token_kind kind);
