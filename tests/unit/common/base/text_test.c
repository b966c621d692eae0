/* SPDX-License-Identifier: Apache-2.0 */
/* The growing text, splitting, trimming and lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "common/base/text.h"

static void test_grows_and_stays_terminated(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct text text = text_new(arena);

    (void)state;
    assert_string_equal(text.data, "");
    for (int i = 0; i < 5000; i++) {
        text_printf(&text, "%d,", i % 10);
        text_add_char(&text, 'x');
    }
    assert_int_equal(text.length, 15000);
    assert_int_equal(strlen(text.data), 15000);
    assert_memory_equal(text.data, "0,x1,x2,x", 9);
    text_truncate(&text, 3);
    assert_string_equal(text.data, "0,x");
    text_add_n(&text, "a\0b", 3);
    assert_int_equal(text.length, 6);
    text_add_n(&text, "", 0);
    assert_int_equal(text.length, 6);
}

static void test_printf_longer_than_capacity(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct text text = text_new(arena);

    (void)state;
    text_printf(&text, "%0500d|", 5);
    text_printf(&text, "%s", "end");
    assert_int_equal(text.length, 504);
    assert_string_equal(text.data + 499, "5|end");
}

static void test_comparisons(void **state)
{
    static const char *const list[] = { "a", "bc", NULL };

    (void)state;
    assert_true(text_equal(NULL, NULL));
    assert_false(text_equal(NULL, ""));
    assert_true(text_starts("abc", "ab"));
    assert_false(text_starts("a", "ab"));
    assert_true(text_ends("abc", "bc"));
    assert_false(text_ends("c", "bc"));
    assert_true(text_in("bc", list));
    assert_false(text_in("b", list));
    assert_false(text_in("b", NULL));
}

static void test_trim_and_split(void **state)
{
    ARENA_SCOPED arena = arena_new();
    size_t count = 0;
    char **parts = text_split(arena, ",a,,b", ',', &count);

    (void)state;
    assert_string_equal(text_trim(arena, " \t a b\n", 7), "a b");
    assert_string_equal(text_trim(arena, "  ", 2), "");
    assert_int_equal(count, 4);
    assert_string_equal(parts[0], "");
    assert_string_equal(parts[1], "a");
    assert_string_equal(parts[2], "");
    assert_string_equal(parts[3], "b");
    assert_null(parts[4]);
    assert_string_equal(text_split(arena, "", ',', &count)[0], "");
    assert_int_equal(count, 1);
}

static void test_lines(void **state)
{
    const char *data = "one\n\nthree", *cursor = data, *end = data + strlen(data), *line = NULL;
    size_t length = 0;

    (void)state;
    assert_true(text_line(&cursor, end, &line, &length));
    assert_int_equal(length, 3);
    assert_true(text_line(&cursor, end, &line, &length));
    assert_int_equal(length, 0);
    assert_true(text_line(&cursor, end, &line, &length));
    assert_memory_equal(line, "three", 5);
    assert_int_equal(length, 5);
    assert_false(text_line(&cursor, end, &line, &length));
}

static void test_case_of_letters(void **state)
{
    char text[] = "aZ-\xc3\x84[`{@9";

    (void)state;
    assert_ptr_equal(text_upper(text), text);
    assert_string_equal(text, "AZ-\xc3\x84[`{@9");
    assert_ptr_equal(text_lower(text), text);
    assert_string_equal(text, "az-\xc3\x84[`{@9");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grows_and_stays_terminated),
        cmocka_unit_test(test_printf_longer_than_capacity),
        cmocka_unit_test(test_comparisons),
        cmocka_unit_test(test_trim_and_split),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_case_of_letters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
