/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is told of what, and the deliveries: queued in the work that changes what they tell of, tried until they arrive or are
 * given up. Secrets lie here as they are, since they sign.
 */
#pragma once

#include "controller/store/store.h"

struct store_webhook {
    int64_t id;
    const char *name, *url;
    const char *secret; /* SECRET */
    const char *kinds;  /* "run_failed,drift_found,node_lost" */
    const char *created_by;
    int64_t created_us;
};

/* *taken_out: there is one of that name, nothing changed. */
bool store_webhook_add(struct store_connection *writer, const struct store_webhook *webhook, bool *taken_out,
                       struct error *err);
/* With its deliveries. */
bool store_webhook_remove(struct store_connection *writer, const char *name, bool *found_out, struct error *err);
/* By name; at most LIMIT_STORE_PAGE. */
bool store_webhook_list(struct store_connection *connection, struct arena *arena, struct store_webhook **out,
                        size_t *count_out, struct error *err);

struct store_delivery {
    int64_t id; /* the receiver tells repetitions by it */
    const char *webhook, *url;
    const char *secret; /* SECRET */
    const char *kind, *body;
    int64_t created_us, tries;
    int64_t next_us;      /* 0: over */
    int64_t delivered_us; /* 0 when over: given up */
    int64_t status;
    const char *error; /* of the last try, or NULL */
};

/* One delivery for each webhook that wants the kind; *count_out: how many. */
bool store_webhook_fire(struct store_connection *writer, const char *kind, const char *body, int64_t now_us,
                        int64_t *count_out, struct error *err);

/* One for this webhook whatever its kinds are: to try it. *id_out: 0 when there is no such webhook. */
struct store_delivery_wish {
    const char *webhook, *kind, *body;
    int64_t now_us;
};
bool store_delivery_add(struct store_connection *writer, const struct store_delivery_wish *wish, int64_t *id_out,
                        struct error *err);
/* When the next one is due; 0: none waits. */
bool store_delivery_next(struct store_connection *connection, int64_t *out, struct error *err);

struct store_delivery_filter {
    bool due;            /* those to be tried now, the longest overdue first; else all, newest first */
    int64_t now_us;      /* for due */
    const char *webhook; /* name; NULL: all */
    int64_t before;      /* id of the last row of the page before, not for due; 0: from the newest */
    size_t limit;
};
bool store_delivery_read(struct store_connection *connection, struct arena *arena,
                         const struct store_delivery_filter *filter, struct store_delivery **out, size_t *count_out,
                         struct error *err);

struct store_delivery_try {
    int64_t id;
    bool arrived;
    int64_t status;          /* of HTTP; 0: no answer */
    const char *error;       /* a sentence, or NULL */
    int64_t now_us, next_us; /* when to try again; 0: give up */
};
bool store_delivery_tried(struct store_connection *writer, const struct store_delivery_try *tried, struct error *err);
