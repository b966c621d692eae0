/* SPDX-License-Identifier: Apache-2.0 */
/* Benchmarks: asked for, listed, given up. They are run by controller/bench. */
#include "controller/bench/benches.h"

#include <math.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "controller/api/center.h"
#include "controller/bench/bench_compare.h"
#include "controller/bench/bench_order.h"
#include "controller/store/store_node.h"

#define OPEN_MOST 256 /* that wait or run */

struct bench_query {
    const char *kind, *model, *alike;
    int64_t before, limit;
};

static const struct arg_spec bench_query_args[] = {
    ARG(bench_query, kind, ARG_STRING, .choices = ARG_NAMES("llama_bench", "hpl", "iperf3"),
        .help = "of this kind only"),
    ARG(bench_query, model, ARG_STRING, .help = "of this model only"),
    ARG(bench_query, alike, ARG_STRING, .help = "only those that can be compared: `alike` of one of them"),
    ARG(bench_query, before, ARG_INT, .default_text = "0", .help = "the page before this id"),
    ARG(bench_query, limit, ARG_INT, .default_text = "100", .help = "rows of a page"),
    ARG_END,
};
static const struct task_spec bench_query_spec = { .name = "benches",
                                                   .args = bench_query_args,
                                                   .args_size = sizeof(struct bench_query) };

static void put_real(struct api_call *call, struct value *map, const char *key, double real)
{
    value_map_put(call->arena, map, key, isnan(real) ? value_null() : value_real(call->arena, real));
}

static struct value *bench_value(struct api_call *call, const struct store_bench *bench)
{
    struct value *out = value_map(call->arena);

    value_map_put_int(call->arena, out, "id", bench->id);
    value_map_put_string(call->arena, out, "kind", bench->kind);
    value_map_put_string(call->arena, out, "subject", bench->subject);
    value_map_put_string(call->arena, out, "state", bench->state);
    value_map_put_string(call->arena, out, "sentence", bench->sentence);
    value_map_put(call->arena, out, "nodes", center_json(call, bench->nodes));
    value_map_put_int(call->arena, out, "nodes_count", bench->nodes_count);
    value_map_put_string(call->arena, out, "by", bench->by);
    center_put_time(call, out, "asked", bench->at_us);
    center_put_time(call, out, "began", bench->began_us);
    center_put_time(call, out, "ended", bench->ended_us);
    value_map_put(call->arena, out, "settings", center_json(call, bench->settings));
    value_map_put(call->arena, out, "figures", center_json(call, bench->figures));
    put_real(call, out, "watts", bench->watts);
    value_map_put_string(call->arena, out, "alike", bench->alike);
    value_map_put(call->arena, out, "compared",
                  bench->compared == 0 ? value_null() : value_int(call->arena, bench->compared));
    put_real(call, out, "change", bench->change);
    value_map_put_bool(call->arena, out, "is_flagged", fabs(bench->change) > BENCH_CHANGE_TOLD);
    value_map_put(call->arena, out, "causes", center_json(call, bench->causes));
    return out;
}

/* --- asked for --- */

struct order_work {
    struct store_bench *rows;
    size_t count;
    bool full;
};

static bool order_run(struct store_connection *writer, struct api_call *call, void *data, struct error *err)
{
    struct order_work *work = data;
    struct store_bench *open = NULL;
    size_t count = 0;

    if (!store_bench_open_list(writer, call->arena, &open, &count, err))
        return false;
    work->full = count + work->count > OPEN_MOST;
    for (size_t i = 0; i < work->count && !work->full; i++) {
        const char *name = arena_printf(call->arena, "%s %s", work->rows[i].kind, work->rows[i].subject);

        if (!store_bench_add(writer, &work->rows[i], &work->rows[i].id, err) ||
            !center_audit(writer, call, "bench.start", name, work->rows[i].settings, err))
            return false;
        work->rows[i].state = "waiting";
        work->rows[i].sentence = "";
    }
    return true;
}

static void order_then(struct api_call *call, void *data)
{
    const struct order_work *work = data;
    struct value *out = value_map(call->arena), *items = value_list(call->arena);

    if (work->full) {
        api_reply_error(call, 409, "too_many", "%d benchmarks wait already, or would with these", OPEN_MOST);
        return;
    }
    for (size_t i = 0; i < work->count; i++)
        value_list_add(call->arena, items, bench_value(call, &work->rows[i]));
    value_map_put(call->arena, out, "items", items);
    benches_wake(center_of(call)->benches);
    api_reply(call, 201, out);
}

/* Over more nodes than there are: nothing that waiting helps. False: answered. */
static bool nodes_suffice(struct api_call *call, const struct order_work *work)
{
    struct store_node_count *counts = NULL;
    struct error err = ERROR_INIT;
    int64_t active = 0;
    size_t count = 0;

    if (!store_node_counts(center_of(call)->reader, call->arena, &counts, &count, &err)) {
        center_read_failed(call, &err);
        return false;
    }
    for (size_t i = 0; i < count; i++)
        active += counts[i].state == STORE_NODE_ACTIVE ? counts[i].nodes : 0;
    for (size_t i = 0; i < work->count; i++) {
        if (work->rows[i].nodes_count > active) {
            api_reply_error(call, 409, "too_few_nodes",
                            "a benchmark over %lld nodes is asked for, but this controller has %lld active ones",
                            (long long)work->rows[i].nodes_count, (long long)active);
            return false;
        }
    }
    return true;
}

static void bench_start(struct api_call *call)
{
    struct order_work *work = arena_new_of(call->arena, struct order_work);
    struct error err = ERROR_INIT;

    if (center_of(call)->benches == NULL) {
        api_reply_error(call, 503, "no_launcher", "this controller runs no workloads");
        return;
    }
    if (!bench_order_rows(call->arena, call->body, &work->rows, &work->count, &err)) {
        api_reply_error(call, 400, "bad_bench", "%s", err.text);
        return;
    }
    if (!nodes_suffice(call, work))
        return;
    for (size_t i = 0; i < work->count; i++) {
        work->rows[i].at_us = clock_wall_us();
        work->rows[i].by = call->identity.name;
        work->rows[i].watts = work->rows[i].change = (double)NAN;
    }
    center_write(call, &(struct center_work){ order_run, order_then, work });
}

/* --- read --- */

static void bench_list(struct api_call *call)
{
    const struct bench_query *query = call->query;
    const struct store_bench_filter filter = { .kind = query->kind,
                                               .subject = query->model,
                                               .alike = query->alike,
                                               .before = query->before,
                                               .limit = center_limit(query->limit) };
    struct value *items = value_list(call->arena);
    struct store_bench_page page;
    struct error err = ERROR_INIT;

    if (!store_bench_page(center_of(call)->reader, call->arena, &filter, &page, &err)) {
        center_read_failed(call, &err);
        return;
    }
    for (size_t i = 0; i < page.count; i++)
        value_list_add(call->arena, items, bench_value(call, &page.rows[i]));
    center_reply_page(call, items, page.next == 0 ? NULL : value_int(call->arena, page.next));
}

/* False: answered already. */
static bool bench_of(struct api_call *call, struct store_bench **out)
{
    struct error err = ERROR_INIT;
    int64_t id = 0;

    *out = NULL;
    if (text_to_int(api_path_value(call, "id"), &id) &&
        !store_bench_get(center_of(call)->reader, call->arena, id, out, &err)) {
        center_read_failed(call, &err);
        return false;
    }
    if (*out == NULL)
        api_reply_error(call, 404, "bench_unknown", "there is no bench '%s'", api_path_value(call, "id"));
    return *out != NULL;
}

static void bench_show(struct api_call *call)
{
    struct store_bench *bench = NULL;
    struct value *out = NULL;

    if (!bench_of(call, &bench))
        return;
    out = bench_value(call, bench);
    value_map_put(call->arena, out, "host", center_json(call, bench->host));
    value_map_put(call->arena, out, "declaration", center_json(call, bench->declaration));
    value_map_put(call->arena, out, "output", center_json(call, bench->output));
    api_reply(call, 200, out);
}

/* --- given up --- */

struct cancel_work {
    int64_t id;
    bool found;
};

static bool cancel_run(struct store_connection *writer, struct api_call *call, void *data, struct error *err)
{
    struct cancel_work *work = data;

    return benches_cancel(writer, work->id, call->identity.name, &work->found, err) &&
           (!work->found || center_audit(writer, call, "bench.cancel",
                                         arena_printf(call->arena, "%lld", (long long)work->id), NULL, err));
}

static void cancel_then(struct api_call *call, void *data)
{
    const struct cancel_work *work = data;
    struct value *out = value_map(call->arena);

    if (!work->found) {
        api_reply_error(call, 409, "bench_over", "bench %lld is over already", (long long)work->id);
        return;
    }
    benches_wake(center_of(call)->benches);
    value_map_put_int(call->arena, out, "id", work->id);
    api_reply(call, 200, out);
}

static void bench_cancel(struct api_call *call)
{
    struct cancel_work *work = arena_new_of(call->arena, struct cancel_work);
    struct store_bench *bench = NULL;

    if (!bench_of(call, &bench))
        return;
    work->id = bench->id;
    center_write(call, &(struct center_work){ cancel_run, cancel_then, work });
}

static const struct api_route routes[] = {
    API_ROUTE(API_OPERATOR, "POST", "/api/v1/benches", bench_start, .summary = "Run benchmarks, one after the other",
              .reply = "items: the benchmarks, waiting", .body = &bench_order_spec),
    API_ROUTE(API_VIEWER, "GET", "/api/v1/benches", bench_list, .summary = "Benchmarks and what came out, newest first",
              .reply = "a page of benchmarks", .query = &bench_query_spec),
    API_ROUTE(API_VIEWER, "GET", "/api/v1/benches/{id}", bench_show, .summary = "One benchmark",
              .reply = "the benchmark with what its nodes were, and its output"),
    API_ROUTE(API_OPERATOR, "POST", "/api/v1/benches/{id}/cancel", bench_cancel, .summary = "Give a benchmark up",
              .reply = "id"),
};

API_RESOURCE_DEFINE(benches) = { .name = "benches",
                                 .summary = "Benchmarks of models, nodes and their network",
                                 .routes = routes,
                                 .count = sizeof(routes) / sizeof(routes[0]) };
