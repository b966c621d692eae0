/* SPDX-License-Identifier: Apache-2.0 */
/* What systemd wants to know of a service (sd_notify(3)): one datagram to the socket that NOTIFY_SOCKET names. */
#pragma once

#include <stdint.h>

struct notify {
    int fd;              /* -1: nobody listens */
    int64_t watchdog_ms; /* to be heard of at least so often; 0: nobody waits */
};

/* Takes the variables out of the environment, so that no child answers in our place. */
void notify_open(struct notify *out);
void notify_close(struct notify *notify);
/* "READY=1", "WATCHDOG=1", "STATUS=...", several joined by newlines. A message that cannot be sent is lost. */
void notify_send(const struct notify *notify, const char *message);
