/* SPDX-License-Identifier: Apache-2.0 */
/* TCP connections that are only tried, never used for data of ours. */
#include "agent/system/network/tcp_probe.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/fd.h"

#define SLICE_MS 250 /* how often cancellation is looked at */

static bool wait_for(const struct system *system, int fd, short events, int64_t until_ms)
{
    for (;;) {
        int64_t left = until_ms - clock_monotonic_ms();
        if (left <= 0 || system_is_cancelled(system))
            return false;
        struct pollfd poll_fd = { .fd = fd, .events = events };
        int ready = poll(&poll_fd, 1, left < SLICE_MS ? (int)left : SLICE_MS);
        if (ready > 0)
            return true;
        if (ready < 0 && errno != EINTR)
            return false;
    }
}

bool tcp_probe_wait(const struct system *system, int fd, int64_t until_ms)
{
    return wait_for(system, fd, POLLIN, until_ms);
}

static int connect_address(const struct system *system, const struct addrinfo *address, int64_t timeout_ms)
{
    int reason = 0;
    socklen_t size = sizeof(reason);
    int fd = socket(address->ai_family, address->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, address->ai_protocol);

    if (fd < 0)
        return -1;
    if (connect(fd, address->ai_addr, address->ai_addrlen) == 0)
        return fd;
    if (errno == EINPROGRESS && wait_for(system, fd, POLLOUT, clock_monotonic_ms() + timeout_ms) &&
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &reason, &size) == 0 && reason == 0)
        return fd;
    fd_close(fd);
    return -1;
}

int tcp_probe_connect(const struct system *system, const char *host, int port, int64_t timeout_ms)
{
    const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
    struct addrinfo *addresses = NULL;
    char service[16];
    int fd = -1;

    (void)snprintf(service, sizeof(service), "%d", port);
    if (getaddrinfo(host, service, &hints, &addresses) != 0)
        return -1;
    for (const struct addrinfo *at = addresses; at && fd < 0 && !system_is_cancelled(system); at = at->ai_next)
        fd = connect_address(system, at, timeout_ms);
    freeaddrinfo(addresses);
    return fd;
}
