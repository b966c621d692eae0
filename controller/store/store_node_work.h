/* SPDX-License-Identifier: Apache-2.0 */
/* What an agent is told to do: a queue for each node, numbered from 1 over all generations. */
#pragma once

#include "controller/store/store.h"

struct store_node_work {
    int64_t number;
    const char *kind; /* "check", "apply", "session", "renew", "bundle", "facts" */
    const char *body; /* JSON, or NULL */
    int64_t created_us;
    int64_t expires_us; /* not given out from then on; 0: stays */
};

/* *number_out: its number. Refused with ERROR_LIMIT when LIMIT_STORE_WORK wait for the node. */
bool store_node_work_add(struct store_connection *writer, int64_t node_id, const struct store_node_work *work,
                         int64_t *number_out, struct error *err);

/* What waits of a kind is forgotten, as something newer is about to be told in its place. */
bool store_node_work_drop(struct store_connection *writer, int64_t node_id, const char *kind, struct error *err);

struct store_node_work_range {
    int64_t node_id, after; /* works behind this number */
    int64_t now_us;         /* what has expired is passed over */
    size_t limit;           /* 0: STORE_PAGE_DEFAULT */
};
/* Oldest first. */
bool store_node_work_read(struct store_connection *connection, struct arena *arena,
                          const struct store_node_work_range *range, struct store_node_work **out, size_t *count_out,
                          struct error *err);
/* The node has everything up to `number`: that is forgotten. */
bool store_node_work_acknowledge(struct store_connection *writer, int64_t node_id, int64_t number, struct error *err);
