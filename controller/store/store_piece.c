/* SPDX-License-Identifier: Apache-2.0 */
/* Pieces: what each node is to run, and what it told of it. */
#include "controller/store/store_piece.h"

#include <string.h>

#include "controller/store/query.h"

/* --- changing --- */

bool store_piece_add(struct store_connection *writer, const struct store_piece *piece, int64_t now_us,
                     struct error *err)
{
    return query_run(writer,
                     "INSERT INTO piece (node_id, name, instance_id, attempt, ordinal, role, body, gpu, host, port,"
                     " generation, due) SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, generation, ?11 FROM node"
                     " WHERE id = ?1",
                     BINDS(bind_int(piece->node_id), bind_text(piece->name), bind_int(piece->instance_id),
                           bind_int(piece->attempt), bind_int(piece->ordinal), bind_text(piece->role),
                           bind_text(piece->body), bind_int(piece->gpu), bind_int(piece->host), bind_int(piece->port),
                           bind_int(piece->is_due ? 1 : 0)),
                     err) &&
           (!piece->is_due || store_placement_change(writer, piece->node_id, now_us, err));
}

bool store_piece_due(struct store_connection *writer, int64_t node_id, const char *name, int64_t now_us,
                     struct error *err)
{
    int64_t changed = 0;

    return query_change(writer, "UPDATE piece SET due = 1 WHERE node_id = ?1 AND name = ?2 AND due = 0",
                        BINDS(bind_int(node_id), bind_text(name)), &changed, err) &&
           (changed == 0 || store_placement_change(writer, node_id, now_us, err));
}

/* A number for each row that a query gives. */
static bool numbers_read(struct query *query, struct arena *arena, int64_t **out, size_t *count_out, struct error *err)
{
    int64_t *list = NULL;
    size_t count = 0;

    while (query_next(query)) {
        list = arena_grow(arena, list, count * sizeof(*list), (count + 1) * sizeof(*list));
        list[count++] = query_int(query, 0);
    }
    if (!query_end(query, err))
        return false;
    *out = list;
    *count_out = count;
    return true;
}

static bool placements_change(struct store_connection *writer, const int64_t *nodes, size_t count, int64_t now_us,
                              struct error *err)
{
    for (size_t i = 0; i < count; i++) {
        if (!store_placement_change(writer, nodes[i], now_us, err))
            return false;
    }
    return true;
}

bool store_piece_take_away(struct store_connection *writer, int64_t instance_id, int64_t attempt, int64_t now_us,
                           struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    struct query query;
    int64_t *nodes = NULL;
    size_t count = 0;

    if (!query_run(writer, "DELETE FROM piece WHERE instance_id = ?1 AND attempt = ?2 AND due = 0",
                   BINDS(bind_int(instance_id), bind_int(attempt)), err))
        return false;
    query_start(&query, writer,
                "SELECT DISTINCT node_id FROM piece WHERE instance_id = ?1 AND attempt = ?2 AND wanted = 1",
                BINDS(bind_int(instance_id), bind_int(attempt)));
    return numbers_read(&query, arena, &nodes, &count, err) &&
           query_run(writer, "UPDATE piece SET wanted = 0 WHERE instance_id = ?1 AND attempt = ?2",
                     BINDS(bind_int(instance_id), bind_int(attempt)), err) &&
           placements_change(writer, nodes, count, now_us, err);
}

#define PIECE_LOST " WHERE wanted = 1 AND NOT EXISTS (SELECT 1 FROM instance WHERE instance.id = instance_id)"

bool store_piece_tidy(struct store_connection *writer, int64_t now_us, int64_t *changed_out, struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    struct query query;
    int64_t *nodes = NULL, forgotten = 0;
    size_t count = 0;

    query_start(&query, writer, "SELECT DISTINCT node_id FROM piece" PIECE_LOST, NULL);
    if (!numbers_read(&query, arena, &nodes, &count, err) ||
        !query_run(writer, "UPDATE piece SET wanted = 0" PIECE_LOST, NULL, err) ||
        !placements_change(writer, nodes, count, now_us, err) ||
        !query_change(writer, "DELETE FROM piece WHERE wanted = 0 AND due = 0", NULL, &forgotten, err))
        return false;
    *changed_out = (int64_t)count + forgotten;
    return true;
}

/* --- what nodes tell --- */

bool store_piece_tell(struct store_connection *writer, const struct store_piece_told *told, struct error *err)
{
    if (!query_run(writer,
                   "UPDATE piece SET state = ?3, told = json_remove(?4, '$.output'), output = ?4 -> '$.output',"
                   " told_us = ?5 WHERE node_id = ?1 AND name = ?2",
                   BINDS(bind_int(told->node_id), bind_text(told->name), bind_text(told->state), bind_text(told->body),
                         bind_int(told->at_us)),
                   err))
        return false;
    return strcmp(told->state, "gone") != 0 ||
           query_run(writer, "DELETE FROM piece WHERE node_id = ?1 AND name = ?2 AND wanted = 0",
                     BINDS(bind_int(told->node_id), bind_text(told->name)), err);
}

static bool is_named(const char *const *names, const char *name)
{
    for (; *names != NULL; names++) {
        if (strcmp(*names, name) == 0)
            return true;
    }
    return false;
}

bool store_piece_told_all(struct store_connection *writer, int64_t node_id, int64_t epoch, const char *const *names,
                          struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    const struct store_piece_filter filter = { .node_id = node_id };
    struct store_piece *pieces = NULL;
    int64_t changed = 0;
    size_t count = 0;

    if (!query_run(writer, "UPDATE placement SET told_epoch = ?2 WHERE node_id = ?1",
                   BINDS(bind_int(node_id), bind_int(epoch)), err) ||
        !store_piece_list(writer, arena, &filter, &pieces, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (pieces[i].is_wanted || is_named(names, pieces[i].name))
            continue;
        if (!query_change(writer,
                          "DELETE FROM piece WHERE node_id = ?1 AND name = ?2 AND wanted = 0"
                          " AND ?3 >= (SELECT epoch FROM placement WHERE node_id = ?1)",
                          BINDS(bind_int(node_id), bind_text(pieces[i].name), bind_int(epoch)), &changed, err))
            return false;
    }
    return true;
}

/* --- reading --- */

#define PIECE_COLUMNS                                                                                                  \
    "SELECT node_id, node.name, piece.name, instance_id, attempt, ordinal, role, body, gpu, host, port, due, wanted,"  \
    " piece.state, told, told_us, piece.generation FROM piece JOIN node ON node.id = node_id"

static void piece_read(const struct query *query, struct arena *arena, struct store_piece *out)
{
    *out = (struct store_piece){
        .node_id = query_int(query, 0),
        .node = query_text(query, arena, 1),
        .name = query_text(query, arena, 2),
        .instance_id = query_int(query, 3),
        .attempt = query_int(query, 4),
        .ordinal = query_int(query, 5),
        .role = query_text(query, arena, 6),
        .body = query_text(query, arena, 7),
        .gpu = query_int(query, 8),
        .host = query_int(query, 9),
        .port = query_int(query, 10),
        .is_due = query_int(query, 11) != 0,
        .is_wanted = query_int(query, 12) != 0,
        .state = query_text(query, arena, 13),
        .told = query_text(query, arena, 14),
        .told_us = query_int(query, 15),
        .generation = query_int(query, 16),
    };
}

bool store_piece_list(struct store_connection *connection, struct arena *arena, const struct store_piece_filter *filter,
                      struct store_piece **out, size_t *count_out, struct error *err)
{
    struct query query;
    struct store_piece *list = NULL;
    size_t count = 0;

    query_start(&query, connection,
                PIECE_COLUMNS " WHERE (?1 = 0 OR node_id = ?1) AND (?2 = 0 OR instance_id = ?2)"
                              " ORDER BY instance_id, attempt, ordinal",
                BINDS(bind_int(filter->node_id), bind_int(filter->instance_id)));
    while (query_next(&query)) {
        list = arena_grow(arena, list, count * sizeof(*list), (count + 1) * sizeof(*list));
        piece_read(&query, arena, &list[count++]);
    }
    if (!query_end(&query, err))
        return false;
    *out = list;
    *count_out = count;
    return true;
}

bool store_piece_output(struct store_connection *connection, struct arena *arena, int64_t node_id, const char *name,
                        const char **out, struct error *err)
{
    struct query query;

    *out = NULL;
    query_start(&query, connection, "SELECT output FROM piece WHERE node_id = ?1 AND name = ?2",
                BINDS(bind_int(node_id), bind_text(name)));
    if (query_next(&query))
        *out = query_text(&query, arena, 0);
    return query_end(&query, err);
}

bool store_piece_get(struct store_connection *connection, struct arena *arena, int64_t node_id, const char *name,
                     struct store_piece **out, struct error *err)
{
    struct query query;
    struct store_piece *piece = NULL;

    query_start(&query, connection, PIECE_COLUMNS " WHERE node_id = ?1 AND piece.name = ?2",
                BINDS(bind_int(node_id), bind_text(name)));
    if (query_next(&query)) {
        piece = arena_new_of(arena, struct store_piece);
        piece_read(&query, arena, piece);
    }
    if (!query_end(&query, err))
        return false;
    *out = piece;
    return true;
}
