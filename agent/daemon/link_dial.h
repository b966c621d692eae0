/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A TCP connection to "host:port" without waiting. A name is looked up by a child of its own (the C library's functions wait,
 * and load what an idle daemon should not carry); a numeric address needs none. Its addresses are tried one after the other.
 */
#pragma once

#include <poll.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "common/base/error.h"

#define LINK_ADDRESSES_MAX 8

struct link_place {
    socklen_t length;
    struct sockaddr_storage address;
};

struct link_dial {
    pid_t resolver; /* 0: none is at work */
    int answers;    /* of the resolver, or -1 */
    int fd;         /* the socket, or -1 */
    struct link_place places[LINK_ADDRESSES_MAX];
    size_t count, next;
    int64_t end_ms, attempt_end_ms; /* monotonic: of all, of the address that is tried */
    int timeout_ms;
    int last_errno; /* of the address before; 0: it did not answer in time */
};

enum link_dial_step { DIAL_WAIT, DIAL_CONNECTED, DIAL_FAILED };

/* Begins. False: this is no address. After it link_dial_end must be called in any case. */
bool link_dial_begin(struct link_dial *dial, const char *address, int timeout_ms, struct error *err);
enum link_dial_step link_dial_step(struct link_dial *dial, struct error *err);
/* What to wait for, and until when at most. */
struct pollfd link_dial_wait(const struct link_dial *dial, int64_t *until_ms_out);
/* The socket becomes the caller's: non-blocking, without delay, with keep-alive. */
int link_dial_take(struct link_dial *dial);
void link_dial_end(struct link_dial *dial);
