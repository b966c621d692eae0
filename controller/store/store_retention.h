/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Forgetting, by age and by size: runs that are over with their events, the fleet's events, reports, samples, drift that is resolved, work
 * that expired. What keys used becomes months when samples go. The audit log, nodes, keys, tokens and requests to join stay for ever.
 */
#pragma once

#include "controller/store/store.h"

#define STORE_DAY_US (INT64_C(86400) * 1000000)

struct store_retention {
    int64_t copies_us; /* reports of runs' events and samples, which are kept as such too */
    int64_t runs_us, reports_us, samples_us, drift_us,
        events_us; /* kept so long; 0: for ever. Deliveries of webhooks: as reports */
    int64_t bytes; /* what the content may take: beyond it the oldest go first, whatever their age; 0: no limit */
    int64_t now_us;
};
/* 90 days of runs, events and drift, 30 of reports and samples, 1 of the reports that are copies, 8 GiB. */
extern const struct store_retention store_retention_default;

struct store_retention_result {
    int64_t runs, reports, samples, drift, other; /* rows removed */
    bool more;                                    /* there is more to remove: once again, in a work of its own */
};
/* One bounded step (tens of milliseconds), and gives free pages back to the file system. */
bool store_retention_step(struct store_connection *writer, const struct store_retention *retention,
                          struct store_retention_result *out, struct error *err);
