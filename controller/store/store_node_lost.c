/* SPDX-License-Identifier: Apache-2.0 */
/* Silent nodes and forgotten ones. */
#include "controller/store/store_node_lost.h"

#include "controller/store/query.h"
#include "controller/store/store_event.h"
#include "controller/store/store_node.h"

#define STEP_ROWS 4000
#define FIRST_ROOM 256

bool store_node_listened(struct store_connection *connection, struct arena *arena, struct store_node_brief **out,
                         size_t *count_out, struct error *err)
{
    struct query query;
    size_t room = FIRST_ROOM, count = 0;
    struct store_node_brief *nodes = arena_new_array(arena, struct store_node_brief, room);

    query_start(&query, connection, "SELECT id, seen_us, name FROM node WHERE state = 2 AND lost_us = 0 ORDER BY id",
                NULL);
    while (query_next(&query)) {
        if (count == room) {
            struct store_node_brief *more = arena_new_array(arena, struct store_node_brief, room *= 2);

            for (size_t i = 0; i < count; i++)
                more[i] = nodes[i];
            nodes = more;
        }
        nodes[count++] =
            (struct store_node_brief){ query_int(&query, 0), query_int(&query, 1), query_text(&query, arena, 2) };
    }
    if (!query_end(&query, err))
        return false;
    *out = nodes;
    *count_out = count;
    return true;
}

/* What the event tells beside the name: when it was heard last, and how it was then. */
static bool event_of(struct store_connection *writer, struct store_event event, struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    struct query query;

    query_start(&query, writer,
                "SELECT json_object('seen', strftime('%Y-%m-%dT%H:%M:%SZ', nullif(seen_us, 0) / 1000000, 'unixepoch'),"
                " 'last_verdict', verdict), name FROM node WHERE id = ?1",
                BINDS(bind_int(event.node_id)));
    if (query_next(&query)) {
        event.body = query_text(&query, arena, 0);
        event.node = query_text(&query, arena, 1);
    }
    return query_end(&query, err) && store_event_add(writer, &event, NULL, err);
}

bool store_node_lost(struct store_connection *writer, const struct store_node_brief *node, int64_t now_us,
                     struct error *err)
{
    int64_t changed = 0;

    return store_node_seen(writer, node->id, node->seen_us, err) &&
           query_change(writer, "UPDATE node SET lost_us = ?2 WHERE id = ?1 AND state = 2 AND lost_us = 0",
                        BINDS(bind_int(node->id), bind_int(now_us)), &changed, err) &&
           (changed == 0 ||
            event_of(writer, (struct store_event){ .at_us = now_us, .kind = "node.lost", .node_id = node->id }, err));
}

bool store_node_back(struct store_connection *writer, int64_t id, int64_t now_us, struct error *err)
{
    int64_t changed = 0;

    if (!query_change(writer, "UPDATE node SET lost_us = 0 WHERE id = ?1 AND lost_us > 0", BINDS(bind_int(id)),
                      &changed, err))
        return false;
    return (changed == 0 ||
            event_of(writer, (struct store_event){ .at_us = now_us, .kind = "node.back", .node_id = id }, err)) &&
           store_node_seen(writer, id, now_us, err);
}

/* --- forgetting --- */

/* What may be many rows goes first; the rest goes with the node. */
static bool rows_forget(struct store_connection *writer, int64_t id, bool *more_out, struct error *err)
{
    static const char *const steps[] = {
        "DELETE FROM report WHERE (node_id, generation, sequence) IN"
        " (SELECT node_id, generation, sequence FROM report WHERE node_id = ?1 LIMIT ?2)",
        "DELETE FROM run_event WHERE (run_id, sequence) IN (SELECT run_id, sequence FROM run_event"
        " WHERE run_id IN (SELECT id FROM run WHERE node_id = ?1) LIMIT ?2)",
        "DELETE FROM sample WHERE (node_id, at_us) IN (SELECT node_id, at_us FROM sample WHERE node_id = ?1 LIMIT ?2)",
    };

    *more_out = false;
    for (size_t i = 0; !*more_out && i < sizeof(steps) / sizeof(steps[0]); i++) {
        int64_t changed = 0;

        if (!query_change(writer, steps[i], BINDS(bind_int(id), bind_int(STEP_ROWS)), &changed, err))
            return false;
        *more_out = changed == STEP_ROWS;
    }
    return true;
}

bool store_node_forget(struct store_connection *writer, const char *name, enum store_forget *out, struct error *err)
{
    int64_t id = 0, active = 0;
    bool found = false, more = false;

    *out = STORE_FORGET_UNKNOWN;
    if (!query_number(writer, "SELECT id FROM node WHERE name = ?1", BINDS(bind_text(name)), &id, &found, err))
        return false;
    if (!found)
        return true;
    if (!query_number(writer, "SELECT 1 FROM node WHERE id = ?1 AND state = 2", BINDS(bind_int(id)), &active, &found,
                      err))
        return false;
    *out = STORE_FORGET_ACTIVE;
    if (found)
        return true;
    if (!rows_forget(writer, id, &more, err))
        return false;
    *out = more ? STORE_FORGET_MORE : STORE_FORGET_DONE;
    return more || query_run(writer, "DELETE FROM node WHERE id = ?1", BINDS(bind_int(id)), err);
}
