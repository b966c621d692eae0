/* SPDX-License-Identifier: Apache-2.0 */
/* What runs where, for operators, and draining of nodes. */
#include "common/base/clock.h"
#include "common/base/text.h"
#include "controller/api/center.h"
#include "controller/launcher/launcher.h"
#include "controller/store/store_node.h"
#include "controller/store/store_piece.h"

/* --- shown --- */

static struct value *piece_shown(struct api_call *call, const struct store_piece *piece)
{
    struct value *out = value_map(call->arena);
    const struct value *told = center_json(call, piece->told);

    value_map_put_string(call->arena, out, "name", piece->name);
    value_map_put_string(call->arena, out, "role", piece->role);
    value_map_put_string(call->arena, out, "state",
                         piece->state != NULL ? piece->state
                         : piece->is_due      ? "told"
                                              : "waiting");
    value_map_put_bool(call->arena, out, "wanted", piece->is_wanted);
    value_map_put_string(call->arena, out, "sentence", value_map_text(told, "sentence"));
    value_map_put_int(call->arena, out, "gpu", piece->gpu);
    value_map_put_int(call->arena, out, "host", piece->host);
    value_map_put_int(call->arena, out, "port", piece->port);
    center_put_time(call, out, "told_at", piece->told_us);
    return out;
}

static struct value *placement_shown(struct api_call *call, const char *node, const struct store_placement *placement,
                                     const struct store_piece *pieces, size_t count)
{
    struct value *out = value_map(call->arena), *list = value_list(call->arena);

    value_map_put_string(call->arena, out, "node", node);
    value_map_put_int(call->arena, out, "epoch", placement->epoch);
    value_map_put_int(call->arena, out, "told_epoch", placement->told_epoch);
    value_map_put_bool(call->arena, out, "drained", placement->is_drained);
    value_map_put_string(call->arena, out, "drained_by", placement->drained_by);
    value_map_put_string(call->arena, out, "drained_why", placement->drained_why);
    for (size_t i = 0; i < count; i++) {
        if (pieces[i].node_id == placement->node_id)
            value_list_add(call->arena, list, piece_shown(call, &pieces[i]));
    }
    value_map_put(call->arena, out, "pieces", list);
    return out;
}

static void placements_list(struct api_call *call)
{
    const struct store_piece_filter all = { 0 };
    struct store_connection *reader = center_of(call)->reader;
    struct value *items = value_list(call->arena);
    struct store_placement *placements = NULL;
    struct store_piece *pieces = NULL;
    struct error err = ERROR_INIT;
    size_t count = 0, pieces_count = 0;
    bool ok = store_placement_list(reader, call->arena, &placements, &count, &err) &&
              store_piece_list(reader, call->arena, &all, &pieces, &pieces_count, &err);

    for (size_t i = 0; ok && i < count; i++) {
        struct store_node *node = NULL;

        ok = store_node_by_id(reader, call->arena, placements[i].node_id, &node, &err);
        if (ok && node != NULL)
            value_list_add(call->arena, items, placement_shown(call, node->name, &placements[i], pieces, pieces_count));
    }
    if (ok)
        center_reply_page(call, items, NULL);
    else
        center_read_failed(call, &err);
}

static void placement_of(struct api_call *call)
{
    struct store_connection *reader = center_of(call)->reader;
    struct store_piece_filter filter = { 0 };
    struct store_placement placement;
    struct store_piece *pieces = NULL;
    struct store_node *node = NULL;
    struct error err = ERROR_INIT;
    size_t count = 0;

    if (!center_node_of(call, &node))
        return;
    filter.node_id = node->id;
    if (store_placement_get(reader, call->arena, node->id, &placement, &err) &&
        store_piece_list(reader, call->arena, &filter, &pieces, &count, &err))
        api_reply(call, 200, placement_shown(call, node->name, &placement, pieces, count));
    else
        center_read_failed(call, &err);
}

/* --- draining --- */

struct drain_query {
    const char *why;
};

static const struct arg_spec drain_query_args[] = {
    ARG(drain_query, why, ARG_STRING, .help = "a sentence for those who wonder"),
    ARG_END,
};
static const struct task_spec drain_query_spec = { .name = "drain",
                                                   .args = drain_query_args,
                                                   .args_size = sizeof(struct drain_query) };

struct drain_work {
    const struct store_node *node;
    const char *why;
    bool drains;
};

static bool drain_run(struct store_connection *writer, struct api_call *call, void *data, struct error *err)
{
    const struct drain_work *work = data;
    const struct center_event event = { .kind = "node.drained", .node_id = work->node->id, .node = work->node->name };

    return store_placement_drain(writer, work->node->id, work->drains ? call->identity.name : NULL, work->why, err) &&
           center_audit(writer, call, work->drains ? "node.drain" : "node.undrain", work->node->name, NULL, err) &&
           (!work->drains || center_event_add(writer, call->arena, &event, err));
}

static void drain_then(struct api_call *call, void *data)
{
    const struct drain_work *work = data;
    struct value *out = value_map(call->arena);

    launcher_wake(center_of(call)->launcher);
    value_map_put_string(call->arena, out, "name", work->node->name);
    value_map_put_bool(call->arena, out, "drained", work->drains);
    api_reply(call, 200, out);
}

static void drain(struct api_call *call, const char *why, bool drains)
{
    struct drain_work *work = arena_new_of(call->arena, struct drain_work);
    struct store_node *node = NULL;

    if (!center_node_of(call, &node))
        return;
    *work = (struct drain_work){ .node = node, .why = why, .drains = drains };
    center_write(call, &(struct center_work){ drain_run, drain_then, work });
}

static void drain_post(struct api_call *call)
{
    const struct drain_query *query = call->query;

    drain(call, query->why, true);
}

static void undrain_post(struct api_call *call)
{
    drain(call, NULL, false);
}

static const struct api_route routes[] = {
    API_ROUTE(API_VIEWER, "GET", "/api/v1/placements", placements_list, .summary = "What each node is to run",
              .reply = "a list of nodes with their pieces"),
    API_ROUTE(API_VIEWER, "GET", "/api/v1/nodes/{name}/placement", placement_of, .summary = "What a node is to run",
              .reply = "its pieces, as it told of them"),
    API_ROUTE(API_OPERATOR, "POST", "/api/v1/nodes/{name}/drain", drain_post,
              .summary = "Nothing new is placed there, and what runs there moves", .reply = "the name",
              .query = &drain_query_spec),
    API_ROUTE(API_OPERATOR, "POST", "/api/v1/nodes/{name}/undrain", undrain_post, .summary = "It takes workloads again",
              .reply = "the name"),
};

API_RESOURCE_DEFINE(placements) = {
    .name = "placements", .summary = "What runs where", .routes = routes, .count = sizeof(routes) / sizeof(routes[0])
};
