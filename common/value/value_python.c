/* SPDX-License-Identifier: Apache-2.0 */
/*
 * str() and repr() of values as CPython 3 prints them, type names, and the copy with secrets masked.
 * Reading Python literals is in value_literal.c.
 */
#include "common/value/value_python.h"

#include <string.h>

#include "common/value/value_internal.h"
#include "common/value/value_printable.h"

/* Objects are shown once: what they compute for their keys may lead back to them. */
#define OBJECT_DEPTH_MAX 1

struct repr_state {
    struct text *out;
    int depth, objects;
};

static void repr_deep(struct repr_state *state, const struct value *value);

static char repr_quote(const char *data, size_t length)
{
    bool has_single = memchr(data, '\'', length) != NULL;

    return has_single && memchr(data, '"', length) == NULL ? '"' : '\'';
}

static void repr_escape(struct text *out, uint32_t codepoint)
{
    if (codepoint == '\n')
        text_add(out, "\\n");
    else if (codepoint == '\r')
        text_add(out, "\\r");
    else if (codepoint == '\t')
        text_add(out, "\\t");
    else if (codepoint < 0x100)
        text_printf(out, "\\x%02x", codepoint);
    else if (codepoint < 0x10000)
        text_printf(out, "\\u%04x", codepoint);
    else
        text_printf(out, "\\U%08x", codepoint);
}

static size_t plain_run(const char *data, size_t length, char quote)
{
    size_t run = 0;

    while (run < length && data[run] >= 0x20 && data[run] < 0x7F && data[run] != '\\' && data[run] != quote)
        run++;
    return run;
}

static void repr_string(struct text *out, const char *data, size_t length, bool is_bytes)
{
    char quote = repr_quote(data, length);

    text_add_char(out, quote);
    for (size_t offset = 0; offset < length;) {
        size_t start = offset, run = plain_run(data + offset, length - offset, quote);
        uint32_t codepoint;

        text_add_n(out, data + offset, run);
        offset = start += run;
        if (offset == length)
            break;
        codepoint = is_bytes ? (unsigned char)data[offset++] : text_utf8_next(data, length, &offset);
        if (codepoint == '\\' || codepoint == (unsigned char)quote)
            text_printf(out, "\\%c", (char)codepoint);
        else if (value_is_printable(codepoint) && !(is_bytes && codepoint >= 0x80))
            text_add_n(out, data + start, offset - start);
        else
            repr_escape(out, codepoint);
    }
    text_add_char(out, quote);
}

static void repr_list(struct repr_state *state, const struct value *list)
{
    bool is_tuple = (list->marks & VALUE_TUPLE) != 0;

    text_add_char(state->out, is_tuple ? '(' : '[');
    for (size_t i = 0; i < list->as.list.count; i++) {
        if (i > 0)
            text_add_n(state->out, ", ", 2);
        repr_deep(state, list->as.list.items[i]);
    }
    if (is_tuple && list->as.list.count == 1)
        text_add_char(state->out, ',');
    text_add_char(state->out, is_tuple ? ')' : ']');
}

static void repr_map(struct repr_state *state, const struct value *map)
{
    text_add_char(state->out, '{');
    for (size_t i = 0; i < map->as.map.count; i++) {
        if (i > 0)
            text_add_n(state->out, ", ", 2);
        repr_deep(state, map->as.map.pairs[i].key);
        text_add_n(state->out, ": ", 2);
        repr_deep(state, map->as.map.pairs[i].item);
    }
    text_add_char(state->out, '}');
}

/* An object that is a mapping prints as one; others print their type. */
static void repr_object(struct repr_state *state, const struct value *object)
{
    const struct value_object_ops *ops = object->as.object.ops;
    void *data = object->as.object.data;
    const struct value *keys = ops->keys == NULL ? NULL : ops->keys(data, state->out->arena);

    if (!value_is(keys, VALUE_LIST)) {
        text_printf(state->out, "<%s object>", ops->type_name);
        return;
    }
    if (state->objects >= OBJECT_DEPTH_MAX) {
        text_add(state->out, "{...}");
        return;
    }
    state->objects++;
    text_add_char(state->out, '{');
    for (size_t i = 0; i < keys->as.list.count; i++) {
        const struct value *key = keys->as.list.items[i];
        const struct value *item = NULL;

        if (value_is(key, VALUE_STRING))
            item = ops->get(data, state->out->arena, key->as.string.data, key->as.string.length);
        text_add(state->out, i > 0 ? ", " : "");
        repr_deep(state, key);
        text_add(state->out, ": ");
        repr_deep(state, item == NULL ? value_null() : item);
    }
    text_add_char(state->out, '}');
    state->objects--;
}

static void repr_text(struct text *out, const struct value *value)
{
    const char *data = value->as.string.data;
    size_t length = value->as.string.length;

    if ((value->marks & VALUE_BYTES) != 0) {
        text_add_char(out, 'b');
        repr_string(out, data, length, true);
    } else if ((value->marks & VALUE_MARKUP) != 0) {
        text_add(out, "Markup(");
        repr_string(out, data, length, false);
        text_add_char(out, ')');
    } else {
        repr_string(out, data, length, false);
    }
}

static void repr_scalar(struct text *out, const struct value *value)
{
    switch ((enum value_kind)value->kind) {
    case VALUE_NULL:
        text_add(out, "None");
        break;
    case VALUE_BOOL:
        text_add(out, value->as.boolean ? "True" : "False");
        break;
    case VALUE_INT:
        text_printf(out, "%lld", (long long)value->as.integer);
        break;
    case VALUE_BIG:
        text_add_n(out, value->as.string.data, value->as.string.length);
        break;
    case VALUE_REAL:
        value_real_repr(out, value->as.real);
        break;
    case VALUE_STRING:
        repr_text(out, value);
        break;
    default:
        text_add(out, "Undefined");
        break;
    }
}

static void repr_deep(struct repr_state *state, const struct value *value)
{
    if (state->depth >= LIMIT_VALUE_DEPTH) {
        text_add(state->out, "...");
        return;
    }
    state->depth++;
    if (value->kind == VALUE_LIST)
        repr_list(state, value);
    else if (value->kind == VALUE_MAP)
        repr_map(state, value);
    else if (value->kind == VALUE_OBJECT)
        repr_object(state, value);
    else
        repr_scalar(state->out, value);
    state->depth--;
}

void value_repr(struct text *out, const struct value *value)
{
    struct repr_state state = { .out = out };

    repr_deep(&state, value);
}

void value_str(struct text *out, const struct value *value)
{
    if (value->kind == VALUE_STRING && (value->marks & VALUE_BYTES) == 0)
        text_add_n(out, value->as.string.data, value->as.string.length);
    else if (value->kind != VALUE_UNDEFINED)
        value_repr(out, value);
}

char *value_to_text(struct arena *arena, const struct value *value)
{
    struct text out;

    if (value->kind == VALUE_STRING && (value->marks & VALUE_BYTES) == 0)
        return arena_copy_n(arena, value->as.string.data, value->as.string.length);
    out = text_new(arena);
    value_str(&out, value);
    return out.data;
}

const char *value_python_type(const struct value *value)
{
    static const char *const names[] = {
        [VALUE_UNDEFINED] = "Undefined", [VALUE_NULL] = "NoneType", [VALUE_BOOL] = "bool", [VALUE_INT] = "int",
        [VALUE_REAL] = "float",          [VALUE_STRING] = "str",    [VALUE_LIST] = "list", [VALUE_MAP] = "dict",
        [VALUE_OBJECT] = "object",       [VALUE_BIG] = "int",
    };

    if (value->kind == VALUE_OBJECT)
        return value->as.object.ops->type_name;
    if (value->kind == VALUE_LIST && (value->marks & VALUE_TUPLE) != 0)
        return "tuple";
    if (value->kind == VALUE_STRING && (value->marks & VALUE_BYTES) != 0)
        return "bytes";
    if (value->kind == VALUE_STRING && (value->marks & VALUE_MARKUP) != 0)
        return "Markup";
    return names[value->kind];
}
