/* SPDX-License-Identifier: Apache-2.0 */
/* Writing JSON: the expected texts were printed by Python's json.dumps with the same options. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "common/json/json.h"
#include "common/value/value_python.h"

static const struct value *read(struct arena *arena, const char *literal)
{
    struct error err = ERROR_INIT;
    const struct value *value = NULL;

    if (!value_from_python(arena, literal, strlen(literal), &value, &err))
        fail_msg("%s: %s", literal, err.text);
    return value;
}

static void test_one_line(void **state)
{
    static const char *const cases[][2] = {
        { "{'a': [1, 2.0, None, True], 'b': {}}", "{\"a\": [1, 2.0, null, true], \"b\": {}}" },
        { "'é😀\\x7f\\x00\\b\\f\\n\\r\\t\"\\\\/'", "\"\\u00e9\\ud83d\\ude00\\u007f\\u0000\\b\\f\\n\\r\\t\\\"\\\\/\"" },
        { "{1: 'a', True: 'b', None: 'c', 1.5: 'd'}", "{\"1\": \"b\", \"null\": \"c\", \"1.5\": \"d\"}" },
        { "(1, (2,))", "[1, [2]]" },
        { "[1e999, -1e999, 1e16, 0.1]", "[Infinity, -Infinity, 1e+16, 0.1]" },
        { "''", "\"\"" },
    };
    ARENA_SCOPED arena = arena_new();

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_string_equal(json_text(arena, read(arena, cases[i][0]), JSON_PYTHON), cases[i][1]);
}

static void test_styles(void **state)
{
    ARENA_SCOPED arena = arena_new();
    const struct value *value = read(arena, "{'b': [1, [], {}], 'a': 'é', 'B': {'x': None}}");

    (void)state;
    assert_string_equal(json_text(arena, value, JSON_COMPACT), "{\"b\":[1,[],{}],\"a\":\"é\",\"B\":{\"x\":null}}");
    assert_string_equal(
        json_text(arena, value, (struct json_style){ .indent = 4, .sort_keys = true, .ascii = true }),
        "{\n    \"B\": {\n        \"x\": null\n    },\n    \"a\": \"\\u00e9\",\n    \"b\": [\n        1,\n"
        "        [],\n        {}\n    ]\n}");
    assert_string_equal(json_text(arena, value, (struct json_style){ .indent = 1, .compact = true }),
                        "{\n \"b\":[\n  1,\n  [],\n  {}\n ],\n \"a\":\"é\",\n \"B\":{\n  \"x\":null\n }\n}");
    assert_string_equal(json_text(arena, value, (struct json_style){ .sort_keys = true }),
                        "{\"B\": {\"x\": null}, \"a\": \"é\", \"b\": [1, [], {}]}");
}

static void test_del_is_plain_outside_ascii_style(void **state)
{
    ARENA_SCOPED arena = arena_new();

    (void)state;
    assert_string_equal(json_text(arena, value_string(arena, "\x7f"), JSON_COMPACT), "\"\x7f\"");
}

static void test_undefined_and_endless_nesting(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct value *inner = value_list(arena);

    (void)state;
    assert_string_equal(json_text(arena, value_undefined(arena, "x"), JSON_PYTHON), "null");
    for (int i = 0; i < 100000; i++) {
        struct value *outer = value_list(arena);

        value_list_add(arena, outer, inner);
        inner = outer;
    }
    assert_true(strlen(json_text(arena, inner, JSON_COMPACT)) < 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_line),
        cmocka_unit_test(test_styles),
        cmocka_unit_test(test_del_is_plain_outside_ascii_style),
        cmocka_unit_test(test_undefined_and_endless_nesting),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
