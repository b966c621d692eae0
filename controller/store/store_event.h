/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happened in the fleet, in one numbered log for those who follow it: events are added in the work that makes them
 * happen, so that neither is there without the other. Numbers are gapless; retention takes away from the front.
 */
#pragma once

#include "controller/store/store.h"

struct store_event {
    int64_t id; /* only when read */
    int64_t at_us;
    const char *kind; /* "node.joined", "node.lost", "run.ended", "drift.found", ... */
    int64_t node_id;  /* 0: of no node */
    const char *node; /* its name, or NULL */
    int64_t run_id;   /* 0: of no run */
    const char *body; /* JSON, or NULL */
};

/* Webhooks that want to know are told too (store_webhook.h): "drift.found" is drift_found; "run.ended" is run_failed when the
 * run failed or was lost, so its state is set before. `at_us` is the controller's clock. *id_out may be NULL. */
bool store_event_add(struct store_connection *writer, const struct store_event *event, int64_t *id_out,
                     struct error *err);
/* `told` runs in the writer's thread after a commit that added events; it must not block, nor call the store. NULL: nobody. */
void store_events_watch(struct store *store, void (*told)(void *data), void *data);

/* Numbers of the oldest and the newest event that are kept; *newest_out counts those forgotten too. 0: there was none. */
bool store_event_bounds(struct store_connection *connection, int64_t *oldest_out, int64_t *newest_out,
                        struct error *err);

struct store_event_range {
    int64_t after;    /* events behind this number; when `newest`, those before it (0: from the end) */
    bool newest;      /* newest first instead of oldest first */
    const char *kind; /* exactly; NULL: all */
    int64_t node_id;  /* 0: all */
    size_t limit;     /* 0: STORE_PAGE_DEFAULT */
};
bool store_event_read(struct store_connection *connection, struct arena *arena, const struct store_event_range *range,
                      struct store_event **out, size_t *count_out, struct error *err);

/* How many events of each kind and outcome (a member of the body; NULL: it has none) there were since then. */
struct store_event_count {
    const char *kind, *outcome;
    int64_t events;
};
bool store_event_counts(struct store_connection *connection, struct arena *arena, int64_t since_us,
                        struct store_event_count **out, size_t *count_out, struct error *err);

/* Runs that ended since then by the log: from the centre or a node's own, "apply", "check" or "other", and how. */
struct store_event_runs {
    bool is_central;
    const char *kind;
    int64_t state; /* enum store_run_state */
    int64_t runs;
};
bool store_event_runs(struct store_connection *connection, struct arena *arena, int64_t since_us,
                      struct store_event_runs **out, size_t *count_out, struct error *err);
