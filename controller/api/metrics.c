/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers for Prometheus, in its text format (0.0.4). */
#include <math.h>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/base/text.h"
#include "controller/api/metrics.h"
#include "controller/store/store_event.h"
#include "controller/store/store_fleet.h"
#include "controller/store/store_node.h"
#include "controller/store/store_run.h"

#define HOUR_US ((int64_t)3600 * 1000000)

void metrics_family(struct text *out, const char *name, const char *type, const char *help)
{
    text_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void one(struct text *out, const char *name, const char *type, const char *help, int64_t value)
{
    metrics_family(out, name, type, help);
    text_printf(out, "%s %lld\n", name, (long long)value);
}

void metrics_label(struct text *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\\' || *text == '"')
            text_add_char(out, '\\');
        if (*text == '\n')
            text_add(out, "\\n");
        else
            text_add_char(out, *text);
    }
}

static bool put_nodes(struct api_call *call, struct text *out, struct error *err)
{
    struct store_node_count *counts = NULL;
    size_t count = 0;

    if (!store_node_counts(center_of(call)->reader, call->arena, &counts, &count, err))
        return false;
    metrics_family(out, "roost_nodes", "gauge", "Nodes by state and verdict.");
    for (size_t i = 0; i < count; i++) {
        text_printf(out, "roost_nodes{state=\"%s\",verdict=\"",
                    counts[i].state == STORE_NODE_ACTIVE    ? "active"
                    : counts[i].state == STORE_NODE_PENDING ? "pending"
                                                            : "revoked");
        metrics_label(out, counts[i].verdict == NULL ? "unknown" : counts[i].verdict);
        text_printf(out, "\"} %lld\n", (long long)counts[i].nodes);
    }
    return true;
}

/* --- the fleet --- */

/* A series of each node for what is known. What is not known has no line: 0 would be a lie. */
#define FLEET_MOST 20000 /* nodes; some 10 MB of text. How many more there are is a number too */
#define SERIES 9

struct node_figures {
    const char *name;
    double values[SERIES];
};

struct node_series {
    const char *name, *help;
    double (*of)(const struct store_fleet_row *row,
                 int64_t now_us); /* NULL: a figure of the sample, if that is fresh */
    enum store_sample_figure figure;
};

static double seconds_silent(const struct store_fleet_row *row, int64_t now_us)
{
    return row->seen_us == 0 ? (double)NAN : (double)(now_us - row->seen_us) / 1e6;
}

static double drift_open(const struct store_fleet_row *row, int64_t now_us)
{
    (void)now_us;
    return (double)row->open_drift;
}

static double figure_of(const struct store_fleet_row *row, const struct node_series *series, int64_t now_us)
{
    if (series->of != NULL)
        return series->of(row, now_us);
    return row->sample.at_us > 0 && now_us - row->sample.at_us <= STORE_FLEET_FRESH_US
               ? row->sample.figures[series->figure]
               : (double)NAN;
}

static const struct node_series node_series[SERIES] = {
    { .name = "roost_node_silent_seconds", .help = "Since the node was heard last.", .of = seconds_silent },
    { .name = "roost_node_drift_open", .help = "Resources that are not as declared.", .of = drift_open },
    { .name = "roost_node_watts", .help = "Power.", .figure = STORE_SAMPLE_WATTS },
    { .name = "roost_node_celsius", .help = "The GPU's hottest sensor.", .figure = STORE_SAMPLE_CELSIUS },
    { .name = "roost_node_gpu_busy", .help = "From 0 to 1.", .figure = STORE_SAMPLE_GPU_BUSY },
    { .name = "roost_node_memory_used_bytes", .help = "Memory in use.", .figure = STORE_SAMPLE_MEMORY_USED },
    { .name = "roost_node_gtt_used_bytes", .help = "GTT in use.", .figure = STORE_SAMPLE_GTT_USED },
    { .name = "roost_node_gtt_total_bytes", .help = "GTT there is.", .figure = STORE_SAMPLE_GTT_TOTAL },
    { .name = "roost_node_load", .help = "Of the last minute.", .figure = STORE_SAMPLE_LOAD },
};

static void figures_take(struct api_call *call, struct store_fleet_row *row, int64_t now_us, struct node_figures *out)
{
    struct presence_time heard;

    if (presence_find(center_of(call)->presence, row->node_id, &heard) && heard.wall_us > row->seen_us)
        row->seen_us = heard.wall_us;
    out->name = arena_copy(call->arena, row->name);
    for (size_t i = 0; i < SERIES; i++)
        out->values[i] = figure_of(row, &node_series[i], now_us);
}

/* Page by page: of a row only the figures stay. */
static bool fleet_read(struct api_call *call, struct node_figures **out, size_t *count_out, struct error *err)
{
    struct store_fleet_filter filter = { .limit = LIMIT_STORE_PAGE };
    struct node_figures *figures = NULL;
    size_t count = 0;
    int64_t now_us = clock_wall_us();

    do {
        ARENA_SCOPED scratch = arena_new();
        struct store_fleet_page page;

        if (!store_fleet_page(center_of(call)->reader, scratch, &filter, &page, err))
            return false;
        figures = arena_grow(call->arena, figures, count * sizeof(*figures), (count + page.count) * sizeof(*figures));
        for (size_t i = 0; i < page.count; i++)
            figures_take(call, &page.rows[i], now_us, &figures[count++]);
        filter.after = page.next == NULL ? NULL : arena_copy(call->arena, page.next);
    } while (filter.after != NULL && count < FLEET_MOST);
    *out = figures;
    *count_out = count;
    return true;
}

static bool put_fleet(struct api_call *call, struct text *out, int64_t nodes, struct error *err)
{
    struct node_figures *figures = NULL;
    size_t count = 0;

    if (!fleet_read(call, &figures, &count, err))
        return false;
    for (size_t i = 0; i < SERIES; i++) {
        metrics_family(out, node_series[i].name, "gauge", node_series[i].help);
        for (size_t j = 0; j < count; j++) {
            if (isnan(figures[j].values[i]))
                continue;
            text_printf(out, "%s{node=\"", node_series[i].name);
            metrics_label(out, figures[j].name);
            text_printf(out, "\"} %.15g\n", figures[j].values[i]);
        }
    }
    one(out, "roost_nodes_without_series", "gauge", "Nodes beyond the bound, of which only the sums tell.",
        nodes > (int64_t)count ? nodes - (int64_t)count : 0);
    return true;
}

static bool put_sums(struct api_call *call, struct text *out, int64_t *nodes_out, struct error *err)
{
    struct store_fleet_sums sums;

    if (!store_fleet_sums(center_of(call)->reader, call->arena, clock_wall_us(), &sums, err))
        return false;
    one(out, "roost_drift_open", "gauge", "Resources of all nodes that are not as declared.", sums.open_drift);
    one(out, "roost_nodes_drifting", "gauge", "Nodes with such a resource.", sums.drifting);
    *nodes_out = sums.nodes;
    return true;
}

static bool put_events(struct api_call *call, struct text *out, struct error *err)
{
    struct store_event_count *counts = NULL;
    size_t count = 0;

    if (!store_event_counts(center_of(call)->reader, call->arena, clock_wall_us() - HOUR_US, &counts, &count, err))
        return false;
    metrics_family(out, "roost_events_hour", "gauge",
                   "Events of the last hour by kind and outcome: runs, drift, lost nodes.");
    for (size_t i = 0; i < count; i++) {
        text_add(out, "roost_events_hour{kind=\"");
        metrics_label(out, counts[i].kind);
        text_add(out, "\",outcome=\"");
        metrics_label(out, counts[i].outcome == NULL ? "" : counts[i].outcome);
        text_printf(out, "\"} %lld\n", (long long)counts[i].events);
    }
    return true;
}

/* A label's word for how a run ended. */
static const char *outcome_of(int64_t state)
{
    switch (state) {
    case STORE_RUN_OK:
        return "ok";
    case STORE_RUN_CANCELLED:
        return "cancelled";
    case STORE_RUN_LOST:
        return "lost";
    default:
        return "failed";
    }
}

static bool put_runs(struct api_call *call, struct text *out, struct error *err)
{
    struct store_event_runs *runs = NULL;
    size_t count = 0;

    if (!store_event_runs(center_of(call)->reader, call->arena, clock_wall_us() - HOUR_US, &runs, &count, err))
        return false;
    metrics_family(out, "roost_runs_hour", "gauge",
                   "Runs that ended in the last hour: from the centre or a node's own.");
    for (size_t i = 0; i < count; i++)
        text_printf(out, "roost_runs_hour{from=\"%s\",kind=\"%s\",outcome=\"%s\"} %lld\n",
                    runs[i].is_central ? "centre" : "node", runs[i].kind, outcome_of(runs[i].state),
                    (long long)runs[i].runs);
    return true;
}

static void metrics_get(struct api_call *call)
{
    struct text out = text_new(call->arena);
    struct api_server_counters server;
    struct store_counters store;
    struct store_size size;
    struct error err = ERROR_INIT;
    int64_t nodes = 0;

    if (!put_nodes(call, &out, &err) || !put_sums(call, &out, &nodes, &err) || !put_fleet(call, &out, nodes, &err) ||
        !put_events(call, &out, &err) || !put_runs(call, &out, &err) || !metrics_energy_put(call, &out, &err) ||
        !store_size(center_of(call)->reader, &size, &err)) {
        center_read_failed(call, &err);
        return;
    }
    api_server_counters(center_of(call)->server, &server);
    store_counters(center_of(call)->store, &store);
    one(&out, "roost_http_requests_total", "counter", "Requests answered.", (int64_t)server.requests);
    one(&out, "roost_http_refused_total", "counter", "Requests answered with 4xx.", (int64_t)server.refused);
    one(&out, "roost_http_failed_total", "counter", "Requests answered with 5xx.", (int64_t)server.failed);
    one(&out, "roost_http_connections", "gauge", "Open connections.", server.connections);
    one(&out, "roost_http_waiting", "gauge", "Requests and streams that wait for something.", server.waiting);
    one(&out, "roost_store_works_total", "counter", "Pieces of work committed.", (int64_t)store.works);
    one(&out, "roost_store_failed_total", "counter", "Pieces of work that failed.", (int64_t)store.failed);
    one(&out, "roost_store_commits_total", "counter", "Transactions.", (int64_t)store.commits);
    one(&out, "roost_store_queue", "gauge", "Pieces of work that wait.", (int64_t)store.waiting);
    one(&out, "roost_store_bytes", "gauge", "Size of the database.", size.bytes);
    one(&out, "roost_authority_expires_seconds", "gauge", "Until the CA ends.",
        (center_of(call)->authority->ca->not_after_us - clock_wall_us()) / 1000000);
    if (center_of(call)->gateway != NULL)
        center_of(call)->gateway->metrics(center_of(call)->gateway->gateway, &out);
    api_reply_bytes(call, 200, "text/plain; version=0.0.4", out.data, out.length);
}

static const struct api_route routes[] = {
    API_ROUTE(API_VIEWER, "GET", "/metrics", metrics_get, .summary = "Numbers for Prometheus",
              .reply = "Prometheus' text format"),
};

API_RESOURCE_DEFINE(metrics) = { .name = "metrics",
                                 .summary = "Numbers for Prometheus",
                                 .routes = routes,
                                 .count = sizeof(routes) / sizeof(routes[0]) };
