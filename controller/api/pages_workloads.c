/* SPDX-License-Identifier: Apache-2.0 */
/* What is declared to run: how each workload is, what it does now, and what it takes. */
#include <math.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "controller/api/energy_report.h"
#include "controller/api/pages.h"
#include "controller/store/store_instance.h"
#include "controller/store/store_workload.h"

#define ROWS 200
#define NODES_SHOWN 8
#define STALE_US (INT64_C(60) * 1000000) /* engines are asked every few seconds */

/* Everything that is read once for all rows. */
struct workloads {
    struct store_workload *rows;
    struct store_instance *instances; /* by workload's name */
    struct store_workload_sample *samples;
    struct energy_report recent;
    size_t count, instance_count, sample_count;
    int64_t now_us;
};

static bool workloads_read(struct api_call *call, struct workloads *out, struct error *err)
{
    struct store_connection *reader = center_of(call)->reader;
    int64_t now_us = clock_wall_us();
    const struct energy_query recent = { now_us - STORE_MEASURE_SLOT_US, now_us + 1, NULL, (double)NAN, (double)NAN };

    out->now_us = now_us;
    return store_workload_list(reader, call->arena, &out->rows, &out->count, err) &&
           store_instance_list(reader, call->arena, 0, &out->instances, &out->instance_count, err) &&
           store_workload_sample_last(reader, call->arena, &out->samples, &out->sample_count, err) &&
           energy_report_read(reader, call->arena, &recent, &out->recent, err);
}

/* --- its replicas as one --- */

struct replicas {
    struct page_replicas all;
    int64_t restarts, served_us, sampled_us;
    double running, waiting, slots, probe_ms;
    struct value *nodes;
    size_t more_nodes;
};

static double plus(double a, double b)
{
    return isnan(a) ? b : isnan(b) ? a : a + b;
}

static void nodes_take(struct api_call *call, struct replicas *out, const struct store_instance *instance)
{
    const struct value *parts = page_plan_parts(call, instance->plan);

    for (size_t i = 0; i < value_count(parts); i++) {
        if (value_count(out->nodes) < NODES_SHOWN)
            value_list_add(call->arena, out->nodes, value_item(parts, i));
        else
            out->more_nodes++;
    }
}

static void figures_take(const struct workloads *all, struct replicas *out, int64_t instance_id)
{
    for (size_t i = 0; i < all->sample_count; i++) {
        const struct store_workload_sample *sample = &all->samples[i];

        if (sample->instance_id != instance_id)
            continue;
        out->running = plus(out->running, sample->running);
        out->waiting = plus(out->waiting, sample->waiting);
        out->slots = plus(out->slots, sample->slots);
        if (out->sampled_us == 0 || sample->at_us < out->sampled_us)
            out->sampled_us = sample->at_us;
    }
}

static struct replicas replicas_of(struct api_call *call, const struct workloads *all, int64_t workload_id)
{
    struct replicas out = { .running = (double)NAN,
                            .waiting = (double)NAN,
                            .slots = (double)NAN,
                            .probe_ms = (double)NAN,
                            .nodes = value_list(call->arena) };

    for (size_t i = 0; i < all->instance_count; i++) {
        const struct store_instance *instance = &all->instances[i];

        if (instance->workload_id != workload_id || instance->replica >= STORE_INSTANCE_BESIDE)
            continue;
        page_replicas_take(&out.all, instance);
        out.restarts += instance->attempt > 1 ? instance->attempt - 1 : 0;
        if (instance->served_us > 0 && (out.served_us == 0 || instance->served_us < out.served_us)) {
            out.served_us = instance->served_us;
            out.probe_ms = instance->probe_ms;
        }
        nodes_take(call, &out, instance);
        figures_take(all, &out, instance->id);
    }
    return out;
}

/* --- a row --- */

static void energy_put(struct api_call *call, struct value *row, const struct energy_row *energy)
{
    struct arena *arena = call->arena;

    value_map_put(arena, row, "prefill",
                  page_figure(arena, energy == NULL ? (double)NAN : energy->figures.prefill_per_second));
    value_map_put(arena, row, "decode",
                  page_figure(arena, energy == NULL ? (double)NAN : energy->figures.decode_per_second));
    value_map_put(arena, row, "watts", page_figure(arena, energy == NULL ? (double)NAN : energy->watts));
    value_map_put(arena, row, "per_token",
                  page_figure(arena, energy == NULL ? (double)NAN : energy->figures.joules_per_token));
}

/* Who waits for a slot does so in the gateway; what an engine has beyond its slots was asked of it past the gateway. */
static void queue_put(struct api_call *call, struct value *row, const char *workload, const struct replicas *replicas)
{
    const struct gateway_link *link = center_of(call)->gateway;
    double waiting = link == NULL ? (double)NAN : (double)link->waiting(link->gateway, workload);

    if (link == NULL || replicas->waiting > 0)
        waiting = plus(waiting, replicas->waiting);
    value_map_put_string(call->arena, row, "waiting",
                         isnan(waiting) ? NULL : arena_printf(call->arena, "%.0f", waiting));
}

static struct value *row_value(struct api_call *call, const struct workloads *all,
                               const struct store_workload *workload)
{
    struct value *row = value_map(call->arena);
    const struct value *declared = center_json(call, workload->declaration);
    struct replicas replicas = replicas_of(call, all, workload->id);

    value_map_put_string(call->arena, row, "name", workload->name);
    value_map_put_string(call->arena, row, "url", page_workload_url(call->arena, workload->name));
    value_map_put_string(call->arena, row, "engine", value_map_text(declared, "engine"));
    value_map_put_string(call->arena, row, "kind", value_map_text(declared, "kind"));
    page_replicas_put(call, row, &replicas.all, workload->is_wanted);
    page_put_time(call, row, "since", replicas.all.worst == NULL ? 0 : replicas.all.worst->since_us);
    value_map_put(call->arena, row, "nodes", replicas.nodes);
    value_map_put_int(call->arena, row, "more_nodes", (int64_t)replicas.more_nodes);
    value_map_put_int(call->arena, row, "restarts", replicas.restarts);
    value_map_put_string(call->arena, row, "running",
                         isnan(replicas.running) ? NULL : arena_printf(call->arena, "%.0f", replicas.running));
    queue_put(call, row, workload->name, &replicas);
    value_map_put_string(call->arena, row, "slots",
                         isnan(replicas.slots) ? NULL : arena_printf(call->arena, "%.0f", replicas.slots));
    value_map_put_bool(call->arena, row, "stale", replicas.sampled_us < all->now_us - STALE_US);
    value_map_put_bool(call->arena, row, "queue_stale",
                       (center_of(call)->gateway == NULL || replicas.waiting > 0) &&
                           replicas.sampled_us < all->now_us - STALE_US);
    page_put_time(call, row, "sampled", replicas.sampled_us);
    page_put_time(call, row, "probed", replicas.served_us);
    value_map_put_bool(call->arena, row, "probe_stale", replicas.served_us < all->now_us - STALE_US);
    value_map_put(call->arena, row, "probe_ms", page_figure(call->arena, replicas.probe_ms));
    energy_put(call, row, energy_report_find(&all->recent, workload->name));
    return row;
}

/* --- the page --- */

/* What waits or comes has words with figures in them, which are one count. */
static const char *count_word(const struct value *row)
{
    const char *class = value_map_text(row, "class");

    return text_in(class, (const char *const[]){ "waiting", "running", NULL }) ? "on their way"
                                                                               : value_map_text(row, "word");
}

static bool counts_alike(const struct value *a, const struct value *b)
{
    return text_equal(value_map_text(a, "class"), value_map_text(b, "class")) &&
           text_equal(count_word(a), count_word(b));
}

/* One count of all rows that are as `row` is; none if one of them came before it. */
static void count_put(struct arena *arena, struct value *counts, const struct value *rows, const struct value *row)
{
    struct value *count = value_map(arena);
    const char *word = value_map_text(row, "word");
    int64_t sum = 0;

    for (size_t i = 0; i < value_count(rows); i++) {
        const struct value *other = value_item(rows, i);

        if (!counts_alike(other, row))
            continue;
        if (sum == 0 && other != row)
            return;
        sum++;
        if (!text_equal(value_map_text(other, "word"), word))
            word = count_word(row);
    }
    value_map_put_string(arena, count, "class", value_map_text(row, "class"));
    value_map_put_string(arena, count, "word", word);
    value_map_put_int(arena, count, "count", sum);
    value_list_add(arena, counts, count);
}

static void counts_put(struct api_call *call, struct value *data, const struct value *rows)
{
    static const char *const classes[] = { "ok", "drift", "failed", "waiting", "running", "revoked", "unknown", NULL };
    struct value *counts = value_list(call->arena);

    for (size_t i = 0; classes[i] != NULL; i++)
        for (size_t k = 0; k < value_count(rows); k++)
            if (text_equal(value_map_text(value_item(rows, k), "class"), classes[i]))
                count_put(call->arena, counts, rows, value_item(rows, k));
    value_map_put(call->arena, data, "counts", counts);
}

void page_workloads(struct api_call *call)
{
    struct value *data = value_map(call->arena), *rows = value_list(call->arena);
    struct workloads all;
    struct error err = ERROR_INIT;

    if (!workloads_read(call, &all, &err)) {
        center_read_failed(call, &err);
        return;
    }
    for (size_t i = 0; i < all.count && i < ROWS; i++)
        value_list_add(call->arena, rows, row_value(call, &all, &all.rows[i]));
    value_map_put(call->arena, data, "rows", rows);
    counts_put(call, data, rows);
    value_map_put_int(call->arena, data, "more", all.count > ROWS ? (int64_t)(all.count - ROWS) : 0);
    value_map_put_bool(call->arena, data, "live", true);
    page_reply(call, 200, "workloads", "Workloads", data);
}
