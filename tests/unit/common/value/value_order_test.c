/* SPDX-License-Identifier: Apache-2.0 */
/* Equality, truth, order and hashing by Python's rules. Cases are Python literals. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "common/value/value_python.h"

static const struct value *read(struct arena *arena, const char *literal)
{
    struct error err = ERROR_INIT;
    const struct value *value = NULL;

    if (!value_from_python(arena, literal, strlen(literal), &value, &err))
        fail_msg("%s: %s", literal, err.text);
    return value;
}

static void test_equal_values_hash_equally(void **state)
{
    static const char *const equal[][2] = {
        { "18446744073709551616", "18446744073709551616.0" },
        { "-18446744073709551616", "-0x10000000000000000" },
        { "1", "1.0" },
        { "1", "True" },
        { "0", "False" },
        { "0.0", "-0.0" },
        { "'a'", "'a'" },
        { "[1, 2]", "[1.0, 2]" },
        { "{'a': 1, 'b': 2}", "{'b': 2, 'a': 1}" },
        { "(1,)", "(True,)" },
        { "None", "None" },
        { "9007199254740992", "9007199254740992.0" },
        { "b'x'", "b'x'" },
        { "[]", "[]" },
    };
    static const char *const different[][2] = {
        { "1", "'1'" },
        { "[1]", "(1,)" },
        { "0", "None" },
        { "''", "None" },
        { "9007199254740993", "9007199254740992.0" },
        { "18446744073709551617", "18446744073709551616.0" },
        { "18446744073709551617", "18446744073709551616" },
        { "18446744073709551616", "0" },
        { "18446744073709551616", "'18446744073709551616'" },
        { "{}", "[]" },
        { "{'a': 1}", "{'a': 2}" },
        { "{'a': 1}", "{'b': 1}" },
        { "[1]", "[1, 1]" },
        { "'a'", "'A'" },
    };
    ARENA_SCOPED arena = arena_new();

    (void)state;
    for (size_t i = 0; i < sizeof(equal) / sizeof(equal[0]); i++) {
        const struct value *a = read(arena, equal[i][0]), *b = read(arena, equal[i][1]);

        assert_true(value_equal(a, b));
        assert_true(value_equal(b, a));
        assert_true(value_hash(a) == value_hash(b));
    }
    for (size_t i = 0; i < sizeof(different) / sizeof(different[0]); i++)
        assert_false(value_equal(read(arena, different[i][0]), read(arena, different[i][1])));
    assert_false(value_equal(value_real(arena, (double)NAN), value_real(arena, (double)NAN)));
}

static void test_truth(void **state)
{
    static const char *const yes[] = { "1", "-1", "0.1", "'0'", "[0]", "{'a': 0}", "True", "(0,)" };
    static const char *const no[] = { "0", "0.0", "-0.0", "''", "[]", "{}", "False", "None", "()" };
    ARENA_SCOPED arena = arena_new();

    (void)state;
    for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
        assert_true(value_truthy(read(arena, yes[i])));
    for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
        assert_false(value_truthy(read(arena, no[i])));
    assert_false(value_truthy(value_undefined(arena, "x")));
}

/* Each entry is smaller than the next of its group; NULL ends a group. */
static void test_order(void **state)
{
    static const char *const rows[] = { "-1e30",
                                        "-100000000000000000000",
                                        "-9223372036854775809",
                                        "-9223372036854775808",
                                        "-1.5",
                                        "False",
                                        "0.5",
                                        "1",
                                        "1.5",
                                        "2",
                                        "9007199254740992.0",
                                        "9007199254740993",
                                        "9223372036854775807",
                                        "9223372036854775808",
                                        "18446744073709551615",
                                        "18446744073709551616.0",
                                        "18446744073709551617",
                                        "1e300",
                                        "1e999",
                                        NULL,
                                        "''",
                                        "'A'",
                                        "'a'",
                                        "'aa'",
                                        "'b'",
                                        "'é'",
                                        "'日'",
                                        "'😀'",
                                        NULL,
                                        "[]",
                                        "[1]",
                                        "[1, 2]",
                                        "[1, 3]",
                                        "[2]",
                                        NULL,
                                        "(1,)",
                                        "(1, 0)",
                                        NULL };
    ARENA_SCOPED arena = arena_new();
    struct error err = ERROR_INIT;

    (void)state;
    for (size_t i = 0; i + 1 < sizeof(rows) / sizeof(rows[0]); i++) {
        int order = 7;

        if (rows[i] == NULL || rows[i + 1] == NULL)
            continue;
        assert_true(value_compare(read(arena, rows[i]), read(arena, rows[i + 1]), &order, &err));
        assert_true(order < 0);
        assert_true(value_compare(read(arena, rows[i + 1]), read(arena, rows[i]), &order, &err));
        assert_true(order > 0);
        assert_true(value_compare(read(arena, rows[i]), read(arena, rows[i]), &order, &err));
        assert_int_equal(order, 0);
    }
}

static void test_what_python_cannot_compare(void **state)
{
    static const char *const cases[][3] = {
        { "'a'", "1", "'<' not supported between instances of 'str' and 'int'" },
        { "None", "None", "'<' not supported between instances of 'NoneType' and 'NoneType'" },
        { "{}", "{}", "'<' not supported between instances of 'dict' and 'dict'" },
        { "[1]", "(1,)", "'<' not supported between instances of 'list' and 'tuple'" },
        { "[1, 'a']", "[1, 2]", "'<' not supported between instances of 'str' and 'int'" },
    };
    ARENA_SCOPED arena = arena_new();

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error err = ERROR_INIT;
        int order = 7;

        assert_false(value_compare(read(arena, cases[i][0]), read(arena, cases[i][1]), &order, &err));
        assert_string_equal(err.text, cases[i][2]);
        assert_int_equal(order, 7);
    }
}

static void test_endless_nesting_ends(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct error err = ERROR_INIT;
    struct value *a = value_list(arena), *b = value_list(arena);
    int order = 0;

    (void)state;
    for (int i = 0; i < 100000; i++) {
        struct value *outer_a = value_list(arena), *outer_b = value_list(arena);

        value_list_add(arena, outer_a, a);
        value_list_add(arena, outer_b, b);
        a = outer_a;
        b = outer_b;
    }
    assert_false(value_equal(a, b));
    value_hash(a);
    assert_false(value_compare(a, b, &order, &err));
    assert_non_null(value_copy(arena, a));
    assert_false(value_has_mark(a, VALUE_SECRET));
    assert_true(strlen(value_to_text(arena, a)) < 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal_values_hash_equally),
        cmocka_unit_test(test_truth),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_what_python_cannot_compare),
        cmocka_unit_test(test_endless_nesting_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
