/* SPDX-License-Identifier: Apache-2.0 */
/* Programs at the other end of a connection: what they get from us. */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <unistd.h>
#include <cmocka.h>

#include "common/base/descriptor_limit.h"
#include "engine/channel/spawn.h"

static void test_limit_of_files_is_the_old_one(void **state)
{
    static const char *const argv[] = { "sh", "-c", "ulimit -Sn", NULL };
    struct spawn_request request = { .argv = argv };
    struct spawned child;
    struct error err = ERROR_INIT;
    struct rlimit limit;
    char text[32] = "";

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = 210;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    descriptor_limit_raise();
    assert_true(spawn_program(&request, &child, &err));
    struct pollfd waited = { .fd = child.out, .events = POLLIN };
    assert_int_equal(poll(&waited, 1, -1), 1);
    assert_true(read(child.out, text, sizeof(text) - 1) > 0);
    spawn_finish(&child, 1000);
    assert_string_equal(text, "210\n");
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(limit.rlim_cur, limit.rlim_max);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_limit_of_files_is_the_old_one) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
