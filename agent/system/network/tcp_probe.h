/* SPDX-License-Identifier: Apache-2.0 */
/* Asking whether a TCP port answers, and what it says. Waits are bounded and end when the task is called off. */
#pragma once

#include "agent/system/host/system.h"

/* Connects to the first address of `host` that takes the connection; each gets `timeout_ms`. -1: none did. */
int tcp_probe_connect(const struct system *system, const char *host, int port, int64_t timeout_ms);
/* Waits until `fd` can be read, but not beyond `until_ms` (clock_monotonic_ms). */
bool tcp_probe_wait(const struct system *system, int fd, int64_t until_ms);
