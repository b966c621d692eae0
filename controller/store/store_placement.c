/* SPDX-License-Identifier: Apache-2.0 */
/* Placements: their numbers, who is drained; engines and memory of nodes. */
#include "common/placement/placement.h"
#include "controller/store/query.h"
#include "controller/store/store_node_work.h"
#include "controller/store/store_piece.h"

#include <stdio.h>

#define EPOCH_TOLD_MAX INT64_C(1000000000000)

/* --- placements --- */

bool store_placement_change(struct store_connection *writer, int64_t node_id, int64_t now_us, struct error *err)
{
    char body[64];
    struct store_node_work work = { .kind = "placement", .body = body, .created_us = now_us };
    struct error full = ERROR_INIT;
    int64_t epoch = 0, number = 0;
    bool found = false;

    if (!query_number(writer,
                      "INSERT INTO placement (node_id, epoch) VALUES (?1, 1)"
                      " ON CONFLICT (node_id) DO UPDATE SET epoch = epoch + 1 RETURNING epoch",
                      BINDS(bind_int(node_id)), &epoch, &found, err) ||
        !store_node_work_drop(writer, node_id, work.kind, err))
        return false;
    snprintf(body, sizeof(body), "{\"epoch\":%lld}", (long long)epoch);
    if (store_node_work_add(writer, node_id, &work, &number, &full) || full.kind == ERROR_LIMIT)
        return true; /* a node with so much to do asks for its placement when it is back */
    *err = full;
    return false;
}

bool store_placement_leap(struct store_connection *writer, int64_t node_id, int64_t told_epoch, int64_t now_us,
                          bool *leapt_out, struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    struct store_placement placement;

    if (!store_placement_get(writer, arena, node_id, &placement, err))
        return false;
    *leapt_out = told_epoch > placement.epoch;
    if (!*leapt_out || told_epoch > EPOCH_TOLD_MAX) /* nonsense is not followed */
        return true;
    return query_run(writer,
                     "INSERT INTO placement (node_id, epoch) VALUES (?1, ?2)"
                     " ON CONFLICT (node_id) DO UPDATE SET epoch = ?2",
                     BINDS(bind_int(node_id), bind_int(told_epoch)), err) &&
           store_placement_change(writer, node_id, now_us, err);
}

bool store_placement_drain(struct store_connection *writer, int64_t node_id, const char *by, const char *why,
                           struct error *err)
{
    return query_run(
        writer,
        "INSERT INTO placement (node_id, epoch, drained, drained_by, drained_why) VALUES (?1, 0, ?2, ?3, ?4)"
        " ON CONFLICT (node_id) DO UPDATE SET drained = ?2, drained_by = ?3, drained_why = ?4",
        BINDS(bind_int(node_id), bind_int(by != NULL ? 1 : 0), bind_text(by), bind_text(why)), err);
}

bool store_placement_lease(struct store_connection *writer, int64_t node_id, int64_t lease_s, int64_t now_us,
                           struct error *err)
{
    int64_t made = 0;

    if (!query_change(writer,
                      "INSERT INTO placement (node_id, epoch, lease_s) VALUES (?1, 0, ?2) ON CONFLICT DO NOTHING",
                      BINDS(bind_int(node_id), bind_int(lease_s)), &made, err) ||
        made > 0) /* it was never told another one */
        return made > 0;
    return query_run(writer,
                     "UPDATE placement SET lease_before_s = max(lease_before_s, lease_s), lease_s = ?2,"
                     " lease_epoch = epoch + 1 WHERE node_id = ?1",
                     BINDS(bind_int(node_id), bind_int(lease_s)), err) &&
           store_placement_change(writer, node_id, now_us, err);
}

bool store_placement_leased(struct store_connection *writer, int64_t node_id, struct error *err)
{
    return query_run(writer, "UPDATE placement SET lease_before_s = 0 WHERE node_id = ?1 AND told_epoch >= lease_epoch",
                     BINDS(bind_int(node_id)), err);
}

#define PLACEMENT_COLUMNS                                                                                              \
    "SELECT node_id, epoch, told_epoch, drained, drained_by, drained_why, lease_s, lease_before_s, lease_epoch"        \
    " FROM placement"

static void placement_read(const struct query *query, struct arena *arena, struct store_placement *out)
{
    *out = (struct store_placement){
        .node_id = query_int(query, 0),
        .epoch = query_int(query, 1),
        .told_epoch = query_int(query, 2),
        .is_drained = query_int(query, 3) != 0,
        .drained_by = query_text(query, arena, 4),
        .drained_why = query_text(query, arena, 5),
        .lease_s = query_int(query, 6),
        .lease_before_s = query_int(query, 7),
        .lease_epoch = query_int(query, 8),
    };
}

bool store_placement_get(struct store_connection *connection, struct arena *arena, int64_t node_id,
                         struct store_placement *out, struct error *err)
{
    struct query query;
    struct store_placement placement = { .node_id = node_id, .lease_s = PLACEMENT_LEASE_S };

    query_start(&query, connection, PLACEMENT_COLUMNS " WHERE node_id = ?1", BINDS(bind_int(node_id)));
    if (query_next(&query))
        placement_read(&query, arena, &placement);
    if (!query_end(&query, err))
        return false;
    *out = placement;
    return true;
}

bool store_placement_list(struct store_connection *connection, struct arena *arena, struct store_placement **out,
                          size_t *count_out, struct error *err)
{
    struct query query;
    struct store_placement *list = NULL;
    size_t count = 0;

    query_start(&query, connection, PLACEMENT_COLUMNS " ORDER BY node_id", NULL);
    while (query_next(&query)) {
        list = arena_grow(arena, list, count * sizeof(*list), (count + 1) * sizeof(*list));
        placement_read(&query, arena, &list[count++]);
    }
    if (!query_end(&query, err))
        return false;
    *out = list;
    *count_out = count;
    return true;
}

/* --- engines --- */

bool store_engine_replace(struct store_connection *writer, int64_t node_id, const struct store_engine *engines,
                          size_t count, struct error *err)
{
    bool ok = query_run(writer, "DELETE FROM node_engine WHERE node_id = ?1", BINDS(bind_int(node_id)), err);

    for (size_t i = 0; ok && i < count; i++)
        ok = query_run(writer,
                       "INSERT OR REPLACE INTO node_engine (node_id, name, build, path, detail)"
                       " VALUES (?1, ?2, ?3, ?4, ?5)",
                       BINDS(bind_int(node_id), bind_text(engines[i].name), bind_text(engines[i].build),
                             bind_text(engines[i].path), bind_text(engines[i].detail)),
                       err);
    return ok;
}

bool store_engine_list(struct store_connection *connection, struct arena *arena, int64_t node_id,
                       struct store_engine **out, size_t *count_out, struct error *err)
{
    struct query query;
    struct store_engine *list = NULL;
    size_t count = 0;

    query_start(&query, connection,
                "SELECT node_id, node.name, node_engine.name, build, path, detail FROM node_engine"
                " JOIN node ON node.id = node_id WHERE ?1 = 0 OR node_id = ?1 ORDER BY node_id, node_engine.name",
                BINDS(bind_int(node_id)));
    while (query_next(&query)) {
        list = arena_grow(arena, list, count * sizeof(*list), (count + 1) * sizeof(*list));
        list[count++] = (struct store_engine){
            .node_id = query_int(&query, 0),
            .node = query_text(&query, arena, 1),
            .name = query_text(&query, arena, 2),
            .build = query_text(&query, arena, 3),
            .path = query_text(&query, arena, 4),
            .detail = query_text(&query, arena, 5),
        };
    }
    if (!query_end(&query, err))
        return false;
    *out = list;
    *count_out = count;
    return true;
}

/* --- memory --- */

bool store_memory_set(struct store_connection *writer, const struct store_memory *memory, struct error *err)
{
    return query_run(writer, "INSERT OR REPLACE INTO node_memory (node_id, at_us, body) VALUES (?1, ?2, ?3)",
                     BINDS(bind_int(memory->node_id), bind_int(memory->at_us), bind_text(memory->body)), err);
}

bool store_memory_list(struct store_connection *connection, struct arena *arena, int64_t node_id,
                       struct store_memory **out, size_t *count_out, struct error *err)
{
    struct query query;
    struct store_memory *list = NULL;
    size_t count = 0;

    query_start(&query, connection,
                "SELECT node_id, at_us, body FROM node_memory WHERE ?1 = 0 OR node_id = ?1 ORDER BY node_id",
                BINDS(bind_int(node_id)));
    while (query_next(&query)) {
        list = arena_grow(arena, list, count * sizeof(*list), (count + 1) * sizeof(*list));
        list[count++] = (struct store_memory){ .node_id = query_int(&query, 0),
                                               .at_us = query_int(&query, 1),
                                               .body = query_text(&query, arena, 2) };
    }
    if (!query_end(&query, err))
        return false;
    *out = list;
    *count_out = count;
    return true;
}
