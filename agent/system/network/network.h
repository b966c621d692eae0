/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses and routes of this node, asked from the kernel over netlink: no `ip` program is needed. Live nodes only. */
#pragma once

#include <stddef.h>

#include "agent/system/host/system.h"

#define NETWORK_TEXT 64

struct network_address {
    int index;  /* of the interface */
    int family; /* AF_INET or AF_INET6 */
    int prefix;
    bool is_secondary;
    bool has_peer;            /* point to point */
    char label[NETWORK_TEXT]; /* IPv4 only: "eth0", or "eth0:1" */
    char address[NETWORK_TEXT];
    char broadcast[NETWORK_TEXT]; /* empty: none */
    const char *scope;            /* "global", "link", "host", "site" */
};

/* Where packets to a destination would go; empty texts: not told. */
struct network_route {
    char interface[NETWORK_TEXT];
    char source[NETWORK_TEXT];
    char gateway[NETWORK_TEXT];
};

bool network_addresses(struct arena *arena, struct network_address **out, size_t *count_out, struct error *err);
/* False when there is no route, too. */
bool network_route_to(int family, const char *destination, struct network_route *out, struct error *err);
