/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON text to values, with what Python's json.loads accepts and its messages. Own code, because this is
 * the hottest path between engine and sessions (five times as fast as a library's tree and its conversion),
 * and because what Python writes must be read: NaN, integers beyond 64 bits, lone surrogates.
 */
#include <string.h>

#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "common/json/json_input.h"

static const struct value *read_value(struct json_input *in);

bool json_fail(const struct json_input *in, const char *where, const char *what)
{
    size_t column = text_utf8_count(in->line_start, (size_t)(where - in->line_start)) + 1;
    size_t offset = text_utf8_count(in->start, (size_t)(where - in->start));
    struct source_position at = { .path = in->path, .line = (int)in->line, .column = (int)column };

    return error_set_at(in->err, &at, "%s: line %u column %zu (char %zu)", what, in->line, column, offset);
}

static void skip_blanks(struct json_input *in)
{
    for (; in->at < in->end; in->at++) {
        if (*in->at == '\n') {
            in->line++;
            in->line_start = in->at + 1;
        } else if (*in->at != ' ' && *in->at != '\t' && *in->at != '\r') {
            return;
        }
    }
}

/* The next character that is no blank is taken if it is `c`. */
static bool take(struct json_input *in, char c)
{
    skip_blanks(in);
    if (in->at == in->end || *in->at != c)
        return false;
    in->at++;
    return true;
}

static void place(const struct json_input *in, struct value *value)
{
    size_t column = (size_t)(in->at - in->line_start) + 1;

    if (in->path == NULL)
        return;
    value->path = in->path;
    value->line = in->line;
    value->column = column < UINT16_MAX ? (uint16_t)column : UINT16_MAX;
}

/* An item that holds template syntax takes STATIC from what holds it. */
static void weigh(struct value *holder, const struct value *item)
{
    if ((item->marks & VALUE_STATIC) == 0)
        holder->marks &= (uint8_t)~VALUE_STATIC;
}

static bool enter(struct json_input *in)
{
    in->at++;
    if (++in->depth <= LIMIT_JSON_DEPTH)
        return true;
    return error_set_kind(in->err, ERROR_LIMIT, "JSON nests deeper than %d levels", LIMIT_JSON_DEPTH);
}

static const struct value *read_list(struct json_input *in, struct value *list)
{
    if (!enter(in))
        return NULL;
    if (take(in, ']')) {
        in->depth--;
        return list;
    }
    for (;;) {
        const struct value *item = read_value(in);

        if (item == NULL)
            return NULL;
        weigh(list, item);
        value_list_add(in->arena, list, item);
        if (take(in, ']'))
            break;
        if (!take(in, ','))
            return json_fail(in, in->at, "Expecting ',' delimiter"), NULL;
    }
    in->depth--;
    return list;
}

static bool read_pair(struct json_input *in, struct value *map)
{
    const struct value *item;
    struct value *key, here = { 0 };

    skip_blanks(in);
    if (in->at == in->end || *in->at != '"')
        return json_fail(in, in->at, "Expecting property name enclosed in double quotes");
    place(in, &here);
    key = json_read_string(in);
    if (key == NULL)
        return false;
    key->path = here.path;
    key->line = here.line;
    key->column = here.column;
    if (!take(in, ':'))
        return json_fail(in, in->at, "Expecting ':' delimiter");
    item = read_value(in);
    if (item == NULL)
        return false;
    weigh(map, key);
    weigh(map, item);
    value_map_put_value(in->arena, map, key, item);
    return true;
}

static const struct value *read_map(struct json_input *in, struct value *map)
{
    if (!enter(in))
        return NULL;
    if (take(in, '}')) {
        in->depth--;
        return map;
    }
    for (;;) {
        if (!read_pair(in, map))
            return NULL;
        if (take(in, '}'))
            break;
        if (!take(in, ','))
            return json_fail(in, in->at, "Expecting ',' delimiter"), NULL;
    }
    in->depth--;
    return map;
}

static const struct value *read_word(struct json_input *in)
{
    static const char *const words[] = { "null", "false", "true" };

    for (int i = 0; i < 3; i++) {
        size_t length = strlen(words[i]);

        if ((size_t)(in->end - in->at) >= length && memcmp(in->at, words[i], length) == 0) {
            in->at += length;
            return i == 0 ? value_null() : value_bool(i == 2);
        }
    }
    return json_read_number(in);
}

static const struct value *read_value(struct json_input *in)
{
    struct value *value, here = { 0 };

    skip_blanks(in);
    if (in->at == in->end)
        return json_fail(in, in->at, "Expecting value"), NULL;
    place(in, &here);
    switch (*in->at) {
    case '{':
        value = value_map(in->arena);
        break;
    case '[':
        value = value_list(in->arena);
        break;
    case '"':
        value = json_read_string(in);
        break;
    default:
        return read_word(in);
    }
    if (value == NULL)
        return NULL;
    value->path = here.path;
    value->line = here.line;
    value->column = here.column;
    if (value->kind == VALUE_STRING)
        return value;
    value->marks = VALUE_STATIC;
    return value->kind == VALUE_MAP ? read_map(in, value) : read_list(in, value);
}

bool json_read(struct arena *arena, const char *data, size_t length, const char *path, const struct value **out,
               struct error *err)
{
    struct json_input in = { .arena = arena,
                             .path = path,
                             .start = data,
                             .at = data,
                             .end = data + length,
                             .line_start = data,
                             .line = 1,
                             .err = err };
    const struct value *value = read_value(&in);

    if (value == NULL)
        return false;
    skip_blanks(&in);
    if (in.at != in.end)
        return json_fail(&in, in.at, "Extra data");
    *out = value;
    return true;
}
