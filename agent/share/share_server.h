/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The giving end, one thread: listens, and gives chunks to nodes that the order names. So many clients at most; who is slow is let go. What is
 * not in the order any more is refused from the next question on, and who is not named any more is cut off.
 */
#pragma once

#include "agent/share/share_order.h"
#include "common/trust/tls_stream.h"

#define SHARE_CLIENTS_MAX 64
#define SHARE_CLIENTS_OF_NODE 4
#define SHARE_STALL_MS 15000  /* nothing of an answer could be sent for so long */
#define SHARE_CHUNK_MS 180000 /* a chunk must be through by then */
#define SHARE_IDLE_MS 90000   /* without a question */

struct share_server;

struct share_server_options {
    const struct tls_client *tls; /* of tls_server_open; lives longer */
    const char *store;            /* root folder */
    void (*tell)(void *data, const char *sentence);
    void *data;
};

/* The port 0 takes any. */
bool share_server_open(const struct share_server_options *options, const char *address, int64_t port,
                       struct share_server **out, struct error *err);
void share_server_close(struct share_server *server);
int64_t share_server_port(const struct share_server *server);
/* What holds from now on; copied. */
void share_server_order(struct share_server *server, const struct share_order *order);
/* Waits up to `wait_ms` for somebody or for `other` (may be -1) to be readable, and does what can be done. *ready_out: `other` is. */
bool share_server_step(struct share_server *server, int other, int wait_ms, bool *ready_out, struct error *err);
