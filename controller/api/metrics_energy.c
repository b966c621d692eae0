/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens, joules and watts of workloads. Totals are since ever: they go on over restarts of engines and of the controller. */
#include <math.h>

#include "common/base/clock.h"
#include "controller/api/energy_report.h"
#include "controller/api/metrics.h"

#define NOW_US STORE_MEASURE_SLOT_US /* what "now" is made of: the last five to ten minutes */

static void line(struct text *out, const char *name, const char *workload, const char *label, double value)
{
    if (isnan(value))
        return;
    text_printf(out, "%s{", name);
    if (workload != NULL) {
        text_add(out, "workload=\"");
        metrics_label(out, workload);
        text_add(out, label == NULL ? "\"" : "\",");
    }
    text_printf(out, "%s} %.15g\n", label == NULL ? "" : label, value);
}

static void totals_put(struct text *out, const struct energy_report *all)
{
    metrics_family(out, "roost_workload_tokens_total", "counter", "Tokens that went in and came out.");
    for (size_t i = 0; i < all->count; i++) {
        line(out, "roost_workload_tokens_total", all->rows[i].workload, "direction=\"in\"",
             all->rows[i].account.tokens_in);
        line(out, "roost_workload_tokens_total", all->rows[i].workload, "direction=\"out\"",
             all->rows[i].account.tokens_out);
    }
    metrics_family(out, "roost_workload_joules_total", "counter",
                   "Energy at the sensor: for requests, and its idle share.");
    for (size_t i = 0; i < all->count; i++) {
        const struct energy_row *row = &all->rows[i];

        line(out, "roost_workload_joules_total", row->workload, "share=\"active\"",
             row->seconds > 0 ? row->account.active : (double)NAN);
        line(out, "roost_workload_joules_total", row->workload, "share=\"idle\"",
             row->seconds > 0 ? row->account.idle : (double)NAN);
    }
    metrics_family(out, "roost_energy_joules_total", "counter", "Measured energy that is no workload's.");
    line(out, "roost_energy_joules_total", NULL, "share=\"node_idle\"", all->node_idle);
    line(out, "roost_energy_joules_total", NULL, "share=\"unattributed\"", all->unattributed);
}

static void rates_put(struct text *out, const struct energy_report *now)
{
    metrics_family(out, "roost_workload_watts", "gauge", "Mean of the last minutes, of all its nodes.");
    for (size_t i = 0; i < now->count; i++)
        line(out, "roost_workload_watts", now->rows[i].workload, NULL, now->rows[i].watts);
    metrics_family(out, "roost_workload_decode_tokens_per_second", "gauge", "While it worked, in the last minutes.");
    for (size_t i = 0; i < now->count; i++)
        line(out, "roost_workload_decode_tokens_per_second", now->rows[i].workload, NULL,
             now->rows[i].figures.decode_per_second);
}

bool metrics_energy_put(struct api_call *call, struct text *out, struct error *err)
{
    int64_t now_us = clock_wall_us();
    const struct energy_query always = { 0, 1, NULL, (double)NAN, (double)NAN };
    const struct energy_query recent = { now_us - NOW_US, now_us + 1, NULL, (double)NAN, (double)NAN };
    struct store_connection *reader = center_of(call)->reader;
    struct energy_report all, now;

    if (!energy_report_read(reader, call->arena, &always, &all, err) ||
        !energy_report_read(reader, call->arena, &recent, &now, err))
        return false;
    totals_put(out, &all);
    rates_put(out, &now);
    return true;
}
