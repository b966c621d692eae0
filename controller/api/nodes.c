/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes: listed, looked at, revoked. */
#include "controller/store/store_node.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/base/text.h"
#include "controller/api/bundle_publish.h"
#include "controller/api/center.h"
#include "controller/store/store_node_lost.h"
#include "controller/store/store_node_work.h"

#define WORK_EXPIRES_US ((int64_t)86400 * 1000000)

struct nodes_query {
    const char *state, *match, *verdict, *after;
    int64_t limit;
};

static const struct arg_spec nodes_query_args[] = {
    ARG(nodes_query, state, ARG_STRING, .choices = ARG_NAMES("pending", "active", "revoked"), .help = "only these"),
    ARG(nodes_query, match, ARG_STRING, .help = "names, as ai-*"),
    ARG(nodes_query, verdict, ARG_STRING, .help = "exactly this; unknown: none was told yet; lost: silent"),
    ARG(nodes_query, after, ARG_STRING, .help = "the page behind this name"),
    ARG(nodes_query, limit, ARG_INT, .default_text = "100", .help = "rows of a page"),
    ARG_END,
};
static const struct task_spec nodes_query_spec = { .name = "nodes",
                                                   .args = nodes_query_args,
                                                   .args_size = sizeof(struct nodes_query) };

static const char *state_name(enum store_node_state state)
{
    return state == STORE_NODE_ACTIVE ? "active" : state == STORE_NODE_PENDING ? "pending" : "revoked";
}

int64_t center_heard(const struct api_call *call, int64_t node_id, int64_t seen_us)
{
    struct presence_time heard = { .wall_us = 0 };

    (void)presence_find(center_of(call)->presence, node_id, &heard);
    return heard.wall_us > seen_us ? heard.wall_us : seen_us;
}

static const char *lost_reason(struct api_call *call, const struct store_node *node)
{
    return arena_printf(call->arena, "not heard since %s; it was %s then",
                        node->seen_us == 0 ? "it joined" : clock_text_utc(call->arena, node->seen_us),
                        node->verdict == NULL ? "unknown" : node->verdict);
}

static struct value *node_value(struct api_call *call, const struct store_node *node)
{
    struct value *out = value_map(call->arena);
    const char *verdict = node->verdict == NULL ? "unknown" : node->verdict;
    bool is_silent = node->state == STORE_NODE_ACTIVE && node->verdict == NULL; /* a node with a playbook tells */
    const char *reason = is_silent ? "it has told nothing yet" : node->reason;

    value_map_put_string(call->arena, out, "name", node->name);
    value_map_put_string(call->arena, out, "state", state_name(node->state));
    value_map_put_int(call->arena, out, "generation", node->generation);
    value_map_put_string(call->arena, out, "verdict", node->lost_us > 0 ? "lost" : verdict);
    value_map_put_string(call->arena, out, "last_verdict", node->lost_us > 0 ? verdict : NULL);
    value_map_put_string(call->arena, out, "reason", node->lost_us > 0 ? lost_reason(call, node) : reason);
    value_map_put_string(call->arena, out, "last_reason", node->lost_us > 0 ? node->reason : NULL);
    center_put_time(call, out, "lost", node->lost_us);
    center_put_time(call, out, "verdict_at", node->verdict_us);
    center_put_time(call, out, "seen", center_heard(call, node->id, node->seen_us));
    center_put_time(call, out, "created", node->created_us);
    center_put_time(call, out, "facts_at", node->facts_us);
    value_map_put_string(call->arena, out, "agent", node->agent);
    value_map_put_string(call->arena, out, "boot_id", node->boot_id);
    value_map_put_string(call->arena, out, "policy", node->policy);
    value_map_put_int(call->arena, out, "reported", node->reported);
    value_map_put_string(call->arena, out, "key", node->key);
    return out;
}

static void nodes_list(struct api_call *call)
{
    const struct nodes_query *query = call->query;
    struct store_node_filter filter = {
        .pattern = query->match, .verdict = query->verdict, .after = query->after, .limit = center_limit(query->limit)
    };
    struct value *items = value_list(call->arena);
    struct store_node_page page;
    struct error err = ERROR_INIT;

    for (unsigned state = STORE_NODE_PENDING; query->state != NULL && state <= STORE_NODE_REVOKED; state <<= 1)
        filter.states |= strcmp(state_name((enum store_node_state)state), query->state) == 0 ? state : 0;
    if (!store_node_page(center_of(call)->reader, call->arena, &filter, &page, &err)) {
        center_read_failed(call, &err);
        return;
    }
    for (size_t i = 0; i < page.count; i++)
        value_list_add(call->arena, items, node_value(call, &page.nodes[i]));
    center_reply_page(call, items, page.next == NULL ? NULL : value_string(call->arena, page.next));
}

/* The nearest of the first page's names: enough to mend a slip of the finger in a rack. */
static const char *nearest_name(struct api_call *call, const char *name)
{
    const struct store_node_filter filter = { .limit = LIMIT_STORE_PAGE };
    struct store_node_page page;
    struct error err = ERROR_INIT;
    const char **names = NULL;

    if (!store_node_page(center_of(call)->reader, call->arena, &filter, &page, &err))
        return NULL;
    names = arena_new_array(call->arena, const char *, page.count + 1);
    for (size_t i = 0; i < page.count; i++)
        names[i] = page.nodes[i].name;
    return text_nearest(name, names, page.count);
}

void center_node_unknown(struct api_call *call, const char *name)
{
    const char *nearest = nearest_name(call, name);

    api_reply_error(call, 404, "node_unknown", "there is no node '%s'%s", name,
                    nearest == NULL ? "" : arena_printf(call->arena, "; did you mean %s?", nearest));
}

bool center_node_of(struct api_call *call, struct store_node **out)
{
    const char *name = api_path_value(call, "name");
    struct error err = ERROR_INIT;

    if (!store_node_by_name(center_of(call)->reader, call->arena, name, out, &err))
        center_read_failed(call, &err);
    else if (*out == NULL)
        center_node_unknown(call, name);
    else
        return true;
    return false;
}

static void node_get(struct api_call *call)
{
    struct store_node *node = NULL;
    struct store_bundle *bundle = NULL;
    struct error err = ERROR_INIT;
    struct value *out = NULL;

    if (!center_node_of(call, &node))
        return;
    if (!store_bundle_get(center_of(call)->reader, call->arena, node->id, &bundle, &err)) {
        center_read_failed(call, &err);
        return;
    }
    out = node_value(call, node);
    value_map_put(call->arena, out, "bundle", bundle == NULL ? value_null() : bundle_value(call, bundle));
    api_reply(call, 200, out);
}

static void node_facts(struct api_call *call)
{
    struct store_node *node = NULL;
    struct value *out = value_map(call->arena);

    if (!center_node_of(call, &node))
        return;
    if (api_not_modified(
            call, arena_printf(call->arena, "%lld-%lld", (long long)node->generation, (long long)node->facts_us)))
        return;
    value_map_put_string(call->arena, out, "name", node->name);
    center_put_time(call, out, "facts_at", node->facts_us);
    value_map_put(call->arena, out, "facts", center_json(call, node->facts));
    api_reply(call, 200, out);
}

/* --- going --- */

struct node_delete_query {
    bool forget;
};

static const struct arg_spec node_delete_args[] = {
    ARG(node_delete_query, forget, ARG_BOOL,
        .help = "forget the node, which is revoked or pending, with its reports, runs and drift"),
    ARG_END,
};
static const struct task_spec node_delete_spec = { .name = "nodes",
                                                   .args = node_delete_args,
                                                   .args_size = sizeof(struct node_delete_query) };

struct revoke_work {
    const char *name;
    int64_t node_id;
    bool found;
    enum store_forget forget;
};

static bool revoke_run(struct store_connection *writer, struct api_call *call, void *data, struct error *err)
{
    struct revoke_work *work = data;
    struct store_node *node = NULL;

    if (!store_node_by_name(writer, call->arena, work->name, &node, err))
        return false;
    work->found = node != NULL;
    work->node_id = node == NULL ? 0 : node->id;
    if (node == NULL || node->state == STORE_NODE_REVOKED)
        return true;
    return bundle_withhold(writer, call, node->id, err) &&
           store_node_revoke(writer, work->name, clock_wall_us(), &work->found, err) &&
           center_audit(writer, call, "node.revoke", work->name, NULL, err) &&
           center_event_add(writer, call->arena,
                            &(struct center_event){ .kind = "node.revoked", .node_id = node->id, .node = node->name },
                            err);
}

static void revoke_then(struct api_call *call, void *data)
{
    const struct revoke_work *work = data;
    struct value *out = value_map(call->arena);

    if (!work->found) {
        center_node_unknown(call, work->name);
        return;
    }
    center_node_cut(call, work->name, work->node_id, 0);
    value_map_put_string(call->arena, out, "revoked", work->name);
    api_reply(call, 200, out);
}

static bool forget_run(struct store_connection *writer, struct api_call *call, void *data, struct error *err)
{
    struct revoke_work *work = data;

    return store_node_forget(writer, work->name, &work->forget, err) &&
           (work->forget != STORE_FORGET_DONE || center_audit(writer, call, "node.remove", work->name, NULL, err));
}

static void forget_then(struct api_call *call, void *data)
{
    struct revoke_work *work = data;
    struct value *out = value_map(call->arena);

    switch (work->forget) {
    case STORE_FORGET_MORE:
        center_write(call, &(struct center_work){ forget_run, forget_then, work });
        return;
    case STORE_FORGET_UNKNOWN:
        center_node_unknown(call, work->name);
        return;
    case STORE_FORGET_ACTIVE:
        api_reply_error(call, 409, "node_active", "node %s is active: revoke it first", work->name);
        return;
    case STORE_FORGET_DONE:
        value_map_put_string(call->arena, out, "removed", work->name);
        api_reply(call, 200, out);
    }
}

static void node_delete(struct api_call *call)
{
    const struct node_delete_query *query = call->query;
    struct revoke_work *work = arena_new_of(call->arena, struct revoke_work);

    work->name = api_path_value(call, "name");
    if (query->forget)
        center_write(call, &(struct center_work){ forget_run, forget_then, work });
    else
        center_write(call, &(struct center_work){ revoke_run, revoke_then, work });
}

/* --- telling a node what to do --- */

struct work_body {
    const char *kind;
};

static const struct arg_spec work_body_args[] = {
    ARG(work_body, kind, ARG_STRING, .required = true, .choices = ARG_NAMES("check", "apply", "facts"),
        .help = "look for drift, apply what is declared, or tell the facts anew"),
    ARG_END,
};
static const struct task_spec work_body_spec = { .name = "work",
                                                 .args = work_body_args,
                                                 .args_size = sizeof(struct work_body) };

struct work_work {
    int64_t node_id, number;
    const struct store_node *node;
    const char *name;
    struct store_node_work work;
};

static bool work_run(struct store_connection *writer, struct api_call *call, void *data, struct error *err)
{
    struct work_work *work = data;

    return store_node_work_add(writer, work->node_id, &work->work, &work->number, err) &&
           center_audit(writer, call, "node.work", work->name,
                        arena_printf(call->arena, "{\"kind\":\"%s\"}", work->work.kind), err);
}

static void work_then(struct api_call *call, void *data)
{
    const struct work_work *work = data;
    struct value *out = value_map(call->arena);

    api_wake(center_of(call)->server, api_topic("work", work->node_id));
    value_map_put_int(call->arena, out, "number", work->number);
    value_map_put_bool(call->arena, out, "lost", work->node->lost_us > 0);
    center_put_time(call, out, "seen", work->node->seen_us);
    api_reply(call, 202, out);
}

static void node_work(struct api_call *call)
{
    const struct work_body *body = call->body;
    struct work_work *work = arena_new_of(call->arena, struct work_work);
    struct store_node *node = NULL;
    int64_t now_us = clock_wall_us();

    if (!center_node_of(call, &node))
        return;
    if (node->state != STORE_NODE_ACTIVE) {
        api_reply_error(call, 409, "node_not_active", "node %s is %s: nobody would hear it", node->name,
                        state_name(node->state));
        return;
    }
    *work = (struct work_work){
        .node_id = node->id,
        .node = node,
        .name = node->name,
        .work = { .kind = body->kind, .created_us = now_us, .expires_us = now_us + WORK_EXPIRES_US }
    };
    center_write(call, &(struct center_work){ work_run, work_then, work });
}

static const struct api_route routes[] = {
    API_ROUTE(API_VIEWER, "GET", "/api/v1/nodes", nodes_list, .summary = "Nodes, by name", .reply = "a page of nodes",
              .query = &nodes_query_spec),
    API_ROUTE(API_VIEWER, "GET", "/api/v1/nodes/{name}", node_get, .summary = "One node", .reply = "the node"),
    API_ROUTE(API_VIEWER, "GET", "/api/v1/nodes/{name}/facts", node_facts, .summary = "What a node is, as it told last",
              .reply = "facts and their time"),
    API_ROUTE(API_OPERATOR, "POST", "/api/v1/nodes/{name}/work", node_work,
              .summary = "Tell a node to do something now; it stays told for a day",
              .reply = "202: the number of the work", .body = &work_body_spec),
    API_ROUTE(API_OPERATOR, "POST", "/nodes/{name}/work", node_work, .summary = "The same, from the dashboard",
              .form_back = "/nodes/{name}", .body = &work_body_spec),
    API_ROUTE(API_ADMIN, "DELETE", "/api/v1/nodes/{name}", node_delete,
              .summary = "Revoke a node: its key is worth nothing from now on; or forget one that is revoked",
              .reply = "the name", .query = &node_delete_spec),
};

API_RESOURCE_DEFINE(nodes) = {
    .name = "nodes", .summary = "The nodes", .routes = routes, .count = sizeof(routes) / sizeof(routes[0])
};
