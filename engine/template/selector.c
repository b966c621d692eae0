/* SPDX-License-Identifier: Apache-2.0 */
/* Attribute paths, sort keys, and tests by name. */
#include "engine/template/selector.h"

#include <string.h>

#include "common/base/text.h"
#include "engine/template/eval_expression.h"
#include "engine/template/plugin.h"
#include "engine/template/strings.h"
#include "engine/template/text_case.h"

static const struct value *select_path(struct eval *eval, const struct value *item, const char *path)
{
    size_t count = 0;
    char **parts = text_split(eval->arena, path, '.', &count);

    for (size_t i = 0; item != NULL && i < count; i++) {
        int64_t index = 0;
        bool number = text_to_int(parts[i], &index) && parts[i][0] != '-' && parts[i][0] != '+';

        item = eval_item(eval, item, number ? eval_int(eval, index) : eval_text(eval, parts[i]));
    }
    return item;
}

const struct value *select_attribute(struct eval *eval, const struct value *item, const struct value *path)
{
    if (path->kind == VALUE_STRING)
        return select_path(eval, item, path->as.string.data);
    return eval_item(eval, item, path);
}

const struct value *select_attributes(struct eval *eval, const struct value *items, const struct value *path)
{
    struct value *list = eval_list(eval);

    for (size_t i = 0; i < items->as.list.count; i++) {
        const struct value *found = select_attribute(eval, items->as.list.items[i], path);

        if (found == NULL)
            return NULL;
        value_list_add(eval->arena, list, found);
    }
    return list;
}

const struct value *select_key(struct eval *eval, const struct value *item, const struct value *path,
                               bool case_sensitive)
{
    if (path != NULL && path->kind != VALUE_NULL)
        item = select_attribute(eval, item, path);
    if (item == NULL || case_sensitive || item->kind != VALUE_STRING)
        return item;
    return strings_case(eval, item, CASE_LOWER);
}

bool select_test(struct eval *eval, const struct value *item, const struct call_args *args, bool *out)
{
    struct call_args rest;
    const struct test *test;
    const char *name;

    if (args->count == 0)
        return eval_truth(eval, item, out);
    name = args_text(eval, args->items[0], "", "the name of a test");
    if (name == NULL)
        return false;
    test = plugin_test(eval->env, name);
    if (test == NULL)
        return eval_fail(eval, "TemplateSyntaxError: %s",
                         plugin_missing(eval->env, eval->arena, TEMPLATE_TEST, name)) != NULL;
    rest = args_from(args, 1);
    return test_run(eval, test, item, &rest, out);
}
