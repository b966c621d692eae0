/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Escapes in string literals, and how tokens are named in messages.
 */
#include "engine/template/lexer_string.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"

/* \x41, \u0041, \U00000041: exactly `digits` hexadecimal digits. */
static bool add_hex(struct lexer *lexer, struct text *out, const char **at, const char *to, size_t digits)
{
    char hex[9] = "";
    size_t count = 0;

    while (count < digits && *at + count < to && isxdigit((unsigned char)(*at)[count])) {
        hex[count] = (*at)[count];
        count++;
    }
    if (count < digits)
        return lexer_fail(lexer, *at, "truncated \\%cXX escape", digits == 2 ? 'x' : digits == 4 ? 'u' : 'U');
    text_add_codepoint(out, (uint32_t)strtoul(hex, NULL, 16));
    *at += digits;
    return true;
}

static void add_octal(struct text *out, const char **at, const char *to)
{
    uint32_t code = 0;

    for (int i = 0; i < 3 && *at < to && **at >= '0' && **at <= '7'; i++, (*at)++)
        code = code * 8 + (uint32_t)(**at - '0');
    text_add_codepoint(out, code);
}

static bool add_escape(struct lexer *lexer, struct text *out, const char **at, const char *to)
{
    static const char letters[] = "\\'\"abfnrtv", codes[] = "\\'\"\a\b\f\n\r\t\v";
    char c = *(*at)++;
    const char *found = c == '\0' ? NULL : strchr(letters, c);

    if (found != NULL) {
        text_add_char(out, codes[found - letters]);
        return true;
    }
    switch (c) {
    case '\n':
        return true;
    case 'x':
        return add_hex(lexer, out, at, to, 2);
    case 'u':
        return add_hex(lexer, out, at, to, 4);
    case 'U':
        return add_hex(lexer, out, at, to, 8);
    case 'N':
        return lexer_fail(lexer, *at, "\\N{...} escapes are not supported");
    default:
        break;
    }
    if (c >= '0' && c <= '7') {
        (*at)--;
        add_octal(out, at, to);
        return true;
    }
    text_add_char(out, '\\');
    text_add_char(out, c);
    return true;
}

bool lexer_unescape(struct lexer *lexer, const char *from, const char *to, bool plain, struct token *token)
{
    struct text out;
    bool newlines = strcmp(lexer->syntax->newline, "\n") != 0;

    token->data = from;
    token->length = (size_t)(to - from);
    if ((plain || memchr(from, '\\', token->length) == NULL) && !newlines)
        return true;
    out = text_new(lexer->arena);
    while (from < to) {
        char c = *from++;

        if (c == '\\' && !plain && from < to) {
            if (!add_escape(lexer, &out, &from, to))
                return false;
        } else if (c == '\n') {
            text_add(&out, lexer->syntax->newline);
        } else {
            text_add_char(&out, c);
        }
    }
    token->data = out.data;
    token->length = out.length;
    return true;
}

const char *token_kind_text(enum token_kind kind)
{
    static const char *const texts[] = {
        [TOKEN_END] = "end of template",
        [TOKEN_DATA] = "template data / text",
        [TOKEN_BLOCK_BEGIN] = "begin of statement block",
        [TOKEN_BLOCK_END] = "end of statement block",
        [TOKEN_VARIABLE_BEGIN] = "begin of print statement",
        [TOKEN_VARIABLE_END] = "end of print statement",
        [TOKEN_NAME] = "name",
        [TOKEN_STRING] = "string",
        [TOKEN_INTEGER] = "integer",
        [TOKEN_REAL] = "float",
        [TOKEN_ADD] = "+",
        [TOKEN_SUB] = "-",
        [TOKEN_MUL] = "*",
        [TOKEN_DIV] = "/",
        [TOKEN_FLOORDIV] = "//",
        [TOKEN_MOD] = "%",
        [TOKEN_POW] = "**",
        [TOKEN_TILDE] = "~",
        [TOKEN_LBRACKET] = "[",
        [TOKEN_RBRACKET] = "]",
        [TOKEN_LPAREN] = "(",
        [TOKEN_RPAREN] = ")",
        [TOKEN_LBRACE] = "{",
        [TOKEN_RBRACE] = "}",
        [TOKEN_EQ] = "==",
        [TOKEN_NE] = "!=",
        [TOKEN_GT] = ">",
        [TOKEN_GE] = ">=",
        [TOKEN_LT] = "<",
        [TOKEN_LE] = "<=",
        [TOKEN_ASSIGN] = "=",
        [TOKEN_DOT] = ".",
        [TOKEN_COLON] = ":",
        [TOKEN_PIPE] = "|",
        [TOKEN_COMMA] = ",",
        [TOKEN_SEMICOLON] = ";",
    };

    return texts[kind];
}

const char *token_describe(struct arena *arena, const struct token *token)
{
    return token->kind == TOKEN_NAME ? arena_copy_n(arena, token->data, token->length) : token_kind_text(token->kind);
}
