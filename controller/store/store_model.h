/* SPDX-License-Identifier: Apache-2.0 */
/* Models on nodes, as each node last told. */
#pragma once

#include "controller/store/store.h"

struct store_model {
    int64_t node_id;
    const char *node; /* name; only when read */
    const char *name;
    const char *state;  /* "ready", "running", "fetching", ... */
    const char *digest; /* or NULL */
    int64_t bytes;
    const char *detail; /* JSON, or NULL */
    int64_t seen_us;
};

/* The node's whole list: what is not in it is forgotten. node_id and seen_us of the rows are not looked at. */
bool store_model_replace(struct store_connection *writer, int64_t node_id, const struct store_model *models,
                         size_t count, int64_t now_us, struct error *err);

struct store_model_filter {
    int64_t node_id;        /* 0: all */
    const char *name;       /* exactly: who has it; NULL: all */
    const char *after_name; /* `next_name` and `next_node_id` of the page before; NULL: from the first */
    int64_t after_node_id;
    size_t limit;
};
struct store_model_page {
    struct store_model *models; /* by name, then node */
    size_t count;
    const char *next_name; /* NULL: that was all */
    int64_t next_node_id;
};
bool store_model_page(struct store_connection *connection, struct arena *arena, const struct store_model_filter *filter,
                      struct store_model_page *out, struct error *err);
