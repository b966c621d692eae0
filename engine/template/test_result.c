/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of a task's registered result. */
#include "engine/template/test.h"

/* A field as truth; absent: false. False returned: the input is no result. */
static bool field(struct eval *eval, const struct value *input, const char *test, const char *name, bool *out)
{
    const struct value *found;

    if (input->kind == VALUE_UNDEFINED)
        return eval_fail_undefined(eval, input) != NULL;
    if (input->kind != VALUE_MAP)
        return eval_fail(eval, "The '%s' test expects a dictionary", test) != NULL;
    found = value_map_get(input, name);
    *out = found != NULL && value_truthy(found);
    return true;
}

static bool test_failed(struct eval *eval, const struct value *input, struct call_args *args, bool *out)
{
    (void)args;
    return field(eval, input, "failed", "failed", out);
}

static bool test_succeeded(struct eval *eval, const struct value *input, struct call_args *args, bool *out)
{
    bool failed = false;

    (void)args;
    if (!field(eval, input, "failed", "failed", &failed))
        return false;
    *out = !failed;
    return true;
}

/* A result without `changed` has changed if one of its items has. */
static bool test_changed(struct eval *eval, const struct value *input, struct call_args *args, bool *out)
{
    const struct value *items;

    (void)args;
    if (!field(eval, input, "changed", "changed", out))
        return false;
    if (value_map_get(input, "changed") != NULL)
        return true;
    items = value_map_get(input, "results");
    for (size_t i = 0; value_is(items, VALUE_LIST) && !*out && i < items->as.list.count; i++)
        *out = value_map_true(items->as.list.items[i], "changed");
    return true;
}

static bool test_skipped(struct eval *eval, const struct value *input, struct call_args *args, bool *out)
{
    (void)args;
    return field(eval, input, "skipped", "skipped", out);
}

static bool test_unreachable(struct eval *eval, const struct value *input, struct call_args *args, bool *out)
{
    (void)args;
    return field(eval, input, "unreachable", "unreachable", out);
}

static bool test_reachable(struct eval *eval, const struct value *input, struct call_args *args, bool *out)
{
    bool unreachable = false;

    (void)args;
    if (!field(eval, input, "unreachable", "unreachable", &unreachable))
        return false;
    *out = !unreachable;
    return true;
}

/* Only tasks in the background say whether they have started and finished; the others have. */
static bool background(struct eval *eval, const struct value *input, const char *name, bool *out)
{
    if (!field(eval, input, name, name, out))
        return false;
    if (value_map_get(input, name) == NULL)
        *out = true;
    return true;
}

static bool test_started(struct eval *eval, const struct value *input, struct call_args *args, bool *out)
{
    (void)args;
    return background(eval, input, "started", out);
}

static bool test_finished(struct eval *eval, const struct value *input, struct call_args *args, bool *out)
{
    (void)args;
    return background(eval, input, "finished", out);
}

const struct test tests_result[] = {
    { "failed", test_failed, "" },
    { "failure", test_failed, "" },
    { "succeeded", test_succeeded, "" },
    { "success", test_succeeded, "" },
    { "successful", test_succeeded, "" },
    { "changed", test_changed, "" },
    { "change", test_changed, "" },
    { "skipped", test_skipped, "" },
    { "skip", test_skipped, "" },
    { "reachable", test_reachable, "" },
    { "unreachable", test_unreachable, "" },
    { "started", test_started, "" },
    { "finished", test_finished, "" },
    { .name = NULL },
};
