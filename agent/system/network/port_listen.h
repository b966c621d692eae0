/* SPDX-License-Identifier: Apache-2.0 */
/* Who listens on which TCP port of this machine: /proc/net/tcp, tcp6, and the descriptors of processes. */
#pragma once

#include "agent/system/hardware/sysfs.h"

struct port_listener {
    int port;
    const char *address; /* "0.0.0.0", "::", "10.0.0.2" */
    int64_t inode;       /* of the socket */
};

struct port_holder {
    int64_t pid;
    const char *program; /* its name, as the kernel has it */
    const char *unit;    /* of systemd; NULL: none, or not known */
};

struct port_listener *port_listeners(const struct sysfs *fs, size_t *count_out);
/* One that a new listener at this address and port would meet; NULL: none. */
const struct port_listener *port_taken(const struct port_listener *listeners, size_t count, const char *address,
                                       int port);
/* False: no process of this machine that can be seen. */
bool port_holder_find(const struct sysfs *fs, int64_t inode, struct port_holder *out);
/* Does one of these processes have the socket open? */
bool port_is_of(const struct sysfs *fs, int64_t inode, const int64_t *pids, size_t count);
/* Has one of them a connection that came in at this port? So it may be when nobody listens there any more. */
bool port_is_connected(const struct sysfs *fs, int port, const int64_t *pids, size_t count);
