/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fleet at a glance: one row per node with what is known of it last (verdict, sample, models, open drift), and the sums
 * over all nodes. What is not known is told as such: no sample has at_us 0, figures are NAN.
 */
#pragma once

#include "controller/store/store_node.h"
#include "controller/store/store_sample.h"

#define STORE_FLEET_FRESH_US (INT64_C(300) * 1000000) /* a sample older than this no longer counts into sums */

struct store_fleet_row {
    int64_t node_id;
    const char *name;
    enum store_node_state state;
    /* What is shown: "revoked", "pending", "lost", else the node's own verdict, "unknown" without one. */
    const char *verdict;
    const char *last_verdict;   /* the node's own, kept while it is lost; NULL: never told */
    const char *reason, *agent; /* or NULL */
    int64_t generation, seen_us, verdict_us, lost_us;
    int64_t open_drift;
    struct store_sample sample; /* the last */
    const char *models;         /* JSON [[name, state, bytes], ...], those that run first, STORE_FLEET_MODELS at most */
    int64_t model_count;
};
#define STORE_FLEET_MODELS 8

struct store_fleet_filter {
    const char *pattern; /* of the name: "ai-*"; NULL: all */
    const char *verdict; /* as shown; NULL: all */
    const char *after;   /* name of the last row before; NULL: from the first */
    size_t limit;        /* 0: STORE_PAGE_DEFAULT; at most LIMIT_STORE_PAGE */
};
struct store_fleet_page {
    struct store_fleet_row *rows; /* by name */
    size_t count;
    const char *next; /* NULL: that was all */
};
bool store_fleet_page(struct store_connection *connection, struct arena *arena, const struct store_fleet_filter *filter,
                      struct store_fleet_page *out, struct error *err);

struct store_fleet_count {
    const char *verdict; /* as shown */
    int64_t nodes;
};
struct store_fleet_sums {
    struct store_fleet_count *counts;
    size_t count;
    int64_t nodes;
    int64_t open_drift, drifting; /* rows; nodes that have one */
    double watts;                 /* of nodes measured within STORE_FLEET_FRESH_US; NAN: none */
    int64_t watts_nodes, watts_oldest_us;
};
bool store_fleet_sums(struct store_connection *connection, struct arena *arena, int64_t now_us,
                      struct store_fleet_sums *out, struct error *err);

/* Keys that are valid now, those that end first before the others. */
bool store_fleet_keys(struct store_connection *connection, struct arena *arena, size_t limit,
                      struct store_node_key **out, size_t *count_out, struct error *err);
