/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "common/base/text.h"
#include "engine/command/extra_vars.h"

static struct arena *arena;
static struct error err;
static const struct value *vars;

#define READ(...) extra_vars_read(arena, (const char *const[]){ __VA_ARGS__, NULL }, &vars, &err)

static void test_pairs(void **state)
{
    (void)state;
    assert_true(READ("a=1 b='two words' c=\"x y\" d={{ e | default('f g') }}", "a=2"));
    assert_string_equal(value_map_text(vars, "a"), "2");
    assert_string_equal(value_map_text(vars, "b"), "two words");
    assert_string_equal(value_map_text(vars, "c"), "x y");
    assert_string_equal(value_map_text(vars, "d"), "{{ e | default('f g') }}");
    assert_true(value_map_get(vars, "d")->marks & VALUE_TRUSTED);
    assert_false(value_map_get(vars, "d")->marks & VALUE_STATIC);
}

static void test_structures(void **state)
{
    (void)state;
    assert_true(READ("{\"n\": 3, \"list\": [1, two]}", "{n: 4}"));
    assert_int_equal(value_map_get(vars, "n")->as.integer, 4);
    assert_int_equal(value_count(value_map_get(vars, "list")), 2);
}

static void test_errors(void **state)
{
    (void)state;
    assert_false(READ("just-a-word"));
    assert_non_null(strstr(err.text, "expected key=value, found 'just-a-word'"));
    assert_int_equal(err.kind, ERROR_OPTIONS);
    assert_false(READ("a='open"));
    assert_non_null(strstr(err.text, "a quote is not closed"));
    assert_false(READ("[1, 2]"));
    assert_non_null(strstr(err.text, "expected a mapping"));
    error_clear(&err);
    assert_false(READ("@/does/not/exist.yml"));
    assert_string_equal(err.text, "extra vars file '/does/not/exist.yml' does not exist");
    assert_int_equal(err.kind, ERROR_GENERIC); /* exit code 1 */
    assert_false(READ("@/tmp"));
    assert_int_equal(err.kind, ERROR_PARSE);
    assert_false(READ("{a"));
    assert_int_equal(err.kind, ERROR_PARSE);
}

static int setup(void **state)
{
    (void)state;
    arena = arena_new();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pairs),
        cmocka_unit_test(test_structures),
        cmocka_unit_test(test_errors),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
