/* SPDX-License-Identifier: Apache-2.0 */
/* The state that the two halves of the lexer share: lexer.c (text and tags) and lexer_tag.c (inside a tag). */
#pragma once

#include <string.h>

#include "engine/template/lexer.h"

struct lexer {
    struct arena *arena;
    const struct syntax *syntax;
    const char *start, *at, *end;
    const char *located; /* line and column are those of this place */
    uint32_t line, column;
    struct token_buffer *buffer;
    struct token *tokens; /* the buffer's */
    size_t count, capacity;
    struct error *err;
    bool line_starting; /* what was consumed last ended with a newline */
};

struct token *lexer_add(struct lexer *lexer, enum token_kind kind, const char *data, size_t length);
/* An error at `at`; always false. */
bool lexer_fail(struct lexer *lexer, const char *at, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Does `word` stand here? The first character nearly always tells that it does not. */
static inline bool lexer_starts(const struct lexer *lexer, const char *at, const char *word)
{
    size_t length;

    if (at < lexer->end && *at != *word && *word != '\0')
        return false;
    length = strlen(word);
    return (size_t)(lexer->end - at) >= length && memcmp(at, word, length) == 0;
}
/* Bytes of a blank beyond ASCII (no-break space and its like) at `at`; 0: there is none. */
size_t lexer_wide_space(const struct lexer *lexer, const char *at);
const char *lexer_skip_space(const struct lexer *lexer, const char *at);

enum lexer_tag { LEXER_VARIABLE, LEXER_BLOCK, LEXER_LINE, LEXER_EXPRESSION };
/* Reads tokens up to the end of the tag, its end token included. */
bool lexer_tag(struct lexer *lexer, enum lexer_tag tag);
