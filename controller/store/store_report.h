/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stream of each node as acknowledged: numbered from 1 in each generation without gaps. What reports mean is their
 * reader's business, in the same work: then both are on disk or neither.
 */
#pragma once

#include "controller/store/store.h"

struct store_report {
    int64_t sequence, at_us; /* the node's number and clock */
    const char *kind;        /* "hello", "run_event", ... */
    const char *body;        /* JSON */
    int64_t received_us;     /* only when read */
};

struct store_report_batch {
    int64_t node_id, generation;
    int64_t received_us;
    const struct store_report *reports; /* by sequence, consecutive */
    size_t count;
};

enum store_report_answer {
    STORE_REPORT_OK,
    STORE_REPORT_GAP,        /* nothing was taken: `expected` must come first */
    STORE_REPORT_GENERATION, /* nothing was taken: the node is of another generation, or revoked, or unknown */
};

struct store_report_result {
    enum store_report_answer answer;
    int64_t acknowledged; /* everything up to here is kept */
    int64_t expected;     /* the next number */
    size_t first_new;     /* index of the first report that was not known; `count`: none. Those take effect */
};

bool store_report_append(struct store_connection *writer, const struct store_report_batch *batch,
                         struct store_report_result *out, struct error *err);
/* The node no longer has what is expected (the controller came back from a backup): goes on before `next`; a report of kind
 * "gap" {"from", "to"} stands in for what is lost. `next` at or before what is expected changes nothing. */
bool store_report_skip(struct store_connection *writer, int64_t node_id, int64_t generation, int64_t next,
                       int64_t now_us, struct error *err);

struct store_report_filter {
    int64_t node_id, generation;
    const char *kind; /* NULL: all */
    int64_t before;   /* sequence of the last row of the page before; 0: from the newest */
    size_t limit;
};
struct store_report_page {
    struct store_report *reports; /* newest first */
    size_t count;
    int64_t next; /* 0: that was all */
};
bool store_report_page(struct store_connection *connection, struct arena *arena,
                       const struct store_report_filter *filter, struct store_report_page *out, struct error *err);
