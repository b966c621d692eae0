/* SPDX-License-Identifier: Apache-2.0 */
/* Times as Python prints them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <time.h>
#include <cmocka.h>

#include "common/base/clock.h"

static void test_texts(void **state)
{
    ARENA_SCOPED arena = arena_new();

    (void)state;
    setenv("TZ", "UTC-2", 1);
    tzset();
    assert_string_equal(clock_text_utc(arena, INT64_C(1700000000123456)), "2023-11-14T22:13:20.123456Z");
    assert_string_equal(clock_text_local(arena, INT64_C(1700000000123456)), "2023-11-15 00:13:20.123456");
    assert_string_equal(clock_text_local(arena, INT64_C(1700000000000000)), "2023-11-15 00:13:20");
}

static void test_deltas(void **state)
{
    ARENA_SCOPED arena = arena_new();

    (void)state;
    assert_string_equal(clock_text_delta(arena, 1234567), "0:00:01.234567");
    assert_string_equal(clock_text_delta(arena, 0), "0:00:00");
    assert_string_equal(clock_text_delta(arena, INT64_C(90061000000)), "1 day, 1:01:01");
    assert_string_equal(clock_text_delta(arena, INT64_C(180000000000)), "2 days, 2:00:00");
    assert_string_equal(clock_text_delta(arena, -1), "-1 day, 23:59:59.999999");
}

static void test_clocks_run(void **state)
{
    int64_t before = clock_monotonic_us();

    (void)state;
    assert_true(clock_monotonic_us() >= before);
    assert_true(clock_monotonic_ms() >= before / 1000);
    assert_true(clock_boot_ms() >= before / 1000); /* nor does it stand still */
    assert_true(clock_wall_us() > INT64_C(1600000000000000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_deltas),
        cmocka_unit_test(test_clocks_run),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
