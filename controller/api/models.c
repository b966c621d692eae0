/* SPDX-License-Identifier: Apache-2.0 */
/* Which node has which model. */
#include "controller/store/store_model.h"

#include "common/base/text.h"
#include "controller/api/center.h"
#include "controller/store/store_node.h"

struct models_query {
    const char *node, *name, *after;
    int64_t after_node, limit;
};

static const struct arg_spec models_query_args[] = {
    ARG(models_query, node, ARG_STRING, .help = "of this node only"),
    ARG(models_query, name, ARG_STRING, .help = "exactly this model: who has it"),
    ARG(models_query, after, ARG_STRING, .help = "the page behind this model ..."),
    ARG(models_query, after_node, ARG_INT, .default_text = "0", .help = "... on the node of this number"),
    ARG(models_query, limit, ARG_INT, .default_text = "100", .help = "rows of a page"),
    ARG_END,
};
static const struct task_spec models_query_spec = { .name = "models",
                                                    .args = models_query_args,
                                                    .args_size = sizeof(struct models_query) };

static struct value *model_value(struct api_call *call, const struct store_model *model)
{
    struct value *out = value_map(call->arena);

    value_map_put_string(call->arena, out, "name", model->name);
    value_map_put_string(call->arena, out, "node", model->node);
    value_map_put_string(call->arena, out, "state", model->state);
    value_map_put_string(call->arena, out, "digest", model->digest);
    value_map_put_int(call->arena, out, "bytes", model->bytes);
    value_map_put(call->arena, out, "detail", center_json(call, model->detail));
    center_put_time(call, out, "seen", model->seen_us);
    return out;
}

static const struct value *next_value(struct api_call *call, const struct store_model_page *page)
{
    struct value *next = value_map(call->arena);

    if (page->next_name == NULL)
        return NULL;
    value_map_put_string(call->arena, next, "after", page->next_name);
    value_map_put_int(call->arena, next, "after_node", page->next_node_id);
    return next;
}

static void models_list(struct api_call *call)
{
    const struct models_query *query = call->query;
    struct store_model_filter filter = { .name = query->name,
                                         .after_name = query->after,
                                         .after_node_id = query->after_node,
                                         .limit = center_limit(query->limit) };
    struct value *items = value_list(call->arena);
    struct store_node *node = NULL;
    struct store_model_page page;
    struct error err = ERROR_INIT;

    if (query->node != NULL && !store_node_by_name(center_of(call)->reader, call->arena, query->node, &node, &err)) {
        center_read_failed(call, &err);
        return;
    }
    if (query->node != NULL && node == NULL) {
        api_reply_error(call, 404, "node_unknown", "there is no node '%s'", query->node);
        return;
    }
    filter.node_id = node == NULL ? 0 : node->id;
    if (!store_model_page(center_of(call)->reader, call->arena, &filter, &page, &err)) {
        center_read_failed(call, &err);
        return;
    }
    for (size_t i = 0; i < page.count; i++)
        value_list_add(call->arena, items, model_value(call, &page.models[i]));
    center_reply_page(call, items, next_value(call, &page));
}

static const struct api_route routes[] = {
    API_ROUTE(API_VIEWER, "GET", "/api/v1/models", models_list, .summary = "Models by name, then node",
              .reply = "a page of models as the nodes last told; next is {after, after_node}",
              .query = &models_query_spec),
};

API_RESOURCE_DEFINE(models) = {
    .name = "models", .summary = "Models on nodes", .routes = routes, .count = sizeof(routes) / sizeof(routes[0])
};
