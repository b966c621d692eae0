/* SPDX-License-Identifier: Apache-2.0 */
/* What nodes are to be: published and withdrawn by operators, fetched by the node it is for. */
#include <string.h>

#include "common/base/clock.h"
#include "controller/api/bundle_body.h"
#include "controller/api/bundle_publish.h"
#include "controller/store/store_node.h"

/* --- looking --- */

struct bundles_query {
    const char *after;
    int64_t limit;
};

static const struct arg_spec bundles_query_args[] = {
    ARG(bundles_query, after, ARG_STRING, .help = "the page behind this node"),
    ARG(bundles_query, limit, ARG_INT, .default_text = "100", .help = "rows of a page"),
    ARG_END,
};
static const struct task_spec bundles_query_spec = { .name = "bundles",
                                                     .args = bundles_query_args,
                                                     .args_size = sizeof(struct bundles_query) };

static void bundles_list(struct api_call *call)
{
    const struct bundles_query *query = call->query;
    struct value *items = value_list(call->arena);
    struct store_bundle_page page;
    struct error err = ERROR_INIT;

    if (!store_bundle_page(center_of(call)->reader, call->arena, query->after, center_limit(query->limit), &page,
                           &err)) {
        center_read_failed(call, &err);
        return;
    }
    for (size_t i = 0; i < page.count; i++)
        value_list_add(call->arena, items, bundle_value(call, &page.bundles[i]));
    center_reply_page(call, items, page.next == NULL ? NULL : value_string(call->arena, page.next));
}

/* The bundle of the path's node; false: answered already. */
static bool bundle_of(struct api_call *call, struct store_bundle **out)
{
    const char *name = api_path_value(call, "node");
    struct store_node *node = NULL;
    struct error err = ERROR_INIT;

    *out = NULL;
    if (!store_node_by_name(center_of(call)->reader, call->arena, name, &node, &err) ||
        (node != NULL && !store_bundle_get(center_of(call)->reader, call->arena, node->id, out, &err)))
        center_read_failed(call, &err);
    else if (node == NULL)
        api_reply_error(call, 404, "node_unknown", "there is no node '%s'", name);
    else if (*out == NULL)
        api_reply_error(call, 404, "bundle_none", "nothing was published for node %s yet", name);
    else
        return true;
    return false;
}

static void bundle_get(struct api_call *call)
{
    struct store_bundle *bundle = NULL;

    if (bundle_of(call, &bundle))
        api_reply(call, 200, bundle_value(call, bundle));
}

/* --- publishing --- */

struct publishing {
    struct bundle_wish *wishes;
    int64_t *versions;
    size_t count;
};

static bool publish_run(struct store_connection *writer, struct api_call *call, void *data, struct error *err)
{
    struct publishing *publishing = data;

    for (size_t i = 0; i < publishing->count; i++) {
        const struct bundle_wish *wish = &publishing->wishes[i];

        if (!bundle_publish(writer, call->arena, center_of(call)->authority, wish, &publishing->versions[i], err) ||
            !bundle_tell(writer, call, wish, publishing->versions[i], err))
            return false;
    }
    return true;
}

static void publish_then(struct api_call *call, void *data)
{
    const struct publishing *publishing = data;
    struct value *out = value_map(call->arena), *items = value_list(call->arena);

    for (size_t i = 0; i < publishing->count; i++) {
        struct value *one = value_map(call->arena);

        value_map_put_string(call->arena, one, "node", publishing->wishes[i].node.name);
        value_map_put_int(call->arena, one, "version", publishing->versions[i]);
        value_list_add(call->arena, items, one);
        api_wake(center_of(call)->server, api_topic("work", publishing->wishes[i].node_id));
    }
    value_map_put(call->arena, out, "published", items);
    api_reply(call, 201, out);
}

static void publish(struct api_call *call, struct bundle_wish *wishes, size_t count)
{
    struct publishing *publishing = arena_new_of(call->arena, struct publishing);

    *publishing = (struct publishing){ wishes, arena_new_array(call->arena, int64_t, count + 1), count };
    center_write(call, &(struct center_work){ publish_run, publish_then, publishing });
}

static void bundles_post(struct api_call *call)
{
    struct bundle_wish *wishes = NULL;
    size_t count = 0;

    if (bundle_body_read(call, &wishes, &count))
        publish(call, wishes, count);
}

/* A manifest without files: signed like any other, so that it cannot be played back to a node that has taken a newer one. */
static void bundle_withdraw(struct api_call *call)
{
    struct bundle_wish *wish = arena_new_of(call->arena, struct bundle_wish);
    struct store_bundle *bundle = NULL;

    if (!bundle_of(call, &bundle))
        return;
    if (*bundle->playbook == '\0') {
        api_reply_error(call, 404, "bundle_none", "the bundle of node %s was withdrawn already", bundle->node);
        return;
    }
    *wish = bundle_withdrawal(call, bundle);
    publish(call, wish, 1);
}

/* --- the node's own --- */

static void manifest_reply(struct api_call *call, const struct store_bundle *bundle)
{
    if (!api_not_modified(call, arena_printf(call->arena, "%lld", (long long)bundle->version)))
        api_reply_bytes(call, 200, "application/vnd.roost.bundle", bundle->manifest, strlen(bundle->manifest));
}

/* A node that came back with a new key gets the same bundle, signed for its new generation. */
static bool own_run(struct store_connection *writer, struct api_call *call, void *data, struct error *err)
{
    struct store_bundle **bundle = data;

    return store_bundle_get(writer, call->arena, call->identity.node_id, bundle, err) &&
           ((*bundle)->generation == (*bundle)->node_generation ||
            (bundle_renew(writer, call->arena, center_of(call)->authority, *bundle, clock_wall_us(), err) &&
             store_bundle_get(writer, call->arena, call->identity.node_id, bundle, err)));
}

static void own_then(struct api_call *call, void *data)
{
    struct store_bundle *const *bundle = data;

    manifest_reply(call, *bundle);
}

static void own_get(struct api_call *call)
{
    struct store_bundle **bundle = arena_new_of(call->arena, struct store_bundle *);
    struct error err = ERROR_INIT;

    if (!store_bundle_get(center_of(call)->reader, call->arena, call->identity.node_id, bundle, &err))
        center_read_failed(call, &err);
    else if (*bundle == NULL)
        api_reply_error(call, 404, "bundle_none", "nothing was published for node %s yet", call->identity.name);
    else if ((*bundle)->generation != call->identity.generation)
        center_write(call, &(struct center_work){ own_run, own_then, bundle });
    else
        manifest_reply(call, *bundle);
}

/* One sentence for what is not there and for what is another node's. */
static void own_file(struct api_call *call)
{
    const char *sha256 = api_path_value(call, "sha256");
    struct error err = ERROR_INIT;
    bool is_own = false;
    int64_t size = 0;
    int fd = -1;

    if (file_store_is_hash(sha256) &&
        !store_bundle_has_file(center_of(call)->reader, call->identity.node_id, sha256, &is_own, &err)) {
        center_read_failed(call, &err);
        return;
    }
    if (!is_own) {
        api_reply_error(call, 404, "file_unknown", "the bundle of node %s has no file %.80s", call->identity.name,
                        sha256);
        return;
    }
    fd = file_store_read(center_of(call)->files, sha256, &size, &err);
    if (fd < 0)
        api_reply_error(call, 500, "file_lost", "%s", err.text);
    else
        api_reply_file(call, 200, "application/octet-stream", fd, size);
}

static const struct api_route routes[] = {
    API_ROUTE(API_VIEWER, "GET", "/api/v1/bundles", bundles_list, .summary = "What was published, by node",
              .reply = "a page: version, playbook, what the node has taken", .query = &bundles_query_spec),
    API_ROUTE(API_OPERATOR, "POST", "/api/v1/bundles", bundles_post,
              .summary =
                  "Publish bundles: files that all nodes share, and some for each node alone; they must be there",
              .reply = "201: the versions", .body = &bundle_body_spec, .body_limit_bytes = BUNDLE_BODY_MAX),
    API_ROUTE(API_VIEWER, "GET", "/api/v1/bundles/{node}", bundle_get, .summary = "The bundle of one node",
              .reply = "version, playbook, what the node has taken"),
    API_ROUTE(API_OPERATOR, "DELETE", "/api/v1/bundles/{node}", bundle_withdraw,
              .summary = "Withdraw a bundle: nothing is declared for the node from then on",
              .reply = "201: the version"),
    API_ROUTE(API_NODE, "GET", "/agent/v1/bundle", own_get,
              .summary = "The node's signed manifest; its version is the ETag",
              .reply = "200: the manifest; 304: the version is known; 404: there is none"),
    API_ROUTE(API_NODE, "GET", "/agent/v1/bundle/{sha256}", own_file, .summary = "One file of the node's manifest",
              .reply = "its bytes; 404: the manifest has no such file"),
};

API_RESOURCE_DEFINE(bundles) = {
    .name = "bundles", .summary = "What nodes are to be", .routes = routes, .count = sizeof(routes) / sizeof(routes[0])
};
