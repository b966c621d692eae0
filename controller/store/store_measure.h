/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What workloads did and what it took: figures of engines, energy of nodes, and both as sums over slots of five minutes and days, which
 * stay readable when instances and nodes are gone. NAN is "not told" in every figure, both ways. Joules at the sensor.
 */
#pragma once

#include "controller/store/store.h"

#define STORE_MEASURE_SLOT_US (INT64_C(300) * 1000000)

/* --- figures of engines --- */

/* Counters only grow within one attempt, and begin at 0 with it. */
struct store_workload_sample {
    const char *workload; /* name */
    int64_t instance_id, attempt, at_us;
    double tokens_in, tokens_out, seconds_in, seconds_out;
    double running, waiting, slots; /* now */
};
/* By whoever asked the engine, every few seconds while it serves. What it grew by goes into the sums. */
bool store_workload_sample_add(struct store_connection *writer, const struct store_workload_sample *sample,
                               struct error *err);

struct store_workload_sample_filter {
    const char *workload; /* NULL: of `instance_id` */
    int64_t instance_id;
    int64_t from_us, to_us; /* from <= at < to */
    size_t limit;
    bool is_around; /* with one more before and behind the range; of an instance only */
};
/* Oldest first. */
bool store_workload_sample_read(struct store_connection *connection, struct arena *arena,
                                const struct store_workload_sample_filter *filter, struct store_workload_sample **out,
                                size_t *count_out, struct error *err);
/* The newest of each instance that is there, by workload; at most LIMIT_STORE_PAGE. */
bool store_workload_sample_last(struct store_connection *connection, struct arena *arena,
                                struct store_workload_sample **out, size_t *count_out, struct error *err);

struct store_workload_sum {
    const char *workload;
    int64_t slot_us;                                       /* 0: of the whole range */
    double tokens_in, tokens_out, seconds_in, seconds_out; /* tokens out that took no time (of probes) are not in it */
};
enum store_energy_by { STORE_ENERGY_BY_WORKLOAD, STORE_ENERGY_BY_NODE, STORE_ENERGY_BY_SLOT };
struct store_sum_range {
    int64_t from_us, to_us;  /* slots that begin there; 0 and 1: all that ever was */
    const char *workload;    /* NULL: all */
    const char *node;        /* NULL: all; of energy only */
    bool by_slot;            /* of tokens: each slot for itself */
    enum store_energy_by by; /* of energy */
};
bool store_workload_sum_read(struct store_connection *connection, struct arena *arena,
                             const struct store_sum_range *range, struct store_workload_sum **out, size_t *count_out,
                             struct error *err);

/* --- energy of nodes --- */

struct store_energy {
    int64_t node_id, from_us, to_us;
    double joules, watts_min, watts_max;
    const char *source;
    const char *workloads; /* only when read: JSON, who stood there */
};
/* What stands on the node now is kept with it. One that was told already stays as it is. */
bool store_energy_add(struct store_connection *writer, const struct store_energy *energy, struct error *err);
struct store_energy_filter {
    int64_t node_id, until_us; /* that ended by then */
    size_t limit;
};
/* Not shared out yet, oldest first. */
bool store_energy_open(struct store_connection *connection, struct arena *arena,
                       const struct store_energy_filter *filter, struct store_energy **out, size_t *count_out,
                       struct error *err);
/* Joules of all nodes within the range that are not shared out yet. */
bool store_energy_pending(struct store_connection *connection, int64_t from_us, int64_t to_us, double *joules_out,
                          struct error *err);

/* One share of a stretch. */
struct store_energy_share {
    const char *workload; /* "": the node's own */
    double active, idle, unattributed;
};
/* Marks the stretch as shared out, with `busy` seconds of requests, and adds the shares to the sums. */
bool store_energy_settle(struct store_connection *writer, const struct store_energy *energy, double busy,
                         const struct store_energy_share *shares, size_t count, struct error *err);

struct store_energy_sum {
    const char *workload, *node; /* node NULL: of all */
    int64_t slot_us;             /* 0: of the whole range */
    double active, idle, unattributed, seconds;
    double watts; /* mean of the time that was measured, of its nodes together; NAN by slot */
};
bool store_energy_sum_read(struct store_connection *connection, struct arena *arena,
                           const struct store_sum_range *range, struct store_energy_sum **out, size_t *count_out,
                           struct error *err);

/* What a node takes without work: *found_out false: nobody has looked since `since_us`. watts NAN: too little was seen. */
bool store_energy_idle_get(struct store_connection *connection, int64_t node_id, int64_t since_us, double *watts_out,
                           bool *found_out, struct error *err);
/* Looks and keeps it: the lowest tenth of the stretches of the last day without requests, or of the samples of the last week. */
bool store_energy_idle_find(struct store_connection *writer, int64_t node_id, int64_t now_us, double *watts_out,
                            struct error *err);
