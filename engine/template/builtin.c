/* SPDX-License-Identifier: Apache-2.0 */
/* The functions that Jinja2 and Ansible put into every template. */
#include <string.h>

#include "common/base/text.h"
#include "engine/template/lookup.h"
#include "engine/template/object.h"
#include "engine/template/object_date.h"
#include "engine/template/python_integer.h"
#include "engine/template/undefined.h"

#define RANGE_MAX (LIMIT_RANGE / 2) /* the list of integers stays within a template's memory */

static bool any_big(const struct call_args *args)
{
    for (uint32_t i = 0; i < args->count; i++)
        if (args->items[i]->kind == VALUE_BIG)
            return true;
    return false;
}

static const struct value *range_big(struct eval *eval, const struct call_args *args)
{
    const struct value *parts[3] = { eval_int(eval, 0), args->items[0], eval_int(eval, 1) };

    for (uint32_t i = 0; i < args->count; i++) {
        if (!python_is_integer(args->items[i]))
            return eval_fail_type(eval, "'%s' object cannot be interpreted as an integer", eval_type(args->items[i]));
        if (args->count > 1)
            parts[i] = args->items[i];
    }
    return python_integer_range(eval, parts, RANGE_MAX);
}

static const struct value *range_list(struct eval *eval, const struct call_args *args)
{
    int64_t start = 0, stop = 0, step = 1, width = 0;
    struct value *list = eval_list(eval);

    if (args->count < 1 || args->count > 3)
        return eval_fail_type(eval, "range expected 1 to 3 arguments, got %u", args->count);
    if (any_big(args))
        return range_big(eval, args);
    if (!args_int(eval, args->items[0], 0, args->count == 1 ? &stop : &start) ||
        (args->count > 1 && !args_int(eval, args->items[1], 0, &stop)) ||
        (args->count > 2 && !args_int(eval, args->items[2], 1, &step)))
        return NULL;
    if (step == 0)
        return eval_fail(eval, "range() arg 3 must not be zero");
    if (__builtin_sub_overflow(stop, start, &width) || width == INT64_MIN || width / step > RANGE_MAX)
        return eval_fail(eval, "Range too big. The maximum size for range is %d.", RANGE_MAX);
    for (int64_t i = start; step > 0 ? i < stop : i > stop;) {
        value_list_add(eval->arena, list, eval_int(eval, i));
        if (__builtin_add_overflow(i, step, &i))
            break;
    }
    return list;
}

static const struct value *builtin_range(struct eval *eval, struct call_args *args)
{
    const struct value *made = range_list(eval, args);

    for (uint32_t i = 0; i < args->count; i++)
        made = eval_taint(eval, made, args->items[i]);
    return made;
}

static bool add_pairs(struct eval *eval, struct value *map, const struct value *from)
{
    if (from->kind == VALUE_MAP) {
        for (size_t i = 0; i < from->as.map.count; i++)
            value_map_put_value(eval->arena, map, from->as.map.pairs[i].key, from->as.map.pairs[i].item);
        return true;
    }
    from = eval_items(eval, from);
    for (size_t i = 0; from != NULL && i < from->as.list.count; i++) {
        const struct value *pair = from->as.list.items[i];

        if (!value_is(pair, VALUE_LIST) || pair->as.list.count != 2)
            return eval_fail(eval, "dictionary update sequence element #%zu has length %zu; 2 is required", i,
                             value_count(pair)) != NULL;
        value_map_put_value(eval->arena, map, pair->as.list.items[0], pair->as.list.items[1]);
    }
    return from != NULL;
}

static const struct value *builtin_dict(struct eval *eval, struct call_args *args)
{
    struct value *map = eval_map(eval);

    if (args->count > 1)
        return eval_fail_type(eval, "dict expected at most 1 argument, got %u", args->count);
    if (args->count == 1 && !add_pairs(eval, map, args->items[0]))
        return NULL;
    for (uint32_t i = 0; i < args->named_count; i++)
        value_map_put(eval->arena, map, args->names[i], args->named[i]);
    return map;
}

static const struct value *builtin_lookup(struct eval *eval, struct call_args *args)
{
    return lookup_call(eval, args, false);
}

static const struct value *builtin_query(struct eval *eval, struct call_args *args)
{
    return lookup_call(eval, args, true);
}

/* now(utc, fmt): text when a format is given. */
static const struct value *builtin_now(struct eval *eval, struct call_args *args)
{
    const struct value *now = date_now(eval, args_true(args->bound[0], false));
    const char *format = args_text(eval, args->bound[1], "", "fmt");
    struct text out = text_new(eval->arena);

    if (now == NULL || format == NULL)
        return NULL;
    if (*format == '\0')
        return now;
    return date_strftime(eval, &out, now, format, strlen(format)) ? eval_string(eval, out.data, out.length) : NULL;
}

static const struct value *builtin_undef(struct eval *eval, struct call_args *args)
{
    const char *hint = args_text(eval, args->bound[0], "Mandatory variable has not been overridden", "hint");
    struct value *made = hint == NULL ? NULL : value_undefined(eval->arena, hint);

    if (made == NULL)
        return NULL;
    eval->has_undefined = true;
    made->marks |= UNDEFINED_WHOLE;
    return made;
}

static const struct builtin builtins[] = {
    { "range", builtin_range, NULL },   { "dict", builtin_dict, NULL }, { "namespace", namespace_new, NULL },
    { "cycler", cycler_new, NULL },     { "joiner", joiner_new, NULL }, { "lookup", builtin_lookup, NULL },
    { "query", builtin_query, NULL },   { "q", builtin_query, NULL },   { "now", builtin_now, "utc fmt" },
    { "undef", builtin_undef, "hint" },
};

const struct builtin *builtin_find(const char *name)
{
    for (size_t i = 0; i < sizeof(builtins) / sizeof(builtins[0]); i++)
        if (eval_name_is(builtins[i].name, name))
            return &builtins[i];
    return NULL;
}
