/* SPDX-License-Identifier: Apache-2.0 */
/* The registry of tests. */
#include "engine/template/test.h"

#include <string.h>

#include "common/base/text.h"
#include "engine/template/filter.h"
#include "engine/template/plugin.h"

static const struct test *const families[] = { tests_kind, tests_compare, tests_result, tests_text, tests_path };
#define FAMILIES (sizeof(families) / sizeof(families[0]))

const struct test *test_find(const char *name)
{
    name = builtin_short_name(name);
    for (size_t i = 0; i < FAMILIES; i++)
        for (const struct test *test = families[i]; test->name != NULL; test++)
            if (eval_name_is(test->name, name))
                return test;
    return NULL;
}

const char *test_unknown(struct arena *arena, const char *name)
{
    const char *candidates[160], *nearest;
    size_t count = 0;

    for (size_t i = 0; i < FAMILIES; i++)
        for (const struct test *test = families[i]; test->name != NULL && count < 160; test++)
            candidates[count++] = test->name;
    nearest = plugin_nearest(builtin_short_name(name), candidates, count);
    return plugin_unknown(arena, name, nearest);
}

bool test_run(struct eval *eval, const struct test *test, const struct value *input, struct call_args *args, bool *out)
{
    if (test->run == NULL) {
        const struct value *made = plugin_run(eval, TEMPLATE_TEST, test->name, input, args);

        return made != NULL && eval_truth(eval, made, out);
    }
    return args_bind(eval, args, test->name, test->params) && test->run(eval, input, args, out);
}
