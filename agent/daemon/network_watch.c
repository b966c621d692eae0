/* SPDX-License-Identifier: Apache-2.0 */
/* What changed is of no interest, only that something did. */
#include "agent/daemon/network_watch.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/fd.h"

int network_watch_open(void)
{
    const struct sockaddr_nl address = { .nl_family = AF_NETLINK,
                                         .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR |
                                                      RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE };
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

    if (fd >= 0 && bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
        fd_close(fd);
        fd = -1;
    }
    return fd;
}

void network_watch_drain(int fd)
{
    char buffer[8192];

    while (recv(fd, buffer, sizeof(buffer), 0) > 0)
        ;
}
