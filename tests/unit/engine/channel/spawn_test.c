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

static void test_own_session_has_no_terminal(void **state)
{
    static const char *const argv[] = { "sh", "-c", "read go; (exec 0</dev/tty) 2>/dev/null || echo none", NULL };
    struct spawn_request request = { .argv = argv, .own_session = true };
    struct spawned child;
    struct error err = ERROR_INIT;
    char text[32] = "";

    (void)state;
    assert_true(spawn_program(&request, &child, &err));
    assert_true(child.own_group);
    assert_int_equal(getsid(child.pid), child.pid);
    assert_int_equal(write(child.in, "\n", 1), 1);
    struct pollfd waited = { .fd = child.out, .events = POLLIN };
    assert_int_equal(poll(&waited, 1, -1), 1);
    assert_true(read(child.out, text, sizeof(text) - 1) > 0);
    spawn_finish(&child, 1000);
    assert_string_equal(text, "none\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_limit_of_files_is_the_old_one),
                                        cmocka_unit_test(test_own_session_has_no_terminal) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
