/* SPDX-License-Identifier: Apache-2.0 */
#include "common/base/notify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

static int listen_at(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static void test_told(void **state)
{
    char folder[] = "/tmp/notify-test-XXXXXX", path[64], number[24], got[64] = "";
    struct notify notify;
    int fd;

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/socket", folder);
    fd = listen_at(path);
    snprintf(number, sizeof(number), "%d", (int)getpid());
    setenv("NOTIFY_SOCKET", path, 1);
    setenv("WATCHDOG_USEC", "3000000", 1);
    setenv("WATCHDOG_PID", number, 1);
    notify_open(&notify);
    assert_int_equal(notify.watchdog_ms, 3000);
    assert_null(getenv("NOTIFY_SOCKET"));
    notify_send(&notify, "READY=1");
    assert_int_equal(recv(fd, got, sizeof(got) - 1, 0), 7);
    assert_string_equal(got, "READY=1");
    notify_close(&notify);
    close(fd);
    unlink(path);
    rmdir(folder);
}

static void test_nobody_listens(void **state)
{
    struct notify notify;

    (void)state;
    setenv("NOTIFY_SOCKET", "/nowhere/socket", 1);
    setenv("WATCHDOG_USEC", "3000000", 1);
    setenv("WATCHDOG_PID", "1", 1); /* another process is waited for */
    notify_open(&notify);
    assert_int_equal(notify.fd, -1);
    assert_int_equal(notify.watchdog_ms, 0);
    notify_send(&notify, "READY=1");
    notify_close(&notify);
    notify_open(&notify); /* no environment at all */
    assert_int_equal(notify.fd, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_told), cmocka_unit_test(test_nobody_listens) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
