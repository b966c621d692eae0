/* SPDX-License-Identifier: Apache-2.0 */
/* What a node is to run, told to that node alone; and the lines of its pieces that somebody follows. */
#include "common/placement/placement.h"

#include "common/base/clock.h"
#include "common/json/json.h"
#include "controller/api/center.h"
#include "controller/launcher/launcher.h"
#include "controller/launcher/launcher_models.h"
#include "controller/store/store_piece.h"

#define LOG_LINES_MAX 2000

/* --- the placement --- */

static void pieces_put(struct api_call *call, struct value *out, const struct store_piece *pieces, size_t count)
{
    struct value *list = value_list(call->arena), *logs = value_list(call->arena);

    for (size_t i = 0; i < count; i++) {
        if (!pieces[i].is_due || !pieces[i].is_wanted)
            continue;
        value_list_add(call->arena, list, center_json(call, pieces[i].body));
        if (launcher_log_is_followed(center_of(call)->launcher, pieces[i].instance_id))
            value_list_add(call->arena, logs, value_string(call->arena, pieces[i].name));
    }
    value_map_put(call->arena, out, "pieces", list);
    value_map_put(call->arena, out, "logs", logs);
    value_map_put_bool(call->arena, out, "measure", value_count(list) > 0);
}

static void placement_get(struct api_call *call)
{
    const struct store_piece_filter filter = { .node_id = call->identity.node_id };
    struct store_connection *reader = center_of(call)->reader;
    struct store_placement placement;
    struct store_piece *pieces = NULL;
    struct value *out = value_map(call->arena);
    struct error err = ERROR_INIT;
    size_t count = 0;
    bool ok = store_snapshot_begin(reader, &err);

    if (ok) {
        ok = store_placement_get(reader, call->arena, filter.node_id, &placement, &err) &&
             store_piece_list(reader, call->arena, &filter, &pieces, &count, &err) &&
             launcher_models_placement(reader, call->arena, filter.node_id, out, &err);
        store_snapshot_end(reader);
    }
    if (!ok) {
        center_read_failed(call, &err);
        return;
    }
    if (api_not_modified(call, arena_printf(call->arena, "%lld", (long long)placement.epoch)))
        return;
    value_map_put_int(call->arena, out, "epoch", placement.epoch);
    value_map_put_int(call->arena, out, "lease_s", placement.lease_s);
    pieces_put(call, out, pieces, count);
    api_reply(call, 200, out);
}

/* --- lines --- */

struct log_body {
    const char *piece;
    const struct value *lines;
};

static const struct arg_spec log_body_args[] = {
    ARG(log_body, piece, ARG_STRING, .required = true, .help = "name of a piece of the node"),
    ARG(log_body, lines, ARG_VALUES, .required = true, .help = "list of {at_us, text}, oldest first"),
    ARG_END,
};
static const struct task_spec log_body_spec = { .name = "log",
                                                .args = log_body_args,
                                                .args_size = sizeof(struct log_body) };

/* Nothing is kept of what nobody follows; the node hears that. */
static void logs_post(struct api_call *call)
{
    const struct log_body *body = call->body;
    struct value *out = value_map(call->arena);
    struct store_piece *piece = NULL;
    struct error err = ERROR_INIT;
    bool is_followed = false;

    if (!store_piece_get(center_of(call)->reader, call->arena, call->identity.node_id, body->piece, &piece, &err)) {
        center_read_failed(call, &err);
        return;
    }
    if (value_count(body->lines) > LOG_LINES_MAX) {
        api_reply_error(call, 413, "too_many_lines", "%zu lines at once, the limit is %d", value_count(body->lines),
                        LOG_LINES_MAX);
        return;
    }
    is_followed = piece != NULL && launcher_log_is_followed(center_of(call)->launcher, piece->instance_id);
    if (is_followed)
        launcher_log_add(center_of(call)->launcher, piece->instance_id, piece->name, body->lines);
    value_map_put_bool(call->arena, out, "followed", is_followed);
    api_reply(call, 200, out);
}

static const struct api_route routes[] = {
    API_ROUTE(API_NODE, "GET", "/agent/v1/placement", placement_get,
              .summary = "All that the node is to run, and the models it is to have",
              .reply = "the placement; its ETag is its number"),
    API_ROUTE(API_NODE, "POST", "/agent/v1/logs", logs_post, .summary = "Lines of a piece that somebody follows",
              .reply = "whether somebody still does", .body = &log_body_spec),
};

API_RESOURCE_DEFINE(placement) = { .name = "placement",
                                   .summary = "What a node is to run",
                                   .routes = routes,
                                   .count = sizeof(routes) / sizeof(routes[0]) };
