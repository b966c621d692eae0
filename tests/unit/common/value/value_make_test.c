/* SPDX-License-Identifier: Apache-2.0 */
/* Scalars, and lists while they are being built. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "common/value/value.h"

static void test_scalars(void **state)
{
    ARENA_SCOPED arena = arena_new();
    const char *borrowed = "lasting";

    (void)state;
    assert_int_equal(value_null()->kind, VALUE_NULL);
    assert_true(value_bool(true)->as.boolean);
    assert_false(value_bool(false)->as.boolean);
    assert_int_equal(value_int(arena, -5)->as.integer, -5);
    assert_true(value_real(arena, 0.5)->as.real >= 0.5);
    assert_int_equal(value_string_n(arena, "a\0b", 3)->as.string.length, 3);
    assert_ptr_equal(value_string_borrow(arena, borrowed, 7)->as.string.data, borrowed);
    assert_string_equal(value_undefined(arena, "foo")->as.string.data, "foo");
    assert_int_equal(value_undefined(arena, NULL)->kind, VALUE_UNDEFINED);
    assert_true((value_int(arena, 1)->marks & VALUE_STATIC) != 0);
    assert_int_equal(value_string(arena, "x")->marks, 0);
}

static void test_list_add_insert_remove(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct value *list = value_list(arena);

    (void)state;
    for (int i = 0; i < 100; i++)
        value_list_add(arena, list, value_int(arena, i));
    value_list_insert(arena, list, 0, value_int(arena, -1));
    value_list_insert(arena, list, 1000, value_int(arena, 100));
    assert_int_equal(value_count(list), 102);
    assert_int_equal(value_item(list, 0)->as.integer, -1);
    assert_int_equal(value_item(list, 101)->as.integer, 100);
    value_list_remove(list, 0);
    value_list_remove(list, 5000);
    assert_int_equal(value_count(list), 101);
    for (size_t i = 0; i < 101; i++)
        assert_int_equal(value_item(list, i)->as.integer, i);
    assert_null(value_item(list, 101));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scalars),
        cmocka_unit_test(test_list_add_insert_remove),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
