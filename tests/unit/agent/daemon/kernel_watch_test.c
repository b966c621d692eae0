/* SPDX-License-Identifier: Apache-2.0 */
/* Mount points by the text of mountinfo; and for real, in a mount namespace of this test's own. */
#include "agent/daemon/kernel_watch.h"

#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cmocka.h>

static const char mountinfo[] = "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw,errors=remount-ro\n"
                                "40 22 0:36 / /srv/my\\040files rw,nosuid shared:2 - tmpfs tmpfs rw,size=1024k\n"
                                "41 22 0:37 / /srv rw - tmpfs none rw\n"
                                "42 22 0:38 / /srv ro - tmpfs none rw\n"
                                "short line\n";

static void test_text(void **state)
{
    ARENA_SCOPED arena = arena_new();

    (void)state;
    assert_string_equal(kernel_watch_mounted(arena, mountinfo, "/srv/my files"),
                        " rw,nosuid shared:2 - tmpfs tmpfs rw,size=1024k\n");
    assert_string_equal(kernel_watch_mounted(arena, mountinfo, "/srv"), " rw - tmpfs none rw\n ro - tmpfs none rw\n");
    assert_string_equal(kernel_watch_mounted(arena, mountinfo, "/sr"), "");
    assert_string_equal(kernel_watch_mounted(arena, "", "/"), "");
}

static bool is_ready(const struct kernel_watch *watch, int wait_ms)
{
    struct pollfd fd = { .fd = kernel_watch_mounts_fd(watch), .events = POLLPRI };

    return poll(&fd, 1, wait_ms) == 1;
}

static void test_real(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct kernel_watch *watch = kernel_watch_new();
    char folder[] = "/tmp/roost-mount-XXXXXX", other[] = "/tmp/roost-mount-XXXXXX";
    struct kernel_touched touched;

    (void)state;
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
        skip();
    assert_non_null(mkdtemp(folder));
    assert_non_null(mkdtemp(other));
    kernel_watch_set(watch, (const char *const[]){ folder }, 1, true);
    assert_true(kernel_watch_name_fd(watch) >= 0);
    (void)is_ready(watch, 0);
    assert_int_equal(mount("none", folder, "tmpfs", 0, NULL), 0);
    assert_true(is_ready(watch, 2000));
    kernel_watch_take(watch, arena, &touched);
    assert_int_equal(touched.count, 1);
    assert_string_equal(touched.mounts[0], folder);
    assert_false(touched.host_name);
    /* another mount point is nobody's business */
    assert_int_equal(mount("none", other, "tmpfs", 0, NULL), 0);
    assert_true(is_ready(watch, 2000));
    kernel_watch_take(watch, arena, &touched);
    assert_int_equal(touched.count, 0);
    assert_int_equal(mount(NULL, folder, NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
    kernel_watch_take(watch, arena, &touched);
    assert_int_equal(touched.count, 1);
    umount(folder);
    umount(other);
    kernel_watch_take(watch, arena, &touched);
    assert_int_equal(touched.count, 1);
    kernel_watch_set(watch, NULL, 0, false);
    assert_int_equal(kernel_watch_mounts_fd(watch), -1);
    kernel_watch_free(watch);
    rmdir(folder);
    rmdir(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_text), cmocka_unit_test(test_real) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
