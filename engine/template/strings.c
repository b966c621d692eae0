/* SPDX-License-Identifier: Apache-2.0 */
/* Splitting, stripping, replacing, joining, padding. */
#include "engine/template/strings.h"

#include <string.h>

#include "engine/template/text_case.h"

static void add_part(struct eval *eval, struct value *list, const struct value *text, const char *data, size_t length)
{
    value_list_add(eval->arena, list, eval_taint(eval, eval_string(eval, data, length), text));
}

static bool space_at(const char *data, size_t length, size_t at, size_t *next_out)
{
    *next_out = at;
    return text_is_space(text_utf8_next(data, length, next_out));
}

/* Skips to the next character that is (not) white space. */
static size_t skip(const char *data, size_t length, size_t at, bool spaces)
{
    size_t next = 0;

    while (at < length && space_at(data, length, at, &next) == spaces)
        at = next;
    return at;
}

static const struct value *split_spaces(struct eval *eval, const struct value *text, int64_t limit)
{
    struct value *list = eval_list(eval);
    const char *data = text->as.string.data;
    size_t length = text->as.string.length, at = skip(data, length, 0, true);

    while (at < length) {
        size_t end = limit >= 0 && (int64_t)list->as.list.count >= limit ? length : skip(data, length, at, false);
        size_t stop = end;

        while (end == length && stop > at && text_is_space((unsigned char)data[stop - 1]) && limit >= 0)
            stop--;
        add_part(eval, list, text, data + at, stop - at);
        at = skip(data, length, end, true);
    }
    return list;
}

const struct value *strings_split(struct eval *eval, const struct value *text, const char *separator, int64_t limit)
{
    struct value *list;
    const char *at = text->as.string.data, *end = at + text->as.string.length, *found;
    size_t step;

    if (separator == NULL)
        return split_spaces(eval, text, limit);
    step = strlen(separator);
    if (step == 0)
        return eval_fail(eval, "empty separator");
    list = eval_list(eval);
    while ((limit < 0 || (int64_t)list->as.list.count < limit) &&
           (found = memmem(at, (size_t)(end - at), separator, step)) != NULL) {
        add_part(eval, list, text, at, (size_t)(found - at));
        at = found + step;
    }
    add_part(eval, list, text, at, (size_t)(end - at));
    return list;
}

/* From the right; parts are collected backwards. */
const struct value *strings_rsplit(struct eval *eval, const struct value *text, const char *separator, int64_t limit)
{
    struct value *list;
    const char *data = text->as.string.data;
    size_t length = text->as.string.length, step;

    if (separator == NULL || limit < 0)
        return strings_split(eval, text, separator, -1);
    step = strlen(separator);
    if (step == 0)
        return eval_fail(eval, "empty separator");
    list = eval_list(eval);
    while (limit-- > 0) {
        int64_t found = strings_rfind(data, length, separator, step);

        if (found < 0)
            break;
        value_list_insert(
            eval->arena, list, 0,
            eval_taint(eval, eval_string(eval, data + found + step, length - (size_t)found - step), text));
        length = (size_t)found;
    }
    value_list_insert(eval->arena, list, 0, eval_taint(eval, eval_string(eval, data, length), text));
    return list;
}

const struct value *strings_splitlines(struct eval *eval, const char *data, size_t length, bool keep_ends)
{
    struct value *list = eval_list(eval);
    size_t from = 0;

    for (size_t at = 0; at < length; at++) {
        size_t end = at;

        if (data[at] != '\n' && data[at] != '\r' && data[at] != '\v' && data[at] != '\f')
            continue;
        if (data[at] == '\r' && at + 1 < length && data[at + 1] == '\n')
            at++;
        value_list_add(eval->arena, list, eval_string(eval, data + from, (keep_ends ? at + 1 : end) - from));
        from = at + 1;
    }
    if (from < length)
        value_list_add(eval->arena, list, eval_string(eval, data + from, length - from));
    return list;
}

static bool in_set(const char *data, size_t length, size_t at, const char *chars, size_t *next_out)
{
    if (chars == NULL)
        return space_at(data, length, at, next_out);
    *next_out = at;
    text_utf8_next(data, length, next_out);
    return strings_find(chars, strlen(chars), data + at, *next_out - at) >= 0;
}

static size_t previous(const char *data, size_t at)
{
    at--;
    while (at > 0 && ((unsigned char)data[at] & 0xC0) == 0x80)
        at--;
    return at;
}

const struct value *strings_strip(struct eval *eval, const struct value *text, const char *chars, bool left, bool right)
{
    const char *data = text->as.string.data;
    size_t from = 0, to = text->as.string.length, next = 0;

    while (left && from < to && in_set(data, to, from, chars, &next))
        from = next;
    while (right && to > from && in_set(data, to, previous(data, to), chars, &next))
        to = previous(data, to);
    if (from == 0 && to == text->as.string.length)
        return text;
    return eval_taint(eval, eval_string(eval, data + from, to - from), text);
}

/* Replacing the empty string puts the new text around every character. */
static const struct value *replace_empty(struct eval *eval, const struct value *text, const struct value *new_text,
                                         int64_t count)
{
    struct text out = text_new(eval->arena);
    const char *data = text->as.string.data;
    size_t length = text->as.string.length, at = 0;

    for (; count != 0; count--) {
        size_t from = at;

        text_add_n(&out, new_text->as.string.data, new_text->as.string.length);
        if (at >= length)
            break;
        text_utf8_next(data, length, &at);
        text_add_n(&out, data + from, at - from);
    }
    text_add_n(&out, data + at, length - at);
    return value_string_borrow(eval->arena, out.data, out.length);
}

const struct value *strings_replace(struct eval *eval, const struct value *text, const struct value *old,
                                    const struct value *new_text, int64_t count)
{
    struct text out;
    const char *at = text->as.string.data, *end = at + text->as.string.length, *found;
    size_t step = old->as.string.length;

    if (step == 0)
        return eval_taint(eval, replace_empty(eval, text, new_text, count), text);
    out = text_new(eval->arena);
    for (; count != 0 && (found = memmem(at, (size_t)(end - at), old->as.string.data, step)) != NULL; count--) {
        text_add_n(&out, at, (size_t)(found - at));
        text_add_n(&out, new_text->as.string.data, new_text->as.string.length);
        at = found + step;
    }
    text_add_n(&out, at, (size_t)(end - at));
    return eval_taint(eval, value_string_borrow(eval->arena, out.data, out.length), text);
}

const struct value *strings_join(struct eval *eval, const struct value *items, const char *separator, bool convert)
{
    struct text out = text_new(eval->arena);
    bool secret = false;
    struct value *made;

    for (size_t i = 0; i < items->as.list.count; i++) {
        const struct value *item = items->as.list.items[i];

        if (!convert && item->kind != VALUE_STRING)
            return item->kind == VALUE_UNDEFINED
                       ? eval_fail_undefined(eval, item)
                       : eval_fail_type(eval, "sequence item %zu: expected str instance, %s found", i, eval_type(item));
        item = eval_str(eval, item);
        if (item == NULL)
            return NULL;
        secret |= eval_is_secret(item);
        if (i > 0)
            text_add(&out, separator);
        text_add_n(&out, item->as.string.data, item->as.string.length);
        if (out.length > LIMIT_TEMPLATE_OUTPUT)
            return eval_fail(eval, "the text makes more than %d bytes", LIMIT_TEMPLATE_OUTPUT);
    }
    made = value_string_borrow(eval->arena, out.data, out.length);
    made->marks |= secret ? VALUE_SECRET : 0;
    return made;
}

const struct value *strings_pad(struct eval *eval, const struct value *text, size_t left, size_t right,
                                const char *fill)
{
    struct text out = text_new(eval->arena);

    if (left > LIMIT_TEMPLATE_OUTPUT || right > LIMIT_TEMPLATE_OUTPUT)
        return eval_fail(eval, "a width of more than %d is not possible", LIMIT_TEMPLATE_OUTPUT);
    while (left-- > 0)
        text_add(&out, fill);
    text_add_n(&out, text->as.string.data, text->as.string.length);
    while (right-- > 0)
        text_add(&out, fill);
    return eval_taint(eval, value_string_borrow(eval->arena, out.data, out.length), text);
}

/* NULL: the text is not ASCII alone. */
static const struct value *ascii_case(struct eval *eval, const struct value *text, bool upper)
{
    size_t length = text->as.string.length;
    char *copy = arena_copy_n(eval->arena, text->as.string.data, length);

    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)copy[i];

        if (c >= 0x80)
            return NULL;
        if (upper ? c >= 'a' && c <= 'z' : c >= 'A' && c <= 'Z')
            copy[i] = (char)(c ^ 0x20);
    }
    return eval_taint(eval, value_string_borrow(eval->arena, copy, length), text);
}

const struct value *strings_case(struct eval *eval, const struct value *text, int how)
{
    struct text out;
    const struct value *ascii =
        how == CASE_UPPER || how == CASE_LOWER ? ascii_case(eval, text, how == CASE_UPPER) : NULL;

    if (ascii != NULL)
        return ascii;
    out = text_new(eval->arena);
    text_case_convert(&out, text->as.string.data, text->as.string.length, (enum text_case)how);
    return eval_taint(eval, value_string_borrow(eval->arena, out.data, out.length), text);
}

int64_t strings_find(const char *data, size_t length, const char *part, size_t part_length)
{
    const char *found = part_length == 0 ? data : memmem(data, length, part, part_length);

    return found == NULL ? -1 : found - data;
}

int64_t strings_rfind(const char *data, size_t length, const char *part, size_t part_length)
{
    if (part_length > length)
        return -1;
    for (size_t at = length - part_length + 1; at > 0; at--)
        if (memcmp(data + at - 1, part, part_length) == 0)
            return (int64_t)at - 1;
    return -1;
}
