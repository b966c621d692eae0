/* SPDX-License-Identifier: Apache-2.0 */
/* Python literals: results are those of ast.literal_eval in CPython 3.11. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "common/value/value_python.h"

#define BITS_70 "1111111111111111111111111111111111111111111111111111111111111111111111"

static const char *const good[][2] = {
    { "1", "1" },
    { "-1", "-1" },
    { "+5", "5" },
    { "- 3", "-3" },
    { "1_000", "1000" },
    { "0x1F", "31" },
    { "0o17", "15" },
    { "0b101", "5" },
    { "1.5", "1.5" },
    { ".5", "0.5" },
    { "5.", "5.0" },
    { "1e3", "1000.0" },
    { "1E-3", "0.001" },
    { "-1.5", "-1.5" },
    { "00", "0" },
    { "9223372036854775807", "9223372036854775807" },
    { "-9223372036854775808", "-9223372036854775808" },
    { "9223372036854775808", "9223372036854775808" },
    { "-100_000_000_000_000_000_000", "-100000000000000000000" },
    { "-0xfFFFFFFFFFFFFFFFF", "-295147905179352825855" },
    { "0o7777777777777777777777", "73786976294838206463" },
    { "0b" BITS_70, "1180591620717411303423" },
    { "00000000000000000000000000", "0" },
    { "True", "True" },
    { "False", "False" },
    { "None", "None" },
    { "'a'", "'a'" },
    { "\"b\"", "'b'" },
    { "'''tri\nple'''", "'tri\\nple'" },
    { "\"a\" 'b'", "'ab'" },
    { "b'\\x80\\n'", "b'\\x80\\n'" },
    { "r'\\n'", "'\\\\n'" },
    { "u'x'", "'x'" },
    { "'\\x41\\u00e9\\U0001F600\\101\\n\\q\\''", "\"A\xc3\xa9\xf0\x9f\x98\x80"
                                                 "A\\n\\\\q'\"" },
    { "[]", "[]" },
    { "[1, 2,]", "[1, 2]" },
    { "(1,)", "(1,)" },
    { "(1)", "1" },
    { "()", "()" },
    { "1, 2", "(1, 2)" },
    { "{\"a\": [1, {\"b\": (2, 3)}]}", "{'a': [1, {'b': (2, 3)}]}" },
    { "{1: 2, (1, 2): 3}", "{1: 2, (1, 2): 3}" },
    { " [1,\n 2] # c", "[1, 2]" },
    { "[1, # c\n 2]", "[1, 2]" },
    { "'a\\\nb'", "'ab'" },
    { "[\"x\" \"y\", 2]", "['xy', 2]" },
    { "{}", "{}" },
    { "1e999", "inf" },
    { "[-1, +2]", "[-1, 2]" },
};

static const char *const bad[] = {
    "",
    "[",
    "[1",
    "1 2",
    "foo",
    "{1}",
    "{1,2}",
    "[1 2]",
    "{\"a\" 1}",
    "{\"a\": }",
    "'x",
    "1+1",
    "--1",
    "f\"x\"",
    "__import__(\"os\")",
    "01",
    "1__0",
    "1_",
    "0x",
    "[1}",
    "{[1]: 2}",
    "1j",
    "-\"a\"",
    "set()",
    "'''x'",
    "b\"x\" \"y\"",
    "'\\x1'",
    ",",
    "(,)",
    "0b2",
    "1.5.5",
    "Truex",
    "[1]]",
    "{\"a\": 1,,}",
    "{,}",
};

static void test_good(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        ARENA_SCOPED arena = arena_new();
        struct error err = ERROR_INIT;
        const struct value *value = NULL;
        struct text out = text_new(arena);

        if (!value_from_python(arena, good[i][0], strlen(good[i][0]), &value, &err))
            fail_msg("%s: %s", good[i][0], err.text);
        value_repr(&out, value);
        assert_string_equal(out.data, good[i][1]);
    }
}

static void test_bad(void **state)
{
    ARENA_SCOPED arena = arena_new();

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct error err = ERROR_INIT;
        const struct value *value = NULL;

        if (value_from_python(arena, bad[i], strlen(bad[i]), &value, &err))
            fail_msg("accepted: %s", bad[i]);
        assert_null(value);
        assert_memory_equal(err.text, "not a Python literal: ", 22);
    }
}

static void test_depth_is_limited(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct error err = ERROR_INIT;
    const struct value *value = NULL;
    char deep[4000];

    (void)state;
    memset(deep, '[', sizeof(deep));
    assert_false(value_from_python(arena, deep, sizeof(deep), &value, &err));
    assert_non_null(strstr(err.text, "too many nested brackets"));
}

static void test_digits_are_limited(void **state)
{
    static const size_t most = 4300; /* as in Python */
    ARENA_SCOPED arena = arena_new();
    const char *nines = memset(arena_printf(arena, "%04301d", 0), '9', most + 1);
    const struct value *value = NULL;
    struct error err = ERROR_INIT;

    (void)state;
    assert_true(value_from_python(arena, nines, most, &value, &err));
    assert_int_equal(strlen(value_to_text(arena, value)), most);
    assert_false(value_from_python(arena, nines, most + 1, &value, &err));
    assert_non_null(strstr(err.text, "a number of too many digits"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_depth_is_limited),
        cmocka_unit_test(test_digits_are_limited),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
