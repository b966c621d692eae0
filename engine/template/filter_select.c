/* SPDX-License-Identifier: Apache-2.0 */
/* Filters that apply another filter or test to every item: map, select, reject and their attr forms. */
#include <string.h>

#include "engine/template/plugin.h"
#include "engine/template/selector.h"

static const struct value *map_attribute(struct eval *eval, const struct value *items, const struct call_args *args)
{
    const struct value *path = args_named(args, "attribute"), *fallback = args_named(args, "default");
    struct value *list = eval_list(eval);

    for (size_t i = 0; i < items->as.list.count; i++) {
        const struct value *found = select_attribute(eval, items->as.list.items[i], path);

        if (found == NULL)
            return NULL;
        if (found->kind == VALUE_UNDEFINED && fallback != NULL && fallback->kind != VALUE_NULL)
            found = fallback;
        value_list_add(eval->arena, list, found);
    }
    return list;
}

/* None, 0 and the like have no items here. */
static const struct value *items_of(struct eval *eval, const struct value *input)
{
    return value_truthy(input) || input->kind == VALUE_UNDEFINED ? eval_items(eval, input) : eval_list(eval);
}

static const struct value *filter_map(struct eval *eval, const struct value *input, struct call_args *args)
{
    const struct value *items = items_of(eval, input);
    const struct filter *filter;
    const char *name;
    struct value *list;

    if (items == NULL)
        return NULL;
    if (args->count == 0 && args_named(args, "attribute") != NULL)
        return map_attribute(eval, items, args);
    if (args->count == 0)
        return eval_fail(eval, "map requires a filter argument");
    name = args_text(eval, args->items[0], "", "the name of a filter");
    if (name == NULL)
        return NULL;
    filter = plugin_filter(eval->env, name);
    if (filter == NULL)
        return eval_fail(eval, "%s", plugin_missing(eval->env, eval->arena, TEMPLATE_FILTER, name));
    list = eval_list(eval);
    for (size_t i = 0; i < items->as.list.count; i++) {
        struct call_args rest = args_from(args, 1);
        const struct value *made = filter_run(eval, filter, items->as.list.items[i], &rest);

        if (made == NULL || !eval_step(eval))
            return NULL;
        value_list_add(eval->arena, list, made);
    }
    return list;
}

/* Items for which the test gives `wanted`. */
static const struct value *keep(struct eval *eval, const struct value *input, const struct call_args *args,
                                const struct value *path, bool wanted)
{
    const struct value *items = items_of(eval, input);
    struct value *list = eval_list(eval);

    for (size_t i = 0; items != NULL && i < items->as.list.count; i++) {
        const struct value *item = items->as.list.items[i];
        const struct value *tested = path == NULL ? item : select_attribute(eval, item, path);
        bool truth = false;

        if (tested == NULL || !select_test(eval, tested, args, &truth) || !eval_step(eval))
            return NULL;
        if (truth == wanted)
            value_list_add(eval->arena, list, item);
    }
    return items == NULL ? NULL : list;
}

static const struct value *filter_select(struct eval *eval, const struct value *input, struct call_args *args)
{
    return keep(eval, input, args, NULL, true);
}

static const struct value *filter_reject(struct eval *eval, const struct value *input, struct call_args *args)
{
    return keep(eval, input, args, NULL, false);
}

static const struct value *keep_attribute(struct eval *eval, const struct value *input, const struct call_args *args,
                                          bool wanted)
{
    struct call_args rest = args_from(args, 1);

    if (args->count == 0)
        return eval_fail(eval, "Missing parameter for attribute name");
    return keep(eval, input, &rest, args->items[0], wanted);
}

static const struct value *filter_selectattr(struct eval *eval, const struct value *input, struct call_args *args)
{
    return keep_attribute(eval, input, args, true);
}

static const struct value *filter_rejectattr(struct eval *eval, const struct value *input, struct call_args *args)
{
    return keep_attribute(eval, input, args, false);
}

const struct filter filters_select[] = {
    { "map", filter_map, NULL, FILTER_KEEPS },
    { "select", filter_select, NULL, FILTER_KEEPS },
    { "reject", filter_reject, NULL, FILTER_KEEPS },
    { "selectattr", filter_selectattr, NULL, FILTER_KEEPS },
    { "rejectattr", filter_rejectattr, NULL, FILTER_KEEPS },
    { .name = NULL },
};
