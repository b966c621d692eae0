/* SPDX-License-Identifier: Apache-2.0 */
/* Who did what, and whether the log is whole. */
#include "controller/store/store_audit.h"

#include "controller/api/center.h"

struct audit_query {
    const char *actor, *action;
    int64_t before, limit;
};

static const struct arg_spec audit_query_args[] = {
    ARG(audit_query, actor, ARG_STRING, .help = "exactly this one"),
    ARG(audit_query, action, ARG_STRING, .help = "exactly this, as node.revoke"),
    ARG(audit_query, before, ARG_INT, .default_text = "0", .help = "the page before this id"),
    ARG(audit_query, limit, ARG_INT, .default_text = "100", .help = "rows of a page"),
    ARG_END,
};
static const struct task_spec audit_query_spec = { .name = "audit",
                                                   .args = audit_query_args,
                                                   .args_size = sizeof(struct audit_query) };

static void audit_list(struct api_call *call)
{
    const struct audit_query *query = call->query;
    const struct store_audit_filter filter = { query->actor, query->action, query->before, center_limit(query->limit) };
    struct value *items = value_list(call->arena);
    struct store_audit_page page;
    struct error err = ERROR_INIT;

    if (!store_audit_page(center_of(call)->reader, call->arena, &filter, &page, &err)) {
        center_read_failed(call, &err);
        return;
    }
    for (size_t i = 0; i < page.count; i++) {
        const struct store_audit_row *row = &page.rows[i];
        struct value *item = value_map(call->arena);

        value_map_put_int(call->arena, item, "id", row->id);
        center_put_time(call, item, "at", row->at_us);
        value_map_put_string(call->arena, item, "actor", row->actor);
        value_map_put_string(call->arena, item, "action", row->action);
        value_map_put_string(call->arena, item, "object", row->object);
        value_map_put(call->arena, item, "detail", center_json(call, row->detail));
        value_map_put_string(call->arena, item, "peer", row->peer);
        value_map_put_string(call->arena, item, "hash", row->hash);
        value_list_add(call->arena, items, item);
    }
    center_reply_page(call, items, page.next == 0 ? NULL : value_int(call->arena, page.next));
}

static const struct api_route routes[] = {
    API_ROUTE(API_OPERATOR, "GET", "/api/v1/audit", audit_list, .summary = "The audit log, newest first",
              .reply = "a page of rows; each hash covers the row before", .query = &audit_query_spec),
};

API_RESOURCE_DEFINE(audit) = {
    .name = "audit", .summary = "Who did what", .routes = routes, .count = sizeof(routes) / sizeof(routes[0])
};
