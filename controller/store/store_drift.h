/* SPDX-License-Identifier: Apache-2.0 */
/* Where nodes are not as declared: one open row for each node and resource, resolved ones stay as history. */
#pragma once

#include "controller/store/store.h"

/* Bits, for filters. */
enum store_drift_cause {
    STORE_DRIFT_UNKNOWN = 1,
    STORE_DRIFT_INTENTIONAL = 2, /* a run of an operator */
    STORE_DRIFT_CORRECTIVE = 4,  /* the agent repaired it */
    STORE_DRIFT_EXTERNAL = 8,    /* someone else */
};

struct store_drift {
    int64_t id, node_id;
    const char *node;     /* name; only when read */
    const char *resource; /* "file /etc/motd" */
    enum store_drift_cause cause;
    const char *reason;                   /* "apt install nginx, 12:03", or NULL */
    const char *diff;                     /* or NULL */
    int64_t window_from_us, window_to_us; /* when it happened, as far as is known */
    int64_t run_id;                       /* that found it; 0: none */
    int64_t first_us, last_us, count;     /* seen */
    int64_t resolved_us;
};

/* Of a node there are no more open rows than this; what is beyond is counted in one more row, of this resource. */
#define STORE_DRIFT_OPEN_MAX 10000
#define STORE_DRIFT_BEYOND "(resources beyond the first 10000)"

/* False: the resource has no open row yet, and there is room for no more. Resolving rows of the node makes some. */
bool store_drift_has_room(struct store_connection *writer, int64_t node_id, const char *resource, bool *out,
                          struct error *err);

/* Opens a row (`last_us` is when it was seen) or counts the open one up; cause, reason and window of a later sighting replace
 * those before unless it is STORE_DRIFT_UNKNOWN, a diff replaces the one before. *new_out: it was opened. */
bool store_drift_seen(struct store_connection *writer, const struct store_drift *drift, int64_t *id_out, bool *new_out,
                      struct error *err);
/* `resource` NULL: all open rows of the node. `cause` is set when it is not 0. *count_out: how many were open. The row of what is
 * beyond goes when half of the room is free, as a check tells anew what there is. */
struct store_drift_resolution {
    int64_t node_id;
    const char *resource;
    enum store_drift_cause cause;
    int64_t now_us;
};
bool store_drift_resolve(struct store_connection *writer, const struct store_drift_resolution *resolution,
                         int64_t *count_out, struct error *err);

struct store_drift_filter {
    int64_t node_id; /* 0: all */
    unsigned causes; /* bits; 0: all */
    bool resolved;   /* the history too */
    int64_t before;  /* id of the last row of the page before; 0: from the newest */
    size_t limit;
    bool without_diff;
};
struct store_drift_page {
    struct store_drift *rows; /* newest first */
    size_t count;
    int64_t next; /* 0: that was all */
};
bool store_drift_page(struct store_connection *connection, struct arena *arena, const struct store_drift_filter *filter,
                      struct store_drift_page *out, struct error *err);
