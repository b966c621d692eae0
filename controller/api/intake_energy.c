/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Energy that a node told: kept as it came, and shared out to the workloads that stood there as soon as their engines' figures of
 * that time are in. A stretch is shared out once; what comes later changes nothing of it.
 */
#include <math.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "controller/api/energy_settings.h"
#include "controller/api/intake_measured.h"
#include "controller/energy/energy.h"
#include "controller/store/store_measure.h"

#define STRETCH_MAX_US (INT64_C(3600) * 1000000) /* longer than any that an agent tells */
#define WATTS_MAX 1e6
#define CLOCK_SLACK_US (INT64_C(86400) * 1000000)
#define STEP_ROWS 16    /* stretches that are shared out in one go */
#define COUNTERS_MAX 64 /* readings of an engine that count in one stretch */
#define PARTS_MAX 64    /* workloads on one node */
#define IDLE_FRESH_US (INT64_C(600) * 1000000)

/* --- one stretch --- */

struct settling {
    struct store_connection *writer;
    struct arena *arena;
    const struct store_energy *row;
    double idle_watts;
    struct energy_part parts[PARTS_MAX];
    struct store_energy_share shares[PARTS_MAX + 1]; /* the last is the node's own */
    size_t count;
};

static double stretch_seconds(const struct store_energy *row)
{
    return (double)(row->to_us - row->from_us) / 1e6;
}

static bool instance_busy(struct settling *settling, int64_t instance_id, double *sum, struct error *err)
{
    const struct store_workload_sample_filter filter = { .instance_id = instance_id,
                                                         .from_us = settling->row->from_us,
                                                         .to_us = settling->row->to_us,
                                                         .limit = COUNTERS_MAX,
                                                         .is_around = true };
    struct energy_counters counters[COUNTERS_MAX];
    struct store_workload_sample *samples = NULL;
    size_t count = 0;
    double busy;

    if (!store_workload_sample_read(settling->writer, settling->arena, &filter, &samples, &count, err))
        return false;
    for (size_t i = 0; i < count; i++)
        counters[i] = (struct energy_counters){ samples[i].at_us, samples[i].seconds_in, samples[i].seconds_out,
                                                samples[i].running, samples[i].attempt };
    busy = energy_busy(counters, count, settling->row->from_us, settling->row->to_us);
    if (!isnan(busy))
        *sum = isnan(*sum) ? busy : *sum + busy;
    return true;
}

static bool part_add(struct settling *settling, const struct value_pair *standing, struct error *err)
{
    const struct value *instances = value_map_get(standing->item, "instances");
    double busy = (double)NAN;

    if (value_map_true(standing->item, "job")) {
        busy = stretch_seconds(settling->row);
    } else {
        for (size_t i = 0; i < value_count(instances); i++) {
            const struct value *id = value_item(instances, i);

            if (value_is(id, VALUE_INT) && !instance_busy(settling, id->as.integer, &busy, err))
                return false;
        }
    }
    settling->shares[settling->count].workload = value_text(standing->key);
    settling->parts[settling->count++].busy = busy;
    return true;
}

/* An engine that tells nothing may have worked: such a stretch is not one of the quiet ones. */
static double busy_of(const struct settling *settling, const struct energy_rest *rest)
{
    for (size_t i = 0; i < settling->count; i++) {
        if (isnan(settling->parts[i].busy))
            return fmax(rest->busy, stretch_seconds(settling->row));
    }
    return rest->busy;
}

static bool stretch_settle(struct settling *settling, struct error *err)
{
    const struct store_energy *row = settling->row;
    const struct energy_stretch stretch = { row->joules, stretch_seconds(row), settling->idle_watts };
    const struct value *standing = NULL;
    struct energy_rest rest;
    struct error ignored = ERROR_INIT;

    settling->count = 0;
    if (!json_read(settling->arena, row->workloads, strlen(row->workloads), NULL, &standing, &ignored))
        standing = NULL;
    for (size_t i = 0; i < value_map_count(standing) && settling->count < PARTS_MAX; i++) {
        if (!part_add(settling, value_pair_at(standing, i), err))
            return false;
    }
    energy_split(&stretch, settling->parts, settling->count, &rest);
    for (size_t i = 0; i < settling->count; i++) {
        settling->shares[i].active = settling->parts[i].active;
        settling->shares[i].idle = settling->parts[i].idle;
        settling->shares[i].unattributed = 0;
    }
    settling->shares[settling->count] = (struct store_energy_share){ "", 0, rest.idle, rest.unattributed };
    return store_energy_settle(settling->writer, row, busy_of(settling, &rest), settling->shares, settling->count + 1,
                               err);
}

/* --- all that are due --- */

/* As somebody has said; else as seen, looked at every few minutes. */
static bool idle_watts_of(struct settling *settling, int64_t node_id, const char *node, int64_t now_us,
                          struct error *err)
{
    struct energy_settings settings;
    bool found = false;

    if (!energy_settings_read(settling->writer, settling->arena, &settings, err))
        return false;
    settling->idle_watts = energy_settings_idle(&settings, node);
    if (!isnan(settling->idle_watts))
        return true;
    return store_energy_idle_get(settling->writer, node_id, now_us - IDLE_FRESH_US, &settling->idle_watts, &found,
                                 err) &&
           (found || store_energy_idle_find(settling->writer, node_id, now_us, &settling->idle_watts, err));
}

bool intake_energy_settle(struct store_connection *writer, struct arena *arena, int64_t node_id, const char *node,
                          int64_t until_us, struct error *err)
{
    struct settling settling = { .writer = writer, .arena = arena };
    const struct store_energy_filter filter = { node_id, until_us, STEP_ROWS };
    struct store_energy *rows = NULL;
    size_t count = 0;

    if (!store_energy_open(writer, arena, &filter, &rows, &count, err))
        return false;
    if (count > 0 && !idle_watts_of(&settling, node_id, node, until_us, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        settling.row = &rows[i];
        if (!stretch_settle(&settling, err))
            return false;
    }
    return true;
}

/* --- taking --- */

static int64_t time_of(const struct value *body, const char *key)
{
    const struct value *value = value_map_get(body, key);

    return value_is(value, VALUE_INT) ? value->as.integer : 0;
}

bool intake_energy(struct store_connection *writer, struct arena *arena, const struct intake_report *report,
                   struct error *err)
{
    const char *source = value_map_text(report->body, "source");
    const struct store_energy energy = {
        .node_id = report->node_id,
        .from_us = time_of(report->body, "from_us"),
        .to_us = time_of(report->body, "to_us"),
        .joules = intake_figure(report->body, "joules"),
        .watts_min = intake_figure(report->body, "watts_min"),
        .watts_max = intake_figure(report->body, "watts_max"),
        .source = text_in(source, (const char *const[]){ "rapl", "hwmon", "rapl+hwmon", NULL }) ? source : "other",
    };

    if (energy.from_us <= 0 || energy.to_us <= energy.from_us || energy.to_us - energy.from_us > STRETCH_MAX_US ||
        energy.to_us > clock_wall_us() + CLOCK_SLACK_US || isnan(energy.joules) ||
        energy.joules > WATTS_MAX * stretch_seconds(&energy))
        return true;
    return store_energy_add(writer, &energy, err) && intake_energy_settle(writer, arena, report->node_id, report->node,
                                                                          energy.to_us - INTAKE_ENERGY_LATE_US, err);
}
