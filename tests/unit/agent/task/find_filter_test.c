/* SPDX-License-Identifier: Apache-2.0 */
/* The quantities that the module find takes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/task/find_filter.h"

static void parses(void **state)
{
    int64_t got = 0;

    (void)state;
    assert_true(find_age_parse("3600", &got) && got == 3600);
    assert_true(find_age_parse("-2W", &got) && got == -2 * 604800);
    assert_true(find_size_parse("10k", &got) && got == 10240);
    assert_true(find_size_parse("-1t", &got) && got == -(INT64_C(1) << 40));
    assert_false(find_age_parse("1y", &got));
    assert_false(find_age_parse("", &got));
    assert_false(find_age_parse("d", &got));
    assert_false(find_age_parse("-", &got));
    assert_false(find_size_parse("1.5k", &got));
    assert_false(find_size_parse("9223372036854775807t", &got));
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(parses) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
