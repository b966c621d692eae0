/* SPDX-License-Identifier: Apache-2.0 */
/* Maps small and large: order, replacement, removal, keys that are not strings. */
#include <stdio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "common/value/value.h"

#define MANY 5000

static struct value *map_of(struct arena *arena, int count)
{
    struct value *map = value_map(arena);
    char key[32];

    for (int i = 0; i < count; i++) {
        snprintf(key, sizeof(key), "key%d", i);
        value_map_put_int(arena, map, key, i);
    }
    return map;
}

static void test_every_size_finds_all_keys_in_order(void **state)
{
    ARENA_SCOPED arena = arena_new();
    char key[32];

    (void)state;
    for (int count = 0; count < 70; count++) {
        const struct value *map = map_of(arena, count);

        assert_int_equal(value_count(map), count);
        for (int i = 0; i < count; i++) {
            snprintf(key, sizeof(key), "key%d", i);
            assert_int_equal(value_map_get(map, key)->as.integer, i);
            assert_string_equal(value_pair_at(map, (size_t)i)->key->as.string.data, key);
        }
        assert_null(value_map_get(map, "key"));
        assert_null(value_map_get(map, "key70"));
    }
}

static void test_replacing_keeps_the_place(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct value *map = map_of(arena, MANY);

    (void)state;
    value_map_put_int(arena, map, "key17", -1);
    assert_int_equal(value_count(map), MANY);
    assert_int_equal(value_pair_at(map, 17)->item->as.integer, -1);
}

static void test_removing(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct value *map = map_of(arena, 20);

    (void)state;
    assert_true(value_map_remove(arena, map, value_string(arena, "key3")));
    assert_false(value_map_remove(arena, map, value_string(arena, "key3")));
    assert_int_equal(value_count(map), 19);
    assert_null(value_map_get(map, "key3"));
    assert_int_equal(value_map_get(map, "key19")->as.integer, 19);
    for (int i = 4; i < 20; i++) {
        char key[32];

        snprintf(key, sizeof(key), "key%d", i);
        assert_true(value_map_remove(arena, map, value_string(arena, key)));
    }
    assert_int_equal(value_count(map), 3);
    assert_int_equal(value_map_get(map, "key2")->as.integer, 2);
    value_map_put_int(arena, map, "key3", 33);
    assert_int_equal(value_pair_at(map, 3)->item->as.integer, 33);
}

static void test_keys_of_all_kinds(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct value *map = value_map(arena);

    (void)state;
    for (int i = 0; i < 30; i++)
        value_map_put_value(arena, map, value_int(arena, i), value_string(arena, "int"));
    value_map_put_value(arena, map, value_null(), value_string(arena, "null"));
    value_map_put_value(arena, map, value_string(arena, "1"), value_string(arena, "string"));
    value_map_put_value(arena, map, value_real(arena, 1.0), value_string(arena, "real"));
    value_map_put_value(arena, map, value_bool(false), value_string(arena, "false"));
    assert_int_equal(value_count(map), 32); /* 1.0 is 1 and False is 0, as in Python */
    assert_string_equal(value_text(value_map_get_value(map, value_int(arena, 1))), "real");
    assert_string_equal(value_text(value_map_get_value(map, value_bool(true))), "real");
    assert_string_equal(value_text(value_map_get_value(map, value_int(arena, 0))), "false");
    assert_string_equal(value_map_text(map, "1"), "string");
    assert_string_equal(value_text(value_map_get_value(map, value_null())), "null");
}

static void test_keys_with_nul_bytes_differ(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct value *map = value_map(arena);

    (void)state;
    value_map_put_value(arena, map, value_string_n(arena, "a\0b", 3), value_bool(true));
    assert_null(value_map_get(map, "a"));
    assert_non_null(value_map_get_n(map, "a\0b", 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_size_finds_all_keys_in_order),
        cmocka_unit_test(test_replacing_keeps_the_place),
        cmocka_unit_test(test_removing),
        cmocka_unit_test(test_keys_of_all_kinds),
        cmocka_unit_test(test_keys_with_nul_bytes_differ),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
