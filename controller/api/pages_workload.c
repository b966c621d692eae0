/* SPDX-License-Identifier: Apache-2.0 */
/* One workload: how each replica is and where, what it did in the last day, what that took. */
#include <math.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "controller/api/energy_report.h"
#include "controller/api/pages.h"
#include "controller/api/workloads_shown.h"
#include "controller/store/store_sample.h"

#define DAY_US (INT64_C(86400) * 1000000)
#define REPLICAS 64
#define LOG_LINES 60
#define LIVE_LINES 200
#define LIVE_REPLICAS 4 /* whose nodes are told to send lines */
#define STALE_US (INT64_C(60) * 1000000)

/* --- replicas --- */

/* Lines are texts, or maps that hold one. */
static const struct value *log_value(struct api_call *call, const char *json)
{
    const struct value *lines = center_json(call, json);
    struct value *out = value_list(call->arena);
    size_t count = value_is(lines, VALUE_LIST) ? value_count(lines) : 0;

    for (size_t i = count > LOG_LINES ? count - LOG_LINES : 0; i < count; i++) {
        const struct value *line = value_item(lines, i);
        const char *text = value_text(line) != NULL ? value_text(line) : value_map_text(line, "text");

        if (text != NULL)
            value_list_add(call->arena, out, value_string(call->arena, text));
    }
    return out;
}

/* What its nodes have sent; who looks at the page wants more of it. */
static void live_put(struct api_call *call, struct value *out, const struct store_instance *instance)
{
    struct value *list = value_list(call->arena);
    struct launcher *launcher = center_of(call)->launcher;
    struct launcher_line *lines = NULL;
    int64_t last = 0;
    size_t count = 0;

    if (launcher != NULL && instance->replica < LIVE_REPLICAS && instance->plan != NULL) {
        launcher_log_follow(launcher, instance->id);
        launcher_log_read(launcher, call->arena,
                          &(struct launcher_line_range){ .instance_id = instance->id, .limit = LAUNCHER_LOG_LINES },
                          &lines, &count);
    }
    for (size_t i = count > LIVE_LINES ? count - LIVE_LINES : 0; i < count; i++) {
        struct value *line = value_map(call->arena);

        value_map_put_string(call->arena, line, "piece", lines[i].piece);
        value_map_put_string(call->arena, line, "text", lines[i].text);
        page_put_time(call, line, "at", lines[i].at_us);
        value_list_add(call->arena, list, line);
        last = lines[i].number;
    }
    value_map_put(call->arena, out, "lines", list);
    value_map_put_int(call->arena, out, "last", last);
    value_map_put_bool(call->arena, out, "live", launcher != NULL && instance->replica < LIVE_REPLICAS);
}

/* Each part begins where the one before ends. */
static const struct value *parts_placed(struct api_call *call, const struct value *parts)
{
    struct value *out = value_list(call->arena);
    double at = 0, percent = 0;

    for (size_t i = 0; i < value_count(parts); i++) {
        struct value *place = value_map(call->arena);

        value_map_put_string(call->arena, place, "at", arena_printf(call->arena, "%.1f", at));
        if (text_to_real(value_map_text(value_item(parts, i), "percent"), &percent))
            at += percent;
        value_list_add(call->arena, out, value_merge(call->arena, value_item(parts, i), place, false));
    }
    return out;
}

static struct value *replica_value(struct api_call *call, const struct store_instance *instance)
{
    struct value *out = value_map(call->arena);

    value_map_put_int(call->arena, out, "number", instance->replica);
    page_workload_state_put(call, out, instance->state);
    value_map_put_string(call->arena, out, "sentence", instance->sentence);
    value_map_put_int(call->arena, out, "restarts", instance->attempt > 1 ? instance->attempt - 1 : 0);
    page_put_time(call, out, "since", instance->since_us);
    page_put_time(call, out, "probed", instance->served_us);
    value_map_put_bool(call->arena, out, "probe_stale", instance->served_us < clock_wall_us() - STALE_US);
    value_map_put(call->arena, out, "probe_ms", page_figure(call->arena, instance->probe_ms));
    value_map_put(call->arena, out, "load_s", page_figure(call->arena, instance->load_s));
    value_map_put(call->arena, out, "parts", parts_placed(call, page_plan_parts(call, instance->plan)));
    value_map_put(call->arena, out, "log", log_value(call, instance->log));
    live_put(call, out, instance);
    return out;
}

/* --- the head --- */

static const struct value *positive(const struct value *map, const char *key)
{
    return page_number(map, key) > 0 ? value_map_get(map, key) : value_null();
}

static void head_put(struct api_call *call, struct value *data, const struct store_workload *workload,
                     const struct page_replicas *replicas)
{
    const struct store_instance *first = replicas->worst;
    const struct value *declared = center_json(call, workload->declaration),
                       *models = value_map_get(declared, "models");
    struct value *load = value_map(call->arena);

    value_map_put_string(call->arena, load, "url", page_workload_url(call->arena, workload->name));
    page_replicas_put(call, load, replicas, workload->is_wanted);
    page_put_time(call, load, "since", first == NULL ? 0 : first->since_us);
    value_map_put_string(call->arena, load, "build",
                         first == NULL ? NULL : value_map_text(center_json(call, first->plan), "build"));
    value_map_put_string(call->arena, load, "engine", value_map_text(declared, "engine"));
    value_map_put(call->arena, load, "context", positive(declared, "context"));
    value_map_put(call->arena, load, "slots", positive(declared, "slots"));
    value_map_put_string(call->arena, load, "kv", value_map_text(declared, "kv"));
    value_map_put(call->arena, load, "models", value_is(models, VALUE_LIST) ? models : value_list(call->arena));
    value_map_put_bool(call->arena, load, "wanted", workload->is_wanted);
    value_map_put_int(call->arena, load, "version", workload->version);
    value_map_put_string(call->arena, load, "by", workload->changed_by);
    page_put_time(call, load, "changed", workload->changed_us);
    value_map_put(call->arena, data, "load", load);
}

static bool replicas_put(struct api_call *call, struct value *data, const struct store_workload *workload,
                         struct error *err)
{
    struct value *out = value_list(call->arena);
    struct store_instance *instances = NULL;
    struct page_replicas replicas = { .count = 0 };
    size_t count = 0;

    if (!store_instance_list(center_of(call)->reader, call->arena, workload->id, &instances, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (instances[i].replica >= STORE_INSTANCE_BESIDE)
            continue;
        page_replicas_take(&replicas, &instances[i]);
        if (i < REPLICAS)
            value_list_add(call->arena, out, replica_value(call, &instances[i]));
    }
    head_put(call, data, workload, &replicas);
    value_map_put(call->arena, data, "replicas", out);
    return true;
}

/* --- the last day --- */

enum { SPARK_DECODE, SPARK_PREFILL, SPARK_WATTS, SPARK_TOKENS };

/* page_spark draws figures of samples by number: here the numbers are ours. */
static struct store_sample *samples_of(struct arena *arena, const struct energy_slot *slots, size_t count)
{
    struct store_sample *out = arena_new_array(arena, struct store_sample, count + 1);

    for (size_t i = 0; i < count; i++) {
        out[i].at_us = slots[i].slot_us;
        out[i].figures[SPARK_DECODE] = slots[i].figures.decode_per_second;
        out[i].figures[SPARK_PREFILL] = slots[i].figures.prefill_per_second;
        out[i].figures[SPARK_WATTS] = slots[i].watts;
        out[i].figures[SPARK_TOKENS] = slots[i].account.tokens_out;
    }
    return out;
}

static bool sparks_put(struct api_call *call, struct value *data, const char *name, struct error *err)
{
    int64_t now_us = clock_wall_us(), from_us = now_us - DAY_US - (now_us - DAY_US) % STORE_MEASURE_SLOT_US;
    const struct page_spark sparks[] = {
        { SPARK_DECODE, "Decode", "t/s", 1, from_us, STORE_MEASURE_SLOT_US, 289 },
        { SPARK_PREFILL, "Prefill", "t/s", 1, from_us, STORE_MEASURE_SLOT_US, 289 },
        { SPARK_WATTS, "Power", "W", 1, from_us, STORE_MEASURE_SLOT_US, 289 },
        { SPARK_TOKENS, "Tokens out, of five minutes", "tokens", 1, from_us, STORE_MEASURE_SLOT_US, 289 },
    };
    const struct energy_query query = { .from_us = from_us, .to_us = now_us, .workload = name };
    struct value *out = value_list(call->arena);
    struct energy_slot *slots = NULL;
    const struct store_sample *samples = NULL;
    size_t count = 0;

    if (!energy_slots_read(center_of(call)->reader, call->arena, &query, &slots, &count, err))
        return false;
    samples = samples_of(call->arena, slots, count);
    for (size_t i = 0; i < sizeof(sparks) / sizeof(sparks[0]); i++) {
        const struct value *spark = page_spark(call->arena, &sparks[i], samples, count);

        if (value_is(spark, VALUE_MAP))
            value_list_add(call->arena, out, spark);
    }
    value_map_put(call->arena, data, "sparks", out);
    return true;
}

static const char *wh_text(struct arena *arena, double joules)
{
    const char *figure = value_text(page_figure(arena, joules / 3600));

    return figure == NULL ? NULL : arena_printf(arena, "%s Wh", figure);
}

static bool energy_put(struct api_call *call, struct value *data, const char *name, struct error *err)
{
    int64_t now_us = clock_wall_us();
    const struct energy_query query = { now_us - DAY_US, now_us + 1, name, (double)NAN, (double)NAN };
    struct value *out = value_map(call->arena);
    const struct energy_row *row = NULL;
    struct energy_report report;
    bool is_known = false;

    if (!energy_report_read(center_of(call)->reader, call->arena, &query, &report, err))
        return false;
    row = energy_report_find(&report, name);
    value_map_put(call->arena, data, "energy", row == NULL ? value_null() : out);
    if (row == NULL)
        return true;
    is_known = row->seconds > 0;
    value_map_put_string(call->arena, out, "tokens_in", arena_printf(call->arena, "%.0f", row->account.tokens_in));
    value_map_put_string(call->arena, out, "tokens_out", arena_printf(call->arena, "%.0f", row->account.tokens_out));
    value_map_put_string(call->arena, out, "active", is_known ? wh_text(call->arena, row->account.active) : NULL);
    value_map_put_string(call->arena, out, "idle", is_known ? wh_text(call->arena, row->account.idle) : NULL);
    value_map_put(call->arena, out, "per_token", page_figure(call->arena, row->figures.joules_per_token));
    value_map_put(call->arena, out, "per_thousand", page_figure(call->arena, row->figures.wh_per_1000));
    value_map_put(call->arena, out, "grams", page_figure(call->arena, is_known ? row->figures.grams : (double)NAN));
    value_map_put_string(call->arena, out, "why",
                         is_known ? "the grid's intensity is not set" : "no power was measured");
    return true;
}

/* --- the page --- */

void page_workload(struct api_call *call)
{
    struct value *data = value_map(call->arena);
    const char *name = api_path_value(call, "name");
    struct store_workload *workload = NULL;
    struct error err = ERROR_INIT;

    if (!workload_of_call(call, &workload))
        return;
    if (!replicas_put(call, data, workload, &err) || !sparks_put(call, data, name, &err) ||
        !energy_put(call, data, name, &err)) {
        center_read_failed(call, &err);
        return;
    }
    value_map_put_bool(call->arena, data, "live", true);
    page_reply(call, 200, "workload", workload->name, data);
}
