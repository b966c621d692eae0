/* SPDX-License-Identifier: Apache-2.0 */
/* Tests that compare: with a value, with a version, as sets, as truth. */
#include <math.h>
#include <string.h>

#include "common/base/text.h"
#include "engine/template/eval_expression.h"
#include "engine/template/python_integer.h"
#include "engine/template/test.h"
#include "engine/template/test_version.h"

#define COMPARE_TEST(name_, op_)                                                                                       \
    static bool test_##name_(struct eval *eval, const struct value *input, struct call_args *args, bool *out)          \
    {                                                                                                                  \
        return eval_compare(eval, (op_), input, args->bound[0], out);                                                  \
    }

COMPARE_TEST(eq, COMPARE_EQ)
COMPARE_TEST(ne, COMPARE_NE)
COMPARE_TEST(lt, COMPARE_LT)
COMPARE_TEST(le, COMPARE_LE)
COMPARE_TEST(gt, COMPARE_GT)
COMPARE_TEST(ge, COMPARE_GE)
COMPARE_TEST(in, COMPARE_IN)

static bool test_contains(struct eval *eval, const struct value *input, struct call_args *args, bool *out)
{
    return eval_contains(eval, input, args->bound[0], out);
}

static bool remainder_is(struct eval *eval, const struct value *input, int64_t by, int64_t wanted, bool *out)
{
    int64_t number = 0;

    if (input->kind == VALUE_REAL) {
        *out = fmod(input->as.real, (double)by) == (double)wanted;
        return true;
    }
    if (input->kind == VALUE_NULL)
        return eval_fail_type(eval, "unsupported operand type(s) for %%: 'NoneType' and 'int'") != NULL;
    if (input->kind == VALUE_STRING) /* which is what % means for text */
        return eval_fail_type(eval, "not all arguments converted during string formatting") != NULL;
    if (!args_int(eval, input, 0, &number))
        return false;
    *out = ((number % by) + by) % by == wanted;
    return true;
}

/* Of numbers of any kind. */
static bool big_remainder_is(struct eval *eval, const struct value *a, const struct value *b, int64_t wanted, bool *out)
{
    const struct value *rest = eval_binary(eval, BINARY_MOD, a, b);

    *out = rest != NULL && value_equal(rest, eval_int(eval, wanted));
    return rest != NULL;
}

static bool test_even(struct eval *eval, const struct value *input, struct call_args *args, bool *out)
{
    (void)args;
    if (input->kind == VALUE_BIG)
        return big_remainder_is(eval, input, eval_int(eval, 2), 0, out);
    return remainder_is(eval, input, 2, 0, out);
}

static bool test_odd(struct eval *eval, const struct value *input, struct call_args *args, bool *out)
{
    (void)args;
    if (input->kind == VALUE_BIG)
        return big_remainder_is(eval, input, eval_int(eval, 2), 1, out);
    return remainder_is(eval, input, 2, 1, out);
}

static bool test_divisibleby(struct eval *eval, const struct value *input, struct call_args *args, bool *out)
{
    int64_t by = 0;

    if (input->kind == VALUE_BIG || args->bound[0]->kind == VALUE_BIG || args->bound[0]->kind == VALUE_REAL)
        return big_remainder_is(eval, input, args->bound[0], 0, out);
    if (!args_int(eval, args->bound[0], 0, &by))
        return false;
    if (by == 0)
        return eval_raise(eval, "ZeroDivisionError", "integer division or modulo by zero") != NULL;
    return remainder_is(eval, input, by < 0 ? -by : by, 0, out);
}

/* --- truth --- */

static bool test_all(struct eval *eval, const struct value *input, struct call_args *args, bool *out)
{
    const struct value *items = eval_items(eval, input);

    (void)args;
    *out = true;
    for (size_t i = 0; items != NULL && *out && i < items->as.list.count; i++)
        if (!eval_truth(eval, items->as.list.items[i], out))
            return false;
    return items != NULL;
}

static bool test_any(struct eval *eval, const struct value *input, struct call_args *args, bool *out)
{
    const struct value *items = eval_items(eval, input);

    (void)args;
    *out = false;
    for (size_t i = 0; items != NULL && !*out && i < items->as.list.count; i++)
        if (!eval_truth(eval, items->as.list.items[i], out))
            return false;
    return items != NULL;
}

static bool truth_of(struct eval *eval, const struct value *input, const struct call_args *args, bool *out)
{
    if (args_true(args->bound[0], false) && input->kind == VALUE_STRING && text_to_bool(input->as.string.data, out))
        return true;
    return eval_truth(eval, input, out);
}

static bool test_truthy(struct eval *eval, const struct value *input, struct call_args *args, bool *out)
{
    return truth_of(eval, input, args, out);
}

static bool test_falsy(struct eval *eval, const struct value *input, struct call_args *args, bool *out)
{
    bool truth = false;

    if (!truth_of(eval, input, args, &truth))
        return false;
    *out = !truth;
    return true;
}

/* --- sets --- */

/* Can a set be made of these? */
static bool all_hashable(struct eval *eval, const struct value *items)
{
    for (size_t i = 0; i < items->as.list.count; i++) {
        const struct value *item = items->as.list.items[i];

        if (item->kind == VALUE_MAP || (item->kind == VALUE_LIST && (item->marks & VALUE_TUPLE) == 0))
            return eval_fail_type(eval, "unhashable type: '%s'", eval_type(item)) != NULL;
    }
    return true;
}

static bool all_in(struct eval *eval, const struct value *part, const struct value *whole, bool *out)
{
    const struct value *items = eval_items(eval, part), *all = items == NULL ? NULL : eval_items(eval, whole);

    *out = true;
    if (all != NULL && (!all_hashable(eval, items) || !all_hashable(eval, all)))
        return false;
    for (size_t i = 0; all != NULL && *out && i < items->as.list.count; i++)
        if (!eval_contains(eval, all, items->as.list.items[i], out))
            return false;
    return all != NULL;
}

static bool test_subset(struct eval *eval, const struct value *input, struct call_args *args, bool *out)
{
    return all_in(eval, input, args->bound[0], out);
}

static bool test_superset(struct eval *eval, const struct value *input, struct call_args *args, bool *out)
{
    return all_in(eval, args->bound[0], input, out);
}

static bool test_nan(struct eval *eval, const struct value *input, struct call_args *args, bool *out)
{
    (void)args;
    if (eval_is_strict(eval, input))
        return eval_fail_undefined(eval, input) != NULL;
    *out = input->kind == VALUE_REAL && isnan(input->as.real);
    return true;
}

/* --- versions --- */

static bool relation_holds(const char *relation, int order, bool *known_out)
{
    static const struct {
        const char *name, *other, *third;
        bool less, equal, greater;
    } relations[] = {
        { "==", "=", "eq", false, true, false }, { "<", "lt", "lt", true, false, false },
        { "<=", "le", "le", true, true, false }, { ">", "gt", "gt", false, false, true },
        { ">=", "ge", "ge", false, true, true }, { "!=", "<>", "ne", true, false, true },
    };

    for (size_t i = 0; i < sizeof(relations) / sizeof(relations[0]); i++) {
        if (strcmp(relation, relations[i].name) != 0 && strcmp(relation, relations[i].other) != 0 &&
            strcmp(relation, relations[i].third) != 0)
            continue;
        *known_out = true;
        return order < 0 ? relations[i].less : order == 0 ? relations[i].equal : relations[i].greater;
    }
    *known_out = false;
    return false;
}

static bool test_version(struct eval *eval, const struct value *input, struct call_args *args, bool *out)
{
    const char *relation = args_text(eval, args->bound[1], "eq", "operator");
    const char *type = args_text(eval, args->bound[3], NULL, "version_type");
    const struct value *version = eval_str(eval, args->bound[0]);
    bool is_strict = args_true(args->bound[2], false), known = false;
    int order = 0;

    if (input->kind != VALUE_UNDEFINED && !value_truthy(input))
        return eval_fail(eval, "Input version value cannot be empty") != NULL;
    input = eval_str(eval, input);
    if (input == NULL || version == NULL || relation == NULL)
        return false;
    if (args->bound[2] != NULL && args->bound[2]->kind != VALUE_NULL && type != NULL)
        return eval_fail(eval, "Cannot specify both 'strict' and 'version_type'") != NULL;
    if (input->as.string.length == 0)
        return eval_fail(eval, "Input version value cannot be empty") != NULL;
    if (version->as.string.length == 0)
        return eval_fail(eval, "Version parameter to compare against cannot be empty") != NULL;
    relation_holds(relation, 0, &known);
    if (!known)
        return eval_fail(
                   eval,
                   "Invalid operator type (%s). Must be one of '==', '=', 'eq', '<', 'lt', '<=', 'le', '>', 'gt', "
                   "'>=', 'ge', '!=', '<>', 'ne'",
                   relation) != NULL;
    if (!version_order(eval,
                       is_strict      ? "strict"
                       : type != NULL ? type
                                      : "loose",
                       input->as.string.data, version->as.string.data, &order))
        return false;
    *out = relation_holds(relation, order, &known);
    return true;
}

const struct test tests_compare[] = {
    { "==", test_eq, "other!" },
    { "eq", test_eq, "other!" },
    { "equalto", test_eq, "other!" },
    { "!=", test_ne, "other!" },
    { "ne", test_ne, "other!" },
    { "<", test_lt, "other!" },
    { "lt", test_lt, "other!" },
    { "lessthan", test_lt, "other!" },
    { "<=", test_le, "other!" },
    { "le", test_le, "other!" },
    { ">", test_gt, "other!" },
    { "gt", test_gt, "other!" },
    { "greaterthan", test_gt, "other!" },
    { ">=", test_ge, "other!" },
    { "ge", test_ge, "other!" },
    { "in", test_in, "seq!" },
    { "contains", test_contains, "value!" },
    { "even", test_even, "" },
    { "odd", test_odd, "" },
    { "divisibleby", test_divisibleby, "num!" },
    { "all", test_all, "" },
    { "any", test_any, "" },
    { "truthy", test_truthy, "convert_bool" },
    { "falsy", test_falsy, "convert_bool" },
    { "subset", test_subset, "b!" },
    { "issubset", test_subset, "b!" },
    { "superset", test_superset, "b!" },
    { "issuperset", test_superset, "b!" },
    { "nan", test_nan, "" },
    { "isnan", test_nan, "" },
    { "version", test_version, "version! operator strict version_type" },
    { "version_compare", test_version, "version! operator strict version_type" },
    { .name = NULL },
};
