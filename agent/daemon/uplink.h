/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The node's end of the talk with its controller: posts what the spool holds, and waits for work. One thread, the daemon's
 * loop: everything happens in uplink_step, which waits for the daemon's descriptors too. A controller that is away is an
 * ordinary state: it is asked again after 1 s to 5 min, and at once when this machine's network changes.
 */
#pragma once

#include <poll.h>

#include "agent/daemon/identity.h"
#include "agent/daemon/spool.h"

#define UPLINK_OTHERS_MAX 48 /* descriptors of the daemon */

struct uplink;

struct uplink_options {
    const struct identity *identity; /* lives as long as the uplink */
    struct spool *spool;
    int64_t work_after; /* the last work that was taken */
    /* One piece of work {number, kind, body}; true: taken, it will not come again. False: no room, it comes later. */
    bool (*work)(void *data, const struct value *work);
    void (*tell)(void *data, const char *sentence); /* for the log: the state has changed */
    void *data;
};

bool uplink_open(const struct uplink_options *options, struct uplink **out, struct error *err);
void uplink_close(struct uplink *uplink); /* NULL is fine */
/* Waits up to `wait_ms` for the network or one of the descriptors, and does what there is to do. */
bool uplink_step(struct uplink *uplink, struct pollfd *others, size_t count, int wait_ms, struct error *err);
/* New connections from now on: the certificate is another one. */
bool uplink_reconnect(struct uplink *uplink, struct error *err);
/* There is room for work again. */
void uplink_work_again(struct uplink *uplink);
bool uplink_is_connected(const struct uplink *uplink);
/* Why not: a sentence, or "" when it is connected. */
const char *uplink_trouble(const struct uplink *uplink);
/* The controller did not take the certificate since this was asked last: it may have run out. */
bool uplink_was_refused(struct uplink *uplink);
