/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TCP connections whose other end has gone without a word (its power, a cable): the kernel asks, and gives up.
 */
#pragma once

struct keep_alive {
    int idle_s; /* nothing heard for so long: the first question */
    int every_s, tries;
};

/* For a run that somebody waits for: 30 s. */
#define KEEP_ALIVE_RUN ((struct keep_alive){ 10, 5, 4 })
/* For connections that idle for days: 2 minutes. */
#define KEEP_ALIVE_IDLE ((struct keep_alive){ 60, 15, 4 })

/*
 * The other end is gone idle_s + every_s * tries after it was last heard, and so long after data that it did not take. Also sends
 * at once what is written (TCP_NODELAY). What is no TCP socket stays as it is.
 */
void keep_alive_set(int fd, struct keep_alive times);
