/* SPDX-License-Identifier: Apache-2.0 */
/* Text in shape: indent, wordwrap, truncate, pprint, attr. */
#include <string.h>

#include "engine/template/eval_expression.h"
#include "common/base/text.h"
#include "engine/template/filter.h"
#include "engine/template/filter_comment.h"
#include "engine/template/method.h"
#include "engine/template/object.h"
#include "engine/template/python_pprint.h"
#include "engine/template/strings.h"
#include "engine/template/text_wrap.h"

/* These filters take nothing but text; `problem` names the other type. */
static bool is_text(struct eval *eval, const struct value *input, const char *problem)
{
    const char *type = eval_type(input), *mark = strstr(problem, "%s");

    if (input->kind == VALUE_STRING)
        return true;
    if (input->kind == VALUE_UNDEFINED)
        return eval_fail_undefined(eval, input) != NULL;
    return eval_fail_type(eval, "%.*s%s%s", (int)(mark - problem), problem, type, mark + 2) != NULL;
}

/* The number of spaces or the text to put before each line. */
static const char *indent_text(struct eval *eval, const struct value *width)
{
    int64_t spaces = 4;

    if (width != NULL && width->kind == VALUE_STRING)
        return width->as.string.data;
    if (width != NULL && width->kind == VALUE_NULL) {
        eval_fail_type(eval, "can't multiply sequence by non-int of type 'NoneType'");
        return NULL;
    }
    if (!args_int(eval, width, 4, &spaces))
        return NULL;
    if (spaces > LIMIT_TEMPLATE_OUTPUT) {
        eval_fail(eval, "a width of more than %d is not possible", LIMIT_TEMPLATE_OUTPUT);
        return NULL;
    }
    return arena_printf(eval->arena, "%*s", spaces < 0 ? 0 : (int)spaces, "");
}

static const struct value *filter_indent(struct eval *eval, const struct value *input, struct call_args *args)
{
    const char *before = indent_text(eval, args->bound[0]);
    bool first = args_true(args->bound[1], false), blank = args_true(args->bound[2], false);
    struct text out = text_new(eval->arena);
    const struct value *lines;

    if (before == NULL || !is_text(eval, input, "unsupported operand type(s) for +=: '%s' and 'str'"))
        return NULL;
    lines = strings_splitlines(eval, arena_printf(eval->arena, "%s\n", input->as.string.data),
                               input->as.string.length + 1, false);
    for (size_t i = 0; i < lines->as.list.count; i++) {
        const struct value *line = lines->as.list.items[i];

        if (i > 0)
            text_add_char(&out, '\n');
        if ((i > 0 || first) && (i == 0 || blank || line->as.string.length > 0))
            text_add(&out, before);
        text_add_n(&out, line->as.string.data, line->as.string.length);
    }
    return value_string_borrow(eval->arena, out.data, out.length);
}

/* Attributes only: methods, and what objects of templates have; never items. */
static const struct value *filter_attr(struct eval *eval, const struct value *input, struct call_args *args)
{
    const struct value *name = args->bound[0];
    struct method_set methods;
    const struct method *method;

    if (name->kind != VALUE_STRING)
        return name->kind == VALUE_UNDEFINED
                   ? eval_fail_undefined(eval, name)
                   : eval_fail_type(eval, "attribute name must be string, not '%s'", eval_type(name));
    if (object_kind(input) != NULL || (input->kind != VALUE_MAP && input->kind != VALUE_OBJECT) ||
        strcmp(name->as.string.data, "__class__") == 0)
        return eval_attribute(eval, input, name->as.string.data);
    methods = method_find(name->as.string.data);
    method = method_for(&methods, input);
    return method != NULL
               ? object_bound_method(eval, method, input)
               : eval_undefined(eval, "'%s object' has no attribute '%s'", eval_type(input), name->as.string.data);
}

static const struct value *filter_wordwrap(struct eval *eval, const struct value *input, struct call_args *args)
{
    struct wrap_options options = { .break_long_words = args_true(args->bound[1], true),
                                    .break_on_hyphens = args_true(args->bound[3], true) };
    const char *newline = args_text(eval, args->bound[2], eval->tree->syntax.newline, "wrapstring");
    struct value *lines = value_list(eval->arena);
    const struct value *paragraphs;

    if (newline == NULL || !is_text(eval, input, "'%s' object has no attribute 'splitlines'") ||
        !args_int(eval, args->bound[0], 79, &options.width))
        return NULL;
    paragraphs = strings_splitlines(eval, input->as.string.data, input->as.string.length, false);
    for (size_t i = 0; i < paragraphs->as.list.count; i++) {
        const struct value *paragraph = paragraphs->as.list.items[i];
        size_t before = lines->as.list.count;

        if (!text_wrap(eval, lines, paragraph->as.string.data, paragraph->as.string.length, &options))
            return NULL;
        if (lines->as.list.count == before)
            value_list_add(eval->arena, lines, eval_text(eval, ""));
    }
    return strings_join(eval, lines, newline, false);
}

/* The part in front of the last blank among the first `length` characters. */
static size_t before_last_word(const char *data, size_t length)
{
    int64_t blank = strings_rfind(data, length, " ", 1);

    return blank < 0 ? length : (size_t)blank;
}

static const struct value *filter_truncate(struct eval *eval, const struct value *input, struct call_args *args)
{
    const struct value *end = args->bound[2] == NULL ? eval_text(eval, "...") : eval_str(eval, args->bound[2]);
    int64_t length = 255, leeway = 5, end_length;
    struct text out = text_new(eval->arena);
    size_t keep;

    if (end == NULL || !args_int(eval, args->bound[0], 255, &length) || !args_int(eval, args->bound[3], 5, &leeway))
        return NULL;
    end_length = (int64_t)text_utf8_count(end->as.string.data, end->as.string.length);
    if (length < end_length)
        return eval_fail(eval, "expected length >= %lld, got %lld", (long long)end_length, (long long)length);
    if (leeway < 0)
        return eval_fail(eval, "expected leeway >= 0, got %lld", (long long)leeway);
    if ((input->kind == VALUE_LIST || input->kind == VALUE_MAP) && (int64_t)value_count(input) - leeway <= length)
        return input; /* whatever has a length, and a short one */
    if ((input->kind == VALUE_LIST || input->kind == VALUE_MAP) && !args_true(args->bound[1], false))
        return eval_fail(eval, "'%s' object has no attribute 'rsplit'", eval_type(input));
    if (!is_text(eval, input, "object of type '%s' has no len()"))
        return NULL;
    if ((int64_t)text_utf8_count(input->as.string.data, input->as.string.length) - leeway <= length)
        return input;
    keep = text_utf8_offset(input->as.string.data, input->as.string.length, (size_t)(length - end_length));
    if (!args_true(args->bound[1], false))
        keep = before_last_word(input->as.string.data, keep);
    text_add_n(&out, input->as.string.data, keep);
    text_add_n(&out, end->as.string.data, end->as.string.length);
    return value_string_borrow(eval->arena, out.data, out.length);
}

static const struct value *filter_pprint(struct eval *eval, const struct value *input, struct call_args *args)
{
    struct text out = text_new(eval->arena);

    (void)args;
    if (!eval_printable(eval, input))
        return NULL;
    python_pprint(eval, &out, input);
    return value_string_borrow(eval->arena, out.data, out.length);
}

const struct filter filters_layout[] = {
    { "indent", filter_indent, "width first blank", 0 },
    { "wordwrap", filter_wordwrap, "width break_long_words wrapstring break_on_hyphens", 0 },
    { "truncate", filter_truncate, "length killwords end leeway", 0 },
    { "comment", filter_comment, "style **", 0 },
    { "pprint", filter_pprint, "", 0 },
    { "attr", filter_attr, "name!", FILTER_KEEPS },
    { .name = NULL },
};
