/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inner half of the lexer: names, numbers, strings and operators between the delimiters of a tag.
 * Braces are counted, so that "}}" inside a dict literal does not end the tag.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/value/value_big.h"
#include "engine/template/lexer_string.h"
#include "engine/template/lexer_text.h"

struct operator
{
    const char *text;
    enum token_kind kind;
};

/* longest first */
static const struct operator operators[] = {
    { "//", TOKEN_FLOORDIV }, { "**", TOKEN_POW },      { "==", TOKEN_EQ },    { "!=", TOKEN_NE },
    { ">=", TOKEN_GE },       { "<=", TOKEN_LE },       { "+", TOKEN_ADD },    { "-", TOKEN_SUB },
    { "/", TOKEN_DIV },       { "*", TOKEN_MUL },       { "%", TOKEN_MOD },    { "~", TOKEN_TILDE },
    { "[", TOKEN_LBRACKET },  { "]", TOKEN_RBRACKET },  { "(", TOKEN_LPAREN }, { ")", TOKEN_RPAREN },
    { "{", TOKEN_LBRACE },    { "}", TOKEN_RBRACE },    { ">", TOKEN_GT },     { "<", TOKEN_LT },
    { "=", TOKEN_ASSIGN },    { ".", TOKEN_DOT },       { ":", TOKEN_COLON },  { "|", TOKEN_PIPE },
    { ",", TOKEN_COMMA },     { ";", TOKEN_SEMICOLON },
};

struct balance {
    char stack[LIMIT_TEMPLATE_DEPTH * 2];
    size_t depth;
};

static bool balance_open(struct lexer *lexer, struct balance *balance, char closing)
{
    if (balance->depth == sizeof(balance->stack))
        return lexer_fail(lexer, lexer->at, "more than %zu nested brackets", sizeof(balance->stack));
    balance->stack[balance->depth++] = closing;
    return true;
}

static bool balance_update(struct lexer *lexer, struct balance *balance, char c)
{
    switch (c) {
    case '{':
        return balance_open(lexer, balance, '}');
    case '(':
        return balance_open(lexer, balance, ')');
    case '[':
        return balance_open(lexer, balance, ']');
    case '}':
    case ')':
    case ']':
        if (balance->depth == 0)
            return lexer_fail(lexer, lexer->at, "unexpected '%c'", c);
        balance->depth--;
        if (balance->stack[balance->depth] != c)
            return lexer_fail(lexer, lexer->at, "unexpected '%c', expected '%c'", c, balance->stack[balance->depth]);
        return true;
    default:
        return true;
    }
}

static bool read_operator(struct lexer *lexer, struct balance *balance)
{
    for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
        if (!lexer_starts(lexer, lexer->at, operators[i].text))
            continue;
        if (!balance_update(lexer, balance, operators[i].text[0]))
            return false;
        lexer_add(lexer, operators[i].kind, lexer->at, strlen(operators[i].text));
        lexer->at += strlen(operators[i].text);
        return true;
    }
    return lexer_fail(lexer, lexer->at, "unexpected char '%.*s' at %td",
                      (int)text_utf8_offset(lexer->at, (size_t)(lexer->end - lexer->at), 1), lexer->at,
                      lexer->at - lexer->start);
}

static bool is_name_char(char c)
{
    return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

static bool read_name(struct lexer *lexer)
{
    const char *from = lexer->at;

    while (lexer->at < lexer->end && is_name_char(*lexer->at) && lexer_wide_space(lexer, lexer->at) == 0)
        lexer->at++;
    lexer_add(lexer, TOKEN_NAME, from, (size_t)(lexer->at - from));
    return true;
}

/* Behind digits and single underscores between them. */
static const char *skip_digits(const struct lexer *lexer, const char *at, int base)
{
    while (at < lexer->end) {
        const char *digit = *at == '_' && at + 1 < lexer->end ? at + 1 : at;
        bool good = base == 16 ? isxdigit((unsigned char)*digit) : *digit >= '0' && *digit < '0' + base;

        if (!good)
            break;
        at = digit + 1;
    }
    return at;
}

static const char *skip_exponent(const struct lexer *lexer, const char *at)
{
    const char *digits = at + 1;

    if (at >= lexer->end || (*at != 'e' && *at != 'E'))
        return at;
    if (digits < lexer->end && (*digits == '+' || *digits == '-'))
        digits++;
    return digits < lexer->end && isdigit((unsigned char)*digits) ? skip_digits(lexer, digits, 10) : at;
}

/* Where a real number ends, or NULL if this is none. */
static const char *real_end(const struct lexer *lexer, const char *at)
{
    const char *whole = skip_digits(lexer, at, 10), *next = whole;

    if (at > lexer->start && at[-1] == '.')
        return NULL;
    if (next + 1 < lexer->end && *next == '.' && isdigit((unsigned char)next[1]))
        next = skip_digits(lexer, next + 1, 10);
    next = skip_exponent(lexer, next);
    return next == whole ? NULL : next;
}

static int number_base(const struct lexer *lexer, const char *at)
{
    static const char letters[] = "bBoOxX";
    static const int bases[] = { 2, 2, 8, 8, 16, 16 };
    const char *found;

    if (*at != '0' || at + 2 >= lexer->end || at[1] == '\0')
        return 10;
    found = strchr(letters, at[1]);
    if (found == NULL || skip_digits(lexer, at + 2, bases[found - letters]) == at + 2)
        return 10;
    return bases[found - letters];
}

/* Digits without their underscores. */
static char *number_text(struct lexer *lexer, const char *from, const char *to)
{
    char *out = arena_alloc(lexer->arena, (size_t)(to - from) + 1), *write = out;

    for (; from < to; from++)
        if (*from != '_')
            *write++ = *from;
    return out;
}

static const char *integer_end(const struct lexer *lexer, const char *at, int base)
{
    if (base != 10)
        return skip_digits(lexer, at + 2, base);
    if (*at != '0')
        return skip_digits(lexer, at, 10);
    while (at < lexer->end && (*at == '0' || (*at == '_' && at + 1 < lexer->end && at[1] == '0')))
        at++;
    return at;
}

static bool integer_of(const char *digits, int base, int64_t *out)
{
    unsigned long long number;

    errno = 0;
    number = strtoull(digits, NULL, base);
    *out = (int64_t)number;
    return errno == 0 && number <= INT64_MAX;
}

static bool read_number(struct lexer *lexer)
{
    const char *from = lexer->at, *end = real_end(lexer, from);
    int base = number_base(lexer, from);
    bool is_real = end != NULL && base == 10;
    struct token *token;
    char *digits;
    int64_t integer = 0;
    struct error why = ERROR_INIT;

    if (!is_real)
        end = integer_end(lexer, from, base);
    token = lexer_add(lexer, is_real ? TOKEN_REAL : TOKEN_INTEGER, from, (size_t)(end - from));
    digits = number_text(lexer, base == 10 ? from : from + 2, end);
    lexer->at = end;
    if (!is_real && !integer_of(digits, base, &integer))
        token->value = value_integer_read(lexer->arena, digits, strlen(digits), base, false, &why);
    else
        token->value = is_real ? value_real(lexer->arena, strtod(digits, NULL)) : value_int(lexer->arena, integer);
    return token->value != NULL || lexer_fail(lexer, from, "%s", why.text);
}

static bool read_string(struct lexer *lexer, bool plain)
{
    const char *from = lexer->at, *at = from + 1;
    char quote = *from;
    struct token *token;

    while (at < lexer->end && *at != quote)
        at += *at == '\\' && at + 1 < lexer->end ? 2 : 1;
    if (at >= lexer->end)
        return lexer_fail(lexer, from, "unexpected char %s at %td", quote == '"' ? "'\"'" : "\"'\"",
                          from - lexer->start);
    token = lexer_add(lexer, TOKEN_STRING, from, (size_t)(at + 1 - from));
    lexer->at = at + 1;
    return lexer_unescape(lexer, from + 1, at, plain, token);
}

/* Is this the end of the tag? Then *next_out is what follows it. */
static bool at_end(const struct lexer *lexer, enum lexer_tag tag, const char **next_out)
{
    const char *word = tag == LEXER_VARIABLE ? lexer->syntax->variable_end : lexer->syntax->block_end;
    const char *at = lexer->at;
    bool minus = *at == '-', plus = *at == '+' && tag == LEXER_BLOCK;

    if (!lexer_starts(lexer, at + (minus || plus), word)) {
        if ((!minus && !plus) || !lexer_starts(lexer, at, word))
            return false;
        minus = plus = false;
    }
    at += (minus || plus) + strlen(word);
    if (minus)
        at = lexer_skip_space(lexer, at);
    else if (!plus && tag == LEXER_BLOCK && lexer->syntax->trim_blocks && at < lexer->end && *at == '\n')
        at++;
    *next_out = at;
    return true;
}

static bool read_token(struct lexer *lexer, enum lexer_tag tag, struct balance *balance)
{
    char c = *lexer->at;

    if (isdigit((unsigned char)c))
        return read_number(lexer);
    if (is_name_char(c))
        return read_name(lexer);
    if (c == '\'' || c == '"')
        return read_string(lexer, tag == LEXER_VARIABLE && lexer->syntax->plain_strings);
    return read_operator(lexer, balance);
}

/* A line statement ends with its line; blank lines behind it belong to it, as in Jinja2. */
static bool line_ends(struct lexer *lexer)
{
    const char *at = lexer_skip_space(lexer, lexer->at);

    while (at < lexer->end && at > lexer->at && at[-1] != '\n')
        at--;
    if (at < lexer->end && at == lexer->at)
        return false;
    lexer_add(lexer, TOKEN_BLOCK_END, lexer->at, 0);
    lexer->at = at;
    return true;
}

/* A bare expression ends here; its open brackets are reported as those of "{% if ... %}" would be. */
static bool end_of_text(struct lexer *lexer, enum lexer_tag tag, const struct balance *balance)
{
    if (tag != LEXER_EXPRESSION || balance->depth == 0)
        return true;
    return lexer_fail(lexer, lexer->end, "unexpected '}', expected '%c'", balance->stack[balance->depth - 1]);
}

bool lexer_tag(struct lexer *lexer, enum lexer_tag tag)
{
    struct balance balance = { .depth = 0 };
    const char *next = NULL;

    for (;;) {
        if (tag == LEXER_LINE && balance.depth == 0 && line_ends(lexer))
            return true;
        lexer->at = lexer_skip_space(lexer, lexer->at);
        if (lexer->at == lexer->end)
            return end_of_text(lexer, tag, &balance);
        if (balance.depth == 0 && (tag == LEXER_VARIABLE || tag == LEXER_BLOCK) && at_end(lexer, tag, &next)) {
            lexer_add(lexer, tag == LEXER_VARIABLE ? TOKEN_VARIABLE_END : TOKEN_BLOCK_END, lexer->at,
                      (size_t)(next - lexer->at));
            lexer->at = next;
            return true;
        }
        if (!read_token(lexer, tag, &balance))
            return false;
    }
}
