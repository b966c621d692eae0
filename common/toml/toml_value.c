/* SPDX-License-Identifier: Apache-2.0 */
/* Values of TOML: arrays, inline tables and the four kinds of strings. */
#include <string.h>

#include "common/toml/toml_loader.h"

/* --- strings --- */

static bool text_value(struct toml_loader *in, const struct text *text, const char *start, int line, struct value **out)
{
    *out = value_string_n(in->arena, text->length == 0 ? "" : text->data, text->length);
    if (in->source->trusted) {
        (*out)->marks |= VALUE_TRUSTED;
        if (!value_text_is_template((*out)->as.string.data, text->length))
            (*out)->marks |= VALUE_STATIC;
    }
    toml_place(in, *out, start);
    (*out)->line = (uint32_t)line;
    return true;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* \uXXXX and \UXXXXXXXX; `at` is the letter. */
static bool codepoint(struct toml_loader *in, struct text *text, int digits)
{
    const char *at = in->at + 1;
    uint32_t code = 0;

    for (int i = 0; i < digits; i++, at++) {
        int digit = at < in->end ? hex_digit(*at) : -1;

        if (digit < 0)
            return toml_error(in, in->at - 1, "an escape of a character needs hexadecimal digits");
        code = code << 4 | (uint32_t)digit;
    }
    if (code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF))
        return toml_error(in, in->at - 1, "there is no such character");
    text_add_codepoint(text, code);
    in->at = at;
    return true;
}

/* A backslash at the end of a line: blanks and line ends up to the next character are left out. */
static bool line_continued(struct toml_loader *in, bool *done)
{
    const char *at = in->at;

    while (at < in->end && (*at == ' ' || *at == '\t'))
        at++;
    *done = at < in->end && (*at == '\n' || *at == '\r');
    if (!*done)
        return true;
    for (; at < in->end && strchr(" \t\r\n", *at) != NULL && *at != '\0'; at++) {
        if (*at == '\n') {
            in->line++;
            in->line_start = at + 1;
        }
    }
    in->at = at;
    return true;
}

/* in->at stands behind the backslash. */
static bool escape(struct toml_loader *in, struct text *text, bool is_long)
{
    static const char letters[] = "btnfr\"\\e", values[] = "\b\t\n\f\r\"\\";
    char c = in->at < in->end ? *in->at : '\0';
    const char *found = c == '\0' || c == 'e' ? NULL : strchr(letters, c);
    bool done = false;

    if (found != NULL) {
        text_add_char(text, values[found - letters]);
        in->at++;
        return true;
    }
    if (c == 'u' || c == 'U')
        return codepoint(in, text, c == 'u' ? 4 : 8);
    if (is_long && line_continued(in, &done) && done)
        return true;
    return toml_error(in, in->at - 1, arena_printf(in->arena, "\\ is no escape before %s", toml_found(in, in->at)));
}

static bool is_forbidden(unsigned char c, bool is_long)
{
    return c == 0x7F || (c < 0x20 && c != '\t' && !(is_long && (c == '\n' || c == '\r')));
}

/* One character of a string that has not ended. */
static bool character(struct toml_loader *in, struct text *text, bool is_basic, bool is_long)
{
    unsigned char c = (unsigned char)*in->at;

    if (is_forbidden(c, is_long))
        return toml_error(in, in->at,
                          c == '\n' || c == '\r' ? "a string is not closed in its line"
                                                 : "a control character in a string");
    in->at++;
    if (c == '\\' && is_basic)
        return escape(in, text, is_long);
    if (c == '\r' && in->at < in->end && *in->at == '\n')
        return true; /* the newline follows */
    text_add_char(text, (char)c);
    if (c == '\n') {
        in->line++;
        in->line_start = in->at;
    }
    return true;
}

static size_t quotes_at(const struct toml_loader *in, char quote)
{
    size_t count = 0;

    while (in->at + count < in->end && in->at[count] == quote && count < 5)
        count++;
    return count;
}

static bool long_string(struct toml_loader *in, struct value **out)
{
    struct text text = text_new(in->arena);
    const char *start = in->at;
    char quote = *start;
    int line = in->line;

    in->at += 3;
    if (in->at < in->end && *in->at == '\r' && in->at + 1 < in->end && in->at[1] == '\n')
        in->at++;
    if (in->at < in->end && *in->at == '\n') {
        in->at++;
        in->line++;
        in->line_start = in->at;
    }
    while (in->at < in->end) {
        size_t quotes = *in->at == quote ? quotes_at(in, quote) : 0;

        if (quotes >= 3) { /* one or two before the closing ones belong to the text */
            text_add_n(&text, in->at, quotes - 3);
            in->at += quotes;
            return text_value(in, &text, in->line_start, line, out);
        }
        if (!character(in, &text, quote == '"', true))
            return false;
    }
    return toml_error(in, in->at, arena_printf(in->arena, "the string that begins in line %d is not closed", line));
}

bool toml_string(struct toml_loader *in, struct value **out, bool may_be_long)
{
    struct text text = text_new(in->arena);
    const char *start = in->at;
    char quote = *start;

    if (quotes_at(in, quote) >= 3 && may_be_long)
        return long_string(in, out);
    in->at++;
    while (in->at < in->end) {
        if (*in->at == quote) {
            in->at++;
            return text_value(in, &text, start, in->line, out);
        }
        if (!character(in, &text, quote == '"', false))
            return false;
    }
    return toml_error(in, start, "a string is not closed");
}

/* --- containers --- */

static bool array(struct toml_loader *in, struct value **out, int depth)
{
    struct value *list = toml_table_new(in, TOML_CLOSED, true), *item = NULL;
    int line = in->line;

    in->at++;
    for (;;) {
        if (!toml_lines(in))
            return false;
        if (in->at < in->end && *in->at == ']')
            break;
        if (in->at == in->end)
            return toml_error(in, in->at,
                              arena_printf(in->arena, "the array that begins in line %d is not closed", line));
        if (!toml_value(in, &item, depth + 1))
            return false;
        value_list_add(in->arena, list, item);
        if (!toml_lines(in))
            return false;
        if (in->at < in->end && *in->at == ',')
            in->at++;
        else if (in->at < in->end && *in->at != ']')
            return toml_error(
                in, in->at,
                arena_printf(in->arena, "expected ',' or ']' in an array, found %s", toml_found(in, in->at)));
    }
    in->at++;
    *out = list;
    return true;
}

/* Tables that dotted keys made inside are closed with it. */
static void close_table(struct toml_loader *in, const struct value *table)
{
    struct toml_table *known = toml_table_of(in, table);

    if (known == NULL || known->state == TOML_CLOSED)
        return;
    known->state = TOML_CLOSED;
    for (size_t i = 0; i < value_map_count(table); i++)
        close_table(in, value_pair_at(table, i)->item);
}

static bool inline_table(struct toml_loader *in, struct value **out, int depth)
{
    struct value *table = toml_table_new(in, TOML_DOTTED, false);

    in->at++;
    toml_blanks(in);
    while (in->at >= in->end || *in->at != '}') {
        if (!toml_pair(in, table, depth))
            return false;
        toml_blanks(in);
        if (in->at < in->end && *in->at == '}')
            break;
        if (in->at >= in->end || *in->at != ',')
            return toml_error(
                in, in->at,
                arena_printf(in->arena, "expected ',' or '}' in an inline table, found %s", toml_found(in, in->at)));
        in->at++;
        toml_blanks(in);
        if (in->at < in->end && *in->at == '}')
            return toml_error(in, in->at, "an inline table must not end with a comma");
    }
    in->at++;
    close_table(in, table);
    *out = table;
    return true;
}

bool toml_value(struct toml_loader *in, struct value **out, int depth)
{
    if (depth > TOML_DEPTH)
        return toml_error(in, in->at, arena_printf(in->arena, "values are nested deeper than %d levels", TOML_DEPTH));
    if (in->at < in->end && (*in->at == '"' || *in->at == '\''))
        return toml_string(in, out, true);
    if (in->at < in->end && *in->at == '[')
        return array(in, out, depth);
    if (in->at < in->end && *in->at == '{')
        return inline_table(in, out, depth);
    return toml_scalar(in, out);
}
