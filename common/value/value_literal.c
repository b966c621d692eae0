/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads what Python's ast.literal_eval accepts: lists, tuples, dicts, strings, numbers, True, False, None.
 * Sets, complex numbers and f-strings are refused. Strings and numbers are in value_literal_scalar.c.
 */
#include "common/value/value_literal.h"

#include <ctype.h>
#include <string.h>

#include "common/value/value_python.h"

#define LITERAL_DEPTH_MAX 128

bool literal_fail(struct literal *in, const char *what)
{
    return error_set_kind(in->err, ERROR_PARSE, "not a Python literal: %s at character %zu", what,
                          (size_t)(in->at - in->start) + 1);
}

/* Blanks and comments; newlines only inside brackets or at the very end. */
static void literal_skip(struct literal *in)
{
    while (in->at < in->end) {
        if (*in->at == '#') {
            while (in->at < in->end && *in->at != '\n')
                in->at++;
        } else if (*in->at != '\0' && strchr(in->depth > 0 ? " \t\f\r\n" : " \t\f", *in->at) != NULL) {
            in->at++;
        } else if (in->end - in->at > 1 && in->at[0] == '\\' && in->at[1] == '\n') {
            in->at += 2;
        } else {
            return;
        }
    }
}

static bool literal_take(struct literal *in, char c)
{
    literal_skip(in);
    if (in->at == in->end || *in->at != c)
        return false;
    in->at++;
    return true;
}

static const struct value *literal_value(struct literal *in);

/* Items up to `close`; *commas_out counts the commas (one item and no comma is no tuple). */
static struct value *literal_items(struct literal *in, char close, size_t *commas_out)
{
    struct value *list = value_list(in->arena);

    *commas_out = 0;
    while (!literal_take(in, close)) {
        const struct value *item;

        if (value_count(list) > *commas_out)
            return literal_fail(in, "comma or closing bracket expected"), NULL;
        item = literal_value(in);
        if (item == NULL)
            return NULL;
        value_list_add(in->arena, list, item);
        *commas_out += literal_take(in, ',');
    }
    return list;
}

static const struct value *literal_parenthesis(struct literal *in)
{
    size_t commas = 0;
    struct value *list = literal_items(in, ')', &commas);

    if (list == NULL)
        return NULL;
    if (commas == 0 && value_count(list) == 1)
        return value_item(list, 0);
    list->marks |= VALUE_TUPLE;
    return list;
}

static bool is_hashable(const struct value *key)
{
    return key->kind != VALUE_MAP && (key->kind != VALUE_LIST || (key->marks & VALUE_TUPLE) != 0);
}

static bool literal_pair(struct literal *in, struct value *map)
{
    const struct value *key = literal_value(in), *item;

    if (key == NULL)
        return false;
    if (!is_hashable(key))
        return literal_fail(in, "a list or dict cannot be a key");
    if (!literal_take(in, ':'))
        return literal_fail(in, "colon expected");
    item = literal_value(in);
    if (item == NULL)
        return false;
    value_map_put_value(in->arena, map, key, item);
    return true;
}

static const struct value *literal_dict(struct literal *in)
{
    struct value *map = value_map(in->arena);
    bool needs_comma = false;

    while (!literal_take(in, '}')) {
        if (needs_comma)
            return literal_fail(in, "comma or closing bracket expected"), NULL;
        if (!literal_pair(in, map))
            return NULL;
        needs_comma = !literal_take(in, ',');
    }
    return map;
}

static const struct value *literal_word(struct literal *in)
{
    static const char *const words[] = { "None", "True", "False" };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        size_t length = strlen(words[i]), left = (size_t)(in->end - in->at);
        bool ends =
            left == length || (left > length && !isalnum((unsigned char)in->at[length]) && in->at[length] != '_');

        if (left >= length && memcmp(in->at, words[i], length) == 0 && ends) {
            in->at += length;
            return i == 0 ? value_null() : value_bool(i == 1);
        }
    }
    literal_fail(in, "literal expected");
    return NULL;
}

static const struct value *literal_bracket(struct literal *in, char open)
{
    const struct value *value;
    size_t commas = 0;

    in->at++;
    if (in->depth >= LITERAL_DEPTH_MAX)
        return literal_fail(in, "too many nested brackets"), NULL;
    in->depth++;
    if (open == '[')
        value = literal_items(in, ']', &commas);
    else
        value = open == '(' ? literal_parenthesis(in) : literal_dict(in);
    in->depth--;
    return value;
}

static const struct value *literal_value(struct literal *in)
{
    literal_skip(in);
    if (in->at == in->end)
        return literal_fail(in, "unexpected end"), NULL;
    if (strchr("[({", *in->at) != NULL && *in->at != '\0')
        return literal_bracket(in, *in->at);
    if (literal_is_string(in))
        return literal_string(in);
    if (isdigit((unsigned char)*in->at) || strchr("+-.", *in->at) != NULL)
        return literal_number(in);
    return literal_word(in);
}

/* "1, 2" without brackets is a tuple. */
static const struct value *literal_open_tuple(struct literal *in, const struct value *first)
{
    struct value *tuple = value_list(in->arena);

    tuple->marks |= VALUE_TUPLE;
    value_list_add(in->arena, tuple, first);
    do {
        const struct value *item;

        literal_skip(in);
        if (in->at == in->end || *in->at == '\n')
            break;
        item = literal_value(in);
        if (item == NULL)
            return NULL;
        value_list_add(in->arena, tuple, item);
    } while (literal_take(in, ','));
    return tuple;
}

/* Blanks behind the last line end are an indented line for Python. */
static bool ends_indented(const struct literal *in)
{
    const char *at = in->end;

    while (at > in->start && (at[-1] == ' ' || at[-1] == '\t'))
        at--;
    return at < in->end && at > in->start && at[-1] == '\n';
}

bool value_from_python(struct arena *arena, const char *data, size_t length, const struct value **out,
                       struct error *err)
{
    struct literal in = { .arena = arena, .start = data, .at = data, .end = data + length, .err = err };
    const struct value *value = literal_value(&in);

    if (value != NULL && literal_take(&in, ','))
        value = literal_open_tuple(&in, value);
    if (value == NULL)
        return false;
    in.depth = 1; /* line ends are blanks from here on */
    literal_skip(&in);
    if (in.at == in.end && ends_indented(&in))
        return literal_fail(&in, "unexpected indent");
    if (in.at != in.end)
        return literal_fail(&in, "nothing more expected");
    *out = value;
    return true;
}
