/* SPDX-License-Identifier: Apache-2.0 */
/* Where nodes are not as declared, and why. */
#include "controller/store/store_drift.h"

#include "common/base/text.h"
#include "controller/api/center.h"
#include "controller/store/store_node.h"

struct drift_query {
    const char *node, *cause;
    bool resolved;
    int64_t before, limit;
};

static const struct arg_spec drift_query_args[] = {
    ARG(drift_query, node, ARG_STRING, .help = "of this node only"),
    ARG(drift_query, cause, ARG_STRING, .choices = ARG_NAMES("intentional", "corrective", "external", "unknown"),
        .help = "only with this cause"),
    ARG(drift_query, resolved, ARG_BOOL, .help = "what is in order again, too"),
    ARG(drift_query, before, ARG_INT, .default_text = "0", .help = "the page before this id"),
    ARG(drift_query, limit, ARG_INT, .default_text = "100", .help = "rows of a page"),
    ARG_END,
};
static const struct task_spec drift_query_spec = { .name = "drift",
                                                   .args = drift_query_args,
                                                   .args_size = sizeof(struct drift_query) };

static const char *cause_name(enum store_drift_cause cause)
{
    return cause == STORE_DRIFT_INTENTIONAL  ? "intentional"
           : cause == STORE_DRIFT_CORRECTIVE ? "corrective"
           : cause == STORE_DRIFT_EXTERNAL   ? "external"
                                             : "unknown";
}

static struct value *drift_value(struct api_call *call, const struct store_drift *drift)
{
    struct value *out = value_map(call->arena);

    value_map_put_int(call->arena, out, "id", drift->id);
    value_map_put_string(call->arena, out, "node", drift->node);
    value_map_put_string(call->arena, out, "resource", drift->resource);
    value_map_put_string(call->arena, out, "cause", cause_name(drift->cause));
    value_map_put_string(call->arena, out, "reason", drift->reason);
    value_map_put_int(call->arena, out, "count", drift->count);
    center_put_time(call, out, "first_seen", drift->first_us);
    center_put_time(call, out, "last_seen", drift->last_us);
    center_put_time(call, out, "resolved", drift->resolved_us);
    center_put_time(call, out, "window_from", drift->window_from_us);
    center_put_time(call, out, "window_to", drift->window_to_us);
    value_map_put_string(call->arena, out, "diff", drift->diff);
    return out;
}

/* The id of the node asked for; false: answered already. */
static bool node_id_of(struct api_call *call, const char *name, int64_t *out)
{
    struct store_node *node = NULL;
    struct error err = ERROR_INIT;

    if (!store_node_by_name(center_of(call)->reader, call->arena, name, &node, &err)) {
        center_read_failed(call, &err);
    } else if (node == NULL) {
        center_node_unknown(call, name);
    } else {
        *out = node->id;
        return true;
    }
    return false;
}

static void drift_list(struct api_call *call)
{
    const struct drift_query *query = call->query;
    struct store_drift_filter filter = { .resolved = query->resolved,
                                         .before = query->before,
                                         .limit = center_limit(query->limit) };
    struct value *items = value_list(call->arena);
    struct store_drift_page page;
    struct error err = ERROR_INIT;

    if (query->node != NULL && !node_id_of(call, query->node, &filter.node_id))
        return;
    for (unsigned cause = STORE_DRIFT_UNKNOWN; query->cause != NULL && cause <= STORE_DRIFT_EXTERNAL; cause <<= 1)
        filter.causes |= text_equal(cause_name((enum store_drift_cause)cause), query->cause) ? cause : 0;
    if (!store_drift_page(center_of(call)->reader, call->arena, &filter, &page, &err)) {
        center_read_failed(call, &err);
        return;
    }
    for (size_t i = 0; i < page.count; i++)
        value_list_add(call->arena, items, drift_value(call, &page.rows[i]));
    center_reply_page(call, items, page.next == 0 ? NULL : value_int(call->arena, page.next));
}

static const struct api_route routes[] = {
    API_ROUTE(API_VIEWER, "GET", "/api/v1/drift", drift_list,
              .summary = "Where nodes are not as declared, newest first",
              .reply = "a page of drift, with diff and cause", .query = &drift_query_spec),
};

API_RESOURCE_DEFINE(drift) = { .name = "drift",
                               .summary = "Where nodes are not as declared",
                               .routes = routes,
                               .count = sizeof(routes) / sizeof(routes[0]) };
