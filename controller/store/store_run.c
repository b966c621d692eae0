/* SPDX-License-Identifier: Apache-2.0 */
/* Runs and what became of their hosts. Events are in store_run_event.c. */
#include "controller/store/store_run.h"

#include <string.h>

#include "controller/store/query.h"
#include "controller/store/store_run_outcome.h"

bool store_run_add(struct store_connection *writer, const struct store_run *run, int64_t *id_out, bool *known_out,
                   struct error *err)
{
    *known_out = false;
    if (run->key != NULL &&
        !query_number(writer, "SELECT id FROM run WHERE key = ?1", BINDS(bind_text(run->key)), id_out, known_out, err))
        return false;
    if (*known_out)
        return true;
    if (!query_run(writer,
                   "INSERT INTO run (key, kind, title, actor, node_id, options, state, reason, created_us, started_us,"
                   " ended_us, again_of) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
                   BINDS(bind_text(run->key), bind_text(run->kind), bind_text(run->title), bind_text(run->actor),
                         bind_id(run->node_id), bind_text(run->options), bind_int(run->state), bind_text(run->reason),
                         bind_int(run->created_us), bind_int(run->started_us), bind_int(run->ended_us),
                         bind_int(run->again_of)),
                   err))
        return false;
    *id_out = sqlite3_last_insert_rowid(writer->db);
    return true;
}

bool store_run_change(struct store_connection *writer, const struct store_run_change *change, bool *changed_out,
                      struct error *err)
{
    int64_t changed = 0;
    bool is_over = (change->state & STORE_RUN_OPEN) == 0;

    if (!query_change(writer,
                      "UPDATE run SET state = ?2, reason = ?3, ended_us = ?4, exit_code = ?8,"
                      " started_us = CASE WHEN started_us = 0 AND ?5 THEN ?6 ELSE started_us END"
                      " WHERE id = ?1 AND (state & ?7) <> 0",
                      BINDS(bind_int(change->id), bind_int(change->state), bind_text(change->reason),
                            bind_int(is_over ? change->now_us : 0), bind_int(change->state == STORE_RUN_RUNNING),
                            bind_int(change->now_us), bind_int(STORE_RUN_OPEN),
                            change->exit_code == NULL ? bind_text(NULL) : bind_int(*change->exit_code)),
                      &changed, err))
        return false;
    *changed_out = changed > 0;
    return true;
}

bool store_run_lose(struct store_connection *writer, const char *reason, int64_t now_us, int64_t *count_out,
                    struct error *err)
{
    return query_change(
        writer, "UPDATE run SET state = ?1, reason = ?2, ended_us = ?3 WHERE node_id IS NULL AND (state & ?4) <> 0",
        BINDS(bind_int(STORE_RUN_LOST), bind_text(reason), bind_int(now_us), bind_int(STORE_RUN_OPEN)), count_out, err);
}

bool store_run_files_set(struct store_connection *writer, int64_t run_id, const char *const *sha256, size_t count,
                         struct error *err)
{
    for (size_t i = 0; i < count; i++) {
        if (!query_run(writer, "INSERT OR IGNORE INTO run_file (run_id, sha256) VALUES (?1, ?2)",
                       BINDS(bind_int(run_id), bind_text(sha256[i])), err))
            return false;
    }
    return true;
}

/* --- reading --- */

const char *store_run_outcome(const struct store_run *run)
{
    if (run->state == STORE_RUN_OK)
        return strcmp(run->kind, "check") == 0 && run->exit_code == STORE_RUN_EXIT_CHANGES ? "drift" : "ok";
    if (run->state == STORE_RUN_FAILED)
        return run->exit_code == STORE_RUN_EXIT_OPTIONS ? "refused" : "failed";
    return run->state == STORE_RUN_CANCELLED ? "cancelled" : run->state == STORE_RUN_LOST ? "lost" : NULL;
}

#define RUN_COLUMNS                                                                                                    \
    "id, key, kind, title, actor, node_id, options, state, reason, created_us, started_us, ended_us, events,"          \
    " again_of, ifnull(exit_code, -1)"

static void run_read(const struct query *query, struct arena *arena, struct store_run *out)
{
    *out = (struct store_run){
        .id = query_int(query, 0),
        .key = query_text(query, arena, 1),
        .kind = query_text(query, arena, 2),
        .title = query_text(query, arena, 3),
        .actor = query_text(query, arena, 4),
        .node_id = query_int(query, 5),
        .options = query_text(query, arena, 6),
        .state = (enum store_run_state)query_int(query, 7),
        .reason = query_text(query, arena, 8),
        .created_us = query_int(query, 9),
        .started_us = query_int(query, 10),
        .ended_us = query_int(query, 11),
        .events = query_int(query, 12),
        .again_of = query_int(query, 13),
        .exit_code = (int)query_int(query, 14),
    };
}

static bool run_one(struct query *query, struct arena *arena, struct store_run **out, struct error *err)
{
    struct store_run *run = NULL;

    if (query_next(query)) {
        run = arena_new_of(arena, struct store_run);
        run_read(query, arena, run);
    }
    if (!query_end(query, err))
        return false;
    *out = run;
    return true;
}

bool store_run_get(struct store_connection *connection, struct arena *arena, int64_t id, struct store_run **out,
                   struct error *err)
{
    struct query query;

    query_start(&query, connection, "SELECT " RUN_COLUMNS " FROM run WHERE id = ?1", BINDS(bind_int(id)));
    return run_one(&query, arena, out, err);
}

bool store_run_by_key(struct store_connection *connection, struct arena *arena, const char *key, struct store_run **out,
                      struct error *err)
{
    struct query query;

    query_start(&query, connection, "SELECT " RUN_COLUMNS " FROM run WHERE key = ?1", BINDS(bind_text(key)));
    return run_one(&query, arena, out, err);
}

/* Two statements, so that each walks an index of its own from the newest on. */
static const char RUN_PAGE[] =
    "SELECT " RUN_COLUMNS " FROM run WHERE id < ?1 AND (state & ?2) <> 0 ORDER BY id DESC LIMIT ?3";
static const char RUN_PAGE_NODE[] =
    "SELECT " RUN_COLUMNS " FROM run WHERE id < ?1 AND (state & ?2) <> 0 AND id IN"
    " (SELECT id FROM run WHERE node_id = ?4 UNION ALL SELECT run_id FROM run_host WHERE node_id = ?4)"
    " ORDER BY id DESC LIMIT ?3";

bool store_run_page(struct store_connection *connection, struct arena *arena, const struct store_run_filter *filter,
                    struct store_run_page *out, struct error *err)
{
    struct query query;
    size_t limit = query_page_limit(filter->limit);
    struct store_run_page page = { .runs = arena_new_array(arena, struct store_run, limit) };
    struct bind binds[] = { bind_int(filter->before == 0 ? INT64_MAX : filter->before),
                            bind_int(filter->states == 0 ? ~INT64_C(0) : filter->states),
                            bind_int((int64_t)limit + 1),
                            filter->node_id == 0 ? (struct bind){ .kind = BIND_END } : bind_int(filter->node_id),
                            { .kind = BIND_END } };

    query_start(&query, connection, filter->node_id == 0 ? RUN_PAGE : RUN_PAGE_NODE, binds);
    while (query_next(&query)) {
        if (page.count == limit)
            page.next = page.runs[limit - 1].id;
        else
            run_read(&query, arena, &page.runs[page.count++]);
    }
    if (!query_end(&query, err))
        return false;
    *out = page;
    return true;
}

/* --- hosts --- */

bool store_run_host_set(struct store_connection *writer, int64_t run_id, const struct store_run_host *host,
                        struct error *err)
{
    return query_run(writer,
                     "INSERT OR REPLACE INTO run_host (run_id, host, node_id, state, ok, changed, failed, unreachable,"
                     " skipped, rescued, ignored) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
                     BINDS(bind_int(run_id), bind_text(host->host), bind_id(host->node_id), bind_int(host->state),
                           bind_int(host->ok), bind_int(host->changed), bind_int(host->failed),
                           bind_int(host->unreachable), bind_int(host->skipped), bind_int(host->rescued),
                           bind_int(host->ignored)),
                     err);
}

static void host_read(const struct query *query, struct arena *arena, struct store_run_host *out)
{
    *out = (struct store_run_host){
        .host = query_text(query, arena, 0),
        .node_id = query_int(query, 1),
        .state = (enum store_run_state)query_int(query, 2),
        .ok = query_int(query, 3),
        .changed = query_int(query, 4),
        .failed = query_int(query, 5),
        .unreachable = query_int(query, 6),
        .skipped = query_int(query, 7),
        .rescued = query_int(query, 8),
        .ignored = query_int(query, 9),
    };
}

bool store_run_host_page(struct store_connection *connection, struct arena *arena,
                         const struct store_run_host_filter *filter, struct store_run_host_page *out, struct error *err)
{
    struct query query;
    size_t limit = query_page_limit(filter->limit);
    struct store_run_host_page page = { .hosts = arena_new_array(arena, struct store_run_host, limit) };

    query_start(&query, connection,
                "SELECT host, node_id, state, ok, changed, failed, unreachable, skipped, rescued, ignored FROM run_host"
                " WHERE run_id = ?1 AND host > ?2 AND (state & ?3) <> 0 ORDER BY host LIMIT ?4",
                BINDS(bind_int(filter->run_id), bind_text(filter->after == NULL ? "" : filter->after),
                      bind_int(filter->states == 0 ? ~INT64_C(0) : filter->states), bind_int((int64_t)limit + 1)));
    while (query_next(&query)) {
        if (page.count == limit)
            page.next = page.hosts[limit - 1].host;
        else
            host_read(&query, arena, &page.hosts[page.count++]);
    }
    if (!query_end(&query, err))
        return false;
    *out = page;
    return true;
}
