/* SPDX-License-Identifier: Apache-2.0 */
/* Drift over the whole fleet, newest first. */

#include "common/base/text.h"
#include "controller/api/pages.h"
#include "controller/store/store_drift.h"
#include "controller/store/store_node.h"

#define ROWS 50

static const char *const cause_names[] = { "unknown", "intentional", "corrective", "external" };

static const char *cause_name(enum store_drift_cause cause)
{
    for (size_t i = 0; i < sizeof(cause_names) / sizeof(cause_names[0]); i++) {
        if (cause == (enum store_drift_cause)(1 << i))
            return cause_names[i];
    }
    return cause_names[0];
}

struct value *page_drift_row(struct api_call *call, const struct store_drift *drift)
{
    struct value *row = value_map(call->arena);

    value_map_put_int(call->arena, row, "id", drift->id);
    value_map_put_string(call->arena, row, "node", drift->node);
    value_map_put_string(call->arena, row, "url", drift->node == NULL ? NULL : page_node_url(call->arena, drift->node));
    value_map_put_string(call->arena, row, "resource", drift->resource);
    value_map_put_string(call->arena, row, "cause", cause_name(drift->cause));
    value_map_put_string(call->arena, row, "reason", drift->reason);
    value_map_put_int(call->arena, row, "count", drift->count);
    page_put_time(call, row, "first", drift->first_us);
    page_put_time(call, row, "last", drift->last_us);
    page_put_time(call, row, "from", drift->window_from_us);
    page_put_time(call, row, "to", drift->window_to_us);
    page_put_time(call, row, "resolved", drift->resolved_us);
    value_map_put(call->arena, row, "diff", page_diff(call->arena, drift->diff));
    return row;
}

static const struct value *causes_value(struct api_call *call, const struct page_drift_query *query)
{
    struct value *out = value_list(call->arena);

    for (size_t i = 0; i < sizeof(cause_names) / sizeof(cause_names[0]); i++) {
        struct value *item = value_map(call->arena);
        const struct page_parameter link[] = {
            { "cause", cause_names[i] }, { "node", query->node }, { "resolved", query->resolved }, { NULL, NULL }
        };

        value_map_put_string(call->arena, item, "name", cause_names[i]);
        value_map_put_string(call->arena, item, "url", page_link(call->arena, "/drift", link));
        value_map_put_bool(call->arena, item, "chosen", text_equal(query->cause, cause_names[i]));
        value_list_add(call->arena, out, item);
    }
    return out;
}

/* The filter of what was asked; false: answered already. */
static bool filter_of(struct api_call *call, const struct page_drift_query *query, struct store_drift_filter *out)
{
    struct store_node *node = NULL;
    struct error err = ERROR_INIT;

    *out = (struct store_drift_filter){ .before = query->before,
                                        .limit = ROWS,
                                        .resolved = query->resolved != NULL && !text_equal(query->resolved, "0") };
    for (size_t i = 0; query->cause != NULL && i < sizeof(cause_names) / sizeof(cause_names[0]); i++)
        out->causes |= text_equal(cause_names[i], query->cause) ? 1U << i : 0;
    if (query->node == NULL || *query->node == '\0')
        return true;
    if (!store_node_by_name(center_of(call)->reader, call->arena, query->node, &node, &err)) {
        center_read_failed(call, &err);
        return false;
    }
    if (node == NULL) {
        api_reply_error(call, 404, "node_unknown", "there is no node '%s'", query->node);
        return false;
    }
    out->node_id = node->id;
    return true;
}

static void links_put(struct api_call *call, struct value *data, const struct page_drift_query *query,
                      const struct store_drift_page *page)
{
    bool resolved = query->resolved != NULL && !text_equal(query->resolved, "0");
    const struct page_parameter every[] = { { "node", query->node }, { "resolved", query->resolved }, { NULL, NULL } };
    const struct page_parameter toggle[] = {
        { "node", query->node }, { "cause", query->cause }, { "resolved", resolved ? NULL : "1" }, { NULL, NULL }
    };
    const struct page_parameter next[] = { { "node", query->node },
                                           { "cause", query->cause },
                                           { "resolved", query->resolved },
                                           { "before", arena_printf(call->arena, "%lld", (long long)page->next) },
                                           { NULL, NULL } };

    value_map_put_bool(call->arena, data, "resolved", resolved);
    value_map_put_string(call->arena, data, "every_url", page_link(call->arena, "/drift", every));
    value_map_put_string(call->arena, data, "toggle_url", page_link(call->arena, "/drift", toggle));
    value_map_put_string(call->arena, data, "next", page->next == 0 ? NULL : page_link(call->arena, "/drift", next));
}

void page_drift(struct api_call *call)
{
    const struct page_drift_query *query = call->query;
    struct value *data = value_map(call->arena), *rows = value_list(call->arena);
    struct store_connection *reader = center_of(call)->reader;
    struct store_drift_filter filter;
    struct store_drift_page page;
    struct error err = ERROR_INIT;

    if (!filter_of(call, query, &filter))
        return;
    if (!store_drift_page(reader, call->arena, &filter, &page, &err)) {
        center_read_failed(call, &err);
        return;
    }
    for (size_t i = 0; i < page.count; i++)
        value_list_add(call->arena, rows, page_drift_row(call, &page.rows[i]));
    value_map_put(call->arena, data, "rows", rows);
    value_map_put_string(call->arena, data, "node", query->node);
    value_map_put_string(call->arena, data, "cause", query->cause);
    value_map_put(call->arena, data, "causes", causes_value(call, query));
    links_put(call, data, query, &page);
    value_map_put_bool(call->arena, data, "live", true);
    page_reply(call, 200, "drift", "Drift", data);
}
