/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers for Prometheus, in its text format (0.0.4). */
#include "common/base/text.h"
#include "controller/api/center.h"
#include "controller/store/store_node.h"

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

static void metrics_get(struct api_call *call)
{
    struct text out = text_new(call->arena);
    struct api_server_counters server;
    struct store_counters store;
    struct store_size size;
    struct error err = ERROR_INIT;

    if (!put_nodes(call, &out, &err) || !store_size(center_of(call)->reader, &size, &err)) {
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
