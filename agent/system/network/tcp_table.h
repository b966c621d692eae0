/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's table of TCP connections (/proc/net/tcp and tcp6). */
#pragma once

#include "agent/system/host/system.h"

struct tcp_query {
    const char *host;                  /* local address; 0.0.0.0 and :: mean any of their family */
    int port;                          /* local port */
    const struct value *exclude_hosts; /* list of remote hosts that do not count, or NULL */
    const struct value *states;        /* list of state names, checked by tcp_table_state_known */
};

bool tcp_table_state_known(const char *name); /* ESTABLISHED SYN_SENT SYN_RECV FIN_WAIT1 FIN_WAIT2 TIME_WAIT */
bool tcp_table_count(const struct system *system, const struct tcp_query *query, size_t *count_out, struct error *err);
