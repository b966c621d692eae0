/* SPDX-License-Identifier: Apache-2.0 */
/* The fleet at a glance, for programs: one row per node with the last of everything. */
#include "controller/store/store_fleet.h"

#include <string.h>

#include "common/base/hash.h"
#include "common/json/json.h"
#include "controller/api/center.h"
#include "controller/api/figures.h"

struct fleet_query {
    const char *match, *verdict, *after;
    int64_t limit;
};

static const struct arg_spec fleet_query_args[] = {
    ARG(fleet_query, match, ARG_STRING, .help = "names, as ai-*"),
    ARG(fleet_query, verdict, ARG_STRING, .help = "exactly this: ok, drift, failed, lost, unknown, pending, revoked"),
    ARG(fleet_query, after, ARG_STRING, .help = "the page behind this name"),
    ARG(fleet_query, limit, ARG_INT, .default_text = "100", .help = "rows of a page"),
    ARG_END,
};
static const struct task_spec fleet_query_spec = { .name = "fleet",
                                                   .args = fleet_query_args,
                                                   .args_size = sizeof(struct fleet_query) };

static const struct value *models_value(struct api_call *call, const char *json)
{
    const struct value *rows = center_json(call, json);
    struct value *out = value_list(call->arena);

    for (size_t i = 0; i < value_count(rows); i++) {
        const struct value *row = value_item(rows, i);
        struct value *model = value_map(call->arena);

        value_map_put(call->arena, model, "name", value_item(row, 0));
        value_map_put(call->arena, model, "state", value_item(row, 1));
        value_map_put(call->arena, model, "bytes", value_item(row, 2));
        value_list_add(call->arena, out, model);
    }
    return out;
}

static struct value *row_value(struct api_call *call, const struct store_fleet_row *row)
{
    struct value *out = value_map(call->arena);

    value_map_put_string(call->arena, out, "name", row->name);
    value_map_put_string(call->arena, out, "verdict", row->verdict);
    value_map_put_string(call->arena, out, "last_verdict", row->last_verdict);
    value_map_put_string(call->arena, out, "reason", row->reason);
    center_put_time(call, out, "verdict_at", row->verdict_us);
    center_put_time(call, out, "seen", center_heard(call, row->node_id, row->seen_us));
    center_put_time(call, out, "lost_since", row->lost_us);
    value_map_put_int(call->arena, out, "open_drift", row->open_drift);
    value_map_put(call->arena, out, "sample",
                  row->sample.at_us == 0 ? value_null() : figures_value(call, &row->sample));
    value_map_put(call->arena, out, "models", models_value(call, row->models));
    value_map_put_int(call->arena, out, "model_count", row->model_count);
    return out;
}

/* Everything that the page says, as one text: the same text is the same page. */
static const char *page_version(struct api_call *call, const struct value *items)
{
    const char *text = json_text(call->arena, items, JSON_COMPACT);
    char hash[HASH_HEX_MAX];

    return arena_copy_n(call->arena, hash_hex_of(HASH_SHA256, text, strlen(text), hash), 32);
}

static void fleet_list(struct api_call *call)
{
    const struct fleet_query *query = call->query;
    const struct store_fleet_filter filter = { query->match, query->verdict, query->after, center_limit(query->limit) };
    struct value *items = value_list(call->arena);
    struct store_fleet_page page;
    struct error err = ERROR_INIT;

    if (!store_fleet_page(center_of(call)->reader, call->arena, &filter, &page, &err)) {
        center_read_failed(call, &err);
        return;
    }
    for (size_t i = 0; i < page.count; i++)
        value_list_add(call->arena, items, row_value(call, &page.rows[i]));
    if (api_not_modified(call, page_version(call, items)))
        return;
    center_reply_page(call, items, page.next == NULL ? NULL : value_string(call->arena, page.next));
}

static const struct api_route routes[] = {
    API_ROUTE(API_VIEWER, "GET", "/api/v1/fleet", fleet_list,
              .summary = "Nodes by name, each with verdict, last sample, models and open drift",
              .reply = "a page of rows; what is not known is null", .query = &fleet_query_spec),
};

API_RESOURCE_DEFINE(fleet) = {
    .name = "fleet", .summary = "The fleet at a glance", .routes = routes, .count = sizeof(routes) / sizeof(routes[0])
};
