/* SPDX-License-Identifier: Apache-2.0 */
/* Models that are to be on nodes: asked for by operators, followed by everybody. */
#include <string.h>

#include "common/base/text.h"
#include "controller/api/center.h"
#include "controller/launcher/launcher.h"
#include "controller/launcher/launcher_models.h"
#include "controller/store/store_fetch.h"
#include "controller/store/store_node.h"

#define NODES_MAX 256

/* --- the list --- */

struct fetches_query {
    const char *source;
};
static const struct arg_spec fetches_query_args[] = {
    ARG(fetches_query, source, ARG_STRING, .help = "exactly this source"),
    ARG_END,
};
static const struct task_spec fetches_query_spec = { .name = "fetches",
                                                     .args = fetches_query_args,
                                                     .args_size = sizeof(struct fetches_query) };

static struct value *fetch_value(struct api_call *call, const struct store_fetch *row)
{
    const struct value *detail = center_json(call, row->detail);
    struct value *out = value_map(call->arena);
    static const char *const told[] = { "from", "bad", "path", "digest", "sentence" };

    value_map_put_string(call->arena, out, "source", row->source);
    value_map_put_string(call->arena, out, "node", row->node);
    value_map_put_string(call->arena, out, "name", row->name);
    value_map_put_string(call->arena, out, "state", row->state);
    value_map_put_bool(call->arena, out, "is_seed", row->is_seed);
    value_map_put_bool(call->arena, out, "is_bad", row->is_bad);
    value_map_put_int(call->arena, out, "done_bytes", row->done_bytes);
    value_map_put_int(call->arena, out, "total_bytes", row->total_bytes);
    value_map_put_int(call->arena, out, "percent", row->total_bytes > 0 ? row->done_bytes * 100 / row->total_bytes : 0);
    for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
        const struct value *item = value_map_get(detail, told[i]);

        value_map_put(call->arena, out, told[i], item == NULL ? value_null() : item);
    }
    value_map_put_string(call->arena, out, "by", row->by);
    center_put_time(call, out, "at", row->at_us);
    return out;
}

static void fetches_list(struct api_call *call)
{
    const struct fetches_query *query = call->query;
    const struct store_fetch_filter filter = { .source = query->source };
    struct value *items = value_list(call->arena);
    struct store_fetch *rows = NULL;
    struct error err = ERROR_INIT;
    size_t count = 0;

    if (!store_fetch_list(center_of(call)->reader, call->arena, &filter, &rows, &count, &err)) {
        center_read_failed(call, &err);
        return;
    }
    for (size_t i = 0; i < count; i++)
        value_list_add(call->arena, items, fetch_value(call, &rows[i]));
    center_reply_page(call, items, NULL);
}

/* --- asking --- */

struct fetch_body {
    const char *source, *name;
    const struct value *nodes;
};
static const struct arg_spec fetch_body_args[] = {
    ARG(fetch_body, source, ARG_STRING, .required = true,
        .help = "hf://ORG/REPO/FILE@REVISION, https://..., file:///..., or a name that a node has it by"),
    ARG(fetch_body, nodes, ARG_LIST, .required = true, .help = "names of nodes that are to have it"),
    ARG(fetch_body, name, ARG_STRING, .help = "of a link to it in their stores"),
    ARG_END,
};
static const struct task_spec fetch_body_spec = { .name = "fetch",
                                                  .args = fetch_body_args,
                                                  .args_size = sizeof(struct fetch_body) };

struct fetch_work {
    const struct fetch_body *body;
    int64_t nodes[NODES_MAX];
    size_t count;
    int64_t touched[NODES_MAX * 4];
    size_t touched_count;
    struct error refused; /* what was asked makes no sense */
};

static void touched_add(struct fetch_work *work, const int64_t *ids)
{
    for (; ids != NULL && *ids != 0; ids++) {
        size_t i = 0;

        while (i < work->touched_count && work->touched[i] != *ids)
            i++;
        if (i == work->touched_count && i < sizeof(work->touched) / sizeof(work->touched[0]))
            work->touched[work->touched_count++] = *ids;
    }
}

static bool fetch_run(struct store_connection *writer, struct api_call *call, void *data, struct error *err)
{
    struct fetch_work *work = data;

    work->touched_count = 0;
    error_clear(&work->refused);
    for (size_t i = 0; i < work->count; i++) {
        const struct launcher_model_wish wish = {
            .model = work->body->source, .node_id = work->nodes[i], .name = work->body->name, .by = call->identity.name
        };
        int64_t *touched = NULL;

        if (!launcher_model_want(writer, call->arena, &wish, &touched, &work->refused))
            return true;
        touched_add(work, touched);
    }
    return center_audit(writer, call, "model.fetch", work->body->source, NULL, err);
}

static void fetch_then(struct api_call *call, void *data)
{
    const struct fetch_work *work = data;
    struct value *out = value_map(call->arena);

    if (work->refused.text[0] != '\0') {
        api_reply_error(call, 422, "source_wrong", "%s", work->refused.text);
        return;
    }
    for (size_t i = 0; i < work->touched_count; i++)
        api_wake(center_of(call)->server, api_topic("work", work->touched[i]));
    launcher_wake(center_of(call)->launcher);
    value_map_put_string(call->arena, out, "source", work->body->source);
    value_map_put_int(call->arena, out, "nodes", (int64_t)work->count);
    api_reply(call, 202, out);
}

/* False: answered already. */
static bool node_take(struct api_call *call, struct fetch_work *work, const char *name)
{
    struct store_node *node = NULL;
    struct error err = ERROR_INIT;

    if (!store_node_by_name(center_of(call)->reader, call->arena, name, &node, &err)) {
        center_read_failed(call, &err);
        return false;
    }
    if (node == NULL) {
        center_node_unknown(call, name);
        return false;
    }
    if (node->state != STORE_NODE_ACTIVE) {
        api_reply_error(call, 409, "node_not_active", "node '%s' has not joined, or was revoked", name);
        return false;
    }
    work->nodes[work->count++] = node->id;
    return true;
}

static void fetch_post(struct api_call *call)
{
    const struct fetch_body *body = call->body;
    struct fetch_work *work = arena_new_of(call->arena, struct fetch_work);

    work->body = body;
    if (value_count(body->nodes) == 0 || value_count(body->nodes) > NODES_MAX) {
        api_reply_error(call, 422, "nodes_wrong", "nodes: a list of 1 to %d names is wanted", NODES_MAX);
        return;
    }
    for (size_t i = 0; i < value_count(body->nodes); i++) {
        if (!node_take(call, work, value_text(value_item(body->nodes, i))))
            return;
    }
    center_write(call, &(struct center_work){ fetch_run, fetch_then, work });
}

static const struct api_route routes[] = {
    API_ROUTE(API_VIEWER, "GET", "/api/v1/models/fetches", fetches_list, .summary = "Models on their way to nodes",
              .reply =
                  "a page: source, node, state (wanted, fetching, ready, failed, look), done_bytes, total_bytes, from "
                  "(bytes by where they came from), bad (neighbours that gave what was wrong), sentence",
              .query = &fetches_query_spec),
    API_ROUTE(API_OPERATOR, "POST", "/api/v1/models/fetch", fetch_post,
              .summary = "Bring a model to nodes: once from its origin, then from node to node",
              .reply = "source and the number of nodes; GET /api/v1/models/fetches tells how far it is",
              .body = &fetch_body_spec),
};

API_RESOURCE_DEFINE(fetches) = {
    .name = "fetches", .summary = "Models on their way", .routes = routes, .count = sizeof(routes) / sizeof(routes[0])
};
