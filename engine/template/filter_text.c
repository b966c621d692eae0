/* SPDX-License-Identifier: Apache-2.0 */
/* Filters that change text: case, trimming, replacing, splitting, quoting, formatting. */
#include <string.h>

#include "engine/template/filter.h"
#include "engine/template/python_format.h"
#include "engine/template/selector.h"
#include "engine/template/strings.h"
#include "engine/template/text_case.h"

static const struct value *with_case(struct eval *eval, const struct value *input, enum text_case how)
{
    input = eval_str(eval, input);
    return input == NULL ? NULL : strings_case(eval, input, (int)how);
}

static const struct value *filter_upper(struct eval *eval, const struct value *input, struct call_args *args)
{
    (void)args;
    return with_case(eval, input, CASE_UPPER);
}

static const struct value *filter_lower(struct eval *eval, const struct value *input, struct call_args *args)
{
    (void)args;
    return with_case(eval, input, CASE_LOWER);
}

static const struct value *filter_capitalize(struct eval *eval, const struct value *input, struct call_args *args)
{
    (void)args;
    return with_case(eval, input, CASE_CAPITALIZE);
}

/* Words begin behind "-", white space and opening brackets. */
static const struct value *filter_title(struct eval *eval, const struct value *input, struct call_args *args)
{
    struct text out = text_new(eval->arena);
    bool begins = true;

    (void)args;
    input = eval_str(eval, input);
    if (input == NULL)
        return NULL;
    for (size_t at = 0; at < input->as.string.length;) {
        uint32_t code = text_utf8_next(input->as.string.data, input->as.string.length, &at);

        text_add_codepoint(&out, begins ? text_case_upper(code) : text_case_lower(code));
        begins = code == '-' || code == '(' || code == '{' || code == '[' || code == '<' || text_is_space(code);
    }
    return value_string_borrow(eval->arena, out.data, out.length);
}

static const struct value *filter_trim(struct eval *eval, const struct value *input, struct call_args *args)
{
    if (args->bound[0] != NULL && args->bound[0]->kind == VALUE_UNDEFINED)
        return eval_fail_undefined(eval, args->bound[0]);
    if (args->bound[0] != NULL && args->bound[0]->kind != VALUE_NULL && args->bound[0]->kind != VALUE_STRING)
        return eval_fail_type(eval, "strip arg must be None or str");
    input = eval_str(eval, input);
    return input == NULL ? NULL : strings_strip(eval, input, value_text(args->bound[0]), true, true);
}

static const struct value *filter_replace(struct eval *eval, const struct value *input, struct call_args *args)
{
    const struct value *old = eval_str(eval, args->bound[0]);
    const struct value *new_text = old == NULL ? NULL : eval_str(eval, args->bound[1]);
    int64_t count = -1;

    input = new_text == NULL ? NULL : eval_str(eval, input);
    if (input == NULL || !args_int(eval, args->bound[2], -1, &count))
        return NULL;
    return strings_replace(eval, input, old, new_text, count);
}

static const struct value *filter_split(struct eval *eval, const struct value *input, struct call_args *args)
{
    int64_t limit = -1;
    const char *separator = args_text(eval, args->bound[0], NULL, "separator");

    if (separator == NULL && args->bound[0] != NULL && args->bound[0]->kind != VALUE_NULL)
        return NULL;
    if (input->kind != VALUE_STRING)
        return eval_fail_type(eval, "descriptor 'split' for 'str' objects doesn't apply to a '%s' object",
                              eval_type(input));
    return args_int(eval, args->bound[1], -1, &limit) ? strings_split(eval, input, separator, limit) : NULL;
}

static const struct value *filter_join(struct eval *eval, const struct value *input, struct call_args *args)
{
    const struct value *items = eval_items(eval, input);
    const struct value *separator = args->bound[0] == NULL ? NULL : eval_str(eval, args->bound[0]);

    if (items == NULL || (separator == NULL && args->bound[0] != NULL))
        return NULL;
    if (args->bound[1] != NULL && args->bound[1]->kind != VALUE_NULL)
        items = select_attributes(eval, items, args->bound[1]);
    return items == NULL ? NULL : strings_join(eval, items, separator == NULL ? "" : separator->as.string.data, true);
}

static const struct value *filter_center(struct eval *eval, const struct value *input, struct call_args *args)
{
    int64_t width = 80;
    size_t length, space;

    input = eval_str(eval, input);
    if (input == NULL || !args_int(eval, args->bound[0], 80, &width))
        return NULL;
    length = text_utf8_count(input->as.string.data, input->as.string.length);
    if (width <= (int64_t)length)
        return input;
    space = (size_t)width - length;
    return strings_pad(eval, input, space / 2 + (space & (size_t)width & 1),
                       space - space / 2 - (space & (size_t)width & 1), " ");
}

static const struct value *filter_format(struct eval *eval, const struct value *input, struct call_args *args)
{
    struct value *values;

    if (args->count > 0 && args->named_count > 0)
        return eval_fail(eval, "can't handle positional and keyword arguments at the same time");
    input = eval_str(eval, input);
    if (input == NULL)
        return NULL;
    if (args->named_count > 0) {
        values = value_map(eval->arena);
        for (uint32_t i = 0; i < args->named_count; i++)
            value_map_put(eval->arena, values, args->names[i], args->named[i]);
        return python_percent(eval, input, values);
    }
    values = eval_tuple(eval);
    for (uint32_t i = 0; i < args->count; i++)
        value_list_add(eval->arena, values, args->items[i]);
    return python_percent(eval, input, values);
}

static bool is_shell_safe(const char *text)
{
    static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";

    return *text != '\0' && text[strspn(text, safe)] == '\0';
}

static const struct value *filter_quote(struct eval *eval, const struct value *input, struct call_args *args)
{
    struct text out = text_new(eval->arena);

    (void)args;
    if (input->kind == VALUE_NULL)
        return eval_text(eval, "''");
    input = eval_str(eval, input);
    if (input == NULL || is_shell_safe(input->as.string.data))
        return input;
    text_add_char(&out, '\'');
    for (size_t i = 0; i < input->as.string.length; i++) {
        if (input->as.string.data[i] == '\'')
            text_add(&out, "'\"'\"'");
        else
            text_add_char(&out, input->as.string.data[i]);
    }
    text_add_char(&out, '\'');
    return value_string_borrow(eval->arena, out.data, out.length);
}

static const struct value *filter_wordcount(struct eval *eval, const struct value *input, struct call_args *args)
{
    int64_t count = 0;
    bool in_word = false;

    (void)args;
    input = eval_str(eval, input);
    for (size_t at = 0; input != NULL && at < input->as.string.length;) {
        uint32_t code = text_utf8_next(input->as.string.data, input->as.string.length, &at);
        bool word = text_is_alpha(code) || (code >= '0' && code <= '9') || code == '_';

        count += word && !in_word;
        in_word = word;
    }
    return input == NULL ? NULL : eval_int(eval, count);
}

const struct filter filters_text[] = {
    { "upper", filter_upper, "", 0 },
    { "lower", filter_lower, "", 0 },
    { "capitalize", filter_capitalize, "", 0 },
    { "title", filter_title, "", 0 },
    { "trim", filter_trim, "chars", 0 },
    { "replace", filter_replace, "old! new! count", 0 },
    { "split", filter_split, "sep maxsplit", FILTER_KEEPS },
    { "join", filter_join, "d attribute", FILTER_KEEPS },
    { "center", filter_center, "width", 0 },
    { "format", filter_format, "* **", 0 },
    { "quote", filter_quote, "", 0 },
    { "wordcount", filter_wordcount, "", 0 },
    { .name = NULL },
};
