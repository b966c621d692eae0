/* SPDX-License-Identifier: Apache-2.0 */
/* The limit of open files: raised for us, as it was for programs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <cmocka.h>

#include "common/base/command.h"
#include "common/base/descriptor_limit.h"

#define LOW 200

static rlim_t soft_now(void)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    return limit.rlim_cur;
}

static void test_raised_for_us_only(void **state)
{
    ARENA_SCOPED arena = arena_new();
    static const char *const argv[] = { "sh", "-c", "ulimit -Sn", NULL };
    struct command_output output = { 0 };
    struct error err = ERROR_INIT;
    struct rlimit limit;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = LOW;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    descriptor_limit_lower(); /* not raised yet: nothing happens */
    descriptor_limit_restore();
    assert_int_equal(soft_now(), LOW);
    descriptor_limit_raise();
    assert_int_equal(soft_now(), limit.rlim_max);
    descriptor_limit_raise(); /* again: the first is remembered */
    assert_true(command_output(arena, argv, NULL, &output, &err));
    assert_string_equal(output.output, "200\n");
    assert_int_equal(soft_now(), limit.rlim_max);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_raised_for_us_only) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
