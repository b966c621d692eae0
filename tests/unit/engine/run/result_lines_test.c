/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of output, as Python's splitlines gives them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/json/json.h"
#include "engine/run/result_lines.h"

static void expect(const char *text, const char *lines)
{
    struct arena *arena = arena_new();
    struct value *result = value_map(arena);

    value_map_put_string(arena, result, "stdout", text);
    result_add_lines(arena, result, "stdout", "stdout_lines");
    assert_string_equal(json_text(arena, value_map_get(result, "stdout_lines"), JSON_COMPACT), lines);
    arena_free(arena);
}

static void test_lines(void **state)
{
    (void)state;
    expect("", "[]");
    expect("a", "[\"a\"]");
    expect("a\n", "[\"a\"]");
    expect("a\n\nb", "[\"a\",\"\",\"b\"]");
    expect("a\r\nb\rc", "[\"a\",\"b\",\"c\"]");
    expect("a\v"
           "b\xc2\x85"
           "c\xe2\x80\xa8"
           "d",
           "[\"a\",\"b\",\"c\",\"d\"]");
}

static void test_secrets_stay_secret(void **state)
{
    struct arena *arena = arena_new();
    struct value *result = value_map(arena), *text = value_string(arena, "key\n");

    (void)state;
    text->marks |= VALUE_SECRET;
    value_map_put(arena, result, "stdout", text);
    result_add_lines(arena, result, "stdout", "stdout_lines");
    assert_true(value_has_mark(value_map_get(result, "stdout_lines"), VALUE_SECRET));
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_lines), cmocka_unit_test(test_secrets_stay_secret) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
