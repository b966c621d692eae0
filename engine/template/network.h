/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IP addresses and networks as numbers, read and written as netaddr 0.8 does it (the library behind ansible.utils.ipaddr).
 * A network keeps the address it was written with: 192.168.1.5/24 has ip .5 and network .0.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/arena.h"

__extension__ typedef unsigned __int128 ip_number;

struct network {
    ip_number value;
    int prefix;
    int width; /* 32 or 128 */
};

/* "a", "a/prefix", "a/netmask", "a/hostmask", partial IPv4 addresses ("10/8"). False: it is none of these. */
bool network_read(struct arena *arena, const char *text, struct network *out);
/* An address alone; width 0: either. */
bool network_read_address(const char *text, int width, ip_number *value_out, int *width_out);
/* Decimal digits; false: something else, or more than 128 bits. */
bool network_read_number(const char *text, ip_number *out);
/* How far from an address, and which way: as network_read_number, after a sign. */
struct network_offset {
    ip_number distance;
    bool is_back;
};
bool network_read_offset(const char *text, struct network_offset *out);

ip_number network_hostmask(const struct network *network);
ip_number network_netmask(const struct network *network);
ip_number network_first(const struct network *network);
ip_number network_last(const struct network *network);
ip_number network_max(int width);
/* The number of addresses less one: the whole of IPv6 has no size in 128 bits. */
ip_number network_size_less_one(const struct network *network);
bool network_holds(const struct network *outer, const struct network *inner);
bool network_is_in(const struct network *inner, const char *outer); /* `outer` is a constant that can be read */

char *network_address_text(struct arena *arena, ip_number value, int width);
char *network_text(struct arena *arena, const struct network *network); /* ip/prefix */
char *network_cidr_text(struct arena *arena, const struct network *network);
char *network_number_text(struct arena *arena, ip_number number);
/* As an address of the version that the number suggests: IPv4 up to 32 bits. */
char *network_plain_text(struct arena *arena, ip_number value);
