/* SPDX-License-Identifier: Apache-2.0 */
/* Methods of str: splitting, stripping, finding, replacing, padding, formatting. */
#include <string.h>

#include "engine/template/method.h"
#include "engine/template/python_format.h"
#include "engine/template/strings.h"

/* A separator that is absent or None means white space. */
static const char *separator_of(const struct value *value)
{
    return value == NULL || value->kind != VALUE_STRING ? NULL : value->as.string.data;
}

static const struct value *string_split(struct eval *eval, const struct value *self, struct call_args *args)
{
    int64_t limit = -1;

    if (!args_int(eval, args->bound[1], -1, &limit))
        return NULL;
    return strings_split(eval, self, separator_of(args->bound[0]), limit);
}

static const struct value *string_rsplit(struct eval *eval, const struct value *self, struct call_args *args)
{
    int64_t limit = -1;

    if (!args_int(eval, args->bound[1], -1, &limit))
        return NULL;
    return strings_rsplit(eval, self, separator_of(args->bound[0]), limit);
}

static const struct value *string_splitlines(struct eval *eval, const struct value *self, struct call_args *args)
{
    return strings_splitlines(eval, self->as.string.data, self->as.string.length, args_true(args->bound[0], false));
}

static const struct value *string_join(struct eval *eval, const struct value *self, struct call_args *args)
{
    const struct value *items = eval_items(eval, args->bound[0]);

    return items == NULL ? NULL : strings_join(eval, items, self->as.string.data, false);
}

static const struct value *string_strip(struct eval *eval, const struct value *self, struct call_args *args)
{
    return strings_strip(eval, self, separator_of(args->bound[0]), true, true);
}

static const struct value *string_lstrip(struct eval *eval, const struct value *self, struct call_args *args)
{
    return strings_strip(eval, self, separator_of(args->bound[0]), true, false);
}

static const struct value *string_rstrip(struct eval *eval, const struct value *self, struct call_args *args)
{
    return strings_strip(eval, self, separator_of(args->bound[0]), false, true);
}

static bool need_text(struct eval *eval, const struct value *value, const char *what)
{
    if (value->kind == VALUE_STRING)
        return true;
    if (value->kind == VALUE_UNDEFINED)
        eval_fail_undefined(eval, value);
    else
        eval_fail_type(eval, "%s must be str, not %s", what, eval_type(value));
    return false;
}

static const struct value *string_replace(struct eval *eval, const struct value *self, struct call_args *args)
{
    int64_t count = -1;

    if (!need_text(eval, args->bound[0], "replace() argument 1") ||
        !need_text(eval, args->bound[1], "replace() argument 2") || !args_int(eval, args->bound[2], -1, &count))
        return NULL;
    return strings_replace(eval, self, args->bound[0], args->bound[1], count);
}

/* --- finding --- */

struct span {
    const char *data;
    size_t length, start; /* bytes; start is also the offset of data in the whole */
    int64_t first;        /* its number in code points */
};

static int64_t clamp(int64_t index, int64_t count)
{
    if (index < 0)
        index += count;
    return index < 0 ? 0 : index > count ? count : index;
}

/* The part [start, end) in code points; false: error set. */
static bool span_of(struct eval *eval, const struct value *self, const struct call_args *args, struct span *out)
{
    const char *data = self->as.string.data;
    size_t length = self->as.string.length;
    int64_t count = (int64_t)text_utf8_count(data, length), start = 0, end = 0;

    if (!args_int(eval, args->bound[1], 0, &start) || !args_int(eval, args->bound[2], count, &end))
        return false;
    start = clamp(start, count);
    end = clamp(end, count);
    out->first = start;
    out->start = text_utf8_offset(data, length, (size_t)start);
    out->data = data + out->start;
    out->length = end <= start ? 0 : text_utf8_offset(data, length, (size_t)end) - out->start;
    return true;
}

static const struct value *find(struct eval *eval, const struct value *self, const struct call_args *args, bool last,
                                bool must)
{
    struct span span;
    int64_t at;

    if (!need_text(eval, args->bound[0], "must be str:") || !span_of(eval, self, args, &span))
        return NULL;
    at = last ? strings_rfind(span.data, span.length, args->bound[0]->as.string.data, args->bound[0]->as.string.length)
              : strings_find(span.data, span.length, args->bound[0]->as.string.data, args->bound[0]->as.string.length);
    if (at < 0)
        return must ? eval_fail(eval, "substring not found") : eval_int(eval, -1);
    return eval_int(eval, span.first + (int64_t)text_utf8_count(span.data, (size_t)at));
}

static const struct value *string_find(struct eval *eval, const struct value *self, struct call_args *args)
{
    return find(eval, self, args, false, false);
}

static const struct value *string_rfind(struct eval *eval, const struct value *self, struct call_args *args)
{
    return find(eval, self, args, true, false);
}

static const struct value *string_index(struct eval *eval, const struct value *self, struct call_args *args)
{
    return find(eval, self, args, false, true);
}

static const struct value *string_rindex(struct eval *eval, const struct value *self, struct call_args *args)
{
    return find(eval, self, args, true, true);
}

static const struct value *string_count(struct eval *eval, const struct value *self, struct call_args *args)
{
    struct span span;
    int64_t count = 0, at;

    if (!need_text(eval, args->bound[0], "must be str:") || !span_of(eval, self, args, &span))
        return NULL;
    if (args->bound[0]->as.string.length == 0)
        return eval_int(eval, (int64_t)text_utf8_count(span.data, span.length) + 1);
    while ((at = strings_find(span.data, span.length, args->bound[0]->as.string.data,
                              args->bound[0]->as.string.length)) >= 0) {
        size_t step = (size_t)at + args->bound[0]->as.string.length;

        count++;
        span.data += step;
        span.length -= step;
    }
    return eval_int(eval, count);
}

static bool has_affix(const struct span *span, const struct value *affix, bool at_end)
{
    size_t length = affix->as.string.length;

    return length <= span->length &&
           memcmp(at_end ? span->data + span->length - length : span->data, affix->as.string.data, length) == 0;
}

static const struct value *affix(struct eval *eval, const struct value *self, const struct call_args *args, bool at_end)
{
    const struct value *wanted = args->bound[0];
    struct span span;

    if (!span_of(eval, self, args, &span))
        return NULL;
    if (wanted->kind != VALUE_LIST || (wanted->marks & VALUE_TUPLE) == 0) {
        if (wanted->kind != VALUE_STRING)
            return eval_fail_type(eval, "%s first arg must be str or a tuple of str, not %s",
                                  at_end ? "endswith" : "startswith", eval_type(wanted));
        return value_bool(has_affix(&span, wanted, at_end));
    }
    for (size_t i = 0; i < wanted->as.list.count; i++)
        if (wanted->as.list.items[i]->kind == VALUE_STRING && has_affix(&span, wanted->as.list.items[i], at_end))
            return value_bool(true);
    return value_bool(false);
}

static const struct value *string_startswith(struct eval *eval, const struct value *self, struct call_args *args)
{
    return affix(eval, self, args, false);
}

static const struct value *string_endswith(struct eval *eval, const struct value *self, struct call_args *args)
{
    return affix(eval, self, args, true);
}

static const struct value *string_removeprefix(struct eval *eval, const struct value *self, struct call_args *args)
{
    struct span all = { self->as.string.data, self->as.string.length, 0, 0 };

    if (!need_text(eval, args->bound[0], "removeprefix() argument"))
        return NULL;
    if (!has_affix(&all, args->bound[0], false))
        return self;
    return eval_string(eval, all.data + args->bound[0]->as.string.length,
                       all.length - args->bound[0]->as.string.length);
}

static const struct value *string_removesuffix(struct eval *eval, const struct value *self, struct call_args *args)
{
    struct span all = { self->as.string.data, self->as.string.length, 0, 0 };

    if (!need_text(eval, args->bound[0], "removesuffix() argument"))
        return NULL;
    if (args->bound[0]->as.string.length == 0 || !has_affix(&all, args->bound[0], true))
        return self;
    return eval_string(eval, all.data, all.length - args->bound[0]->as.string.length);
}

static const struct value *partition(struct eval *eval, const struct value *self, const struct call_args *args,
                                     bool last)
{
    const char *data = self->as.string.data;
    size_t length = self->as.string.length, step;
    struct value *parts = eval_tuple(eval);
    int64_t at;

    if (!need_text(eval, args->bound[0], "separator"))
        return NULL;
    step = args->bound[0]->as.string.length;
    if (step == 0)
        return eval_fail(eval, "empty separator");
    at = last ? strings_rfind(data, length, args->bound[0]->as.string.data, step)
              : strings_find(data, length, args->bound[0]->as.string.data, step);
    if (at < 0) {
        value_list_add(eval->arena, parts, last ? eval_text(eval, "") : self);
        value_list_add(eval->arena, parts, eval_text(eval, ""));
        value_list_add(eval->arena, parts, last ? self : eval_text(eval, ""));
        return parts;
    }
    value_list_add(eval->arena, parts, eval_taint(eval, eval_string(eval, data, (size_t)at), self));
    value_list_add(eval->arena, parts, args->bound[0]);
    value_list_add(eval->arena, parts,
                   eval_taint(eval, eval_string(eval, data + at + step, length - (size_t)at - step), self));
    return parts;
}

static const struct value *string_partition(struct eval *eval, const struct value *self, struct call_args *args)
{
    return partition(eval, self, args, false);
}

static const struct value *string_rpartition(struct eval *eval, const struct value *self, struct call_args *args)
{
    return partition(eval, self, args, true);
}

static const struct value *string_format(struct eval *eval, const struct value *self, struct call_args *args)
{
    return python_str_format(eval, self, args);
}

/* format(**mapping) */
static const struct value *string_format_map(struct eval *eval, const struct value *self, struct call_args *args)
{
    const struct value *map = args->bound[0];
    struct call_args named = { .names = arena_new_array(eval->arena, const char *, value_count(map)),
                               .named = arena_new_array(eval->arena, const struct value *, value_count(map)) };

    if (map->kind != VALUE_MAP)
        return eval_fail_type(eval, "'%s' object is not subscriptable", eval_type(map));
    for (size_t i = 0; i < map->as.map.count; i++) {
        if (map->as.map.pairs[i].key->kind != VALUE_STRING)
            continue;
        named.names[named.named_count] = map->as.map.pairs[i].key->as.string.data;
        named.named[named.named_count++] = map->as.map.pairs[i].item;
    }
    return python_str_format(eval, self, &named);
}

/* Bytes are text with a mark: what Python shows as b'...'. */
static const struct value *string_encode(struct eval *eval, const struct value *self, struct call_args *args)
{
    (void)args;
    return value_mark(eval->arena, self, VALUE_BYTES, 0);
}

static const struct value *string_decode(struct eval *eval, const struct value *self, struct call_args *args)
{
    (void)args;
    if ((self->marks & VALUE_BYTES) == 0)
        return eval_fail(eval, "'str object' has no attribute 'decode'");
    return value_mark(eval->arena, self, 0, VALUE_BYTES);
}

const struct method method_of_string[] = {
    { "split", string_split, "sep maxsplit", false },
    { "rsplit", string_rsplit, "sep maxsplit", false },
    { "splitlines", string_splitlines, "keepends", false },
    { "join", string_join, "iterable!", false },
    { "strip", string_strip, "chars", false },
    { "lstrip", string_lstrip, "chars", false },
    { "rstrip", string_rstrip, "chars", false },
    { "replace", string_replace, "old! new! count", false },
    { "find", string_find, "sub! start end", false },
    { "rfind", string_rfind, "sub! start end", false },
    { "index", string_index, "sub! start end", false },
    { "rindex", string_rindex, "sub! start end", false },
    { "count", string_count, "sub! start end", false },
    { "startswith", string_startswith, "prefix! start end", false },
    { "endswith", string_endswith, "suffix! start end", false },
    { "removeprefix", string_removeprefix, "prefix!", false },
    { "removesuffix", string_removesuffix, "suffix!", false },
    { "partition", string_partition, "sep!", false },
    { "rpartition", string_rpartition, "sep!", false },
    { "format", string_format, NULL, false },
    { "format_map", string_format_map, "mapping!", false },
    { "encode", string_encode, "encoding errors", false },
    { "decode", string_decode, "encoding errors", false },
    { .name = NULL },
};
