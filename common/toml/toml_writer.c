/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing TOML in the order and layout of the Python package toml: tables level by level, arrays of tables behind the plain
 * keys of their table. Characters that Python would show as \xNN are written as \u00NN, which TOML knows.
 */
#include "common/toml/toml_writer.h"

#include <math.h>
#include <string.h>

#include "common/toml/toml_reader.h"
#include "common/value/value_python.h"

struct toml_output {
    struct arena *arena;
    struct error *err;
};

/* What a table gives: the text of its own keys, and its tables by their full names. */
struct toml_section {
    struct text text;
    struct value *tables;
};

static bool section_write(struct toml_output *output, const struct value *table, const char *name,
                          struct toml_section *out);

/* --- scalars --- */

static bool is_bare(const char *text)
{
    return text[0] != '\0' &&
           text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")] == '\0';
}

static void string_write(struct text *out, const struct value *value)
{
    struct text plain = text_new(out->arena);
    bool single;

    value_repr(&plain, value);
    single = plain.data[0] == '\'';
    text_add_char(out, '"');
    for (size_t i = 1; i + 1 < plain.length; i++) {
        char c = plain.data[i], next = plain.data[i + 1];

        if (c == '\\' && next == '\'') {
            text_add_char(out, '\'');
            i++;
        } else if (c == '\\') {
            text_add(out, next == 'x' ? "\\u00" : "\\");
            i++;
            if (next != 'x')
                text_add_char(out, next);
        } else {
            text_add(out, single && c == '"' ? "\\" : "");
            text_add_char(out, c);
        }
    }
    text_add_char(out, '"');
}

static void real_write(struct text *out, double real)
{
    struct text plain = text_new(out->arena);
    char *exponent;

    if (isnan(real) || isinf(real)) {
        text_add(out, isnan(real) ? "nan" : real > 0 ? "inf" : "-inf");
        return;
    }
    value_real_repr(&plain, real);
    exponent = strchr(plain.data, 'e');
    if (exponent != NULL && exponent[1] != '\0' && exponent[2] == '0') {
        text_add_n(out, plain.data, (size_t)(exponent + 2 - plain.data));
        text_add(out, exponent + 3);
    } else {
        text_add(out, plain.data);
    }
}

static bool item_write(struct toml_output *output, struct text *out, const struct value *value, int depth);

/* A map in an array of arrays: its keys, as the package does it. */
static bool array_write(struct toml_output *output, struct text *out, const struct value *value, int depth)
{
    if (depth > TOML_DEPTH)
        return error_set_kind(output->err, ERROR_LIMIT, "values are nested deeper than %d levels", TOML_DEPTH);
    text_add_char(out, '[');
    for (size_t i = 0; i < value_count(value); i++) {
        text_add_char(out, ' ');
        if (!item_write(output, out, value_is(value, VALUE_MAP) ? value_pair_at(value, i)->key : value_item(value, i),
                        depth + 1))
            return false;
        text_add_char(out, ',');
    }
    text_add_char(out, ']');
    return true;
}

static bool item_write(struct toml_output *output, struct text *out, const struct value *value, int depth)
{
    switch ((enum value_kind)value->kind) {
    case VALUE_NULL:
        text_add(out, "\"None\"");
        return true;
    case VALUE_BOOL:
        text_add(out, value->as.boolean ? "true" : "false");
        return true;
    case VALUE_INT:
    case VALUE_BIG:
        value_str(out, value);
        return true;
    case VALUE_REAL:
        real_write(out, value->as.real);
        return true;
    case VALUE_STRING:
        string_write(out, value);
        return true;
    case VALUE_LIST:
    case VALUE_MAP:
        return array_write(output, out, value, depth);
    default:
        return error_set(output->err, "a value of type '%s'", value_python_type(value));
    }
}

/* --- tables --- */

static const char *key_text(struct arena *arena, const struct value *key)
{
    struct text out = text_new(arena);

    if (is_bare(value_text(key)))
        return value_text(key);
    string_write(&out, key);
    return out.data;
}

static bool holds_tables(const struct value *value)
{
    for (size_t i = 0; value_is(value, VALUE_LIST) && i < value_count(value); i++) {
        if (value_is(value_item(value, i), VALUE_MAP))
            return true;
    }
    return false;
}

/* The tables beneath an element of an array of tables, level by level. */
static bool element_tables(struct toml_output *output, const char *name, const struct value *tables, struct text *out)
{
    while (value_count(tables) > 0) {
        struct value *next = value_map(output->arena);

        for (size_t i = 0; i < value_count(tables); i++) {
            const char *below = value_text(value_pair_at(tables, i)->key);
            const char *full = arena_printf(output->arena, "%s.%s", name, below);
            struct toml_section section = { .text = text_new(output->arena) };

            if (!section_write(output, value_pair_at(tables, i)->item, full, &section))
                return false;
            if (section.text.length > 0)
                text_printf(out, "[%s]\n%s", full, section.text.data);
            for (size_t t = 0; t < value_count(section.tables); t++)
                value_map_put(
                    output->arena, next,
                    arena_printf(output->arena, "%s.%s", below, value_text(value_pair_at(section.tables, t)->key)),
                    value_pair_at(section.tables, t)->item);
        }
        tables = next;
    }
    return true;
}

static bool elements_write(struct toml_output *output, const struct value *list, const char *name, struct text *out)
{
    for (size_t i = 0; i < value_count(list); i++) {
        struct toml_section section = { .text = text_new(output->arena) };
        struct text below = text_new(output->arena);

        if (!value_is(value_item(list, i), VALUE_MAP))
            return error_set(output->err, "a list that holds both tables and other values");
        if (!section_write(output, value_item(list, i), name, &section))
            return false;
        text_printf(out, "[[%s]]\n", name);
        text_add_n(section.text.length > 0 && section.text.data[0] == '[' ? &below : out,
                   section.text.length > 0 ? section.text.data : "", section.text.length);
        if (!element_tables(output, name, section.tables, &below))
            return false;
        text_add_char(out, '\n');
        text_add_n(out, below.length > 0 ? below.data : "", below.length);
    }
    return true;
}

/* `name` is the full one, or empty at the top; out->tables has the tables by the last part of theirs. */
static bool section_write(struct toml_output *output, const struct value *table, const char *name,
                          struct toml_section *out)
{
    struct text arrays = text_new(output->arena);

    out->tables = value_map(output->arena);
    for (size_t i = 0; i < value_count(table); i++) {
        const struct value_pair *pair = value_pair_at(table, i);
        const char *key;

        if (value_text(pair->key) == NULL)
            return error_set_kind(output->err, ERROR_PARSE, "%s", value_to_text(output->arena, pair->key));
        key = key_text(output->arena, pair->key);
        if (value_is(pair->item, VALUE_MAP)) {
            value_map_put(output->arena, out->tables, key, pair->item);
        } else if (holds_tables(pair->item)) {
            if (!elements_write(output, pair->item,
                                name[0] == '\0' ? key : arena_printf(output->arena, "%s.%s", name, key), &arrays))
                return false;
        } else if (!value_is(pair->item, VALUE_NULL)) {
            text_printf(&out->text, "%s = ", key);
            if (!item_write(output, &out->text, pair->item, 0))
                return false;
            text_add_char(&out->text, '\n');
        }
    }
    text_add_n(&out->text, arrays.length > 0 ? arrays.data : "", arrays.length);
    return true;
}

static void heading_write(struct text *out, const char *name)
{
    if (out->length > 0 && !(out->length > 1 && strcmp(out->data + out->length - 2, "\n\n") == 0))
        text_add_char(out, '\n');
    text_printf(out, "[%s]\n", name);
}

/* All tables of one level; *next is the level below. */
static bool level_write(struct toml_output *output, struct text *out, const struct value *tables, struct value *next)
{
    for (size_t i = 0; i < value_count(tables); i++) {
        const char *name = value_text(value_pair_at(tables, i)->key);
        struct toml_section section = { .text = text_new(output->arena) };

        if (!section_write(output, value_pair_at(tables, i)->item, name, &section))
            return false;
        if (section.text.length > 0 || value_count(section.tables) == 0) {
            heading_write(out, name);
            text_add_n(out, section.text.length > 0 ? section.text.data : "", section.text.length);
        }
        for (size_t t = 0; t < value_count(section.tables); t++)
            value_map_put(output->arena, next,
                          arena_printf(output->arena, "%s.%s", name, value_text(value_pair_at(section.tables, t)->key)),
                          value_pair_at(section.tables, t)->item);
    }
    return true;
}

bool toml_write(struct text *out, const struct value *map, struct error *err)
{
    ARENA_SCOPED scratch = arena_new();
    struct toml_output output = { scratch, err };
    struct toml_section top = { .text = text_new(scratch) };
    struct text text = text_new(scratch);

    if (!section_write(&output, map, "", &top))
        return false;
    text_add_n(&text, top.text.length > 0 ? top.text.data : "", top.text.length);
    for (const struct value *tables = top.tables; value_count(tables) > 0;) {
        struct value *next = value_map(scratch);

        if (!level_write(&output, &text, tables, next))
            return false;
        tables = next;
    }
    text_add_n(out, text.length > 0 ? text.data : "", text.length);
    return true;
}
