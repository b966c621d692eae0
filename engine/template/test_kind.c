/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of what a value is. */
#include "common/base/text.h"
#include "common/value/value_big.h"
#include "engine/template/object.h"
#include "engine/template/plugin.h"

#define KIND_TEST(name_, expression_)                                                                                  \
    static bool test_##name_(struct eval *eval, const struct value *input, struct call_args *args, bool *out)          \
    {                                                                                                                  \
        (void)eval;                                                                                                    \
        (void)args;                                                                                                    \
        *out = (expression_);                                                                                          \
        return true;                                                                                                   \
    }

static bool is_iterable(const struct value *value)
{
    const struct object_kind *kind = object_kind(value);

    return value->kind == VALUE_STRING || value->kind == VALUE_LIST || value->kind == VALUE_UNDEFINED ||
           value_is_mapping(value) || (kind != NULL && kind->items != NULL);
}

KIND_TEST(defined, input->kind != VALUE_UNDEFINED)
KIND_TEST(undefined, input->kind == VALUE_UNDEFINED)
KIND_TEST(none, input->kind == VALUE_NULL)
KIND_TEST(boolean, input->kind == VALUE_BOOL)
KIND_TEST(true, input->kind == VALUE_BOOL && input->as.boolean)
KIND_TEST(false, input->kind == VALUE_BOOL && !input->as.boolean)
KIND_TEST(integer, value_is_integer(input))
KIND_TEST(float, input->kind == VALUE_REAL)
KIND_TEST(number, input->kind >= VALUE_BOOL && input->kind <= VALUE_REAL)
KIND_TEST(string, input->kind == VALUE_STRING && (input->marks & VALUE_BYTES) == 0)
KIND_TEST(mapping, value_is_mapping(input))
KIND_TEST(sequence, input->kind == VALUE_STRING || input->kind == VALUE_LIST || value_is_mapping(input))
KIND_TEST(callable, object_is_callable(input) || input->kind == VALUE_UNDEFINED)
KIND_TEST(escaped, (input->marks & VALUE_MARKUP) != 0)

static bool test_iterable(struct eval *eval, const struct value *input, struct call_args *args, bool *out)
{
    (void)args;
    if (eval_is_strict(eval, input))
        return eval_fail_undefined(eval, input) != NULL;
    *out = is_iterable(input);
    return true;
}

/* Python's "is": the same object; small numbers, booleans and None are one object each. */
static bool test_sameas(struct eval *eval, const struct value *input, struct call_args *args, bool *out)
{
    const struct value *other = args->bound[0];

    (void)eval;
    *out = input == other || (input->kind == other->kind && input->kind < VALUE_BIG && input->kind != VALUE_UNDEFINED &&
                              value_equal(input, other));
    return true;
}

static bool test_filter(struct eval *eval, const struct value *input, struct call_args *args, bool *out)
{
    (void)args;
    *out = input->kind == VALUE_STRING && plugin_filter(eval->env, input->as.string.data) != NULL;
    return true;
}

static bool test_test(struct eval *eval, const struct value *input, struct call_args *args, bool *out)
{
    (void)args;
    *out = input->kind == VALUE_STRING && plugin_test(eval->env, input->as.string.data) != NULL;
    return true;
}

const struct test tests_kind[] = {
    { "defined", test_defined, "" },
    { "undefined", test_undefined, "" },
    { "none", test_none, "" },
    { "boolean", test_boolean, "" },
    { "true", test_true, "" },
    { "false", test_false, "" },
    { "integer", test_integer, "" },
    { "float", test_float, "" },
    { "number", test_number, "" },
    { "string", test_string, "" },
    { "mapping", test_mapping, "" },
    { "iterable", test_iterable, "" },
    { "sequence", test_sequence, "" },
    { "callable", test_callable, "" },
    { "escaped", test_escaped, "" },
    { "sameas", test_sameas, "other!" },
    { "filter", test_filter, "" },
    { "test", test_test, "" },
    { .name = NULL },
};
