/* SPDX-License-Identifier: Apache-2.0 */
/* Filling, prefixing, locating and cutting of errors. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "common/base/error.h"

static void test_set_is_false_and_prefix_stacks(void **state)
{
    struct error err = ERROR_INIT;

    (void)state;
    assert_false(error_set_kind(&err, ERROR_LIMIT, "too %s", "big"));
    assert_false(error_prefix(&err, "cannot read '%s'", "a.yml"));
    assert_string_equal(err.text, "cannot read 'a.yml': too big");
    assert_int_equal(err.kind, ERROR_LIMIT);
}

static void test_old_text_may_be_an_argument(void **state)
{
    struct error err = ERROR_INIT;

    (void)state;
    error_set(&err, "inner");
    error_set(&err, "outer (%s)", err.text);
    assert_string_equal(err.text, "outer (inner)");
}

static void test_position_is_set_once(void **state)
{
    struct error err = ERROR_INIT;
    struct source_position first = { .path = "x.yml", .line = 3, .column = 7 };
    struct source_position second = { .path = "y.yml", .line = 9, .column = 1 };

    (void)state;
    error_set_at(&err, &first, "bad");
    error_locate(&err, &second);
    assert_string_equal(err.path, "x.yml");
    assert_int_equal(err.line, 3);
    assert_int_equal(err.column, 7);
    assert_int_equal(err.kind, ERROR_PARSE);
    error_set(&err, "new");
    assert_string_equal(err.path, "");
    error_locate(&err, &second);
    assert_int_equal(err.line, 9);
    error_clear(&err);
    assert_string_equal(err.text, "");
    assert_int_equal(err.line, 0);
}

static void test_errno_text(void **state)
{
    struct error err = ERROR_INIT;

    (void)state;
    errno = ENOENT;
    assert_false(error_set_errno(&err, "cannot open '%s'", "/x"));
    assert_string_equal(err.text, "cannot open '/x': No such file or directory");
    assert_int_equal(errno, ENOENT);
}

static void test_long_text_is_cut_at_a_character(void **state)
{
    struct error err = ERROR_INIT;
    char big[LIMIT_ERROR_TEXT * 2 + 2];

    (void)state;
    for (size_t i = 0; i + 2 < sizeof(big); i += 2)
        memcpy(big + i, "\xC3\xA9", 2);
    big[sizeof(big) - 2] = '\0';
    error_set(&err, "x%s", big);
    assert_true(strlen(err.text) < LIMIT_ERROR_TEXT);
    assert_string_equal(err.text + strlen(err.text) - 3, "...");
    assert_int_equal((unsigned char)err.text[strlen(err.text) - 4], 0xA9);
    error_prefix(&err, "again");
    assert_memory_equal(err.text, "again: x", 8);
    assert_true(strlen(err.text) < LIMIT_ERROR_TEXT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_set_is_false_and_prefix_stacks),
        cmocka_unit_test(test_old_text_may_be_an_argument),
        cmocka_unit_test(test_position_is_set_once),
        cmocka_unit_test(test_errno_text),
        cmocka_unit_test(test_long_text_is_cut_at_a_character),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
