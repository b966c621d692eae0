/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The members `models` and `share` of a node's placement: what it is to fetch, from whom, and whom it gives what. Made of the rows alone, so
 * that the same rows give the same bytes.
 */
#include <string.h>

#include "common/base/text.h"
#include "common/json/json.h"
#include "controller/launcher/launcher_models.h"
#include "controller/launcher/models_elect.h"
#include "controller/planner/plan.h"
#include "controller/store/store_node.h"

#define SHARE_PORT 8483
#define PEERS_MAX 250

/* Addresses of nodes, looked up once each. */
struct addresses {
    struct store_connection *connection;
    struct arena *arena;
    int64_t ids[PEERS_MAX];
    const char *found[PEERS_MAX];
    size_t count;
};

static bool address_of(struct addresses *addresses, int64_t node_id, const char **out, struct error *err)
{
    struct store_node *node = NULL;
    const struct value *facts = NULL;
    struct error ignored = ERROR_INIT;

    *out = NULL;
    for (size_t i = 0; i < addresses->count; i++) {
        if (addresses->ids[i] == node_id) {
            *out = addresses->found[i];
            return true;
        }
    }
    if (!store_node_by_id(addresses->connection, addresses->arena, node_id, &node, err))
        return false;
    if (node != NULL && node->facts != NULL &&
        json_read(addresses->arena, node->facts, strlen(node->facts), NULL, &facts, &ignored))
        *out = plan_address(addresses->arena, facts, NULL);
    if (addresses->count < PEERS_MAX) {
        addresses->ids[addresses->count] = node_id;
        addresses->found[addresses->count++] = *out;
    }
    return true;
}

/* --- what it fetches --- */

static bool peers_value(struct addresses *addresses, const struct store_fetch *rows, size_t count, size_t self,
                        struct value *out, struct error *err)
{
    for (size_t i = 0; i < count && value_count(out) < PEERS_MAX; i++) {
        const char *address = NULL;
        struct value *peer;

        if (i == self || !models_is_giving(&rows[i]))
            continue;
        if (!address_of(addresses, rows[i].node_id, &address, err))
            return false;
        if (address == NULL)
            continue;
        peer = value_map(addresses->arena);
        value_map_put_string(addresses->arena, peer, "node", rows[i].node);
        value_map_put_string(addresses->arena, peer, "address", address);
        value_map_put_int(addresses->arena, peer, "port", SHARE_PORT);
        value_map_put_string(addresses->arena, peer, "fingerprint", rows[i].key);
        value_map_put_bool(addresses->arena, peer, "is_authority", models_is_authority(rows, count, i));
        value_list_add(addresses->arena, out, peer);
    }
    return true;
}

static size_t others_active(const struct store_fetch *rows, size_t count, size_t self)
{
    size_t active = 0;

    for (size_t i = 0; i < count; i++)
        active += i != self && models_is_active(&rows[i]);
    return active;
}

static bool fetch_value(struct addresses *addresses, const struct store_fetch *rows, size_t count, size_t self,
                        struct value *models, struct error *err)
{
    struct arena *arena = addresses->arena;
    const struct store_fetch *row = &rows[self];
    bool is_look = text_equal(row->state, "look");
    bool is_shared = !is_look && others_active(rows, count, self) > 0;
    struct value *map, *peers;

    /* one that has it stays with those that are being fetched while others take from it */
    if (!models_is_active(row) && !is_look && !(text_equal(row->state, "ready") && is_shared))
        return true;
    map = value_map(arena);
    peers = value_list(arena);
    if (models_is_active(row) && !peers_value(addresses, rows, count, self, peers, err))
        return false;
    value_map_put_string(arena, map, "source", row->source);
    value_map_put_string(arena, map, "name", row->name);
    value_map_put_int(arena, map, "fetch", row->fetch);
    value_map_put_string(arena, map, "role", is_look ? "look" : row->is_seed ? "seed" : "take");
    value_map_put_bool(arena, map, "is_shared", is_shared);
    value_map_put(arena, map, "peers", peers);
    value_list_add(arena, models, map);
    return true;
}

/* --- what it gives --- */

static void share_value(struct arena *arena, const struct store_fetch *rows, size_t count, size_t self,
                        struct value *models)
{
    struct value *map, *nodes;

    if (!models_is_giving(&rows[self]) || others_active(rows, count, self) == 0)
        return;
    map = value_map(arena);
    nodes = value_list(arena);
    for (size_t i = 0; i < count && value_count(nodes) < PEERS_MAX; i++) {
        struct value *node;

        if (i == self || !models_is_active(&rows[i]) || !rows[i].node_is_active || rows[i].key == NULL)
            continue;
        node = value_map(arena);
        value_map_put_string(arena, node, "node", rows[i].node);
        value_map_put_string(arena, node, "fingerprint", rows[i].key);
        value_list_add(arena, nodes, node);
    }
    value_map_put_string(arena, map, "source", rows[self].source);
    value_map_put(arena, map, "nodes", nodes);
    value_list_add(arena, models, map);
}

/* --- both --- */

static size_t self_of(const struct store_fetch *rows, size_t count, int64_t node_id)
{
    size_t i = 0;

    while (i < count && rows[i].node_id != node_id)
        i++;
    return i;
}

bool launcher_models_placement(struct store_connection *connection, struct arena *arena, int64_t node_id,
                               struct value *placement, struct error *err)
{
    const struct store_fetch_filter mine = { .node_id = node_id };
    struct addresses *addresses = arena_new_of(arena, struct addresses);
    struct value *models = value_list(arena), *shared = value_list(arena), *share = value_map(arena);
    struct store_fetch *own = NULL;
    const char *address = NULL;
    size_t own_count = 0;

    addresses->connection = connection;
    addresses->arena = arena;
    if (!store_fetch_list(connection, arena, &mine, &own, &own_count, err))
        return false;
    for (size_t i = 0; i < own_count; i++) {
        const struct store_fetch_filter filter = { .source = own[i].source };
        struct store_fetch *rows = NULL;
        size_t count = 0, self;

        if (!store_fetch_list(connection, arena, &filter, &rows, &count, err))
            return false;
        self = self_of(rows, count, node_id);
        if (self == count)
            continue;
        if (!fetch_value(addresses, rows, count, self, models, err))
            return false;
        share_value(arena, rows, count, self, shared);
    }
    value_map_put(arena, placement, "models", models);
    if (value_count(shared) > 0 && !address_of(addresses, node_id, &address, err))
        return false;
    if (address != NULL) {
        value_map_put_string(arena, share, "address", address);
        value_map_put_int(arena, share, "port", SHARE_PORT);
        value_map_put(arena, share, "models", shared);
    }
    value_map_put(arena, placement, "share", address == NULL ? value_null() : share);
    return true;
}
