/* SPDX-License-Identifier: Apache-2.0 */
/* Reading JSON: results and messages are those of Python's json.loads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "common/base/limits.h"
#include "common/json/json.h"
#include "common/value/value_python.h"

static const char *const good[][2] = {
    { "{\"a\": [1, -2.5, \"x\", null, true, false]}", "{'a': [1, -2.5, 'x', None, True, False]}" },
    { " [ ] ", "[]" },
    { "{}", "{}" },
    { "\"\\u00e9\\ud83d\\ude00\\n\\/\\\"\\\\\"", "'é😀\\n/\"\\\\'" },
    { "{\"a\": 1, \"b\": 2, \"a\": 3}", "{'a': 3, 'b': 2}" },
    { "9223372036854775807", "9223372036854775807" },
    { "-9223372036854775808", "-9223372036854775808" },
    { "12345678901234567890", "12345678901234567890" },
    { "[-12345678901234567890123456789012345678901234567890123456789012345678901234567890]",
      "[-12345678901234567890123456789012345678901234567890123456789012345678901234567890]" },
    { "9223372036854775808", "9223372036854775808" },
    { "-9223372036854775809", "-9223372036854775809" },
    { "1e5", "100000.0" },
    { "-0", "0" },
    { "[NaN, Infinity, -Infinity]", "[nan, inf, -inf]" },
    { "\"\\u0000x\"", "'\\x00x'" },
    { "\"\\udc80\"", "'\\udc80'" },
};

static const char *const bad[][2] = {
    { "", "Expecting value: line 1 column 1 (char 0)" },
    { "[1,]", "Expecting value: line 1 column 4 (char 3)" },
    { "[1 2]", "Expecting ',' delimiter: line 1 column 4 (char 3)" },
    { "{\"a\" 1}", "Expecting ':' delimiter: line 1 column 6 (char 5)" },
    { "{a: 1}", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)" },
    { "{\"a\": 1,}", "Expecting property name enclosed in double quotes: line 1 column 9 (char 8)" },
    { "\"abc", "Unterminated string starting at: line 1 column 1 (char 0)" },
    { "\"a\tb\"", "Invalid control character at: line 1 column 3 (char 2)" },
    { "\"\\x\"", "Invalid \\escape: line 1 column 2 (char 1)" },
    { "\"\\u12\"", "Invalid \\uXXXX escape: line 1 column 3 (char 2)" },
    { "{} x", "Extra data: line 1 column 4 (char 3)" },
    { "01", "Extra data: line 1 column 2 (char 1)" },
    { "[\n  \"é\", tru]", "Expecting value: line 2 column 8 (char 9)" },
    { "nul", "Expecting value: line 1 column 1 (char 0)" },
    { "\"\\", "Unterminated string starting at: line 1 column 1 (char 0)" },
};

static void test_good(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        ARENA_SCOPED arena = arena_new();
        struct error err = ERROR_INIT;
        const struct value *value = NULL;
        struct text out = text_new(arena);

        if (!json_read(arena, good[i][0], strlen(good[i][0]), NULL, &value, &err))
            fail_msg("%s: %s", good[i][0], err.text);
        value_repr(&out, value);
        assert_string_equal(out.data, good[i][1]);
    }
}

static void test_bad(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ARENA_SCOPED arena = arena_new();
        struct error err = ERROR_INIT;
        const struct value *value = NULL;

        assert_false(json_read(arena, bad[i][0], strlen(bad[i][0]), NULL, &value, &err));
        assert_string_equal(err.text, bad[i][1]);
        assert_int_equal(err.kind, ERROR_PARSE);
        assert_null(value);
    }
}

static void test_length_ends_the_text(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct error err = ERROR_INIT;
    const struct value *value = NULL;

    (void)state;
    assert_true(json_read(arena, "12345]", 3, NULL, &value, &err));
    assert_int_equal(value->as.integer, 123);
    assert_false(json_read(arena, "[1]", 2, NULL, &value, &err));
}

static void test_positions(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct error err = ERROR_INIT;
    const char *data = "{\n  \"a\": [\n    \"x\"]}";
    const struct value *value = NULL, *list;

    (void)state;
    assert_true(json_read(arena, data, strlen(data), "v.json", &value, &err));
    list = value_map_get(value, "a");
    assert_int_equal(list->line, 2);
    assert_int_equal(list->column, 8);
    assert_int_equal(value_item(list, 0)->line, 3);
    assert_int_equal(value_item(list, 0)->column, 5);
    assert_string_equal(value_item(list, 0)->path, "v.json");
    assert_false(json_read(arena, "[\n x]", 5, "v.json", &value, &err));
    assert_string_equal(err.path, "v.json");
    assert_int_equal(err.line, 2);
    assert_int_equal(err.column, 2);
}

static void test_marks(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct error err = ERROR_INIT;
    const char *data = "[\"a\", [\"{{ x }}\"], {\"k\": 1}]";
    const struct value *value = NULL;

    (void)state;
    assert_true(json_read(arena, data, strlen(data), NULL, &value, &err));
    assert_false(value_has_mark(value, VALUE_TRUSTED));
    assert_int_equal(value->marks & VALUE_STATIC, 0);
    assert_true((value_item(value, 0)->marks & VALUE_STATIC) != 0);
    assert_int_equal(value_item(value, 1)->marks & VALUE_STATIC, 0);
    assert_true((value_item(value, 2)->marks & VALUE_STATIC) != 0);
}

static void test_depth_is_limited(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct error err = ERROR_INIT;
    char deep[LIMIT_JSON_DEPTH * 4];
    const struct value *value = NULL;

    (void)state;
    memset(deep, '[', sizeof(deep));
    assert_false(json_read(arena, deep, sizeof(deep), NULL, &value, &err));
    assert_int_equal(err.kind, ERROR_LIMIT);
    memset(deep + LIMIT_JSON_DEPTH, ']', LIMIT_JSON_DEPTH);
    assert_true(json_read(arena, deep, LIMIT_JSON_DEPTH * 2, NULL, &value, &err));
}

static void test_bytes_that_are_no_text_survive(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct error err = ERROR_INIT;
    const struct value *value = NULL;
    char *text = json_text(arena, value_string(arena, "caf\xE9 \x80"), JSON_COMPACT);

    (void)state;
    assert_string_equal(text, "\"caf\\udce9 \\udc80\"");
    assert_true(json_read(arena, text, strlen(text), NULL, &value, &err));
    assert_string_equal(value_text(value), "caf\xE9 \x80");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_length_ends_the_text),
        cmocka_unit_test(test_positions),
        cmocka_unit_test(test_marks),
        cmocka_unit_test(test_depth_is_limited),
        cmocka_unit_test(test_bytes_that_are_no_text_survive),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
