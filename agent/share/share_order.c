/* SPDX-License-Identifier: Apache-2.0 */
/* Reading orders: kinds, bounds, names. */
#include "agent/share/share_order.h"

#include <arpa/inet.h>
#include <string.h>

#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/model/digest.h"
#include "common/model/model_source.h"
#include "common/model/store_link.h"
#include "common/trust/node_identity.h"

#define SOURCE_MAX 4096

static bool port_read(const struct value *map, int64_t *out, struct error *err)
{
    const struct value *port = value_map_get(map, "port");

    if (!value_is(port, VALUE_INT) || port->as.integer < 1 || port->as.integer > 65535)
        return error_set(err, "'port' is no port");
    *out = port->as.integer;
    return true;
}

static bool address_check(const char *address, struct error *err)
{
    unsigned char place[sizeof(struct in6_addr)];

    return (address != NULL && (inet_pton(AF_INET, address, place) == 1 || inet_pton(AF_INET6, address, place) == 1)) ||
           error_set(err, "'address' is no literal address");
}

static bool source_check(const char *source, struct error *err)
{
    return (source != NULL && source[0] != '\0' && strlen(source) <= SOURCE_MAX) ||
           error_set(err, "'source' is missing, or too long");
}

/* `is_dialled`: with a place to connect to. */
static bool peer_read(const struct value *item, bool is_dialled, struct share_peer *out, struct error *err)
{
    *out = (struct share_peer){ .node = value_map_text(item, "node"),
                                .host = value_map_text(item, "address"),
                                .fingerprint = value_map_text(item, "fingerprint"),
                                .is_authority = value_map_true(item, "is_authority") };
    if (out->node == NULL || !node_name_check(out->node, err))
        return error_set(err, "'node' is no name of a node");
    if (out->fingerprint == NULL || !digest_is_sha256(out->fingerprint))
        return error_set(err, "'fingerprint' of node '%s' is none", out->node);
    return !is_dialled || (address_check(out->host, err) && port_read(item, &out->port, err));
}

static bool peers_read(struct arena *arena, const struct value *list, bool is_dialled, struct share_peer **out,
                       size_t *count_out, struct error *err)
{
    size_t count = value_is(list, VALUE_LIST) ? value_count(list) : 0;

    if (count > ORDER_PEERS_MAX)
        return error_set(err, "more than %d nodes", ORDER_PEERS_MAX);
    *out = arena_new_array(arena, struct share_peer, count + 1);
    for (size_t i = 0; i < count; i++) {
        if (!peer_read(value_item(list, i), is_dialled, &(*out)[i], err))
            return false;
    }
    *count_out = count;
    return true;
}

bool fetch_order_bind(struct arena *arena, const struct value *value, struct fetch_order *out, struct error *err)
{
    const char *role = value_map_text(value, "role");
    const struct value *fetch = value_map_get(value, "fetch");
    struct fetch_order order = { .source = value_map_text(value, "source"),
                                 .name = value_map_text(value, "name"),
                                 .fetch = value_is(fetch, VALUE_INT) ? fetch->as.integer : 0,
                                 .is_shared = value_map_true(value, "is_shared") };

    if (!source_check(order.source, err))
        return error_prefix(err, "an order to fetch");
    if (order.name != NULL && !store_link_is_name(order.name))
        return error_set(err, "an order to fetch: the name '%.100s' cannot be used for a link", order.name);
    if (text_equal(role, "seed"))
        order.role = FETCH_SEED;
    else if (text_equal(role, "look"))
        order.role = FETCH_LOOK;
    else if (!text_equal(role, "take"))
        return error_set(err, "an order to fetch: 'role' is take, seed or look");
    if (!peers_read(arena, value_map_get(value, "peers"), true, &order.peers, &order.count, err))
        return error_prefix(err, "an order to fetch");
    *out = order;
    return true;
}

static bool peer_is_same(const struct share_peer *one, const struct share_peer *other)
{
    return text_equal(one->node, other->node) && text_equal(one->fingerprint, other->fingerprint) &&
           text_equal(one->host, other->host) && one->port == other->port;
}

bool fetch_order_is_alike(const struct fetch_order *one, const struct fetch_order *other)
{
    size_t before = 0, both = 0;

    if (one->role != other->role || one->fetch != other->fetch || one->count != other->count)
        return false;
    for (size_t i = 0; i < one->count; i++) {
        if (!peer_is_same(&one->peers[i], &other->peers[i]))
            return false;
        before += one->peers[i].is_authority;
        both += one->peers[i].is_authority && other->peers[i].is_authority;
    }
    return before == 0 ? one->count == 0 : both > 0;
}

static bool model_read(struct arena *arena, const struct value *item, struct share_model *out, struct error *err)
{
    out->source = value_map_text(item, "source");
    return source_check(out->source, err) &&
           peers_read(arena, value_map_get(item, "nodes"), false, &out->nodes, &out->count, err);
}

bool share_order_bind(struct arena *arena, const struct value *value, struct share_order *out, struct error *err)
{
    const struct value *list = value_map_get(value, "models");
    struct share_order order = { .address = value_map_text(value, "address") };

    if (!address_check(order.address, err) || !port_read(value, &order.port, err))
        return error_prefix(err, "an order to share");
    order.count = value_is(list, VALUE_LIST) ? value_count(list) : 0;
    if (order.count > ORDER_MODELS_MAX)
        return error_set(err, "an order to share: more than %d models", ORDER_MODELS_MAX);
    order.models = arena_new_array(arena, struct share_model, order.count + 1);
    for (size_t i = 0; i < order.count; i++) {
        if (!model_read(arena, value_item(list, i), &order.models[i], err))
            return error_prefix(err, "an order to share");
    }
    *out = order;
    return true;
}

static bool model_allows(const struct share_model *model, const char *node, const char *fingerprint)
{
    for (size_t i = 0; i < model->count; i++) {
        if (text_equal(model->nodes[i].node, node) && text_equal(model->nodes[i].fingerprint, fingerprint))
            return true;
    }
    return false;
}

bool share_order_allows(const struct share_order *order, const char *source, const char *node, const char *fingerprint)
{
    for (size_t i = 0; i < order->count; i++) {
        if (text_equal(order->models[i].source, source) && model_allows(&order->models[i], node, fingerprint))
            return true;
    }
    return false;
}

bool share_order_knows(const struct share_order *order, const char *node, const char *fingerprint)
{
    for (size_t i = 0; i < order->count; i++) {
        if (model_allows(&order->models[i], node, fingerprint))
            return true;
    }
    return false;
}
