/* SPDX-License-Identifier: Apache-2.0 */
/* The nodes' queues. What was acknowledged is gone; the number lives in the node's row. */
#include "controller/store/store_node_work.h"

#include "controller/store/query.h"

bool store_node_work_add(struct store_connection *writer, int64_t node_id, const struct store_node_work *work,
                         int64_t *number_out, struct error *err)
{
    int64_t waiting = 0, number = 0;
    bool found = false;

    if (!query_number(writer, "SELECT count(*) FROM node_work WHERE node_id = ?1", BINDS(bind_int(node_id)), &waiting,
                      &found, err))
        return false;
    if (waiting >= LIMIT_STORE_WORK)
        return error_set_kind(err, ERROR_LIMIT, "%lld works wait for node %lld already", (long long)waiting,
                              (long long)node_id);
    if (!query_number(writer, "UPDATE node SET work_number = work_number + 1 WHERE id = ?1 RETURNING work_number",
                      BINDS(bind_int(node_id)), &number, &found, err))
        return false;
    if (!found)
        return error_set(err, "there is no node %lld", (long long)node_id);
    if (!query_run(writer,
                   "INSERT INTO node_work (node_id, number, kind, body, created_us, expires_us)"
                   " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                   BINDS(bind_int(node_id), bind_int(number), bind_text(work->kind), bind_text(work->body),
                         bind_int(work->created_us), bind_int(work->expires_us)),
                   err))
        return false;
    *number_out = number;
    return true;
}

bool store_node_work_drop(struct store_connection *writer, int64_t node_id, const char *kind, struct error *err)
{
    return query_run(writer, "DELETE FROM node_work WHERE node_id = ?1 AND kind = ?2",
                     BINDS(bind_int(node_id), bind_text(kind)), err);
}

bool store_node_work_read(struct store_connection *connection, struct arena *arena,
                          const struct store_node_work_range *range, struct store_node_work **out, size_t *count_out,
                          struct error *err)
{
    struct query query;
    size_t limit = query_page_limit(range->limit), count = 0;
    struct store_node_work *works = arena_new_array(arena, struct store_node_work, limit);

    query_start(
        &query, connection,
        "SELECT number, kind, body, created_us, expires_us FROM node_work WHERE node_id = ?1 AND number > ?2"
        " AND (expires_us = 0 OR expires_us > ?3) ORDER BY number LIMIT ?4",
        BINDS(bind_int(range->node_id), bind_int(range->after), bind_int(range->now_us), bind_int((int64_t)limit)));
    while (query_next(&query))
        works[count++] = (struct store_node_work){ .number = query_int(&query, 0),
                                                   .kind = query_text(&query, arena, 1),
                                                   .body = query_text(&query, arena, 2),
                                                   .created_us = query_int(&query, 3),
                                                   .expires_us = query_int(&query, 4) };
    if (!query_end(&query, err))
        return false;
    *out = works;
    *count_out = count;
    return true;
}

bool store_node_work_acknowledge(struct store_connection *writer, int64_t node_id, int64_t number, struct error *err)
{
    return query_run(writer, "DELETE FROM node_work WHERE node_id = ?1 AND number <= ?2",
                     BINDS(bind_int(node_id), bind_int(number)), err);
}
