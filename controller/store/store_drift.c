/* SPDX-License-Identifier: Apache-2.0 */
/* Drift: the open rows, counted up while they last, and the history. */
#include "controller/store/store_drift.h"

#include "controller/store/query.h"

#define OPEN_OF "SELECT 1 FROM drift WHERE node_id = ?1 AND resolved_us = 0"

static bool drift_is_open(struct store_connection *writer, int64_t node_id, const char *resource, bool *out,
                          struct error *err)
{
    int64_t one = 0;

    return query_number(writer, OPEN_OF " AND resource = ?2", BINDS(bind_int(node_id), bind_text(resource)), &one, out,
                        err);
}

/* Whether there are more than `count` open rows; walks as many. */
static bool open_exceeds(struct store_connection *writer, int64_t node_id, int64_t count, bool *out, struct error *err)
{
    int64_t one = 0;

    return query_number(writer, OPEN_OF " LIMIT 1 OFFSET ?2", BINDS(bind_int(node_id), bind_int(count)), &one, out,
                        err);
}

bool store_drift_has_room(struct store_connection *writer, int64_t node_id, const char *resource, bool *out,
                          struct error *err)
{
    bool is_open = false, is_beyond = false, is_full = false;

    if (!drift_is_open(writer, node_id, resource, &is_open, err) ||
        (!is_open && !drift_is_open(writer, node_id, STORE_DRIFT_BEYOND, &is_beyond, err)) ||
        (!is_open && !is_beyond && !open_exceeds(writer, node_id, STORE_DRIFT_OPEN_MAX - 1, &is_full, err)))
        return false;
    *out = is_open || (!is_beyond && !is_full);
    return true;
}

static bool drift_open(struct store_connection *writer, const struct store_drift *drift, int64_t *id_out,
                       struct error *err)
{
    int64_t from = drift->window_from_us, to = drift->window_to_us;

    if (!query_run(writer,
                   "INSERT INTO drift (node_id, resource, cause, reason, diff, window_from_us, window_to_us, run_id,"
                   " first_us, last_us, count) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9, 1)",
                   BINDS(bind_int(drift->node_id), bind_text(drift->resource),
                         bind_int(drift->cause == 0 ? STORE_DRIFT_UNKNOWN : drift->cause), bind_text(drift->reason),
                         bind_text(drift->diff), bind_int(from), bind_int(to), bind_int(drift->run_id),
                         bind_int(drift->last_us)),
                   err))
        return false;
    *id_out = sqlite3_last_insert_rowid(writer->db);
    return true;
}

static bool drift_count(struct store_connection *writer, int64_t id, const struct store_drift *drift, struct error *err)
{
    bool knows = drift->cause != 0 && drift->cause != STORE_DRIFT_UNKNOWN;

    if (!query_run(writer,
                   "UPDATE drift SET count = count + 1, last_us = max(last_us, ?2), diff = ifnull(?3, diff),"
                   " run_id = CASE WHEN ?4 = 0 THEN run_id ELSE ?4 END WHERE id = ?1",
                   BINDS(bind_int(id), bind_int(drift->last_us), bind_text(drift->diff), bind_int(drift->run_id)), err))
        return false;
    return !knows ||
           query_run(writer,
                     "UPDATE drift SET cause = ?2, reason = ?3, window_from_us = ?4, window_to_us = ?5 WHERE id = ?1",
                     BINDS(bind_int(id), bind_int(drift->cause), bind_text(drift->reason),
                           bind_int(drift->window_from_us), bind_int(drift->window_to_us)),
                     err);
}

bool store_drift_seen(struct store_connection *writer, const struct store_drift *drift, int64_t *id_out, bool *new_out,
                      struct error *err)
{
    bool found = false;

    if (!query_number(writer, "SELECT id FROM drift WHERE node_id = ?1 AND resource = ?2 AND resolved_us = 0",
                      BINDS(bind_int(drift->node_id), bind_text(drift->resource)), id_out, &found, err))
        return false;
    *new_out = !found;
    return found ? drift_count(writer, *id_out, drift, err) : drift_open(writer, drift, id_out, err);
}

/* Not at the first that goes: a node at the bound would open and close it with every check. */
static bool beyond_resolve(struct store_connection *writer, const struct store_drift_resolution *resolution,
                           struct error *err)
{
    bool is_beyond = false, is_full = false;

    if (!drift_is_open(writer, resolution->node_id, STORE_DRIFT_BEYOND, &is_beyond, err) ||
        (is_beyond && !open_exceeds(writer, resolution->node_id, STORE_DRIFT_OPEN_MAX / 2, &is_full, err)))
        return false;
    return !is_beyond || is_full ||
           query_run(
               writer, "UPDATE drift SET resolved_us = ?3 WHERE node_id = ?1 AND resource = ?2 AND resolved_us = 0",
               BINDS(bind_int(resolution->node_id), bind_text(STORE_DRIFT_BEYOND), bind_int(resolution->now_us)), err);
}

#define RESOLVE_OF                                                                                                     \
    "UPDATE drift SET resolved_us = ?3, cause = CASE WHEN ?4 = 0 THEN cause ELSE ?4 END"                               \
    " WHERE node_id = ?1 AND resolved_us = 0"

bool store_drift_resolve(struct store_connection *writer, const struct store_drift_resolution *resolution,
                         int64_t *count_out, struct error *err)
{
    /* Two statements, as one for both would look at all rows of the node. */
    return query_change(writer,
                        resolution->resource == NULL ? RESOLVE_OF " AND ?2 IS NULL" : RESOLVE_OF " AND resource = ?2",
                        BINDS(bind_int(resolution->node_id), bind_text(resolution->resource),
                              bind_int(resolution->now_us), bind_int(resolution->cause)),
                        count_out, err) &&
           (resolution->resource == NULL || *count_out == 0 || beyond_resolve(writer, resolution, err));
}

static void drift_read(const struct query *query, struct arena *arena, struct store_drift *out)
{
    *out = (struct store_drift){
        .id = query_int(query, 0),
        .node_id = query_int(query, 1),
        .node = query_text(query, arena, 2),
        .resource = query_text(query, arena, 3),
        .cause = (enum store_drift_cause)query_int(query, 4),
        .reason = query_text(query, arena, 5),
        .diff = query_text(query, arena, 6),
        .window_from_us = query_int(query, 7),
        .window_to_us = query_int(query, 8),
        .run_id = query_int(query, 9),
        .first_us = query_int(query, 10),
        .last_us = query_int(query, 11),
        .count = query_int(query, 12),
        .resolved_us = query_int(query, 13),
    };
}

#define DRIFT_PAGE                                                                                                     \
    "SELECT drift.id, node_id, node.name, resource, cause, drift.reason, CASE WHEN ?3 THEN NULL ELSE diff END,"        \
    " window_from_us, window_to_us, run_id, first_us, last_us, count, resolved_us"                                     \
    " FROM drift JOIN node ON node.id = node_id WHERE drift.id < ?1 AND (cause & ?2) <> 0"
#define DRIFT_END " ORDER BY drift.id DESC LIMIT ?4"

/* One statement for each index that can carry it: ?5 is the node, whose rows are fewer than all open ones (hence the "+"). */
static const char *drift_sql(const struct store_drift_filter *filter)
{
    if (filter->node_id == 0)
        return filter->resolved ? DRIFT_PAGE DRIFT_END : DRIFT_PAGE " AND resolved_us = 0" DRIFT_END;
    return filter->resolved ? DRIFT_PAGE " AND node_id = ?5" DRIFT_END
                            : DRIFT_PAGE " AND node_id = ?5 AND +resolved_us = 0" DRIFT_END;
}

bool store_drift_page(struct store_connection *connection, struct arena *arena, const struct store_drift_filter *filter,
                      struct store_drift_page *out, struct error *err)
{
    struct query query;
    size_t limit = query_page_limit(filter->limit);
    struct store_drift_page page = { .rows = arena_new_array(arena, struct store_drift, limit) };
    struct bind binds[] = { bind_int(filter->before == 0 ? INT64_MAX : filter->before),
                            bind_int(filter->causes == 0 ? ~INT64_C(0) : filter->causes),
                            bind_int(filter->without_diff),
                            bind_int((int64_t)limit + 1),
                            filter->node_id == 0 ? (struct bind){ .kind = BIND_END } : bind_int(filter->node_id),
                            { .kind = BIND_END } };

    query_start(&query, connection, drift_sql(filter), binds);
    while (query_next(&query)) {
        if (page.count == limit)
            page.next = page.rows[limit - 1].id;
        else
            drift_read(&query, arena, &page.rows[page.count++]);
    }
    if (!query_end(&query, err))
        return false;
    *out = page;
    return true;
}
