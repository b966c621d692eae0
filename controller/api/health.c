/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the controller lives, how it is, and what can be asked of it. */
#include "common/base/clock.h"
#include "controller/api/center.h"
#include "controller/store/store_node.h"

#define DAY_US ((int64_t)86400 * 1000000)
#define AUTHORITY_WARN_US (180 * DAY_US)
#define CERTIFICATE_WARN_US (7 * DAY_US) /* it is made anew ten days before its end: something keeps it from that */

/* When the CA and the server's certificate end, and what is to be done about it. */
static void put_ends(struct api_call *call, struct value *out)
{
    const struct authority *authority = center_of(call)->authority;
    int64_t now_us = clock_wall_us(), server_us = authority->server->not_after_us;
    struct value *warnings = value_list(call->arena);

    center_put_time(call, out, "authority_expires", authority->ca->not_after_us);
    center_put_time(call, out, "certificate_expires", server_us);
    if (authority->ca->not_after_us - now_us < AUTHORITY_WARN_US)
        value_list_add(
            call->arena, warnings,
            value_string(call->arena, arena_printf(call->arena,
                                                   "the authority (CA) ends in %lld days: a controller with a new one "
                                                   "must be made, and every node joined to it",
                                                   (long long)((authority->ca->not_after_us - now_us) / DAY_US))));
    if (server_us - now_us < CERTIFICATE_WARN_US)
        value_list_add(call->arena, warnings,
                       value_string(call->arena, arena_printf(call->arena,
                                                              "the controller's certificate ends in %lld days and was "
                                                              "not made anew: is its folder trust/ writable?",
                                                              (long long)((server_us - now_us) / DAY_US))));
    value_map_put(call->arena, out, "warnings", warnings);
}

static void health_get(struct api_call *call)
{
    struct value *out = value_map(call->arena);
    struct store_size size;
    struct error err = ERROR_INIT;

    if (!store_size(center_of(call)->reader, &size, &err)) {
        api_reply_error(call, 503, "store_unavailable", "%s", err.text);
        return;
    }
    value_map_put_string(call->arena, out, "status", "ok");
    value_map_put_string(call->arena, out, "version", ROOST_VERSION);
    put_ends(call, out);
    api_reply(call, 200, out);
}

static const char *state_name(enum store_node_state state)
{
    return state == STORE_NODE_ACTIVE ? "active" : state == STORE_NODE_PENDING ? "pending" : "revoked";
}

static bool put_nodes(struct api_call *call, struct value *out, struct error *err)
{
    struct value *nodes = value_list(call->arena);
    struct store_node_count *counts = NULL;
    size_t count = 0;

    if (!store_node_counts(center_of(call)->reader, call->arena, &counts, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        struct value *one = value_map(call->arena);

        value_map_put_string(call->arena, one, "state", state_name(counts[i].state));
        value_map_put_string(call->arena, one, "verdict", counts[i].verdict == NULL ? "unknown" : counts[i].verdict);
        value_map_put_int(call->arena, one, "nodes", counts[i].nodes);
        value_list_add(call->arena, nodes, one);
    }
    value_map_put(call->arena, out, "nodes", nodes);
    return true;
}

static bool put_store(struct api_call *call, struct value *out, struct error *err)
{
    struct value *store = value_map(call->arena);
    struct store_counters counters;
    struct store_size size;

    if (!store_size(center_of(call)->reader, &size, err))
        return false;
    store_counters(center_of(call)->store, &counters);
    value_map_put_int(call->arena, store, "bytes", size.bytes);
    value_map_put_int(call->arena, store, "log_bytes", size.log_bytes);
    value_map_put_int(call->arena, store, "works", (int64_t)counters.works);
    value_map_put_int(call->arena, store, "commits", (int64_t)counters.commits);
    value_map_put_int(call->arena, store, "failed", (int64_t)counters.failed);
    value_map_put_int(call->arena, store, "waiting", (int64_t)counters.waiting);
    value_map_put_int(call->arena, store, "commit_us", counters.commit_us);
    value_map_put(call->arena, out, "store", store);
    return true;
}

static void put_server(struct api_call *call, struct value *out)
{
    struct value *server = value_map(call->arena);
    struct api_server_counters counters;

    api_server_counters(center_of(call)->server, &counters);
    value_map_put_int(call->arena, server, "requests", (int64_t)counters.requests);
    value_map_put_int(call->arena, server, "refused", (int64_t)counters.refused);
    value_map_put_int(call->arena, server, "failed", (int64_t)counters.failed);
    value_map_put_int(call->arena, server, "connections", counters.connections);
    value_map_put_int(call->arena, server, "waiting", counters.waiting);
    value_map_put(call->arena, out, "server", server);
}

static void status_get(struct api_call *call)
{
    struct value *out = value_map(call->arena);
    struct error err = ERROR_INIT;

    value_map_put_string(call->arena, out, "version", ROOST_VERSION);
    value_map_put_string(call->arena, out, "authority", center_of(call)->authority->ca->key.fingerprint);
    put_ends(call, out);
    if (!put_nodes(call, out, &err) || !put_store(call, out, &err)) {
        center_read_failed(call, &err);
        return;
    }
    put_server(call, out);
    api_reply(call, 200, out);
}

static void openapi_get(struct api_call *call)
{
    if (!api_not_modified(call, ROOST_VERSION))
        api_reply(call, 200, api_openapi(call->arena, call->table, ROOST_VERSION));
}

static const struct api_route routes[] = {
    API_ROUTE(API_PUBLIC, "GET", "/health", health_get,
              .summary = "Whether the controller answers and can read its store", .reply = "status and version"),
    API_ROUTE(API_VIEWER, "GET", "/api/v1/status", status_get,
              .summary = "Nodes by state and verdict, the store, the server, when certificates end",
              .reply = "the overview"),
    API_ROUTE(API_PUBLIC, "GET", "/api/v1/openapi.json", openapi_get, .summary = "This description",
              .reply = "an OpenAPI 3.1 document"),
};

API_RESOURCE_DEFINE(health) = {
    .name = "health", .summary = "How the controller is", .routes = routes, .count = sizeof(routes) / sizeof(routes[0])
};
