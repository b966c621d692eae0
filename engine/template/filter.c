/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The registry of filters: families searched in order, and what every call of a filter has in common
 * (binding arguments, undefined inputs, secrets).
 */
#include "engine/template/filter.h"

#include <string.h>

#include "common/base/text.h"

static const struct filter *const families[] = {
    filters_default, filters_text, filters_escape, filters_number, filters_size,
    filters_list,    filters_sort, filters_select, filters_set,    filters_combinatoric,
    filters_dict,    filters_data, filters_path,   filters_hash,   filters_regex,
    filters_random,  filters_time, filters_url,    filters_layout, filters_password,
};
#define FAMILIES (sizeof(families) / sizeof(families[0]))

const char *builtin_short_name(const char *name)
{
    if (text_starts(name, "ansible.builtin."))
        return name + strlen("ansible.builtin.");
    return text_starts(name, "ansible.legacy.") ? name + strlen("ansible.legacy.") : name;
}

const struct filter *filter_find(const char *name)
{
    name = builtin_short_name(name);
    for (size_t i = 0; i < FAMILIES; i++)
        for (const struct filter *filter = families[i]; filter->name != NULL; filter++)
            if (strcmp(filter->name, name) == 0)
                return filter;
    return NULL;
}

const char *filter_unknown(struct arena *arena, const char *name)
{
    const char *candidates[256], *nearest;
    size_t count = 0;

    for (size_t i = 0; i < FAMILIES; i++)
        for (const struct filter *filter = families[i]; filter->name != NULL && count < 256; filter++)
            candidates[count++] = filter->name;
    nearest = text_nearest(builtin_short_name(name), candidates, count);
    if (nearest == NULL)
        return arena_printf(arena, "No filter named '%s'.", name);
    return arena_printf(arena, "No filter named '%s' (did you mean '%s'?).", name, nearest);
}

static const struct value *taint_from_args(struct eval *eval, const struct value *made, const struct call_args *args)
{
    for (uint32_t i = 0; i < args->count; i++)
        made = eval_taint(eval, made, args->items[i]);
    for (uint32_t i = 0; i < args->named_count; i++)
        made = eval_taint(eval, made, args->named[i]);
    return made;
}

const struct value *filter_run(struct eval *eval, const struct filter *filter, const struct value *input,
                               struct call_args *args)
{
    const struct value *made;

    if (eval_is_strict(eval, input) && (filter->flags & FILTER_TAKES_UNDEFINED) == 0)
        return eval_fail_undefined(eval, input);
    if (!args_bind(eval, args, filter->name, filter->params))
        return NULL;
    made = filter->run(eval, input, args);
    if (made == NULL)
        return NULL;
    if ((filter->flags & FILTER_KEEPS) == 0)
        made = taint_from_args(eval, eval_taint(eval, made, input), args);
    if ((filter->flags & FILTER_TEXT) != 0 && made->kind == VALUE_STRING)
        made = value_mark(eval->arena, made, VALUE_PRIVATE, 0);
    return eval->tree != NULL && eval->tree->mutates ? eval_own(eval, made) : made;
}
