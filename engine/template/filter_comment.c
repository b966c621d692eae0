/* SPDX-License-Identifier: Apache-2.0 */
/* Text as a comment of a language: each line decorated, lines around it. */
#include "engine/template/filter_comment.h"

#include <string.h>

#include "common/base/text.h"
#include "engine/template/strings.h"

#define COUNT_MAX 10000

struct comment_style {
    const char *name, *beginning, *decoration, *end;
};

static const struct comment_style styles[] = {
    { "plain", "", "# ", "" },        { "erlang", "", "% ", "" },      { "c", "", "// ", "" },
    { "cblock", "/*", " * ", " */" }, { "xml", "<!--", " - ", "-->" },
};

struct comment {
    const char *newline, *beginning, *prefix, *decoration, *postfix, *end;
    int64_t prefix_count, postfix_count;
};

static const struct comment_style *style_find(const char *name)
{
    for (size_t i = 0; i < sizeof(styles) / sizeof(styles[0]); i++)
        if (strcmp(styles[i].name, name) == 0)
            return &styles[i];
    return NULL;
}

static const char *without_end_blanks(struct eval *eval, const char *text)
{
    return strings_strip(eval, eval_text(eval, text), NULL, false, true)->as.string.data;
}

static bool text_arg(struct eval *eval, const struct call_args *args, const char *name, const char **out)
{
    const struct value *value = args_named(args, name);

    value = value == NULL ? NULL : eval_str(eval, value);
    if (value != NULL)
        *out = value->as.string.data;
    return value != NULL || args_named(args, name) == NULL;
}

static bool count_arg(struct eval *eval, const struct call_args *args, const char *name, int64_t *out)
{
    const struct value *value = args_named(args, name);

    if (value != NULL && value->kind == VALUE_STRING && text_to_int(value->as.string.data, out))
        value = NULL;
    if (!args_int(eval, value, *out, out))
        return false;
    return *out <= COUNT_MAX || eval_fail(eval, "%s may be at most %d", name, COUNT_MAX) != NULL;
}

static bool read_comment(struct eval *eval, const struct call_args *args, const struct comment_style *style,
                         struct comment *out)
{
    const char *around;

    *out = (struct comment){ .newline = "\n",
                             .beginning = style->beginning,
                             .decoration = style->decoration,
                             .end = style->end,
                             .prefix_count = 1,
                             .postfix_count = 1 };
    if (!text_arg(eval, args, "decoration", &out->decoration))
        return false;
    around = without_end_blanks(eval, out->decoration);
    out->prefix = out->postfix = around;
    return text_arg(eval, args, "newline", &out->newline) && text_arg(eval, args, "beginning", &out->beginning) &&
           text_arg(eval, args, "prefix", &out->prefix) && text_arg(eval, args, "postfix", &out->postfix) &&
           text_arg(eval, args, "end", &out->end) && count_arg(eval, args, "prefix_count", &out->prefix_count) &&
           count_arg(eval, args, "postfix_count", &out->postfix_count);
}

static const struct value *joined(struct eval *eval, const char *first, const char *second)
{
    return eval_text(eval, arena_printf(eval->arena, "%s%s", first, second));
}

/* The text with the decoration in front of every line; alone on a line it loses its blanks at the end. */
static const struct value *decorated(struct eval *eval, const struct value *text, const struct comment *comment)
{
    const char *bare = without_end_blanks(eval, comment->decoration);
    struct text whole = text_new(eval->arena);

    text = strings_replace(eval, text, eval_text(eval, comment->newline),
                           joined(eval, comment->newline, comment->decoration), -1);
    text_add(&whole, comment->decoration);
    text_add_n(&whole, text->as.string.data, text->as.string.length);
    return strings_replace(eval, value_string_borrow(eval->arena, whole.data, whole.length),
                           joined(eval, comment->decoration, comment->newline), joined(eval, bare, comment->newline),
                           -1);
}

const struct value *filter_comment(struct eval *eval, const struct value *input, struct call_args *args)
{
    const char *name = args_text(eval, args->bound[0], "plain", "style");
    const struct comment_style *style = name == NULL ? NULL : style_find(name);
    struct comment comment;
    struct text out = text_new(eval->arena);

    if (name == NULL)
        return NULL;
    if (style == NULL)
        return eval_fail(eval, "'%s'", name);
    if (input->kind == VALUE_UNDEFINED)
        return eval_fail_undefined(eval, input);
    if (input->kind != VALUE_STRING)
        return eval_fail(eval, "'%s' object has no attribute 'replace'", eval_type(input));
    if (!read_comment(eval, args, style, &comment))
        return NULL;
    if (*comment.beginning != '\0')
        text_printf(&out, "%s%s", comment.beginning, comment.newline);
    for (int64_t i = 0; *comment.prefix != '\0' && i < comment.prefix_count; i++)
        text_printf(&out, "%s%s", comment.prefix, strcmp(comment.prefix, comment.newline) == 0 ? "" : comment.newline);
    input = decorated(eval, input, &comment);
    text_add_n(&out, input->as.string.data, input->as.string.length);
    for (int64_t i = 0; i < comment.postfix_count; i++)
        text_printf(&out, "%s%s", comment.newline, comment.postfix);
    if (*comment.end != '\0')
        text_printf(&out, "%s%s", comment.newline, comment.end);
    return value_string_borrow(eval->arena, out.data, out.length);
}
