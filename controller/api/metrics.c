/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers for Prometheus, in its text format (0.0.4). */
#include <math.h>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/base/text.h"
#include "controller/api/center.h"
#include "controller/store/store_event.h"
#include "controller/store/store_fleet.h"
#include "controller/store/store_node.h"

#define HOUR_US ((int64_t)3600 * 1000000)

static void family(struct text *out, const char *name, const char *type, const char *help)
{
    text_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void one(struct text *out, const char *name, const char *type, const char *help, int64_t value)
{
    family(out, name, type, help);
    text_printf(out, "%s %lld\n", name, (long long)value);
}

/* A label's value: backslash, quote and newline are escaped. */
static void label(struct text *out, const char *text)
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
    family(out, "roost_nodes", "gauge", "Nodes by state and verdict.");
    for (size_t i = 0; i < count; i++) {
        text_printf(out, "roost_nodes{state=\"%s\",verdict=\"",
                    counts[i].state == STORE_NODE_ACTIVE    ? "active"
                    : counts[i].state == STORE_NODE_PENDING ? "pending"
                                                            : "revoked");
        label(out, counts[i].verdict == NULL ? "unknown" : counts[i].verdict);
        text_printf(out, "\"} %lld\n", (long long)counts[i].nodes);
    }
    return true;
}

/* --- the fleet --- */

/* Of the first page of nodes: a series of each for what is known. What is not known has no line: 0 would be a lie. */
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

static bool put_fleet(struct api_call *call, struct text *out, struct error *err)
{
    static const struct node_series series[] = {
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
    const struct store_fleet_filter filter = { .limit = LIMIT_STORE_PAGE };
    struct store_fleet_page page;
    int64_t now_us = clock_wall_us();

    if (!store_fleet_page(center_of(call)->reader, call->arena, &filter, &page, err))
        return false;
    for (size_t i = 0; i < page.count; i++) {
        struct presence_time heard;

        if (presence_find(center_of(call)->presence, page.rows[i].node_id, &heard) &&
            heard.wall_us > page.rows[i].seen_us)
            page.rows[i].seen_us = heard.wall_us;
    }
    for (size_t i = 0; i < sizeof(series) / sizeof(series[0]); i++) {
        family(out, series[i].name, "gauge", series[i].help);
        for (size_t j = 0; j < page.count; j++) {
            double value = figure_of(&page.rows[j], &series[i], now_us);

            if (isnan(value))
                continue;
            text_printf(out, "%s{node=\"", series[i].name);
            label(out, page.rows[j].name);
            text_printf(out, "\"} %.15g\n", value);
        }
    }
    return true;
}

static bool put_sums(struct api_call *call, struct text *out, struct error *err)
{
    struct store_fleet_sums sums;

    if (!store_fleet_sums(center_of(call)->reader, call->arena, clock_wall_us(), &sums, err))
        return false;
    one(out, "roost_drift_open", "gauge", "Resources of all nodes that are not as declared.", sums.open_drift);
    one(out, "roost_nodes_drifting", "gauge", "Nodes with such a resource.", sums.drifting);
    return true;
}

static bool put_events(struct api_call *call, struct text *out, struct error *err)
{
    struct store_event_count *counts = NULL;
    size_t count = 0;

    if (!store_event_counts(center_of(call)->reader, call->arena, clock_wall_us() - HOUR_US, &counts, &count, err))
        return false;
    family(out, "roost_events_hour", "gauge", "Events of the last hour by kind and outcome: runs, drift, lost nodes.");
    for (size_t i = 0; i < count; i++) {
        text_add(out, "roost_events_hour{kind=\"");
        label(out, counts[i].kind);
        text_add(out, "\",outcome=\"");
        label(out, counts[i].outcome == NULL ? "" : counts[i].outcome);
        text_printf(out, "\"} %lld\n", (long long)counts[i].events);
    }
    return true;
}

static void metrics_get(struct api_call *call)
{
    struct text out = text_new(call->arena);
    struct api_server_counters server;
    struct store_counters store;
    struct store_size size;
    struct error err = ERROR_INIT;

    if (!put_nodes(call, &out, &err) || !put_sums(call, &out, &err) || !put_fleet(call, &out, &err) ||
        !put_events(call, &out, &err) || !store_size(center_of(call)->reader, &size, &err)) {
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
