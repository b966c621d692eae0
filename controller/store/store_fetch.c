/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of model_fetch and model_told. */
#include "controller/store/store_fetch.h"

#include <string.h>

#include "controller/store/query.h"
#include "controller/store/store_node.h"

bool store_fetch_put(struct store_connection *writer, const struct store_fetch *fetch, struct error *err)
{
    return query_run(
        writer,
        "INSERT OR REPLACE INTO model_fetch (node_id, source, name, by, fetch, state, is_seed, origin_failed,"
        " is_bad, tries, done_bytes, total_bytes, detail, at_us)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
        BINDS(bind_int(fetch->node_id), bind_text(fetch->source), bind_text(fetch->name), bind_text(fetch->by),
              bind_int(fetch->fetch), bind_text(fetch->state), bind_int(fetch->is_seed), bind_int(fetch->origin_failed),
              bind_int(fetch->is_bad), bind_int(fetch->tries), bind_int(fetch->done_bytes),
              bind_int(fetch->total_bytes), bind_text(fetch->detail), bind_int(fetch->at_us)),
        err);
}

bool store_fetch_remove(struct store_connection *writer, int64_t node_id, const char *source, struct error *err)
{
    return query_run(writer, "DELETE FROM model_fetch WHERE node_id = ?1 AND source = ?2",
                     BINDS(bind_int(node_id), bind_text(source)), err);
}

bool store_fetch_forget_gone(struct store_connection *writer, int64_t node_id, struct error *err)
{
    return query_run(writer,
                     "DELETE FROM model_fetch WHERE node_id = ?1 AND state = 'ready'"
                     " AND json_extract(detail, '$.digest') NOT IN (SELECT digest FROM model WHERE node_id = ?1"
                     " AND state = 'complete' AND digest IS NOT NULL)",
                     BINDS(bind_int(node_id)), err);
}

static void fetch_read(const struct query *query, struct arena *arena, struct store_fetch *out)
{
    *out = (struct store_fetch){
        .node_id = query_int(query, 0),
        .node = query_text(query, arena, 1),
        .source = query_text(query, arena, 2),
        .name = query_text(query, arena, 3),
        .by = query_text(query, arena, 4),
        .fetch = query_int(query, 5),
        .state = query_text(query, arena, 6),
        .is_seed = query_int(query, 7) != 0,
        .origin_failed = query_int(query, 8) != 0,
        .is_bad = query_int(query, 9) != 0,
        .tries = query_int(query, 10),
        .done_bytes = query_int(query, 11),
        .total_bytes = query_int(query, 12),
        .detail = query_text(query, arena, 13),
        .at_us = query_int(query, 14),
        .node_is_active = query_int(query, 15) != 0,
        .node_lost_us = query_int(query, 16),
        .key = query_text(query, arena, 17),
    };
}

static const char FETCH_LIST[] =
    "SELECT f.node_id, n.name, f.source, f.name, f.by, f.fetch, f.state, f.is_seed, f.origin_failed, f.is_bad, f.tries,"
    " f.done_bytes, f.total_bytes, f.detail, f.at_us, n.state = ?3, n.lost_us,"
    " n.key FROM model_fetch f JOIN node n ON n.id = f.node_id"
    " WHERE (?1 IS NULL OR f.node_id = ?1) AND (?2 IS NULL OR f.source = ?2) ORDER BY f.source, f.node_id";

bool store_fetch_list(struct store_connection *connection, struct arena *arena, const struct store_fetch_filter *filter,
                      struct store_fetch **out, size_t *count_out, struct error *err)
{
    struct store_fetch *rows = NULL;
    size_t count = 0, room = 0;
    struct query query;

    query_start(&query, connection, FETCH_LIST,
                BINDS(bind_id(filter->node_id), bind_text(filter->source), bind_int(STORE_NODE_ACTIVE)));
    while (query_next(&query)) {
        if (count == room) {
            rows = arena_grow(arena, rows, room * sizeof(*rows), (room == 0 ? 16 : 2 * room) * sizeof(*rows));
            room = room == 0 ? 16 : 2 * room;
        }
        fetch_read(&query, arena, &rows[count++]);
    }
    if (!query_end(&query, err))
        return false;
    *out = rows;
    *count_out = count;
    return true;
}

bool store_fetch_is_busy(struct store_connection *connection, bool *out, struct error *err)
{
    int64_t one = 0;

    return query_number(connection,
                        "SELECT 1 FROM model_fetch WHERE state IN ('wanted', 'fetching', 'look')"
                        " UNION ALL SELECT 1 FROM model_told LIMIT 1",
                        NULL, &one, out, err);
}

bool store_fetch_is_there(struct store_connection *connection, int64_t node_id, const char *digest, bool *out,
                          struct error *err)
{
    int64_t one = 0;

    return query_number(connection,
                        "SELECT 1 FROM model WHERE node_id = ?1 AND digest = ?2 AND state = 'complete' LIMIT 1",
                        BINDS(bind_int(node_id), bind_text(digest)), &one, out, err);
}

bool store_fetch_nodes(struct store_connection *connection, struct arena *arena, int64_t **out, size_t *count_out,
                       struct error *err)
{
    int64_t *ids = NULL;
    size_t count = 0, room = 0;
    struct query query;

    query_start(&query, connection, "SELECT node_id FROM model_told UNION SELECT node_id FROM model_fetch ORDER BY 1",
                NULL);
    while (query_next(&query)) {
        if (count == room) {
            ids = arena_grow(arena, ids, room * sizeof(*ids), (room == 0 ? 16 : 2 * room) * sizeof(*ids));
            room = room == 0 ? 16 : 2 * room;
        }
        ids[count++] = query_int(&query, 0);
    }
    if (!query_end(&query, err))
        return false;
    *out = ids;
    *count_out = count;
    return true;
}

bool store_fetch_told(struct store_connection *writer, int64_t node_id, const char *digest, bool *changed_out,
                      struct error *err)
{
    int64_t changed = 0;
    bool ok;

    if (digest == NULL)
        ok = query_change(writer, "DELETE FROM model_told WHERE node_id = ?1", BINDS(bind_int(node_id)), &changed, err);
    else
        ok = query_change(writer,
                          "INSERT INTO model_told (node_id, digest) VALUES (?1, ?2)"
                          " ON CONFLICT (node_id) DO UPDATE SET digest = ?2 WHERE digest <> ?2",
                          BINDS(bind_int(node_id), bind_text(digest)), &changed, err);
    *changed_out = ok && changed > 0;
    return ok;
}
