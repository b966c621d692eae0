/* SPDX-License-Identifier: Apache-2.0 */
/* The functions that Jinja2 and Ansible put into every template. */
#include <string.h>

#include "common/base/text.h"
#include "engine/template/lookup.h"
#include "engine/template/object.h"
#include "engine/template/object_date.h"

static const struct value *builtin_range(struct eval *eval, struct call_args *args)
{
    int64_t start = 0, stop = 0, step = 1;
    struct value *list = eval_list(eval);

    if (args->count < 1 || args->count > 3)
        return eval_fail_type(eval, "range expected 1 to 3 arguments, got %u", args->count);
    if (!args_int(eval, args->items[0], 0, args->count == 1 ? &stop : &start) ||
        (args->count > 1 && !args_int(eval, args->items[1], 0, &stop)) ||
        (args->count > 2 && !args_int(eval, args->items[2], 1, &step)))
        return NULL;
    if (step == 0)
        return eval_fail(eval, "range() arg 3 must not be zero");
    if (step > 0 ? (stop - start) / step > LIMIT_RANGE : (start - stop) / -step > LIMIT_RANGE)
        return eval_fail(eval, "Range too big. The maximum size for range is %d.", LIMIT_RANGE);
    for (int64_t i = start; step > 0 ? i < stop : i > stop; i += step)
        value_list_add(eval->arena, list, eval_int(eval, i));
    return list;
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

    return hint == NULL ? NULL : eval_undefined(eval, "%s", hint);
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
        if (strcmp(builtins[i].name, name) == 0)
            return &builtins[i];
    return NULL;
}
