/* SPDX-License-Identifier: Apache-2.0 */
/* Reading what is there, and what is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>
#include <string.h>
#include <cmocka.h>

#include "common/value/value.h"

static void test_absent_things_are_nothing(void **state)
{
    ARENA_SCOPED arena = arena_new();
    const struct value *string = value_string(arena, "s");

    (void)state;
    assert_null(value_text(NULL));
    assert_null(value_text(value_null()));
    assert_string_equal(value_text(string), "s");
    assert_int_equal(value_count(NULL), 0);
    assert_int_equal(value_count(string), 0);
    assert_null(value_item(string, 0));
    assert_null(value_pair_at(string, 0));
    assert_null(value_map_get(NULL, "a"));
    assert_null(value_map_get(string, "a"));
    assert_null(value_map_text(NULL, "a"));
    assert_false(value_map_true(NULL, "a"));
    assert_int_equal(value_position(NULL).line, 0);
    assert_string_equal(value_kind_text(NULL), "nothing");
}

static void test_maps(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct value *map = value_map(arena);

    (void)state;
    value_map_put_string(arena, map, "s", "text");
    value_map_put_string(arena, map, "none", NULL);
    value_map_put_int(arena, map, "i", 3);
    value_map_put_bool(arena, map, "b", true);
    value_map_put(arena, map, "r", value_real(arena, 2.5));
    assert_int_equal(value_map_int(map, "i", 7), 3);
    assert_int_equal(value_map_int(map, "r", 7), 7);
    assert_int_equal(value_map_int(map, "absent", -1), -1);
    assert_true(value_map_real(map, "i") == 3 && value_map_real(map, "r") == 2.5);
    assert_true(isnan(value_map_real(map, "s")) && isnan(value_map_real(NULL, "r")));
    assert_string_equal(value_map_text(map, "s"), "text");
    assert_null(value_map_text(map, "i"));
    assert_int_equal(value_map_get(map, "none")->kind, VALUE_NULL);
    assert_true(value_map_true(map, "b"));
    assert_false(value_map_true(map, "none"));
    assert_true(value_is(value_map_get_n(map, "ignored", 1), VALUE_INT));
    assert_string_equal(value_pair_at(map, 1)->key->as.string.data, "none");
    assert_null(value_pair_at(map, 5));
    assert_string_equal(value_kind_text(map), "mapping");
}

static void test_position(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct value *value = value_int(arena, 1);
    struct source_position at;

    (void)state;
    value->path = "p.yml";
    value->line = 4;
    value->column = 9;
    at = value_position(value);
    assert_string_equal(at.path, "p.yml");
    assert_int_equal(at.line, 4);
    assert_int_equal(at.column, 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_absent_things_are_nothing),
        cmocka_unit_test(test_maps),
        cmocka_unit_test(test_position),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
