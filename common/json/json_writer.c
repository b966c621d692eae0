/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values to JSON text, byte for byte what Python's json.dumps writes with the same options. Bytes that are
 * no UTF-8 become escaped lone surrogates in every style: the text is valid, and our reader restores them.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/limits.h"
#include "common/json/json.h"
#include "common/value/value_python.h"

#define ESCAPED_BYTES 0xDC80 /* what text_utf8_next makes of invalid bytes */
#define ESCAPED_BYTES_END 0xDCFF

struct json_writer {
    struct text *out;
    const struct json_style *style;
    int depth, objects;
};

static void write_value(struct json_writer *writer, const struct value *value);

static void write_unit(struct text *out, uint32_t unit)
{
    static const char digits[] = "0123456789abcdef";
    char text[6] = {
        '\\', 'u', digits[unit >> 12 & 15], digits[unit >> 8 & 15], digits[unit >> 4 & 15], digits[unit & 15]
    };

    text_add_n(out, text, sizeof(text));
}

static void write_ascii(struct text *out, uint32_t codepoint)
{
    if (codepoint < 0x10000) {
        write_unit(out, codepoint);
        return;
    }
    codepoint -= 0x10000;
    write_unit(out, 0xD800 + (codepoint >> 10));
    write_unit(out, 0xDC00 + (codepoint & 0x3FF));
}

static bool write_short_escape(struct text *out, char c)
{
    static const char names[] = "\"\\nrtfb", values[] = "\"\\\n\r\t\f\b";
    const char *at = c == '\0' ? NULL : strchr(values, c);

    if (at == NULL)
        return false;
    text_add_char(out, '\\');
    text_add_char(out, names[at - values]);
    return true;
}

/* Bytes that need nothing. */
static size_t plain_run(const char *data, size_t length)
{
    size_t run = 0;

    while (run < length && data[run] >= 0x20 && data[run] < 0x7F && data[run] != '"' && data[run] != '\\')
        run++;
    return run;
}

static void write_special(struct json_writer *writer, const char *data, size_t length, uint32_t codepoint)
{
    bool is_broken = codepoint >= ESCAPED_BYTES && codepoint <= ESCAPED_BYTES_END;

    if (codepoint < 0x80 && write_short_escape(writer->out, (char)codepoint))
        return;
    if (codepoint < 0x20 || writer->style->ascii || is_broken)
        write_ascii(writer->out, codepoint);
    else
        text_add_n(writer->out, data, length);
}

static void write_string(struct json_writer *writer, const char *data, size_t length)
{
    text_add_char(writer->out, '"');
    for (size_t offset = 0; offset < length;) {
        size_t run = plain_run(data + offset, length - offset), start;
        uint32_t codepoint;

        text_add_n(writer->out, data + offset, run);
        offset += run;
        if (offset == length)
            break;
        start = offset;
        codepoint = text_utf8_next(data, length, &offset);
        write_special(writer, data + start, offset - start, codepoint);
    }
    text_add_char(writer->out, '"');
}

static void write_real(struct text *out, double real)
{
    if (isnan(real))
        text_add(out, "NaN");
    else if (isinf(real))
        text_add(out, real > 0 ? "Infinity" : "-Infinity");
    else
        value_real_repr(out, real);
}

static void write_line(struct json_writer *writer)
{
    static const char blanks[] = "                                ";
    size_t left = (size_t)writer->style->indent * (size_t)writer->depth;

    if (writer->style->indent <= 0)
        return;
    text_add_char(writer->out, '\n');
    for (int i = 0; writer->style->indent_text != NULL && i < writer->depth; i++)
        text_add(writer->out, writer->style->indent_text);
    if (writer->style->indent_text != NULL)
        return;
    for (; left > sizeof(blanks) - 1; left -= sizeof(blanks) - 1)
        text_add_n(writer->out, blanks, sizeof(blanks) - 1);
    text_add_n(writer->out, blanks, left);
}

/* What stands before the item at `index`: comma, blank or line. */
static void write_separator(struct json_writer *writer, size_t index)
{
    const char *separator = writer->style->item_separator;
    bool is_blank = separator == NULL && index > 0 && writer->style->indent <= 0 && !writer->style->compact;

    if (index > 0)
        text_add(writer->out, separator == NULL ? "," : separator);
    if (is_blank)
        text_add_char(writer->out, ' ');
    write_line(writer);
}

static void write_list(struct json_writer *writer, const struct value *list)
{
    size_t count = list->as.list.count;

    text_add_char(writer->out, '[');
    writer->depth++;
    for (size_t i = 0; i < count; i++) {
        write_separator(writer, i);
        write_value(writer, list->as.list.items[i]);
    }
    writer->depth--;
    if (count > 0)
        write_line(writer);
    text_add_char(writer->out, ']');
}

/* JSON's spelling of scalars, quoted when they are keys. */
static void write_key(struct json_writer *writer, const struct value *key)
{
    if (key->kind == VALUE_STRING) {
        write_string(writer, key->as.string.data, key->as.string.length);
    } else if (key->kind == VALUE_LIST || key->kind == VALUE_MAP) {
        char *text = value_to_text(writer->out->arena, key);

        write_string(writer, text, strlen(text));
    } else {
        text_add_char(writer->out, '"');
        write_value(writer, key);
        text_add_char(writer->out, '"');
    }
    if (writer->style->key_separator != NULL)
        text_add(writer->out, writer->style->key_separator);
    else
        text_add(writer->out, writer->style->compact ? ":" : ": ");
}

static int pair_order(const void *left, const void *right)
{
    const struct value_pair *a = left, *b = right;
    struct error ignored = ERROR_INIT;
    int order = 0;

    if (!value_compare(a->key, b->key, &order, &ignored))
        return (a->key->kind > b->key->kind) - (a->key->kind < b->key->kind);
    return order;
}

static const struct value_pair *pairs_sorted(struct arena *arena, const struct value *map)
{
    size_t count = map->as.map.count;
    struct value_pair *pairs = arena_new_array(arena, struct value_pair, count);

    if (count > 0) {
        memcpy(pairs, map->as.map.pairs, count * sizeof(*pairs));
        qsort(pairs, count, sizeof(*pairs), pair_order);
    }
    return pairs;
}

static void write_map(struct json_writer *writer, const struct value *map)
{
    bool is_sorted = writer->style->sort_keys && map->as.map.count > 1;
    const struct value_pair *pairs = is_sorted ? pairs_sorted(writer->out->arena, map) : map->as.map.pairs;
    size_t count = map->as.map.count;

    text_add_char(writer->out, '{');
    writer->depth++;
    for (size_t i = 0; i < count; i++) {
        write_separator(writer, i);
        write_key(writer, pairs[i].key);
        write_value(writer, pairs[i].item);
    }
    writer->depth--;
    if (count > 0)
        write_line(writer);
    text_add_char(writer->out, '}');
}

/* A mapping computed on demand is written as a map; within another one it would not end. */
static void write_object(struct json_writer *writer, const struct value *object)
{
    const struct value_object_ops *ops = object->as.object.ops;
    struct arena *arena = writer->out->arena;
    const struct value *keys = ops->keys == NULL ? NULL : ops->keys(object->as.object.data, arena);
    struct value *map = value_map(arena);

    if (keys == NULL || writer->objects > 0) {
        write_string(writer, ops->type_name, strlen(ops->type_name));
        return;
    }
    for (size_t i = 0; i < value_count(keys); i++) {
        const struct value *key = value_item(keys, i);
        const struct value *item = NULL;

        if (value_is(key, VALUE_STRING))
            item = ops->get(object->as.object.data, arena, key->as.string.data, key->as.string.length);
        value_map_put_value(arena, map, key, item == NULL ? value_null() : item);
    }
    writer->objects++;
    write_map(writer, map);
    writer->objects--;
}

static void write_value(struct json_writer *writer, const struct value *value)
{
    switch (writer->depth > LIMIT_VALUE_DEPTH ? VALUE_NULL : (enum value_kind)value->kind) {
    case VALUE_UNDEFINED:
    case VALUE_NULL:
        text_add_n(writer->out, "null", 4);
        break;
    case VALUE_BOOL:
        text_add(writer->out, value->as.boolean ? "true" : "false");
        break;
    case VALUE_INT:
        text_printf(writer->out, "%lld", (long long)value->as.integer);
        break;
    case VALUE_BIG:
        text_add_n(writer->out, value->as.string.data, value->as.string.length);
        break;
    case VALUE_REAL:
        write_real(writer->out, value->as.real);
        break;
    case VALUE_STRING:
        write_string(writer, value->as.string.data, value->as.string.length);
        break;
    case VALUE_LIST:
        write_list(writer, value);
        break;
    case VALUE_MAP:
        write_map(writer, value);
        break;
    case VALUE_OBJECT:
        write_object(writer, value);
        break;
    }
}

void json_write(struct text *out, const struct value *value, const struct json_style *style)
{
    struct json_writer writer = { .out = out, .style = style };

    write_value(&writer, value);
}

char *json_text(struct arena *arena, const struct value *value, struct json_style style)
{
    struct text out = text_new(arena);

    json_write(&out, value, &style);
    return out.data;
}
