/* SPDX-License-Identifier: Apache-2.0 */
/* What changed is of no interest, only that something did. */
#include "agent/daemon/network_watch.h"

#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/fd.h"

static int watch_open(int protocol, unsigned groups)
{
    const struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = groups };
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);

    if (fd >= 0 && bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
        fd_close(fd);
        fd = -1;
    }
    return fd;
}

int network_watch_open(void)
{
    return watch_open(NETLINK_ROUTE,
                      RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE);
}

int network_watch_rules_open(void)
{
    return watch_open(NETLINK_NETFILTER, 1U << (NFNLGRP_NFTABLES - 1));
}

void network_watch_drain(int fd)
{
    char buffer[8192];

    while (recv(fd, buffer, sizeof(buffer), 0) > 0)
        ;
}
