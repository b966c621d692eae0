/* SPDX-License-Identifier: Apache-2.0 */
/* What was built, told to the controller, which signs it. */
#include <stdlib.h>
#include <string.h>

#include "cli/rebuild_center.h"
#include "cli/rebuild_cluster.h"
#include "cli/rebuild_journal.h"
#include "cli/rebuild_progress.h"
#include "common/base/clock.h"
#include "common/base/hash.h"
#include "common/base/text.h"

#define CONTROLLER_KEYS "generation", "agent", "boot_id", "key", "policy"

static struct value *playbook_value(struct arena *arena, const struct rebuild *rebuild)
{
    struct value *out = value_map(arena);
    struct error ignored = ERROR_INIT;
    char hex[HASH_HEX_MAX];

    value_map_put_string(arena, out, "path", rebuild->playbook);
    if (hash_hex_of_file(HASH_SHA256, rebuild->playbook, hex, &ignored))
        value_map_put_string(arena, out, "sha256", hex);
    return out;
}

static struct value *record_head(struct arena *arena, struct rebuild *rebuild, const struct rebuild_node *node)
{
    bool is_node = node != &rebuild->cluster;
    struct value *out = value_map(arena);

    value_map_put_string(arena, out, "began", clock_text_utc(arena, rebuild->began_us));
    value_map_put_string(arena, out, "roost", ROOST_VERSION);
    value_map_put(arena, out, "playbook", playbook_value(arena, rebuild));
    pthread_mutex_lock(&rebuild->lock);
    value_map_put(arena, out, "steps",
                  rebuild_journal_steps(arena, &node->progress, is_node ? rebuild_node_steps : rebuild_cluster_steps,
                                        is_node ? rebuild_node_steps_count : rebuild_cluster_steps_count - 1));
    value_map_put(arena, out, "found",
                  node->progress.notes == NULL ? value_map(arena) : value_copy(arena, node->progress.notes));
    pthread_mutex_unlock(&rebuild->lock);
    return out;
}

static bool record_send(struct rebuild_call *call, const char *node, bool is_built, const struct value *built,
                        struct error *err)
{
    struct value *body = value_map(call->arena);

    value_map_put_string(call->arena, body, "rebuild", call->rebuild->name);
    if (node != NULL)
        value_map_put_string(call->arena, body, "node", node);
    value_map_put_string(call->arena, body, "outcome", is_built ? "built" : "failed");
    value_map_put(call->arena, body, "built", built);
    return rebuild_center_ask(
        call, &(struct rebuild_ask){ .method = "POST", .path = "/api/v1/build-records", .body = body }, NULL, err);
}

/* With what the controller knows of it. */
static bool node_record(struct rebuild_call *call, const struct rebuild_node *node, struct error *err)
{
    static const char *const keys[] = { CONTROLLER_KEYS };
    const char *path = arena_printf(call->arena, "/api/v1/nodes/%s", node->name);
    struct value *built = record_head(call->arena, call->rebuild, node), *known = value_map(call->arena);
    const struct value *row = NULL;

    if (!rebuild_center_ask(call, &(struct rebuild_ask){ .path = path, .not_found = 404 }, &row, err))
        return false;
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        if (value_map_get(row, keys[i]) != NULL)
            value_map_put(call->arena, known, keys[i], value_map_get(row, keys[i]));
    }
    value_map_put_string(call->arena, built, "host", node->host);
    value_map_put_string(call->arena, built, "address", node->address);
    value_map_put(call->arena, built, "controller", known);
    return record_send(call, node->name, node->progress.state == REBUILD_DONE, built, err);
}

bool rebuild_record(struct rebuild_call *call, struct error *err)
{
    struct rebuild *rebuild = call->rebuild;
    struct value *built = record_head(call->arena, rebuild, &rebuild->cluster), *nodes = value_map(call->arena);
    bool is_built = rebuild->cluster.progress.state != REBUILD_FAILED;
    size_t count = 0;

    for (size_t i = 0; i < rebuild->count; i++) {
        const struct rebuild_node *node = &rebuild->nodes[i];
        bool is_done = node->progress.state == REBUILD_DONE;

        is_built = is_built && is_done;
        value_map_put_string(call->arena, nodes, node->name,
                             is_done                  ? "built"
                             : rebuild_is_begun(node) ? "failed"
                                                      : "not begun");
        if (rebuild_is_begun(node) && !node_record(call, node, err))
            return error_prefix(err, "the record of %s", node->name);
        count += rebuild_is_begun(node);
    }
    value_map_put(call->arena, built, "nodes", nodes);
    rebuild_tell(call, "%zu signed by the controller: roost records", count + 1);
    return record_send(call, NULL, is_built, built, err) || error_prefix(err, "the record of the cluster");
}
