/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens and joules of a time, put together from the store's sums: for the API, the pages and the metrics. */
#pragma once

#include "controller/api/energy_settings.h"
#include "controller/energy/energy.h"
#include "controller/store/store_measure.h"

struct energy_query {
    int64_t from_us, to_us;        /* 0 and 1: all that ever was; else rounded outward to slots of five minutes */
    const char *workload;          /* NULL: all */
    double intensity, wall_factor; /* NAN: as it is set */
};

struct energy_row {
    const char *workload;
    struct energy_account account;
    struct energy_figures figures;
    double watts;   /* mean while it was measured, of its nodes together; NAN: no energy is known */
    double seconds; /* measured while it stood there, of all its nodes together; 0: no energy is known */
};

struct energy_report {
    int64_t from_us, to_us;
    double intensity, wall_factor;
    struct energy_row *rows; /* by name */
    size_t count;
    double active, idle; /* of all workloads */
    double node_idle, unattributed, pending;
    double node_seconds; /* measured, of all nodes together */
};
bool energy_report_read(struct store_connection *connection, struct arena *arena, const struct energy_query *query,
                        struct energy_report *out, struct error *err);
/* By name; NULL: nothing is known of it. */
const struct energy_row *energy_report_find(const struct energy_report *report, const char *workload);

/* Five minutes of a workload. */
struct energy_slot {
    int64_t slot_us;
    struct energy_account account;
    struct energy_figures figures;
    double watts; /* mean of the slot's time so far; NAN: no energy is known */
};
/* Of query->workload, until query->to_us, which is now; oldest first. Slots of which nothing is known are left out. */
bool energy_slots_read(struct store_connection *connection, struct arena *arena, const struct energy_query *query,
                       struct energy_slot **out, size_t *count_out, struct error *err);
/* All that was measured: what the rows and the rest add up to. */
double energy_report_joules(const struct energy_report *report);
