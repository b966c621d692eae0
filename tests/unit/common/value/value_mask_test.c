/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets become asterisks; everything else is shared. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "common/value/value_python.h"

static void test_masks_only_secrets(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct value *map = value_map(arena), *list = value_list(arena), *secret = value_string(arena, "hunter2"),
                 *number = value_int(arena, 1234);
    const struct value *masked;

    (void)state;
    secret->marks = VALUE_SECRET;
    number->marks = VALUE_SECRET;
    value_list_add(arena, list, secret);
    value_list_add(arena, list, value_string(arena, "open"));
    value_list_add(arena, list, number);
    value_map_put(arena, map, "l", list);
    masked = value_masked(arena, map);
    assert_string_equal(value_to_text(arena, masked), "{'l': ['********', 'open', '********']}");
    assert_string_equal(value_to_text(arena, map), "{'l': ['hunter2', 'open', 1234]}");
}

static void test_whole_tree_and_nothing_secret(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct value *map = value_map(arena);

    (void)state;
    value_map_put_int(arena, map, "a", 1);
    assert_ptr_equal(value_masked(arena, map), map);
    map->marks = VALUE_SECRET;
    assert_string_equal(value_to_text(arena, value_masked(arena, map)), "********");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_masks_only_secrets),
        cmocka_unit_test(test_whole_tree_and_nothing_secret),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
