/* SPDX-License-Identifier: Apache-2.0 */
/* HTML: escape, forceescape, safe, striptags, xmlattr, urlize. */
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "engine/template/filter.h"
#include "engine/template/markup.h"
#include "engine/template/markup_entity.h"
#include "engine/template/markup_link.h"
#include "engine/template/python_ascii.h"
#include "engine/template/strings.h"

static const struct value *filter_escape(struct eval *eval, const struct value *input, struct call_args *args)
{
    (void)args;
    return markup_of(eval, input);
}

static const struct value *filter_forceescape(struct eval *eval, const struct value *input, struct call_args *args)
{
    (void)args;
    input = eval_str(eval, input);
    return input == NULL ? NULL : markup_of(eval, value_mark(eval->arena, input, 0, VALUE_MARKUP));
}

static const struct value *filter_safe(struct eval *eval, const struct value *input, struct call_args *args)
{
    (void)args;
    input = eval_str(eval, input);
    return input == NULL ? NULL : value_mark(eval->arena, input, VALUE_MARKUP, 0);
}

/* Drops what lies between `open` and the next `close`; what is not closed stays. */
static struct text without_parts(struct eval *eval, const char *data, size_t length, const char *open,
                                 const char *close)
{
    struct text out = text_new(eval->arena);
    const char *at = data, *end = data + length;

    while (at < end) {
        const char *from = memmem(at, (size_t)(end - at), open, strlen(open)), *to = NULL;

        if (from != NULL)
            to = memmem(from + strlen(open), (size_t)(end - from) - strlen(open), close, strlen(close));
        if (to == NULL)
            break;
        text_add_n(&out, at, (size_t)(from - at));
        at = to + strlen(close);
    }
    text_add_n(&out, at, (size_t)(end - at));
    return out;
}

static const struct value *unescaped(struct eval *eval, const char *data, size_t length)
{
    struct text out = text_new(eval->arena);

    for (size_t at = 0; at < length;) {
        uint32_t code = 0;
        size_t reference = data[at] == '&' ? markup_entity(data + at + 1, &code) : 0;

        if (reference > 0)
            text_add_codepoint(&out, code);
        else
            text_add_char(&out, data[at]);
        at += 1 + reference;
    }
    return value_string_borrow(eval->arena, out.data, out.length);
}

static const struct value *filter_striptags(struct eval *eval, const struct value *input, struct call_args *args)
{
    struct text out;
    const struct value *words;

    (void)args;
    input = eval_str(eval, input);
    if (input == NULL)
        return NULL;
    out = without_parts(eval, input->as.string.data, input->as.string.length, "<!--", "-->");
    out = without_parts(eval, out.data, out.length, "<", ">");
    words = strings_split(eval, value_string_borrow(eval->arena, out.data, out.length), NULL, -1);
    words = words == NULL ? NULL : strings_join(eval, words, " ", false);
    return words == NULL ? NULL : unescaped(eval, words->as.string.data, words->as.string.length);
}

static bool add_attribute(struct eval *eval, struct text *out, const struct value *key, const struct value *item)
{
    struct text repr = text_new(eval->arena);

    if (key->kind != VALUE_STRING)
        return eval_fail_type(eval, "expected string or bytes-like object, got '%s'", eval_type(key)) != NULL;
    if (strpbrk(key->as.string.data, " \t\n\r\f\v/>=") != NULL) {
        object_repr(&repr, key);
        return eval_fail(eval, "Invalid character in attribute name: %s", repr.data) != NULL;
    }
    key = markup_of(eval, key);
    item = key == NULL ? NULL : markup_of(eval, item);
    if (item == NULL)
        return false;
    text_printf(out, "%s%s=\"", out->length == 0 ? "" : " ", key->as.string.data);
    text_add_n(out, item->as.string.data, item->as.string.length);
    text_add_char(out, '"');
    return true;
}

/* Undefined and None items are left out. */
static const struct value *filter_xmlattr(struct eval *eval, const struct value *input, struct call_args *args)
{
    struct text out = text_new(eval->arena), spaced = text_new(eval->arena);

    if (input->kind != VALUE_MAP)
        return input->kind == VALUE_UNDEFINED
                   ? eval_fail_undefined(eval, input)
                   : eval_fail(eval, "'%s' object has no attribute 'items'", eval_type(input));
    for (size_t i = 0; i < input->as.map.count; i++) {
        const struct value *item = input->as.map.pairs[i].item;

        if (item->kind != VALUE_NULL && item->kind != VALUE_UNDEFINED &&
            !add_attribute(eval, &out, input->as.map.pairs[i].key, item))
            return NULL;
    }
    if (out.length > 0 && args_true(args->bound[0], true))
        text_add_char(&spaced, ' ');
    text_add_n(&spaced, out.data, out.length);
    return value_string_borrow(eval->arena, spaced.data, spaced.length);
}

static int compare_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The words of rel in order, each once, with what is always among them. */
static const char *rel_text(struct eval *eval, const char *rel, bool nofollow)
{
    const struct value *words = strings_split(eval, eval_text(eval, rel), NULL, -1);
    const char **sorted = arena_new_array(eval->arena, const char *, value_count(words) + 2);
    struct text out = text_new(eval->arena);
    size_t count = 0;

    for (; count < value_count(words); count++)
        sorted[count] = value_text(value_item(words, count));
    sorted[count++] = "noopener";
    if (nofollow)
        sorted[count++] = "nofollow";
    qsort(sorted, count, sizeof(*sorted), compare_text);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || strcmp(sorted[i], sorted[i - 1]) != 0)
            text_printf(&out, "%s%s", i == 0 ? "" : " ", sorted[i]);
    return out.data;
}

static const struct value *filter_urlize(struct eval *eval, const struct value *input, struct call_args *args)
{
    struct link_options options = { .target = args_text(eval, args->bound[2], "", "target") };
    const char *rel = options.target == NULL ? NULL : args_text(eval, args->bound[3], "", "rel");

    if (rel == NULL || !args_int(eval, args->bound[0], -1, &options.trim))
        return NULL;
    options.rel = rel_text(eval, rel, args_true(args->bound[1], false));
    if (args->bound[4] != NULL && args->bound[4]->kind != VALUE_NULL) {
        options.schemes = eval_items(eval, args->bound[4]);
        if (options.schemes == NULL)
            return NULL;
    }
    return markup_link(eval, input, &options);
}

const struct filter filters_escape[] = {
    { "escape", filter_escape, "", 0 },
    { "e", filter_escape, "", 0 },
    { "forceescape", filter_forceescape, "", 0 },
    { "safe", filter_safe, "", 0 },
    { "striptags", filter_striptags, "", 0 },
    { "xmlattr", filter_xmlattr, "autospace", 0 },
    { "urlize", filter_urlize, "trim_url_limit nofollow target rel extra_schemes", 0 },
    { .name = NULL },
};
