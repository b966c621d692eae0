/* SPDX-License-Identifier: Apache-2.0 */
/* str.format(): replacement fields with attributes, items, conversions and nested specifications. */
#include <string.h>

#include "engine/template/eval_expression.h"
#include "engine/template/markup.h"
#include "engine/template/object.h"
#include "engine/template/python_ascii.h"
#include "engine/template/python_format.h"

#define FIELD_DEPTH 2 /* Python: one level of fields within a specification */

struct formatter {
    struct eval *eval;
    const struct call_args *args;
    int64_t automatic; /* next number, -1: fields are numbered by hand */
    bool numbered;
    bool markup; /* the format is HTML: what goes in is escaped */
};

static bool format_into(struct formatter *in, struct text *out, const char *data, size_t length, int depth);

static bool all_digits(const char *data, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (data[i] < '0' || data[i] > '9')
            return false;
    return length > 0 && length < 10;
}

static int64_t to_number(const char *data, size_t length)
{
    int64_t number = 0;

    for (size_t i = 0; i < length; i++)
        number = number * 10 + (data[i] - '0');
    return number;
}

static const struct value *positional(struct formatter *in, int64_t index)
{
    if (index >= in->args->count)
        return eval_fail(in->eval, "Replacement index %lld out of range for positional args tuple", (long long)index);
    return in->args->items[index];
}

/* The first part of a field: "", a number or a name. */
static const struct value *first_value(struct formatter *in, const char *data, size_t length)
{
    const struct value *found;
    const char *name;

    if (length == 0) {
        if (in->automatic < 0)
            return eval_fail(in->eval, "cannot switch from manual field specification to automatic field numbering");
        in->numbered = true;
        return positional(in, in->automatic++);
    }
    if (all_digits(data, length)) {
        if (in->numbered)
            return eval_fail(in->eval, "cannot switch from automatic field numbering to manual field specification");
        in->automatic = -1;
        return positional(in, to_number(data, length));
    }
    name = arena_copy_n(in->eval->arena, data, length);
    found = args_named(in->args, name);
    return found == NULL ? eval_fail(in->eval, "'%s'", name) : found;
}

static const struct value *attribute_part(struct formatter *in, const struct value *value, const char *name)
{
    const struct object_kind *kind = object_kind(value);
    const struct value *found = NULL;

    if (*name == '\0')
        return eval_fail(in->eval, "Empty attribute in format string");
    if (value->kind == VALUE_UNDEFINED)
        return eval_fail_undefined(in->eval, value);
    if (kind != NULL && kind->attribute != NULL)
        found = kind->attribute(in->eval, value->as.object.data, name);
    return found == NULL ? eval_fail(in->eval, "'%s' object has no attribute '%s'", eval_type(value), name) : found;
}

static const struct value *item_part(struct formatter *in, const struct value *value, const char *data, size_t length)
{
    const struct value *index, *found;

    if (length == 0)
        return eval_fail(in->eval, "Empty attribute in format string");
    index =
        all_digits(data, length) ? eval_int(in->eval, to_number(data, length)) : eval_string(in->eval, data, length);
    if (value->kind == VALUE_MAP) {
        found = value_map_get_value(value, index);
        if (found == NULL)
            return index->kind == VALUE_INT ? eval_fail(in->eval, "%.*s", (int)length, data)
                                            : eval_fail(in->eval, "'%.*s'", (int)length, data);
        return found;
    }
    if (index->kind == VALUE_STRING && value->kind == VALUE_LIST)
        return eval_fail_type(in->eval, "%s indices must be integers or slices, not str", eval_type(value));
    if (index->kind == VALUE_STRING && value->kind == VALUE_STRING)
        return eval_fail_type(in->eval, "string indices must be integers, not 'str'");
    found = eval_item(in->eval, value, index);
    if (found != NULL && found->kind == VALUE_UNDEFINED)
        return eval_fail(in->eval, "%s index out of range", value->kind == VALUE_STRING ? "string" : eval_type(value));
    return found;
}

static const struct value *field_value(struct formatter *in, const char *data, size_t length)
{
    size_t at = 0, from;
    const struct value *value;

    while (at < length && data[at] != '.' && data[at] != '[')
        at++;
    value = first_value(in, data, at);
    while (value != NULL && at < length) {
        char what = data[at++];

        from = at;
        if (what == '.') {
            while (at < length && data[at] != '.' && data[at] != '[')
                at++;
            value = attribute_part(in, value, arena_copy_n(in->eval->arena, data + from, at - from));
        } else if (what == '[') {
            while (at < length && data[at] != ']')
                at++;
            if (at == length)
                return eval_fail(in->eval, "Missing ']' in format string");
            value = item_part(in, value, data + from, at++ - from);
        } else {
            return eval_fail(in->eval, "Only '.' or '[' may follow ']' in format field specifier");
        }
    }
    return value;
}

static const struct value *convert(struct formatter *in, const struct value *value, char how)
{
    struct text text = text_new(in->eval->arena);

    if (value->kind == VALUE_UNDEFINED && !in->eval->plain)
        return eval_fail_undefined(in->eval, value);
    if (!eval_printable(in->eval, value))
        return NULL;
    if (how == 's')
        object_str(&text, value);
    else if (how == 'r')
        object_repr(&text, value);
    else if (how == 'a')
        python_ascii(&text, value);
    else
        return eval_fail(in->eval, "Unknown conversion specifier %c", how);
    return value_string_borrow(in->eval->arena, text.data, text.length);
}

static bool add_value(struct formatter *in, struct text *out, const struct value *value, const struct text *spec)
{
    struct text plain;

    if (!in->markup || (value->marks & VALUE_MARKUP) != 0)
        return python_format_spec(in->eval, out, value, spec->data, spec->length);
    plain = text_new(in->eval->arena);
    if (!python_format_spec(in->eval, &plain, value, spec->data, spec->length))
        return false;
    markup_escape(out, plain.data, plain.length);
    return true;
}

/* One field without its braces. */
static bool add_field(struct formatter *in, struct text *out, const char *data, size_t length, int depth)
{
    size_t end = 0, brackets = 0;
    struct text spec = text_new(in->eval->arena);
    const struct value *value;
    char how = 0;

    for (; end < length && (brackets > 0 || (data[end] != '!' && data[end] != ':')); end++)
        brackets = data[end] == '[' ? 1 : data[end] == ']' ? 0 : brackets;
    value = field_value(in, data, end);
    if (value == NULL)
        return false;
    if (end < length && data[end] == '!') {
        if (end + 1 >= length)
            return eval_fail(in->eval, "end of string while looking for conversion specifier") != NULL;
        how = data[end + 1];
        end += 2;
        if (end < length && data[end] != ':')
            return eval_fail(in->eval, "expected ':' after conversion specifier") != NULL;
    }
    if (how != 0)
        value = convert(in, value, how);
    if (value == NULL)
        return false;
    if (end < length && !format_into(in, &spec, data + end + 1, length - end - 1, depth + 1))
        return false;
    return add_value(in, out, value, &spec);
}

/* The length of a field up to its closing brace, nested ones skipped; `length` if it is missing. */
static size_t field_length(const char *data, size_t length)
{
    size_t at = 0;

    for (int depth = 1; at < length; at++) {
        depth += data[at] == '{' ? 1 : data[at] == '}' ? -1 : 0;
        if (depth == 0)
            break;
    }
    return at;
}

static bool format_into(struct formatter *in, struct text *out, const char *data, size_t length, int depth)
{
    if (depth > FIELD_DEPTH)
        return eval_fail(in->eval, "Max string recursion exceeded") != NULL;
    for (size_t at = 0; at < length;) {
        char c = data[at++];
        bool doubled = at < length && data[at] == c;
        size_t field;

        if (c != '{' && c != '}') {
            text_add_char(out, c);
            continue;
        }
        if (doubled && depth == 1) {
            text_add_char(out, c);
            at++;
            continue;
        }
        if (c == '}' || at == length)
            return eval_fail(in->eval, "Single '%c' encountered in format string", c) != NULL;
        field = field_length(data + at, length - at);
        if (at + field == length)
            return eval_fail(in->eval, "expected '}' before end of string") != NULL;
        if (!add_field(in, out, data + at, field, depth))
            return false;
        at += field + 1;
    }
    return true;
}

const struct value *python_str_format(struct eval *eval, const struct value *format, const struct call_args *args)
{
    struct text out = text_new(eval->arena);
    struct formatter in = { .eval = eval, .args = args, .markup = (format->marks & VALUE_MARKUP) != 0 };
    const struct value *made;

    if (!format_into(&in, &out, format->as.string.data, format->as.string.length, 1))
        return NULL;
    made = eval_taint(eval, value_string_borrow(eval->arena, out.data, out.length), format);
    for (uint32_t i = 0; i < args->count; i++)
        made = eval_taint(eval, made, args->items[i]);
    for (uint32_t i = 0; i < args->named_count; i++)
        made = eval_taint(eval, made, args->named[i]);
    return in.markup ? value_mark(eval->arena, made, VALUE_MARKUP, 0) : made;
}
