/* SPDX-License-Identifier: Apache-2.0 */
/* The words of an expression. */
#include <string.h>

#include "common/base/text.h"
#include "common/jmespath/jmespath_parts.h"
#include "common/json/json.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
#define DIGITS "0123456789"

struct lexer {
    struct arena *arena;
    struct error *err;
    const char *text, *at, *end;
    struct jmespath_token *tokens;
    size_t count;
};

static size_t position(const struct lexer *lexer, const char *at)
{
    return text_utf8_count(lexer->text, (size_t)(at - lexer->text));
}

/* "Bad jmespath expression: <what>:", the expression, and a mark below the place. Always false. */
static bool lexer_fail(const struct lexer *lexer, const char *at, const char *what)
{
    return error_set(lexer->err, JMESPATH_FAILED "Bad jmespath expression: %s:\n%s\n%*s^", what, lexer->text,
                     (int)position(lexer, at), "");
}

static void token_add(struct lexer *lexer, enum jmespath_token_kind kind, const char *start, const struct value *value)
{
    size_t length = (size_t)(lexer->at - start);

    lexer->tokens[lexer->count++] = (struct jmespath_token){
        .kind = kind,
        .value = value != NULL ? value : value_string_n(lexer->arena, start, length),
        .start = position(lexer, start),
    };
}

/* Up to the closing delimiter; a backslash and what follows it stay as they are. NULL: there is none. */
static const char *until_delimiter(struct lexer *lexer, size_t *length_out)
{
    const char *start = lexer->at, *inner = start + 1;

    for (lexer->at = inner; lexer->at < lexer->end && *lexer->at != *start; lexer->at++)
        lexer->at += *lexer->at == '\\';
    if (lexer->at >= lexer->end) {
        lexer_fail(lexer, start, arena_printf(lexer->arena, "Unclosed %c delimiter", *start));
        return NULL;
    }
    *length_out = (size_t)(lexer->at++ - inner);
    return inner;
}

/* Without the backslash before each delimiter. */
static char *unescaped(struct lexer *lexer, const char *inner, size_t length, char delimiter)
{
    struct text out = text_new(lexer->arena);

    for (size_t i = 0; i < length; i++)
        if (inner[i] != '\\' || i + 1 >= length || inner[i + 1] != delimiter)
            text_add_char(&out, inner[i]);
    return out.data;
}

static const struct value *json_of(struct lexer *lexer, const char *text)
{
    const struct value *made = NULL;
    struct error err = ERROR_INIT;

    return json_read(lexer->arena, text, strlen(text), NULL, &made, &err) ? made : NULL;
}

/* `JSON`; what is no JSON is a string without quotes. */
static bool literal(struct lexer *lexer)
{
    const char *start = lexer->at, *inner;
    size_t length = 0;
    const struct value *made;
    char *text;

    inner = until_delimiter(lexer, &length);
    if (inner == NULL)
        return false;
    text = unescaped(lexer, inner, length, '`');
    made = json_of(lexer, text);
    if (made == NULL)
        made = json_of(lexer, arena_printf(lexer->arena, "\"%s\"", text + strspn(text, " \t\r\n")));
    if (made == NULL)
        return lexer_fail(lexer, start, arena_printf(lexer->arena, "Bad token %s", text));
    token_add(lexer, TOKEN_LITERAL, start, made);
    return true;
}

static bool raw_string(struct lexer *lexer)
{
    const char *start = lexer->at, *inner;
    size_t length = 0;

    inner = until_delimiter(lexer, &length);
    if (inner == NULL)
        return false;
    token_add(lexer, TOKEN_LITERAL, start, value_string(lexer->arena, unescaped(lexer, inner, length, '\'')));
    return true;
}

static bool quoted_name(struct lexer *lexer)
{
    const char *start = lexer->at;
    const struct value *made;
    size_t length = 0;

    if (until_delimiter(lexer, &length) == NULL)
        return false;
    made = json_of(lexer, arena_copy_n(lexer->arena, start, (size_t)(lexer->at - start)));
    if (made == NULL)
        return lexer_fail(lexer, start, "Invalid \\escape");
    token_add(lexer, TOKEN_QUOTED_NAME, start, made);
    return true;
}

static bool number(struct lexer *lexer)
{
    const char *start = lexer->at;
    int64_t parsed = 0;

    lexer->at += 1 + strspn(lexer->at + 1, DIGITS);
    if (*start == '-' && lexer->at == start + 1)
        return lexer_fail(lexer, start, "Unknown token '-'");
    if (!text_to_int(arena_copy_n(lexer->arena, start, (size_t)(lexer->at - start)), &parsed))
        parsed = *start == '-' ? INT64_MIN / 2 : INT64_MAX / 2; /* an index beyond every list */
    token_add(lexer, TOKEN_NUMBER, start, NULL);
    lexer->tokens[lexer->count - 1].number = parsed;
    return true;
}

/* One or two characters; false: it is none of these. */
static bool symbol(struct lexer *lexer)
{
    static const struct {
        char text[3];
        enum jmespath_token_kind kind;
    } symbols[] = {
        { "[]", TOKEN_FLATTEN }, { "[?", TOKEN_FILTER }, { "[", TOKEN_LBRACKET }, { "||", TOKEN_OR },
        { "|", TOKEN_PIPE },     { "&&", TOKEN_AND },    { "&", TOKEN_EXPREF },   { "<=", TOKEN_LTE },
        { "<", TOKEN_LT },       { ">=", TOKEN_GTE },    { ">", TOKEN_GT },       { "!=", TOKEN_NE },
        { "!", TOKEN_NOT },      { "==", TOKEN_EQ },     { ".", TOKEN_DOT },      { "*", TOKEN_STAR },
        { "]", TOKEN_RBRACKET }, { ",", TOKEN_COMMA },   { ":", TOKEN_COLON },    { "@", TOKEN_CURRENT },
        { "(", TOKEN_LPAREN },   { ")", TOKEN_RPAREN },  { "{", TOKEN_LBRACE },   { "}", TOKEN_RBRACE },
    };

    for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
        const char *start = lexer->at;

        if (!text_starts(start, symbols[i].text))
            continue;
        lexer->at += strlen(symbols[i].text);
        token_add(lexer, symbols[i].kind, start, NULL);
        return true;
    }
    return false;
}

static bool other_token(struct lexer *lexer)
{
    const char *at = lexer->at;
    size_t offset = 0;

    if (symbol(lexer))
        return true;
    if (*at == '=')
        return lexer_fail(lexer, at, "Unknown token '='");
    text_utf8_next(at, (size_t)(lexer->end - at), &offset);
    return lexer_fail(lexer, at, arena_printf(lexer->arena, "Unknown token %.*s", (int)offset, at));
}

static bool one_token(struct lexer *lexer)
{
    const char *start = lexer->at;

    switch (*start) {
    case '`':
        return literal(lexer);
    case '\'':
        return raw_string(lexer);
    case '"':
        return quoted_name(lexer);
    default:
        break;
    }
    if (*start == '-' || strchr(DIGITS, *start) != NULL)
        return number(lexer);
    if (strchr(LETTERS, *start) == NULL)
        return other_token(lexer);
    lexer->at += strspn(start, LETTERS DIGITS);
    token_add(lexer, TOKEN_NAME, start, NULL);
    return true;
}

struct jmespath_token *jmespath_tokens(struct arena *arena, const char *text, size_t length, struct error *err)
{
    struct lexer lexer = { .arena = arena, .err = err, .text = text, .at = text, .end = text + length };

    if (length == 0)
        error_set(err, JMESPATH_FAILED "Invalid JMESPath expression: cannot be empty.");
    else if (length > JMESPATH_EXPRESSION || strlen(text) != length)
        error_set(err, JMESPATH_FAILED "an expression of more than %d bytes, or with a NUL byte", JMESPATH_EXPRESSION);
    if (length == 0 || length > JMESPATH_EXPRESSION || strlen(text) != length)
        return NULL;
    lexer.tokens = arena_new_array(arena, struct jmespath_token, length + 2);
    while (lexer.at < lexer.end) {
        if (strchr(" \t\n\r", *lexer.at) != NULL)
            lexer.at++;
        else if (!one_token(&lexer))
            return NULL;
    }
    token_add(&lexer, TOKEN_EOF, lexer.end, NULL);
    return lexer.tokens;
}
