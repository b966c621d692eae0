/* SPDX-License-Identifier: Apache-2.0 */
/* Words and argument lists. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agent/system/file/word_list.h"

static void grows_and_ends_with_null(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct word_list list = word_list_new(arena);

    (void)state;
    assert_null(list.items[0]);
    for (int i = 0; i < 100; i++)
        word_list_add(&list, arena_printf(arena, "%d", i));
    word_list_add(&list, NULL);
    word_list_add_pair(&list, "-x", NULL);
    assert_int_equal(list.count, 100);
    assert_null(list.items[100]);
    assert_string_equal(list.items[99], "99");
    assert_true(word_list_has(&list, "42"));
    assert_false(word_list_has(&list, "-x"));
}

static void splits_and_joins(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct word_list list = word_list_split(arena, " a\tb  c\n", 8);

    (void)state;
    assert_string_equal(word_list_join(&list, "-"), "a-b-c");
    assert_int_equal(value_count(word_list_values(&list)), 3);
    assert_string_equal(word_list_join_values(arena, word_list_values(&list), ", "), "a, b, c");
    assert_string_equal(word_list_join_values(arena, value_list(arena), ", "), "");
    assert_string_equal(word_list_join_values(arena, NULL, ", "), "");
    list = word_list_split(arena, "  ", 2);
    assert_string_equal(word_list_join(&list, "-"), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_and_ends_with_null),
        cmocka_unit_test(splits_and_joins),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
