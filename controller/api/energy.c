/* SPDX-License-Identifier: Apache-2.0 */
/* Energy and tokens: who took how much, for how many tokens, and how it is counted. */
#include <math.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/json/json.h"
#include "controller/api/center.h"
#include "controller/api/energy_report.h"
#include "controller/api/workloads_shown.h"
#include "controller/store/store_node.h"
#include "controller/store/store_setting.h"

#define SINCE_MAX_S (INT64_C(366) * 86400)

static void put_real(struct api_call *call, struct value *map, const char *key, double real)
{
    value_map_put(call->arena, map, key, isfinite(real) ? value_real(call->arena, real) : value_null());
}

/* --- what was taken --- */

struct energy_get_query {
    int64_t since_s;
    const char *workload;
    double intensity, wall_factor;
};

static const struct arg_spec energy_get_args[] = {
    ARG(energy_get_query, since_s, ARG_INT, .default_text = "86400",
        .help = "how far back, in seconds; figures are kept in steps of five minutes"),
    ARG(energy_get_query, workload, ARG_STRING, .help = "of this one only"),
    ARG(energy_get_query, intensity, ARG_REAL, .help = "g CO2e for a kWh, in place of what is set"),
    ARG(energy_get_query, wall_factor, ARG_REAL, .help = "watts at the wall for one at the sensor, likewise"),
    ARG_END,
};
static const struct task_spec energy_get_spec = { .name = "energy",
                                                  .args = energy_get_args,
                                                  .args_size = sizeof(struct energy_get_query) };

static void figures_put(struct api_call *call, struct value *out, const struct energy_figures *figures)
{
    put_real(call, out, "prefill_per_second", figures->prefill_per_second);
    put_real(call, out, "decode_per_second", figures->decode_per_second);
    put_real(call, out, "joules_per_token", figures->joules_per_token);
    put_real(call, out, "joules_per_token_with_idle", figures->joules_per_token_all);
    put_real(call, out, "wh_per_1000_tokens", figures->wh_per_1000);
    put_real(call, out, "wall_wh", figures->wall_wh);
    put_real(call, out, "grams_co2e", figures->grams);
}

static struct value *row_value(struct api_call *call, const struct energy_row *row)
{
    struct value *out = value_map(call->arena);
    bool is_known = row->seconds > 0;
    struct energy_figures figures = row->figures;

    if (!is_known)
        figures.wall_wh = figures.grams = (double)NAN;
    value_map_put_string(call->arena, out, "workload", row->workload);
    put_real(call, out, "tokens_in", row->account.tokens_in);
    put_real(call, out, "tokens_out", row->account.tokens_out);
    put_real(call, out, "active_joules", is_known ? row->account.active : (double)NAN);
    put_real(call, out, "idle_joules", is_known ? row->account.idle : (double)NAN);
    put_real(call, out, "seconds", row->seconds);
    put_real(call, out, "watts", row->watts);
    figures_put(call, out, &figures);
    return out;
}

static bool nodes_put(struct api_call *call, struct value *out, const struct energy_report *report,
                      const char *workload, struct error *err)
{
    const struct store_sum_range range = {
        .from_us = report->from_us, .to_us = report->to_us, .workload = workload, .by = STORE_ENERGY_BY_NODE
    };
    struct value *list = value_list(call->arena);
    struct store_energy_sum *sums = NULL;
    size_t count = 0;

    if (!store_energy_sum_read(center_of(call)->reader, call->arena, &range, &sums, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        struct value *node = value_map(call->arena);
        double joules = sums[i].active + sums[i].idle + sums[i].unattributed;

        value_map_put_string(call->arena, node, "node", sums[i].node);
        put_real(call, node, "joules", joules);
        put_real(call, node, "active_joules", sums[i].active);
        put_real(call, node, "idle_joules", sums[i].idle);
        put_real(call, node, "unattributed_joules", sums[i].unattributed);
        put_real(call, node, "seconds", sums[i].seconds);
        put_real(call, node, "watts", sums[i].watts);
        value_list_add(call->arena, list, node);
    }
    value_map_put(call->arena, out, "nodes", list);
    return true;
}

static struct value *report_value(struct api_call *call, const struct energy_report *report)
{
    struct value *out = value_map(call->arena), *rows = value_list(call->arena);
    double joules = energy_report_joules(report), wall_wh = joules * report->wall_factor / 3600;

    center_put_time(call, out, "from", report->from_us);
    center_put_time(call, out, "to", report->to_us);
    put_real(call, out, "intensity", report->intensity);
    put_real(call, out, "wall_factor", report->wall_factor);
    for (size_t i = 0; i < report->count; i++)
        value_list_add(call->arena, rows, row_value(call, &report->rows[i]));
    value_map_put(call->arena, out, "workloads", rows);
    put_real(call, out, "joules", joules);
    put_real(call, out, "active_joules", report->active);
    put_real(call, out, "idle_joules", report->idle);
    put_real(call, out, "node_idle_joules", report->node_idle);
    put_real(call, out, "unattributed_joules", report->unattributed);
    put_real(call, out, "pending_joules", report->pending);
    put_real(call, out, "node_seconds", report->node_seconds);
    put_real(call, out, "wall_wh", wall_wh);
    put_real(call, out, "grams_co2e", wall_wh / 1000 * report->intensity);
    return out;
}

/* Known to the store now, or by what it once did. False: answered with 404 and the nearest name. */
static bool workload_is_known(struct api_call *call, const char *name, bool has_figures)
{
    struct store_workload *row = NULL;
    struct error err = ERROR_INIT;

    if (has_figures)
        return true;
    if (!store_workload_get(center_of(call)->reader, call->arena, name, &row, &err))
        center_read_failed(call, &err);
    else if (row == NULL)
        workload_unknown(call, name);
    return row != NULL;
}

static void energy_get(struct api_call *call)
{
    const struct energy_get_query *query = call->query;
    struct energy_settings given = { .intensity = query->intensity,
                                     .wall_factor = isnan(query->wall_factor) ? 1 : query->wall_factor };
    int64_t now_us = clock_wall_us();
    const struct energy_query asked = { now_us - query->since_s * 1000000, now_us + 1, query->workload,
                                        query->intensity, query->wall_factor };
    struct energy_report report;
    struct value *out = NULL;
    struct error err = ERROR_INIT;

    if (query->since_s < 1 || query->since_s > SINCE_MAX_S) {
        api_reply_error(call, 400, "bad_range", "since_s is 1 to %lld", (long long)SINCE_MAX_S);
        return;
    }
    if (!energy_settings_check(&given, &err)) {
        api_reply_error(call, 400, "bad_setting", "%s", err.text);
        return;
    }
    if (!energy_report_read(center_of(call)->reader, call->arena, &asked, &report, &err)) {
        center_read_failed(call, &err);
        return;
    }
    if (query->workload != NULL && !workload_is_known(call, query->workload, report.count > 0))
        return;
    out = report_value(call, &report);
    if (!nodes_put(call, out, &report, query->workload, &err)) {
        center_read_failed(call, &err);
        return;
    }
    api_reply(call, 200, out);
}

/* --- figures over time --- */

struct samples_query {
    int64_t minutes;
    bool raw;
};

static const struct arg_spec samples_args[] = {
    ARG(samples_query, minutes, ARG_INT, .default_text = "60", .help = "how far back, to 30 days"),
    ARG(samples_query, raw, ARG_BOOL,
        .help = "the engine's counters as they were read, to 1000; else sums of five minutes"),
    ARG_END,
};
static const struct task_spec samples_spec = { .name = "samples",
                                               .args = samples_args,
                                               .args_size = sizeof(struct samples_query) };

static bool raw_read(struct api_call *call, const char *name, int64_t from_us, struct value *items, struct error *err)
{
    const struct store_workload_sample_filter filter = {
        .workload = name, .from_us = from_us, .to_us = clock_wall_us() + 1, .limit = LIMIT_STORE_PAGE
    };
    struct store_workload_sample *samples = NULL;
    size_t count = 0;

    if (!store_workload_sample_read(center_of(call)->reader, call->arena, &filter, &samples, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        struct value *item = value_map(call->arena);

        center_put_time(call, item, "at", samples[i].at_us);
        value_map_put_int(call->arena, item, "instance", samples[i].instance_id);
        value_map_put_int(call->arena, item, "attempt", samples[i].attempt);
        put_real(call, item, "tokens_in", samples[i].tokens_in);
        put_real(call, item, "tokens_out", samples[i].tokens_out);
        put_real(call, item, "seconds_in", samples[i].seconds_in);
        put_real(call, item, "seconds_out", samples[i].seconds_out);
        put_real(call, item, "running", samples[i].running);
        put_real(call, item, "waiting", samples[i].waiting);
        put_real(call, item, "slots", samples[i].slots);
        value_list_add(call->arena, items, item);
    }
    return true;
}

static bool slots_read(struct api_call *call, const char *name, int64_t from_us, struct value *items, struct error *err)
{
    const struct energy_query query = { .from_us = from_us, .to_us = clock_wall_us(), .workload = name };
    struct energy_slot *slots = NULL;
    size_t count = 0;

    if (!energy_slots_read(center_of(call)->reader, call->arena, &query, &slots, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        struct value *item = value_map(call->arena);

        center_put_time(call, item, "at", slots[i].slot_us);
        put_real(call, item, "tokens_in", slots[i].account.tokens_in);
        put_real(call, item, "tokens_out", slots[i].account.tokens_out);
        put_real(call, item, "prefill_per_second", slots[i].figures.prefill_per_second);
        put_real(call, item, "decode_per_second", slots[i].figures.decode_per_second);
        put_real(call, item, "active_joules", slots[i].account.active);
        put_real(call, item, "idle_joules", slots[i].account.idle);
        put_real(call, item, "watts", slots[i].watts);
        value_list_add(call->arena, items, item);
    }
    return true;
}

static void samples_get(struct api_call *call)
{
    const struct samples_query *query = call->query;
    const char *name = api_path_value(call, "name");
    int64_t from_us = clock_wall_us() - query->minutes * 60 * 1000000;
    struct value *items = value_list(call->arena);
    struct error err = ERROR_INIT;

    if (query->minutes < 1 || query->minutes > 43200 || (!query->raw && query->minutes > 5 * LIMIT_STORE_PAGE)) {
        api_reply_error(call, 400, "bad_range", "minutes is 1 to 43200 with raw, else to %d", 5 * LIMIT_STORE_PAGE);
        return;
    }
    if (!(query->raw ? raw_read : slots_read)(call, name, from_us, items, &err))
        center_read_failed(call, &err);
    else if (workload_is_known(call, name, value_count(items) > 0))
        center_reply_page(call, items, NULL);
}

/* --- settings --- */

struct settings_body {
    double intensity, wall_factor;
    const struct value *idle_watts;
};

static const struct arg_spec settings_args[] = {
    ARG(settings_body, intensity, ARG_REAL, .help = "grams of CO2e for a kWh of this place's grid"),
    ARG(settings_body, wall_factor, ARG_REAL,
        .help = "watts at the wall for one at the sensor: power supply, fans, disks"),
    ARG(settings_body, idle_watts, ARG_MAP,
        .help = "map of nodes: what each takes without work, at the sensor; null: as it is seen"),
    ARG_END,
};
static const struct task_spec settings_spec = { .name = "energy_settings",
                                                .args = settings_args,
                                                .args_size = sizeof(struct settings_body) };

struct settings_work {
    const struct settings_body *body;
    struct energy_settings settings;
    const char *node_unknown;
    struct error bad;
    bool is_bad;
};

static struct value *settings_value(struct api_call *call, const struct energy_settings *settings)
{
    struct value *out = energy_settings_value(call->arena, settings);

    center_put_time(call, out, "changed", settings->changed_us);
    value_map_put_string(call->arena, out, "changed_by", settings->changed_by);
    return out;
}

static void settings_get(struct api_call *call)
{
    struct energy_settings settings;
    struct error err = ERROR_INIT;

    if (!energy_settings_read(center_of(call)->reader, call->arena, &settings, &err))
        center_read_failed(call, &err);
    else
        api_reply(call, 200, settings_value(call, &settings));
}

/* Node by node; null takes one away. */
static bool idle_merge(struct store_connection *writer, struct api_call *call, struct settings_work *work,
                       struct error *err)
{
    const struct value *given = work->body->idle_watts;
    struct value *kept = value_map(call->arena);

    for (size_t i = 0; i < value_map_count(work->settings.idle_watts); i++) {
        const struct value_pair *pair = value_pair_at(work->settings.idle_watts, i);

        if (value_map_get_value(given, pair->key) == NULL)
            value_map_put_value(call->arena, kept, pair->key, pair->item);
    }
    for (size_t i = 0; i < value_map_count(given); i++) {
        const struct value_pair *pair = value_pair_at(given, i);
        struct store_node *node = NULL;

        if (value_is(pair->item, VALUE_NULL))
            continue;
        if (!store_node_by_name(writer, call->arena, value_text(pair->key), &node, err))
            return false;
        if (node == NULL)
            work->node_unknown = value_text(pair->key);
        value_map_put_value(call->arena, kept, pair->key, pair->item);
    }
    work->settings.idle_watts = kept;
    return true;
}

static bool settings_run(struct store_connection *writer, struct api_call *call, void *data, struct error *err)
{
    struct settings_work *work = data;
    struct store_setting row = { .name = ENERGY_SETTING, .changed_by = call->identity.name };

    work->node_unknown = NULL;
    work->bad = (struct error)ERROR_INIT;
    if (!energy_settings_read(writer, call->arena, &work->settings, err) || !idle_merge(writer, call, work, err))
        return false;
    if (!isnan(work->body->intensity))
        work->settings.intensity = work->body->intensity;
    if (!isnan(work->body->wall_factor))
        work->settings.wall_factor = work->body->wall_factor;
    work->is_bad = !energy_settings_check(&work->settings, &work->bad);
    if (work->is_bad || work->node_unknown != NULL)
        return true;
    work->settings.changed_us = row.changed_us = clock_wall_us();
    work->settings.changed_by = row.changed_by;
    row.value = json_text(call->arena, energy_settings_value(call->arena, &work->settings), JSON_COMPACT);
    return store_setting_put(writer, &row, err) && center_audit(writer, call, "energy.settings", "", row.value, err);
}

static void settings_then(struct api_call *call, void *data)
{
    struct settings_work *work = data;

    if (work->node_unknown != NULL)
        center_node_unknown(call, work->node_unknown);
    else if (work->is_bad)
        api_reply_error(call, 400, "bad_setting", "%s", work->bad.text);
    else
        api_reply(call, 200, settings_value(call, &work->settings));
}

static void settings_put(struct api_call *call)
{
    struct settings_work *work = arena_new_of(call->arena, struct settings_work);

    work->body = call->body;
    center_write(call, &(struct center_work){ settings_run, settings_then, work });
}

static const struct api_route routes[] = {
    API_ROUTE(API_VIEWER, "GET", "/api/v1/energy", energy_get, .summary = "Tokens and joules of workloads and nodes",
              .reply = "workloads, nodes, and what is idle, unattributed or not shared out yet; they add up to joules",
              .query = &energy_get_spec),
    API_ROUTE(API_VIEWER, "GET", "/api/v1/energy/settings", settings_get, .summary = "How energy is counted",
              .reply = "intensity, wall_factor, idle_watts; null: nobody has said"),
    API_ROUTE(API_OPERATOR, "PUT", "/api/v1/energy/settings", settings_put, .summary = "Say how energy is counted",
              .reply = "the settings as they are now; members that are not given stay", .body = &settings_spec),
    API_ROUTE(API_VIEWER, "GET", "/api/v1/workloads/{name}/samples", samples_get,
              .summary = "Tokens and energy of a workload over time, oldest first",
              .reply = "steps of five minutes, or counters; what was not told is null", .query = &samples_spec),
};

API_RESOURCE_DEFINE(energy) = {
    .name = "energy", .summary = "Energy and tokens", .routes = routes, .count = sizeof(routes) / sizeof(routes[0])
};
