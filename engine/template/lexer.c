/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The outer half of the lexer: template text, where tags begin, white space control, comments and raw
 * blocks. What is inside a tag is lexer_tag.c.
 */
#include "engine/template/lexer.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/base/text.h"
#include "engine/template/lexer_text.h"

#define FIRST_TOKENS 64

enum opening { OPEN_NONE, OPEN_RAW, OPEN_COMMENT, OPEN_BLOCK, OPEN_VARIABLE, OPEN_LINE, OPEN_LINE_COMMENT };

struct match {
    enum opening kind;
    const char *at;   /* where the tag, or the white space before a line statement, begins */
    const char *next; /* behind the opening and its sign */
    char sign;        /* '-', '+' or 0 */
};

static void lexer_locate(struct lexer *lexer, const char *at)
{
    for (; lexer->located < at; lexer->located++) {
        bool newline = *lexer->located == '\n';

        lexer->line += newline;
        lexer->column = newline ? 1 : lexer->column + 1;
    }
}

struct token *lexer_add(struct lexer *lexer, enum token_kind kind, const char *data, size_t length)
{
    if (lexer->count == lexer->capacity) {
        struct token *grown = arena_new_array(lexer->arena, struct token, lexer->capacity * 2);

        memcpy(grown, lexer->tokens, lexer->count * sizeof(*grown));
        lexer->tokens = lexer->buffer->items = grown;
        lexer->capacity = lexer->buffer->capacity *= 2;
    }
    lexer_locate(lexer, data);
    lexer->tokens[lexer->count] =
        (struct token){ .kind = kind, .line = lexer->line, .column = lexer->column, .data = data, .length = length };
    return &lexer->tokens[lexer->count++];
}

bool lexer_fail(struct lexer *lexer, const char *at, const char *format, ...)
{
    char text[LIMIT_ERROR_TEXT];
    struct source_position position;
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    lexer_locate(lexer, at);
    position = (struct source_position){ .line = (int)lexer->line, .column = (int)lexer->column };
    return error_set_at(lexer->err, &position, "%s", text);
}

size_t lexer_wide_space(const struct lexer *lexer, const char *at)
{
    static const char *const spaces[] = { "\u00a0", "\u1680", "\u2000", "\u2001", "\u2002", "\u2003",
                                          "\u2004", "\u2005", "\u2006", "\u2007", "\u2008", "\u2009",
                                          "\u200a", "\u2028", "\u2029", "\u202f", "\u205f", "\u3000" };

    for (size_t i = 0; (unsigned char)*at >= 0x80 && i < sizeof(spaces) / sizeof(spaces[0]); i++)
        if (lexer_starts(lexer, at, spaces[i]))
            return strlen(spaces[i]);
    return 0;
}

const char *lexer_skip_space(const struct lexer *lexer, const char *at)
{
    while (at < lexer->end && (isspace((unsigned char)*at) || lexer_wide_space(lexer, at) > 0))
        at += isspace((unsigned char)*at) ? 1 : lexer_wide_space(lexer, at);
    return at;
}

/* --- where does the next tag begin --- */

static const char *skip_sign(const struct lexer *lexer, const char *at, char *sign_out)
{
    *sign_out = at < lexer->end && (*at == '-' || *at == '+') ? *at : '\0';
    return at + (*sign_out != '\0');
}

/* At `at`, behind "{%": is this "raw %}"? */
static bool match_raw(const struct lexer *lexer, const char *at, struct match *match)
{
    char sign;
    const char *next = lexer_skip_space(lexer, skip_sign(lexer, at, &sign));

    if (!lexer_starts(lexer, next, "raw"))
        return false;
    next = lexer_skip_space(lexer, next + 3);
    if (next < lexer->end && *next == '-' && lexer_starts(lexer, next + 1, lexer->syntax->block_end))
        next = lexer_skip_space(lexer, next + 1 + strlen(lexer->syntax->block_end));
    else if (lexer_starts(lexer, next, lexer->syntax->block_end))
        next += strlen(lexer->syntax->block_end);
    else
        return false;
    match->kind = OPEN_RAW;
    match->next = next;
    match->sign = sign;
    return true;
}

static void try_opening(const struct lexer *lexer, const char *at, enum opening kind, const char *word,
                        struct match *match, size_t *longest)
{
    size_t length = strlen(word);

    if (length <= *longest || !lexer_starts(lexer, at, word))
        return;
    *longest = length;
    match->kind = kind;
    match->next = skip_sign(lexer, at + length, &match->sign);
}

/* Line statements may be indented; line comments may follow text. */
static void try_line(const struct lexer *lexer, const char *at, struct match *match, size_t *longest)
{
    bool line_start = at == lexer->start || at[-1] == '\n';
    const char *word = at;

    if (!line_start && isspace((unsigned char)at[-1]))
        return;
    while (word < lexer->end && (*word == ' ' || *word == '\t' || *word == '\v'))
        word++;
    if (line_start && lexer->syntax->line_statement != NULL)
        try_opening(lexer, word, OPEN_LINE, lexer->syntax->line_statement, match, longest);
    if (lexer->syntax->line_comment != NULL)
        try_opening(lexer, word, OPEN_LINE_COMMENT, lexer->syntax->line_comment, match, longest);
}

static bool match_at(const struct lexer *lexer, const char *at, struct match *match)
{
    const struct syntax *syntax = lexer->syntax;
    size_t longest = 0;

    match->at = at;
    if (lexer_starts(lexer, at, syntax->block_start) && match_raw(lexer, at + strlen(syntax->block_start), match))
        return true;
    match->kind = OPEN_NONE;
    try_opening(lexer, at, OPEN_VARIABLE, syntax->variable_start, match, &longest);
    try_opening(lexer, at, OPEN_COMMENT, syntax->comment_start, match, &longest);
    try_opening(lexer, at, OPEN_BLOCK, syntax->block_start, match, &longest);
    if (syntax->line_statement != NULL || syntax->line_comment != NULL)
        try_line(lexer, at, match, &longest);
    return match->kind != OPEN_NONE;
}

static bool may_begin(const struct syntax *syntax, char c)
{
    return c == syntax->variable_start[0] || c == syntax->block_start[0] || c == syntax->comment_start[0];
}

/* False: no tag is left. */
static bool next_match(const struct lexer *lexer, struct match *match)
{
    bool lines = lexer->syntax->line_statement != NULL || lexer->syntax->line_comment != NULL;

    for (const char *at = lexer->at; at < lexer->end; at++)
        if ((lines || may_begin(lexer->syntax, *at)) && match_at(lexer, at, match))
            return true;
    return false;
}

/* --- text between tags --- */

static const char *normalize(struct lexer *lexer, const char *data, size_t *length)
{
    const char *newline = lexer->syntax->newline;
    struct text out;

    if (strcmp(newline, "\n") == 0 || memchr(data, '\n', *length) == NULL)
        return data;
    out = text_new(lexer->arena);
    for (size_t i = 0; i < *length; i++) {
        if (data[i] == '\n')
            text_add(&out, newline);
        else
            text_add_char(&out, data[i]);
    }
    *length = out.length;
    return out.data;
}

static void add_data(struct lexer *lexer, const char *data, size_t length)
{
    struct token *token;

    if (length == 0)
        return;
    token = lexer_add(lexer, TOKEN_DATA, data, length);
    token->data = normalize(lexer, data, &token->length);
}

/* How much of the text before a tag stays, given the tag's sign. */
static size_t text_before(const struct lexer *lexer, const char *data, size_t length, char sign, bool is_variable)
{
    size_t line = length;

    if (sign == '-') {
        while (length > 0 && isspace((unsigned char)data[length - 1]))
            length--;
        return length;
    }
    if (sign == '+' || !lexer->syntax->lstrip_blocks || is_variable)
        return length;
    while (line > 0 && data[line - 1] != '\n')
        line--;
    if (line == 0 && !lexer->line_starting)
        return length;
    for (size_t i = line; i < length; i++)
        if (!isspace((unsigned char)data[i]))
            return length;
    return line;
}

/* Behind the end of a comment or raw block: what "-", "+" and trim_blocks take away. */
static const char *end_of_tag(const struct lexer *lexer, const char *at, const char *word)
{
    char sign;
    const char *next = skip_sign(lexer, at, &sign);

    if (!lexer_starts(lexer, next, word)) {
        next = at;
        sign = '\0';
    }
    if (!lexer_starts(lexer, next, word))
        return NULL;
    next += strlen(word);
    if (sign == '-')
        return lexer_skip_space(lexer, next);
    if (sign == '\0' && lexer->syntax->trim_blocks && next < lexer->end && *next == '\n')
        next++;
    return next;
}

static bool skip_comment(struct lexer *lexer, const struct match *match)
{
    for (const char *at = match->next; at < lexer->end; at++) {
        const char *next = end_of_tag(lexer, at, lexer->syntax->comment_end);

        if (next == NULL)
            continue;
        lexer->at = next;
        return true;
    }
    return lexer_fail(lexer, match->at, "Missing end of comment tag");
}

/* At "{%": if it is "endraw %}", where does it end and what is its sign? */
static const char *match_endraw(const struct lexer *lexer, const char *at, char *sign_out)
{
    if (!lexer_starts(lexer, at, lexer->syntax->block_start))
        return NULL;
    at = lexer_skip_space(lexer, skip_sign(lexer, at + strlen(lexer->syntax->block_start), sign_out));
    if (!lexer_starts(lexer, at, "endraw"))
        return NULL;
    return end_of_tag(lexer, lexer_skip_space(lexer, at + 6), lexer->syntax->block_end);
}

static bool read_raw(struct lexer *lexer, const struct match *match)
{
    lexer->line_starting = match->next[-1] == '\n';
    for (const char *at = match->next; at < lexer->end; at++) {
        char sign = '\0';
        const char *next = match_endraw(lexer, at, &sign);

        if (next == NULL)
            continue;
        add_data(lexer, match->next, text_before(lexer, match->next, (size_t)(at - match->next), sign, false));
        lexer->at = next;
        return true;
    }
    return lexer_fail(lexer, match->at, "Missing end of raw directive");
}

static bool read_tag(struct lexer *lexer, const struct match *match)
{
    const char *newline;

    lexer->at = match->next;
    switch (match->kind) {
    case OPEN_RAW:
        return read_raw(lexer, match);
    case OPEN_COMMENT:
        return skip_comment(lexer, match);
    case OPEN_LINE_COMMENT:
        newline = memchr(lexer->at, '\n', (size_t)(lexer->end - lexer->at));
        lexer->at = newline == NULL ? lexer->end : newline;
        return true;
    case OPEN_VARIABLE:
        lexer_add(lexer, TOKEN_VARIABLE_BEGIN, match->at, (size_t)(match->next - match->at));
        return lexer_tag(lexer, LEXER_VARIABLE);
    case OPEN_LINE:
        lexer_add(lexer, TOKEN_BLOCK_BEGIN, match->at, (size_t)(match->next - match->at));
        return lexer_tag(lexer, LEXER_LINE);
    default:
        lexer_add(lexer, TOKEN_BLOCK_BEGIN, match->at, (size_t)(match->next - match->at));
        return lexer_tag(lexer, LEXER_BLOCK);
    }
}

static bool read_all(struct lexer *lexer)
{
    struct match match = { OPEN_NONE, NULL, NULL, '\0' };

    while (lexer->at < lexer->end) {
        const char *from = lexer->at;

        if (!next_match(lexer, &match)) {
            add_data(lexer, from, (size_t)(lexer->end - from));
            lexer->at = lexer->end;
            break;
        }
        add_data(lexer, from,
                 text_before(lexer, from, (size_t)(match.at - from), match.sign, match.kind == OPEN_VARIABLE));
        if (!read_tag(lexer, &match))
            return false;
        lexer->line_starting = lexer->at > lexer->start && lexer->at[-1] == '\n';
    }
    return true;
}

/* Python's universal newlines, and the final newline that Jinja2 drops unless told otherwise. */
static const char *prepare(struct lexer *lexer, const char *text, size_t *length)
{
    struct text out;

    if (memchr(text, '\r', *length) != NULL) {
        out = text_new(lexer->arena);
        for (size_t i = 0; i < *length; i++)
            if (text[i] != '\r')
                text_add_char(&out, text[i]);
            else if (i + 1 == *length || text[i + 1] != '\n')
                text_add_char(&out, '\n');
        text = out.data;
        *length = out.length;
    }
    if (!lexer->syntax->keep_trailing_newline && *length > 0 && text[*length - 1] == '\n')
        (*length)--;
    return text;
}

static struct lexer lexer_new(struct arena *arena, const struct syntax *syntax, size_t length,
                              struct token_buffer *buffer, struct error *err)
{
    size_t guess = length / 4 < FIRST_TOKENS ? FIRST_TOKENS : length / 4;

    if (buffer->capacity == 0)
        *buffer = (struct token_buffer){ arena_new_array(arena, struct token, guess), guess };
    return (struct lexer){ .arena = arena,
                           .syntax = syntax,
                           .line = 1,
                           .column = 1,
                           .err = err,
                           .buffer = buffer,
                           .tokens = buffer->items,
                           .capacity = buffer->capacity,
                           .line_starting = true };
}

static void lexer_source(struct lexer *lexer, const char *text, size_t length)
{
    lexer->start = lexer->at = lexer->located = text;
    lexer->end = text + length;
}

bool lexer_run(struct arena *arena, const struct syntax *syntax, const char *text, size_t length,
               struct token_buffer *buffer, struct error *err)
{
    struct lexer lexer = lexer_new(arena, syntax, length, buffer, err);

    text = prepare(&lexer, text, &length);
    lexer_source(&lexer, text, length);
    if (!read_all(&lexer))
        return false;
    lexer_add(&lexer, TOKEN_END, lexer.end, 0);
    return true;
}

bool lexer_run_expression(struct arena *arena, const struct syntax *syntax, const char *text, size_t length,
                          struct token_buffer *buffer, struct error *err)
{
    struct lexer lexer = lexer_new(arena, syntax, length, buffer, err);

    lexer_source(&lexer, text, length);
    if (!lexer_tag(&lexer, LEXER_EXPRESSION))
        return false;
    lexer_add(&lexer, TOKEN_BLOCK_END, lexer.end, 0); /* messages are those of "{% if ... %}" */
    lexer_add(&lexer, TOKEN_END, lexer.end, 0);
    return true;
}
