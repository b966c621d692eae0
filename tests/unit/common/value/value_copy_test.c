/* SPDX-License-Identifier: Apache-2.0 */
/* Deep copies, marks on trees, and the merge of two maps. */
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

static void test_copy_outlives_its_arena(void **state)
{
    struct arena *first = arena_new();
    ARENA_SCOPED second = arena_new();
    struct value *map = value_map(first);
    const struct value *copy;

    (void)state;
    value_map_put(first, map, "tree", read(first, "{'a': [1, 2.5, 'x', None, True], 'b': (1,), 'c': b'y'}"));
    for (int i = 0; i < 20; i++)
        value_map_put_int(first, map, arena_printf(first, "k%d", i), i);
    map->marks = VALUE_SECRET;
    map->line = 12;
    copy = value_copy(second, map);
    arena_free(first);
    assert_int_equal(copy->marks, VALUE_SECRET);
    assert_int_equal(copy->line, 12);
    assert_int_equal(value_map_get(copy, "k19")->as.integer, 19);
    assert_string_equal(value_to_text(second, value_map_get(copy, "tree")),
                        "{'a': [1, 2.5, 'x', None, True], 'b': (1,), 'c': b'y'}");
    assert_null(value_copy(second, NULL));
}

static void test_marks_reach_every_node(void **state)
{
    ARENA_SCOPED arena = arena_new();
    const struct value *tree = read(arena, "{'a': ['x', {'b': 'y'}]}");
    const struct value *secret = value_mark(arena, tree, VALUE_SECRET, 0);

    (void)state;
    assert_false(value_has_mark(tree, VALUE_SECRET));
    assert_true((value_item(value_map_get(secret, "a"), 0)->marks & VALUE_SECRET) != 0);
    assert_true((value_pair_at(secret, 0)->key->marks & VALUE_SECRET) != 0);
    assert_true((secret->marks & VALUE_SECRET) != 0);
    assert_ptr_equal(value_mark(arena, secret, VALUE_SECRET, 0), secret);
    assert_ptr_equal(value_mark(arena, tree, 0, VALUE_SECRET), tree);
    assert_false(value_has_mark(value_mark(arena, secret, 0, VALUE_SECRET), VALUE_SECRET));
    assert_true(value_equal(tree, secret));
}

static void test_one_marked_leaf_is_found(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct value *list = value_list(arena), *map = value_map(arena), *leaf = value_string(arena, "s");

    (void)state;
    leaf->marks = VALUE_SECRET;
    value_map_put(arena, map, "k", leaf);
    value_list_add(arena, list, map);
    assert_true(value_has_mark(list, VALUE_SECRET));
    assert_true(value_has_mark(list, VALUE_SECRET | VALUE_VAULT));
    assert_false(value_has_mark(list, VALUE_VAULT));
}

static bool is_text(const struct value *value, const void *text)
{
    return value_text(value) != NULL && strcmp(value_text(value), text) == 0;
}

static void test_holds(void **state)
{
    ARENA_SCOPED arena = arena_new();
    const struct value *tree = read(arena, "{'a': ['x', {'b': 'y'}], 'c': 'z'}"), *shared = tree;

    (void)state;
    assert_true(value_holds(tree, is_text, "y", SIZE_MAX));
    assert_true(value_holds(tree, is_text, "z", 6)); /* the map, its list, x, the map in it, y, and z */
    assert_false(value_holds(tree, is_text, "z", 5));
    assert_false(value_holds(tree, is_text, "a", SIZE_MAX));
    assert_true(value_holds(value_string(arena, "s"), is_text, "s", 1));
    for (int i = 0; i < 100; i++) { /* 2 to the power of 100 items */
        struct value *twice = value_list(arena);

        value_list_add(arena, twice, shared);
        value_list_add(arena, twice, shared);
        shared = twice;
    }
    assert_true(value_holds(shared, is_text, "z", 1000));
    assert_false(value_holds(shared, is_text, "none", 1000));
}

static void test_template_syntax(void **state)
{
    static const char *const yes[] = { "{{ x }}", "a {% if %}", "{#", "{{{" };
    static const char *const no[] = { "", "{", "{ {", "}}", "{a}", "a{" };

    (void)state;
    for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
        assert_true(value_text_is_template(yes[i], strlen(yes[i])));
    for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
        assert_false(value_text_is_template(no[i], strlen(no[i])));
    assert_false(value_text_is_template("{{", 1));
}

/* Expected texts are what Ansible's merge_hash gives. */
static void test_merge(void **state)
{
    static const char *const cases[][4] = {
        { "{'a': 1, 'b': 2}", "{'b': 3, 'c': 4}", "{'a': 1, 'b': 3, 'c': 4}", "{'a': 1, 'b': 3, 'c': 4}" },
        { "{'a': {'x': 1, 'y': 2}}", "{'a': {'y': 3}}", "{'a': {'y': 3}}", "{'a': {'x': 1, 'y': 3}}" },
        { "{'a': [1, 2]}", "{'a': [3]}", "{'a': [3]}", "{'a': [3]}" },
        { "{}", "{'z': 1, 'y': 2}", "{'z': 1, 'y': 2}", "{'z': 1, 'y': 2}" },
        { "{'a': 1}", "{}", "{'a': 1}", "{'a': 1}" },
        { "{'a': 1, 'b': 2}", "{'b': 2, 'a': 1}", "{'b': 2, 'a': 1}", "{'b': 2, 'a': 1}" },
        { "{'a': {'b': {'c': 1}}}", "{'a': {'b': {'d': 2}, 'e': 3}}", "{'a': {'b': {'d': 2}, 'e': 3}}",
          "{'a': {'b': {'c': 1, 'd': 2}, 'e': 3}}" },
        { "{'a': {'b': 1}}", "{'a': 5}", "{'a': 5}", "{'a': 5}" },
        { "{1: 'x'}", "{True: 'y'}", "{1: 'y'}", "{1: 'y'}" },
    };
    ARENA_SCOPED arena = arena_new();

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct value *base = read(arena, cases[i][0]), *over = read(arena, cases[i][1]);

        assert_string_equal(value_to_text(arena, value_merge(arena, base, over, false)), cases[i][2]);
        assert_string_equal(value_to_text(arena, value_merge(arena, base, over, true)), cases[i][3]);
        assert_string_equal(value_to_text(arena, base), cases[i][0]);
    }
}

static void test_merge_spreads_secrets_and_keeps_static_only_of_both(void **state)
{
    ARENA_SCOPED arena = arena_new();
    const struct value *base = value_mark(arena, read(arena, "{'a': 1}"), VALUE_STATIC | VALUE_TRUSTED, 0);
    const struct value *over = value_mark(arena, read(arena, "{'b': 1}"), VALUE_SECRET | VALUE_TRUSTED, VALUE_STATIC);

    (void)state;
    assert_int_equal(value_merge(arena, base, over, false)->marks, VALUE_SECRET | VALUE_TRUSTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_copy_outlives_its_arena),
        cmocka_unit_test(test_marks_reach_every_node),
        cmocka_unit_test(test_one_marked_leaf_is_found),
        cmocka_unit_test(test_holds),
        cmocka_unit_test(test_template_syntax),
        cmocka_unit_test(test_merge),
        cmocka_unit_test(test_merge_spreads_secrets_and_keeps_static_only_of_both),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
