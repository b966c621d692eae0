/* SPDX-License-Identifier: Apache-2.0 */
/* Text to integer, real and boolean: what is taken and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "common/base/text.h"

static void test_integers(void **state)
{
    static const char *const refused[] = { "", " 1", "1 ", "1x", "0x10", "9223372036854775808", "-", "+", "1.0" };
    int64_t out = 0;

    (void)state;
    assert_true(text_to_int("-9223372036854775808", &out));
    assert_true(out == INT64_MIN);
    assert_true(text_to_int("+12", &out));
    assert_int_equal(out, 12);
    assert_true(text_to_int("0644", &out));
    assert_int_equal(out, 644);
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
        assert_false(text_to_int(refused[i], &out));
    assert_false(text_to_int(NULL, &out));
    assert_int_equal(out, 644);
}

static void test_reals(void **state)
{
    double out = 0;

    (void)state;
    assert_true(text_to_real("1.5e3", &out));
    assert_true(out >= 1500 && out <= 1500);
    assert_true(text_to_real("-inf", &out));
    assert_true(out < -1e300);
    assert_false(text_to_real("0x1p3", &out));
    assert_false(text_to_real(" 1", &out));
    assert_false(text_to_real("1.5 ", &out));
    assert_false(text_to_real("", &out));
}

static void test_booleans(void **state)
{
    static const char *const yes[] = { "yes", "On", "TRUE", "1", "y", "T", " true\n" };
    static const char *const no[] = { "no", "Off", "FALSE", "0", "n", "F" };
    bool out = false;

    (void)state;
    for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
        out = false;
        assert_true(text_to_bool(yes[i], &out));
        assert_true(out);
    }
    for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++) {
        out = true;
        assert_true(text_to_bool(no[i], &out));
        assert_false(out);
    }
    assert_false(text_to_bool("", &out));
    assert_false(text_to_bool("maybe", &out));
    assert_false(text_to_bool("ye", &out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_integers),
        cmocka_unit_test(test_reals),
        cmocka_unit_test(test_booleans),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
