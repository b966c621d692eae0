/* SPDX-License-Identifier: Apache-2.0 */
/* urlencode, urldecode, urlsplit. */
#include <ctype.h>
#include <string.h>

#include "common/base/text.h"
#include "engine/template/filter.h"
#include "engine/template/url_split.h"

#define UNRESERVED "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-~"

static void add_quoted(struct text *out, const struct value *text, bool query)
{
    for (size_t i = 0; i < text->as.string.length; i++) {
        char c = text->as.string.data[i];

        if (c != '\0' && (strchr(UNRESERVED, c) != NULL || (c == '/' && !query)))
            text_add_char(out, c);
        else if (c == ' ' && query)
            text_add_char(out, '+');
        else
            text_printf(out, "%%%02X", (unsigned char)c);
    }
}

static bool add_pair(struct eval *eval, struct text *out, const struct value *key, const struct value *item)
{
    key = eval_str(eval, key);
    item = key == NULL ? NULL : eval_str(eval, item);
    if (item == NULL)
        return false;
    if (out->length > 0)
        text_add_char(out, '&');
    add_quoted(out, key, true);
    text_add_char(out, '=');
    add_quoted(out, item, true);
    return true;
}

/* A list of pairs or a map gives a query. */
static const struct value *encode_pairs(struct eval *eval, const struct value *input)
{
    struct text out = text_new(eval->arena);
    const struct value *items = input->kind == VALUE_LIST ? input : NULL;

    for (size_t i = 0; input->kind == VALUE_MAP && i < input->as.map.count; i++)
        if (!add_pair(eval, &out, input->as.map.pairs[i].key, input->as.map.pairs[i].item))
            return NULL;
    for (size_t i = 0; i < value_count(items); i++) {
        const struct value *pair = eval_items(eval, items->as.list.items[i]);

        if (pair == NULL)
            return NULL;
        if (pair->as.list.count != 2)
            return eval_fail(eval, pair->as.list.count > 2 ? "too many values to unpack (expected 2)"
                                                           : "not enough values to unpack (expected 2)");
        if (!add_pair(eval, &out, pair->as.list.items[0], pair->as.list.items[1]))
            return NULL;
    }
    return value_string_borrow(eval->arena, out.data, out.length);
}

static const struct value *filter_urlencode(struct eval *eval, const struct value *input, struct call_args *args)
{
    struct text out = text_new(eval->arena);

    (void)args;
    if (input->kind == VALUE_LIST || input->kind == VALUE_MAP)
        return encode_pairs(eval, input);
    input = eval_str(eval, input);
    if (input == NULL)
        return NULL;
    add_quoted(&out, input, false);
    return value_string_borrow(eval->arena, out.data, out.length);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)tolower((unsigned char)c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Bytes that are no UTF-8 are shown as U+FFFD. */
static const struct value *decoded(struct eval *eval, const struct text *bytes)
{
    struct text out = text_new(eval->arena);

    if (text_utf8_valid(bytes->data, bytes->length))
        return value_string_borrow(eval->arena, bytes->data, bytes->length);
    for (size_t at = 0; at < bytes->length;) {
        size_t from = at;

        text_utf8_next(bytes->data, bytes->length, &at);
        if (text_utf8_valid(bytes->data + from, at - from))
            text_add_n(&out, bytes->data + from, at - from);
        else
            text_add_codepoint(&out, 0xFFFD);
    }
    return value_string_borrow(eval->arena, out.data, out.length);
}

static const struct value *filter_urldecode(struct eval *eval, const struct value *input, struct call_args *args)
{
    struct text out = text_new(eval->arena);
    const char *data;

    (void)args;
    if (input->kind != VALUE_STRING)
        return eval_fail_type(eval, "argument of type '%s' is not iterable", eval_type(input));
    data = input->as.string.data;
    for (size_t i = 0; i < input->as.string.length; i++) {
        int high = data[i] == '%' ? hex_digit(data[i + 1]) : -1, low = high < 0 ? -1 : hex_digit(data[i + 2]);

        if (low >= 0) {
            text_add_char(&out, (char)(high * 16 + low));
            i += 2;
        } else {
            text_add_char(&out, data[i] == '+' ? ' ' : data[i]);
        }
    }
    return decoded(eval, &out);
}

static const struct value *filter_urlsplit(struct eval *eval, const struct value *input, struct call_args *args)
{
    const char *query = args_text(eval, args->bound[0], "", "query");
    const struct value *parts, *found;

    if (query == NULL)
        return NULL;
    if (input->kind == VALUE_UNDEFINED)
        return eval_fail_undefined(eval, input);
    if (input->kind == VALUE_LIST || input->kind == VALUE_MAP)
        return eval_fail_type(eval, "unhashable type: '%s'", eval_type(input));
    if (input->kind != VALUE_STRING && value_truthy(input))
        return eval_fail(eval, "'%s' object has no attribute 'decode'", eval_type(input));
    parts = url_split(eval, input->kind == VALUE_STRING ? input : eval_text(eval, ""));
    if (parts == NULL || *query == '\0')
        return parts;
    found = value_map_get(parts, query);
    return found == NULL ? eval_fail(eval, "urlsplit: unknown URL component: %s", query) : found;
}

const struct filter filters_url[] = {
    { "urlencode", filter_urlencode, "", 0 },
    { "urldecode", filter_urldecode, "", 0 },
    { "urlsplit", filter_urlsplit, "query alias", 0 },
    { .name = NULL },
};
