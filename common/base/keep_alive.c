/* SPDX-License-Identifier: Apache-2.0 */
#include "common/base/keep_alive.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

void keep_alive_set(int fd, struct keep_alive times)
{
    const int on = 1, unanswered_ms = (times.idle_s + times.every_s * times.tries) * 1000;

    if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0)
        return;
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &times.idle_s, sizeof(times.idle_s));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &times.every_s, sizeof(times.every_s));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &times.tries, sizeof(times.tries));
    /* without it data under way would be sent again for a quarter of an hour, and nobody asked */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unanswered_ms, sizeof(unanswered_ms));
}
