/* SPDX-License-Identifier: Apache-2.0 */
/* Filters between values and text formats: JSON, YAML, base64. */
#include <string.h>

#include "common/base/hash.h"
#include "common/json/json.h"
#include "common/yaml/yaml_reader.h"
#include "common/yaml/yaml_writer.h"
#include "engine/template/eval_expression.h"
#include "engine/template/filter.h"

#define DATA_DEPTH_MAX 200

/* A copy with what JSON and YAML can hold: objects become maps, undefined fails. */
static const struct value *plain_data(struct eval *eval, const struct value *value, int depth)
{
    const struct value *keys;
    struct value *copy;

    if (value->kind == VALUE_UNDEFINED)
        return eval_fail_undefined(eval, value);
    if (value->kind == VALUE_OBJECT && value->as.object.ops->keys == NULL)
        return eval_str(eval, value);
    if ((value->kind != VALUE_LIST && value->kind != VALUE_MAP && value->kind != VALUE_OBJECT) ||
        depth > DATA_DEPTH_MAX)
        return value;
    if (!eval->has_undefined && value->kind != VALUE_OBJECT && !eval->unsafe)
        return value;
    copy = value->kind == VALUE_LIST ? value_list(eval->arena) : value_map(eval->arena);
    copy->marks = value->marks;
    keys = eval_items(eval, value);
    for (size_t i = 0; keys != NULL && i < keys->as.list.count; i++) {
        const struct value *key = keys->as.list.items[i], *item;

        item = value->kind == VALUE_LIST ? key : eval_item(eval, value, key);
        item = item == NULL ? NULL : plain_data(eval, item, depth + 1);
        if (item == NULL)
            return NULL;
        if (value->kind == VALUE_LIST)
            value_list_add(eval->arena, copy, item);
        else
            value_map_put_value(eval->arena, copy, key, item);
    }
    return keys == NULL ? NULL : copy;
}

/* --- JSON --- */

static bool json_indent(struct eval *eval, const struct value *value, int64_t fallback, int *out)
{
    int64_t indent = 0;

    if (!args_int(eval, value, fallback, &indent))
        return false;
    *out = (int)(indent < 0 ? 0 : indent > 64 ? 64 : indent);
    return true;
}

static const struct value *write_json(struct eval *eval, const struct value *input, const struct json_style *style)
{
    struct text out = text_new(eval->arena);

    input = plain_data(eval, input, 0);
    if (input == NULL)
        return NULL;
    json_write(&out, input, style);
    return value_string_borrow(eval->arena, out.data, out.length);
}

/* separators=(',', ':') is the only use seen of that argument. */
static bool is_compact(const struct value *separators)
{
    return value_is(separators, VALUE_LIST) && value_text(value_item(separators, 0)) != NULL &&
           strcmp(value_text(value_item(separators, 0)), ",") == 0 && value_text(value_item(separators, 1)) != NULL &&
           strcmp(value_text(value_item(separators, 1)), ":") == 0;
}

static const struct value *filter_to_json(struct eval *eval, const struct value *input, struct call_args *args)
{
    struct json_style style = JSON_PYTHON;

    style.sort_keys = args_true(args->bound[1], false);
    style.ascii = args_true(args->bound[2], true);
    style.compact = is_compact(args->bound[3]);
    return json_indent(eval, args->bound[0], 0, &style.indent) ? write_json(eval, input, &style) : NULL;
}

/* indent=0 means lines without indentation, no indent means one line. */
static const struct value *write_flush(struct eval *eval, const struct value *input, struct json_style *style)
{
    const struct value *json;
    struct text out = text_new(eval->arena);
    const char *at;

    style->indent = 1;
    json = write_json(eval, input, style);
    if (json == NULL)
        return NULL;
    for (at = json->as.string.data; *at != '\0'; at++) {
        text_add_char(&out, *at);
        if (*at == '\n') /* newlines in strings are escaped: this one is layout */
            at += strspn(at + 1, " ");
    }
    return value_string_borrow(eval->arena, out.data, out.length);
}

static bool is_zero(const struct value *indent)
{
    return value_is(indent, VALUE_INT) && indent->as.integer == 0;
}

static const struct value *filter_to_nice_json(struct eval *eval, const struct value *input, struct call_args *args)
{
    struct json_style style = JSON_PYTHON;

    style.sort_keys = args_true(args->bound[1], true);
    style.ascii = args_true(args->bound[2], true);
    if (is_zero(args->bound[0]))
        return write_flush(eval, input, &style);
    return json_indent(eval, args->bound[0], 4, &style.indent) ? write_json(eval, input, &style) : NULL;
}

/* Jinja2's own: keys sorted, and safe inside of HTML. */
static const struct value *filter_tojson(struct eval *eval, const struct value *input, struct call_args *args)
{
    struct json_style style = JSON_PYTHON;
    const struct value *json;
    struct text out = text_new(eval->arena);
    struct value *made;

    style.sort_keys = true;
    json = json_indent(eval, args->bound[0], 0, &style.indent) ? write_json(eval, input, &style) : NULL;
    for (size_t i = 0; json != NULL && i < json->as.string.length; i++) {
        char c = json->as.string.data[i];

        if (c == '<' || c == '>' || c == '&' || c == '\'')
            text_printf(&out, "\\u%04x", (unsigned)c);
        else
            text_add_char(&out, c);
    }
    if (json == NULL)
        return NULL;
    made = value_string_borrow(eval->arena, out.data, out.length);
    made->marks |= VALUE_MARKUP;
    return made;
}

static const struct value *filter_from_json(struct eval *eval, const struct value *input, struct call_args *args)
{
    const struct value *made = NULL;

    (void)args;
    if (input->kind != VALUE_STRING)
        return eval_fail_type(eval, "the JSON object must be str, bytes or bytearray, not %s", eval_type(input));
    if (json_read(eval->arena, input->as.string.data, input->as.string.length, NULL, &made, eval->err))
        return made;
    eval->located = false;
    eval->err->line = eval->err->column = 0;
    return NULL;
}

/* --- YAML --- */

static bool yaml_options(struct eval *eval, const struct call_args *args, struct yaml_style *style, int64_t indent)
{
    int64_t wanted = indent, width = 0;

    if (!args_int(eval, args->bound[0], indent, &wanted) || !args_int(eval, args->bound[1], 0, &width))
        return false;
    style->indent = (int)wanted;
    style->width = (int)(width > 1000000000 ? 1000000000 : width);
    style->keep_order = !args_true(args->bound[2], true);
    style->explicit_start = args_true(args->bound[3], false);
    return true;
}

static const struct value *write_yaml(struct eval *eval, const struct value *input, const struct yaml_style *style,
                                      const char *name)
{
    struct text out = text_new(eval->arena);

    input = plain_data(eval, input, 0);
    if (input == NULL)
        return NULL;
    if (!yaml_write(&out, input, style, eval->err)) {
        error_prefix(eval->err, "%s", name);
        return NULL;
    }
    return value_string_borrow(eval->arena, out.data, out.length);
}

static const struct value *filter_to_yaml(struct eval *eval, const struct value *input, struct call_args *args)
{
    struct yaml_style style = { .indent = 0 };

    if (!yaml_options(eval, args, &style, 0))
        return NULL;
    style.block = args->bound[4] != NULL && args->bound[4]->kind == VALUE_BOOL && !args->bound[4]->as.boolean;
    return write_yaml(eval, input, &style, "to_yaml");
}

static const struct value *filter_to_nice_yaml(struct eval *eval, const struct value *input, struct call_args *args)
{
    struct yaml_style style = { .block = true };

    return yaml_options(eval, args, &style, 4) ? write_yaml(eval, input, &style, "to_nice_yaml") : NULL;
}

static const struct value *read_yaml(struct eval *eval, const struct value *input, bool all)
{
    struct yaml_source source = { .data = input->as.string.data, .length = input->as.string.length };
    const struct value *made = NULL;

    if (input->kind != VALUE_STRING)
        return input;
    if (all ? yaml_read_all(eval->arena, &source, &made, eval->err) : yaml_read(eval->arena, &source, &made, eval->err))
        return made;
    eval->located = false;
    eval->err->line = eval->err->column = 0;
    eval->err->kind = ERROR_GENERIC;
    return NULL;
}

static const struct value *filter_from_yaml(struct eval *eval, const struct value *input, struct call_args *args)
{
    (void)args;
    return read_yaml(eval, input, false);
}

static const struct value *filter_from_yaml_all(struct eval *eval, const struct value *input, struct call_args *args)
{
    (void)args;
    return read_yaml(eval, input, true);
}

/* --- base64 --- */

static const struct value *filter_b64encode(struct eval *eval, const struct value *input, struct call_args *args)
{
    (void)args;
    input = eval_str(eval, input);
    if (input == NULL)
        return NULL;
    return eval_text(eval, base64_encode(eval->arena, input->as.string.data, input->as.string.length));
}

static const struct value *filter_b64decode(struct eval *eval, const struct value *input, struct call_args *args)
{
    char *data = NULL;
    size_t length = 0;

    (void)args;
    input = eval_str(eval, input);
    if (input == NULL ||
        !base64_decode(eval->arena, input->as.string.data, input->as.string.length, &data, &length, eval->err))
        return NULL;
    return eval_string(eval, data, length);
}

const struct filter filters_data[] = {
    { "to_json", filter_to_json, "indent sort_keys ensure_ascii separators **", FILTER_TEXT },
    { "to_nice_json", filter_to_nice_json, "indent sort_keys ensure_ascii **", FILTER_TEXT },
    { "tojson", filter_tojson, "indent", 0 },
    { "from_json", filter_from_json, "**", 0 },
    { "to_yaml", filter_to_yaml, "indent width sort_keys explicit_start default_flow_style **", FILTER_TEXT },
    { "to_nice_yaml", filter_to_nice_yaml, "indent width sort_keys explicit_start **", FILTER_TEXT },
    { "from_yaml", filter_from_yaml, "", 0 },
    { "from_yaml_all", filter_from_yaml_all, "", 0 },
    { "b64encode", filter_b64encode, "encoding", 0 },
    { "b64decode", filter_b64decode, "encoding", 0 },
    { .name = NULL },
};
