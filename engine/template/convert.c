/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ansible renders everything to text and reads text that begins with "{" or "[" (or is True or False) as a
 * literal of Python, in which true, false and null of JSON count too. For values that survive this round
 * trip unchanged, the trip is skipped.
 */
#include "engine/template/convert.h"

#include <math.h>
#include <string.h>

#include "common/value/value_python.h"
#include "engine/template/object.h"
#include "engine/template/object_date.h"

/* Would str() and reading it back give this value? */
static bool survives(const struct value *value, int depth)
{
    if (depth > LIMIT_VALUE_DEPTH)
        return false;
    switch (value->kind) {
    case VALUE_REAL:
        return isfinite(value->as.real) != 0;
    case VALUE_STRING:
        return (value->marks & (VALUE_MARKUP | VALUE_VAULT)) == 0;
    case VALUE_LIST:
        for (size_t i = 0; i < value->as.list.count; i++)
            if (!survives(value->as.list.items[i], depth + 1))
                return false;
        return true;
    case VALUE_MAP:
        for (size_t i = 0; i < value->as.map.count; i++)
            if (!survives(value->as.map.pairs[i].key, depth + 1) || !survives(value->as.map.pairs[i].item, depth + 1))
                return false;
        return true;
    case VALUE_OBJECT:
    case VALUE_UNDEFINED:
        return false;
    default:
        return true;
    }
}

/* JSON's names are not Python's: try the text as it is, then with the names replaced outside of strings. */
static void add_word(struct text *out, const char *word, size_t length)
{
    static const char *const json[] = { "true", "false", "null" }, *const python[] = { "True", "False", "None" };

    for (size_t i = 0; i < 3; i++)
        if (strlen(json[i]) == length && memcmp(word, json[i], length) == 0) {
            text_add(out, python[i]);
            return;
        }
    text_add_n(out, word, length);
}

static size_t word_length(const char *at, const char *end)
{
    size_t length = 0;

    while (at + length < end && ((at[length] >= 'a' && at[length] <= 'z') || (at[length] >= 'A' && at[length] <= 'Z') ||
                                 (at[length] >= '0' && at[length] <= '9') || at[length] == '_'))
        length++;
    return length;
}

/* The length of a quoted string from its opening quote on. */
static size_t quoted_length(const char *at, const char *end)
{
    size_t length = 1;

    while (at + length < end && at[length] != *at)
        length += at[length] == '\\' && at + length + 1 < end ? 2 : 1;
    return length + (at + length < end);
}

static struct text with_python_names(struct eval *eval, const char *data, size_t length)
{
    struct text out = text_new(eval->arena);
    const char *at = data, *end = data + length;

    while (at < end) {
        bool quote = *at == '"' || *at == '\'';
        size_t part = quote ? quoted_length(at, end) : word_length(at, end);

        if (part == 0)
            text_add_char(&out, *at++);
        else if (quote)
            text_add_n(&out, at, part);
        else
            add_word(&out, at, part);
        at += part;
    }
    return out;
}

static bool looks_like_literal(const char *data, size_t length)
{
    return length > 0 && (data[0] == '{' || data[0] == '[' || strcmp(data, "True") == 0 || strcmp(data, "False") == 0);
}

const struct value *convert_text(struct eval *eval, const struct value *text)
{
    const struct value *literal = NULL;
    struct text python;

    if (!looks_like_literal(text->as.string.data, text->as.string.length))
        return text;
    python = with_python_names(eval, text->as.string.data, text->as.string.length);
    if (!value_from_python(eval->arena, python.data, python.length, &literal, NULL))
        return text;
    return eval_taint(eval, literal, text);
}

const struct value *convert_value(struct eval *eval, const struct value *value)
{
    bool container = value->kind == VALUE_MAP || (value->kind == VALUE_LIST && (value->marks & VALUE_TUPLE) == 0);

    if (value->kind == VALUE_STRING && (value->marks & VALUE_PRIVATE) != 0)
        return value;
    if (value->kind == VALUE_BOOL)
        return value_bool(value->as.boolean);
    if (container && !eval_printable(eval, value))
        return NULL;
    if (container && survives(value, 0))
        return value_mark(eval->arena, value, 0, VALUE_PRIVATE);
    if (value->kind == VALUE_OBJECT && value->as.object.ops->keys != NULL)
        return value; /* hostvars and its like stay what they are */
    value = eval_str(eval, value);
    return value == NULL ? NULL : convert_text(eval, value);
}

/* A literal that is text keeps the quotes it was written with, as under Ansible. */
static const struct value *quoted(struct eval *eval, const struct value *literal, char quote)
{
    return value_string(eval->arena, arena_printf(eval->arena, "%c%.*s%c", quote, (int)literal->as.string.length,
                                                  literal->as.string.data, quote));
}

static bool is_own_object(const struct value *value, const void *context)
{
    (void)context;
    return object_kind(value) != NULL && !object_is_class(value);
}

static const struct value *with_objects_as_text(struct eval *eval, const struct value *value, int depth)
{
    struct value *copy;

    if (is_own_object(value, NULL))
        return date_is(value) ? date_iso(eval, value) : eval_str(eval, value);
    if ((value->kind != VALUE_LIST && value->kind != VALUE_MAP) || depth >= LIMIT_VALUE_DEPTH)
        return value;
    copy = value->kind == VALUE_LIST ? value_list(eval->arena) : value_map(eval->arena);
    copy->marks = value->marks;
    for (size_t i = 0; i < value_count(value); i++) {
        const struct value_pair *pair = value_pair_at(value, i);
        const struct value *item = pair == NULL ? value_item(value, i) : pair->item;

        item = eval_step(eval) ? with_objects_as_text(eval, item, depth + 1) : NULL;
        if (item == NULL)
            return NULL;
        if (pair == NULL)
            value_list_add(eval->arena, copy, item);
        else
            value_map_put_value(eval->arena, copy, pair->key, item);
    }
    return copy;
}

const struct value *convert_to_leave(struct eval *eval, const struct value *value)
{
    if (eval->call->depth > 0 || !value_holds(value, is_own_object, NULL, LIMIT_TEMPLATE_STEPS))
        return value;
    return is_own_object(value, NULL) ? eval_str(eval, value) : with_objects_as_text(eval, value, 0);
}

const struct value *convert_native(struct eval *eval, const struct value *value)
{
    const struct value *literal = NULL;
    const char *data;

    if (is_own_object(value, NULL))
        return convert_to_leave(eval, value);
    if (value->kind != VALUE_STRING && value->kind != VALUE_BIG && !eval_fits(eval, value))
        return NULL;
    value = convert_to_leave(eval, value);
    if (value == NULL || value->kind != VALUE_STRING)
        return value_mark(eval->arena, value, 0, VALUE_PRIVATE);
    data = value->as.string.data;
    if (eval->env->native == NATIVE_VALUES || (value->marks & VALUE_PRIVATE) != 0 || data[0] == ' ' || data[0] == '\t')
        return value;
    while (*data == '\n')
        data++;
    if (data > value->as.string.data && (*data == ' ' || *data == '\t'))
        return value; /* an indented line is no literal */
    if (!value_from_python(eval->arena, data, value->as.string.length - (size_t)(data - value->as.string.data),
                           &literal, NULL))
        return value;
    if (literal->kind == VALUE_STRING && (literal->marks & VALUE_BYTES) == 0)
        literal = quoted(eval, literal, value->as.string.data[0]);
    return eval_taint(eval, literal, value);
}
