/* SPDX-License-Identifier: Apache-2.0 */
#include "common/base/keep_alive.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static int option_of(int fd, int level, int name)
{
    int value = -1;
    socklen_t size = sizeof(value);

    assert_int_equal(getsockopt(fd, level, name, &value, &size), 0);
    return value;
}

static void a_connection_is_given_up_in_time(void **state)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    (void)state;
    keep_alive_set(fd, KEEP_ALIVE_RUN);
    assert_int_equal(option_of(fd, SOL_SOCKET, SO_KEEPALIVE), 1);
    assert_int_equal(option_of(fd, IPPROTO_TCP, TCP_KEEPIDLE), 10);
    assert_int_equal(option_of(fd, IPPROTO_TCP, TCP_KEEPINTVL), 5);
    assert_int_equal(option_of(fd, IPPROTO_TCP, TCP_KEEPCNT), 4);
    assert_int_equal(option_of(fd, IPPROTO_TCP, TCP_USER_TIMEOUT), 30000); /* data under way: the same */
    assert_int_equal(option_of(fd, IPPROTO_TCP, TCP_NODELAY), 1);
    close(fd);
}

static void what_is_no_tcp_stays(void **state)
{
    int ends[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    keep_alive_set(ends[0], KEEP_ALIVE_RUN);
    assert_int_equal(option_of(ends[0], SOL_SOCKET, SO_KEEPALIVE), 0);
    close(ends[0]);
    close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_connection_is_given_up_in_time),
        cmocka_unit_test(what_is_no_tcp_stays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
