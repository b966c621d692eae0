/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Models that are to be on nodes: wanted, on their way, there, failed. One row for each node and source; what is decided by them is in
 * controller/launcher/launcher_models.h. Functions that change need the writer's connection.
 */
#pragma once

#include "controller/store/store.h"

struct store_fetch {
    int64_t node_id;
    const char *node; /* name; only when read */
    const char *source;
    const char *name;  /* of a link, or NULL */
    const char *by;    /* who asked */
    int64_t fetch;     /* number of the whole undertaking */
    const char *state; /* "wanted", "fetching", "ready", "failed", "look" */
    bool is_seed, origin_failed, is_bad;
    int64_t tries, done_bytes, total_bytes;
    const char *detail; /* JSON, or NULL */
    int64_t at_us;
    /* Only when read: of the node. */
    bool node_is_active;
    int64_t node_lost_us;
    const char *key; /* its fingerprint, or NULL */
};

struct store_fetch_filter {
    int64_t node_id;    /* 0: all */
    const char *source; /* NULL: all */
};

/* Makes it, or replaces the one of that node and source. */
bool store_fetch_put(struct store_connection *writer, const struct store_fetch *fetch, struct error *err);
bool store_fetch_remove(struct store_connection *writer, int64_t node_id, const char *source, struct error *err);
/* What was brought there and is not among its models any more (wiped, removed by hand): after the node has told them all. */
bool store_fetch_forget_gone(struct store_connection *writer, int64_t node_id, struct error *err);
/* By source, then node. */
bool store_fetch_list(struct store_connection *connection, struct arena *arena, const struct store_fetch_filter *filter,
                      struct store_fetch **out, size_t *count_out, struct error *err);
/* Rows that are wanted, fetching or to be looked at; or a node that was told something that it may have to unlearn. */
bool store_fetch_is_busy(struct store_connection *connection, bool *out, struct error *err);
/* The node told of a complete model with that digest. */
bool store_fetch_is_there(struct store_connection *connection, int64_t node_id, const char *digest, bool *out,
                          struct error *err);

/* Nodes that were told something of models, or have rows. */
bool store_fetch_nodes(struct store_connection *connection, struct arena *arena, int64_t **out, size_t *count_out,
                       struct error *err);
/* What a node is told of models has that digest now; *changed_out: it was another. NULL: nothing is told any more. */
bool store_fetch_told(struct store_connection *writer, int64_t node_id, const char *digest, bool *changed_out,
                      struct error *err);
