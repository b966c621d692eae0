/* SPDX-License-Identifier: Apache-2.0 */
/* Filters between values and text formats: JSON, YAML. */
#include <string.h>

#include "common/json/json.h"
#include "common/yaml/yaml_reader.h"
#include "common/yaml/yaml_writer.h"
#include "engine/template/convert.h"
#include "engine/template/eval_expression.h"
#include "engine/template/filter.h"
#include "engine/template/object_date.h"

#define DATA_DEPTH_MAX 200
#define LOOKED_THROUGH_MAX 1000000 /* members, for dates and other objects */

static bool is_any_object(const struct value *value, const void *context)
{
    (void)context;
    return value->kind == VALUE_OBJECT;
}

static bool holds_object(const struct value *value)
{
    return value_holds(value, is_any_object, NULL, LOOKED_THROUGH_MAX);
}

struct copying {
    struct eval *eval;
    const struct value *(*copy)(struct copying *copying, const struct value *value, int depth);
    bool in_host; /* beneath the variables of a host */
};

/* A list or map of copies. `keys`: the items of a list, else the keys; NULL: error set. */
static const struct value *copy_members(struct copying *copying, const struct value *value, const struct value *keys,
                                        int depth)
{
    struct eval *eval = copying->eval;
    struct value *copy = value->kind == VALUE_LIST ? value_list(eval->arena) : value_map(eval->arena);

    copy->marks = value->marks;
    for (size_t i = 0; keys != NULL && i < keys->as.list.count; i++) {
        const struct value *key = keys->as.list.items[i], *item;

        if (!eval_step(eval))
            return NULL;
        item = value->kind == VALUE_LIST ? key : eval_item(eval, value, key);
        item = item == NULL ? NULL : copying->copy(copying, item, depth + 1);
        if (item == NULL)
            return NULL;
        if (value->kind == VALUE_LIST)
            value_list_add(eval->arena, copy, item);
        else
            value_map_put_value(eval->arena, copy, key, item);
    }
    return keys == NULL ? NULL : copy;
}

static const struct value *plain_copy(struct copying *copying, const struct value *value, int depth)
{
    struct eval *eval = copying->eval;

    if (value->kind == VALUE_UNDEFINED)
        return eval_fail_undefined(eval, value);
    if (date_is(value))
        return date_iso(eval, value);
    if (value->kind == VALUE_OBJECT && value->as.object.ops->keys == NULL)
        return eval_str(eval, value);
    if ((value->kind != VALUE_LIST && value->kind != VALUE_MAP && value->kind != VALUE_OBJECT) ||
        depth > DATA_DEPTH_MAX)
        return value;
    return copy_members(copying, value, eval_items(eval, value), depth);
}

/* What JSON and YAML can hold: dates are text in ISO form, objects become maps, undefined fails. */
static const struct value *plain_data(struct eval *eval, const struct value *value)
{
    bool is_plain = value->kind != VALUE_UNDEFINED && !eval->has_undefined && !eval->unsafe;
    struct copying copying = { .eval = eval, .copy = plain_copy };

    return is_plain && !holds_object(value) ? value : plain_copy(&copying, value, 0);
}

static const struct value *opened_copy(struct copying *copying, const struct value *value, int depth)
{
    bool is_object = value->kind == VALUE_OBJECT, was_in_host = copying->in_host;
    const struct value *made;

    if ((value->kind != VALUE_LIST && value->kind != VALUE_MAP && !is_object) || depth > DATA_DEPTH_MAX)
        return value;
    if (is_object && (was_in_host || value->as.object.ops->keys == NULL))
        return value; /* what a host's variables hold may be the host itself */
    copying->in_host = was_in_host || (is_object && strcmp(value->as.object.ops->type_name, "HostVarsVars") == 0);
    made = copy_members(copying, value, eval_shown_items(copying->eval, value), depth);
    copying->in_host = was_in_host;
    return made;
}

bool template_plain(struct template_call *call, const struct value *value, const struct value **out, struct error *err)
{
    struct eval eval = eval_new(call, err);
    struct copying copying = { .eval = &eval, .copy = opened_copy };
    const struct value *made = value;

    if (holds_object(value)) {
        made = opened_copy(&copying, value, 0);
        made = made == NULL ? NULL : convert_to_leave(&eval, made);
    }
    if (made != NULL)
        *out = made;
    return made != NULL;
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

    input = plain_data(eval, input);
    if (input == NULL)
        return NULL;
    json_write(&out, input, style);
    return value_string_borrow(eval->arena, out.data, out.length);
}

/* The first named argument that is not known, or NULL. */
static const char *unknown_named(const struct call_args *args, const char *const *known)
{
    for (uint32_t i = 0; i < args->named_count; i++) {
        size_t k = 0;

        while (known[k] != NULL && strcmp(known[k], args->names[i]) != 0)
            k++;
        if (known[k] == NULL)
            return args->names[i];
    }
    return NULL;
}

static bool json_known(struct eval *eval, const struct call_args *args)
{
    static const char *const known[] = {
        "indent",         "sort_keys", "ensure_ascii",  "separators",        "skipkeys", "allow_nan",
        "check_circular", "default",   "vault_to_text", "preprocess_unsafe", NULL
    };

    const char *other = unknown_named(args, known);

    return other == NULL ||
           eval_fail_type(eval, "JSONEncoder.__init__() got an unexpected keyword argument '%s'", other) != NULL;
}

static bool json_separators(struct eval *eval, const struct value *separators, struct json_style *style)
{
    if (separators == NULL || separators->kind == VALUE_NULL)
        return true;
    if (!value_is(separators, VALUE_LIST) || value_count(separators) != 2 ||
        value_text(value_item(separators, 0)) == NULL || value_text(value_item(separators, 1)) == NULL)
        return eval_fail_type(eval, "separators must be a pair of texts, not %s", eval_type(separators)) != NULL;
    style->item_separator = value_text(value_item(separators, 0));
    style->key_separator = value_text(value_item(separators, 1));
    return true;
}

/* A number of blanks, or a text of its own for each level. */
static bool json_levels(struct eval *eval, const struct value *indent, int64_t fallback, struct json_style *style)
{
    if (!value_is(indent, VALUE_STRING))
        return json_indent(eval, indent, fallback, &style->indent);
    style->indent = 1;
    style->indent_text = value_text(indent);
    return true;
}

static bool is_zero(const struct value *indent)
{
    return (value_is(indent, VALUE_INT) && indent->as.integer <= 0) || value_is(indent, VALUE_BOOL);
}

static const struct value *filter_to_json(struct eval *eval, const struct value *input, struct call_args *args)
{
    struct json_style style = JSON_PYTHON;
    const struct value *indent = args_named(args, "indent");

    if (args->count > 0)
        return eval_fail_type(
            eval,
            "dumps() takes 1 positional argument but %u positional arguments (and 1 keyword-only argument) were given",
            args->count + 1);
    if (!json_known(eval, args) || !json_separators(eval, args_named(args, "separators"), &style) ||
        !json_levels(eval, indent, 0, &style))
        return NULL;
    style.sort_keys = args_true(args_named(args, "sort_keys"), false);
    style.ascii = args_true(args_named(args, "ensure_ascii"), true);
    if (is_zero(indent)) {
        style.indent = 1;
        style.indent_text = value_is(indent, VALUE_BOOL) && indent->as.boolean ? " " : "";
    }
    return write_json(eval, input, &style);
}

static const struct value *filter_to_nice_json(struct eval *eval, const struct value *input, struct call_args *args)
{
    struct json_style style = JSON_PYTHON;

    if (args_named(args, "separators") != NULL)
        return eval_fail_type(eval, "to_json() got multiple values for keyword argument 'separators'");
    if (!json_known(eval, args) || !json_levels(eval, args->bound[0], 4, &style))
        return NULL;
    style.sort_keys = args_true(args->bound[1], true);
    style.ascii = args_true(args_named(args, "ensure_ascii"), true);
    if (is_zero(args->bound[0])) {
        style.indent = 1;
        style.indent_text = value_is(args->bound[0], VALUE_BOOL) && args->bound[0]->as.boolean ? " " : "";
    }
    return write_json(eval, input, &style);
}

/* Jinja2's own: keys sorted, and safe inside of HTML. */
static const struct value *filter_tojson(struct eval *eval, const struct value *input, struct call_args *args)
{
    struct json_style style = JSON_PYTHON;
    const struct value *json;
    struct text out = text_new(eval->arena);
    struct value *made;

    style.sort_keys = true;
    json = eval_printable(eval, input) && json_indent(eval, args->bound[0], 0, &style.indent)
               ? write_json(eval, input, &style)
               : NULL;
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

/* version=[1, 1] */
static bool yaml_version(struct eval *eval, const struct value *version, struct yaml_style *style, const char *filter)
{
    int64_t major = 0, minor = 0;

    if (version == NULL || version->kind == VALUE_NULL)
        return true;
    if (value_count(version) != 2 || !args_int(eval, value_item(version, 0), 0, &major) ||
        !args_int(eval, value_item(version, 1), 0, &minor))
        return eval_fail_type(eval, "version must be a pair of numbers") != NULL;
    if (major != 1 || minor < 1 || minor > 2)
        return eval_fail(eval, "%s - incompatible %%YAML directive", filter) != NULL;
    style->version[0] = (int)major;
    style->version[1] = (int)minor;
    return true;
}

static bool yaml_scalar_style(struct eval *eval, const struct value *given, struct yaml_style *style)
{
    const char *text = args_text(eval, given, "", "default_style");

    if (text == NULL)
        return false;
    if (strlen(text) == 1 && strchr("\"'|>", *text) != NULL)
        style->scalar = *text;
    return true;
}

static bool yaml_options(struct eval *eval, const struct call_args *args, struct yaml_style *style,
                         const struct value *indent, const char *filter)
{
    static const char *const known[] = { "indent",       "width",         "sort_keys", "explicit_start",
                                         "explicit_end", "default_style", "canonical", "line_break",
                                         "version",      "encoding",      NULL };
    int64_t wanted = style->indent, width = 0;
    const char *line = value_text(args_named(args, "line_break"));
    const char *other = unknown_named(args, known);

    if (args_named(args, "allow_unicode") != NULL)
        return eval_fail(eval, "%s - yaml.dump() got multiple values for keyword argument 'allow_unicode'", filter) !=
               NULL;
    if (other != NULL)
        return eval_fail(eval, "%s - dump_all() got an unexpected keyword argument '%s'", filter, other) != NULL;
    if (!args_int(eval, indent, wanted, &wanted) || !args_int(eval, args_named(args, "width"), 0, &width) ||
        !yaml_version(eval, args_named(args, "version"), style, filter) ||
        !yaml_scalar_style(eval, args_named(args, "default_style"), style))
        return false;
    style->indent = (int)(wanted > 1000 ? 1000 : wanted);
    style->width = (int)(width > 1000000000 ? 1000000000 : width);
    style->keep_order = !args_true(args_named(args, "sort_keys"), true);
    style->explicit_start = args_true(args_named(args, "explicit_start"), false);
    style->explicit_end = args_true(args_named(args, "explicit_end"), false);
    style->canonical = args_true(args_named(args, "canonical"), false);
    style->line_break = line == NULL ? 0 : strcmp(line, "\r") == 0 ? '\r' : strcmp(line, "\r\n") == 0 ? -1 : 0;
    return true;
}

static const struct value *write_yaml(struct eval *eval, const struct value *input, const struct yaml_style *style,
                                      const char *name)
{
    struct text out = text_new(eval->arena);

    input = plain_data(eval, input);
    if (input == NULL)
        return NULL;
    if (!yaml_write(&out, input, style, eval->err)) {
        error_prefix(eval->err, "%s", name);
        return NULL;
    }
    return value_string_borrow(eval->arena, out.data, out.length);
}

/* What positional arguments there are Ansible does not look at. */
static const struct value *filter_to_yaml(struct eval *eval, const struct value *input, struct call_args *args)
{
    struct yaml_style style = { .indent = 0 };
    const struct value *flow = args_named(args, "default_flow_style");
    struct call_args rest = *args;

    rest.names = arena_new_array(eval->arena, const char *, args->named_count + 1);
    rest.named = arena_new_array(eval->arena, const struct value *, args->named_count + 1);
    rest.named_count = 0;
    for (uint32_t i = 0; i < args->named_count; i++) {
        if (strcmp(args->names[i], "default_flow_style") == 0)
            continue;
        rest.names[rest.named_count] = args->names[i];
        rest.named[rest.named_count++] = args->named[i];
    }
    if (!yaml_options(eval, &rest, &style, args_named(args, "indent"), "to_yaml"))
        return NULL;
    style.flow = flow != NULL && value_truthy(flow);
    style.block = flow != NULL && flow->kind != VALUE_NULL && !style.flow;
    return write_yaml(eval, input, &style, "to_yaml");
}

static const struct value *filter_to_nice_yaml(struct eval *eval, const struct value *input, struct call_args *args)
{
    struct yaml_style style = { .block = true, .indent = 4 };

    if (args_named(args, "default_flow_style") != NULL)
        return eval_fail(eval,
                         "to_nice_yaml - yaml.dump() got multiple values for keyword argument 'default_flow_style'");
    return yaml_options(eval, args, &style, args->bound[0], "to_nice_yaml")
               ? write_yaml(eval, input, &style, "to_nice_yaml")
               : NULL;
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

const struct filter filters_data[] = {
    { "to_json", filter_to_json, NULL, FILTER_TEXT },
    { "to_nice_json", filter_to_nice_json, "indent sort_keys * **", FILTER_TEXT },
    { "tojson", filter_tojson, "indent", 0 },
    { "from_json", filter_from_json, "**", 0 },
    { "to_yaml", filter_to_yaml, NULL, FILTER_TEXT },
    { "to_nice_yaml", filter_to_nice_yaml, "indent * **", FILTER_TEXT },
    { "from_yaml", filter_from_yaml, "", 0 },
    { "from_yaml_all", filter_from_yaml_all, "", 0 },
    { .name = NULL },
};
