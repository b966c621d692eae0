/* SPDX-License-Identifier: Apache-2.0 */
/* Two lists by name, of tokens and of joules, made one. */
#include "controller/api/energy_report.h"

#include <math.h>
#include <string.h>

static bool settings_take(struct store_connection *connection, struct arena *arena, const struct energy_query *query,
                          struct energy_report *out, struct error *err)
{
    struct energy_settings settings;

    if (!energy_settings_read(connection, arena, &settings, err))
        return false;
    out->intensity = isnan(query->intensity) ? settings.intensity : query->intensity;
    out->wall_factor = isnan(query->wall_factor) ? settings.wall_factor : query->wall_factor;
    return true;
}

/* The row of that name, which is made where it belongs: both lists come by name. */
static struct energy_row *row_of(struct energy_report *report, const char *workload)
{
    size_t at = report->count;

    while (at > 0 && strcmp(report->rows[at - 1].workload, workload) > 0)
        at--;
    if (at > 0 && strcmp(report->rows[at - 1].workload, workload) == 0)
        return &report->rows[at - 1];
    memmove(&report->rows[at + 1], &report->rows[at], (report->count - at) * sizeof(report->rows[0]));
    report->count++;
    report->rows[at] = (struct energy_row){ .workload = workload, .watts = (double)NAN };
    return &report->rows[at];
}

static void energy_take(struct energy_report *report, const struct store_energy_sum *sum)
{
    struct energy_row *row = NULL;

    report->unattributed += sum->unattributed;
    if (*sum->workload == '\0') {
        report->node_idle += sum->idle;
        report->node_seconds += sum->seconds;
        return;
    }
    row = row_of(report, sum->workload);
    row->account.active += sum->active;
    row->account.idle += sum->idle;
    row->seconds += sum->seconds;
    row->watts = sum->watts;
    report->active += sum->active;
    report->idle += sum->idle;
}

bool energy_report_read(struct store_connection *connection, struct arena *arena, const struct energy_query *query,
                        struct energy_report *out, struct error *err)
{
    struct energy_report report = { .from_us = query->from_us - query->from_us % STORE_MEASURE_SLOT_US,
                                    .to_us = query->to_us };
    const struct store_sum_range range = { .from_us = report.from_us,
                                           .to_us = report.to_us,
                                           .workload = query->workload };
    struct store_workload_sum *tokens = NULL;
    struct store_energy_sum *joules = NULL;
    size_t token_count = 0, joule_count = 0;

    if (!settings_take(connection, arena, query, &report, err) ||
        !store_workload_sum_read(connection, arena, &range, &tokens, &token_count, err) ||
        !store_energy_sum_read(connection, arena, &range, &joules, &joule_count, err) ||
        (query->workload == NULL &&
         !store_energy_pending(connection, report.from_us, report.to_us, &report.pending, err)))
        return false;
    report.rows = arena_new_array(arena, struct energy_row, token_count + joule_count + 1);
    for (size_t i = 0; i < token_count; i++) {
        struct energy_row *row = row_of(&report, tokens[i].workload);

        row->account.tokens_in = tokens[i].tokens_in;
        row->account.tokens_out = tokens[i].tokens_out;
        row->account.seconds_in = tokens[i].seconds_in;
        row->account.seconds_out = tokens[i].seconds_out;
    }
    for (size_t i = 0; i < joule_count; i++)
        energy_take(&report, &joules[i]);
    for (size_t i = 0; i < report.count; i++)
        report.rows[i].figures = energy_figures_of(&report.rows[i].account, report.intensity, report.wall_factor);
    *out = report;
    return true;
}

const struct energy_row *energy_report_find(const struct energy_report *report, const char *workload)
{
    for (size_t i = 0; i < report->count; i++) {
        if (strcmp(report->rows[i].workload, workload) == 0)
            return &report->rows[i];
    }
    return NULL;
}

double energy_report_joules(const struct energy_report *report)
{
    return report->active + report->idle + report->node_idle + report->unattributed + report->pending;
}

/* --- over time --- */

static void slot_finish(struct energy_slot *slot, bool has_energy, int64_t now_us)
{
    double length =
        (double)(now_us - slot->slot_us < STORE_MEASURE_SLOT_US ? now_us - slot->slot_us : STORE_MEASURE_SLOT_US) / 1e6;

    slot->figures = energy_figures_of(&slot->account, (double)NAN, 1);
    slot->watts = has_energy && length > 0 ? (slot->account.active + slot->account.idle) / length : (double)NAN;
}

bool energy_slots_read(struct store_connection *connection, struct arena *arena, const struct energy_query *query,
                       struct energy_slot **out, size_t *count_out, struct error *err)
{
    const struct store_sum_range range = { .from_us = query->from_us - query->from_us % STORE_MEASURE_SLOT_US,
                                           .to_us = query->to_us + 1,
                                           .workload = query->workload,
                                           .by_slot = true,
                                           .by = STORE_ENERGY_BY_SLOT };
    struct store_workload_sum *tokens = NULL;
    struct store_energy_sum *joules = NULL;
    struct energy_slot *slots = NULL;
    size_t token_count = 0, joule_count = 0, count = 0;

    if (!store_workload_sum_read(connection, arena, &range, &tokens, &token_count, err) ||
        !store_energy_sum_read(connection, arena, &range, &joules, &joule_count, err))
        return false;
    slots = arena_new_array(arena, struct energy_slot, token_count + joule_count + 1);
    for (size_t i = 0, k = 0; i < token_count || k < joule_count; count++) {
        int64_t token_us = i < token_count ? tokens[i].slot_us : INT64_MAX;
        int64_t joule_us = k < joule_count ? joules[k].slot_us : INT64_MAX;
        struct energy_slot *slot = &slots[count];

        *slot = (struct energy_slot){ .slot_us = token_us < joule_us ? token_us : joule_us };
        if (token_us <= joule_us) {
            slot->account = (struct energy_account){
                tokens[i].tokens_in, tokens[i].tokens_out, tokens[i].seconds_in, tokens[i].seconds_out, 0, 0
            };
            i++;
        }
        if (joule_us <= token_us) {
            slot->account.active = joules[k].active;
            slot->account.idle = joules[k].idle;
            k++;
        }
        slot_finish(slot, joule_us <= token_us, query->to_us);
    }
    *out = slots;
    *count_out = count;
    return true;
}
