/* SPDX-License-Identifier: Apache-2.0 */
/* The fleet's log: appended by those who make something happen, read behind or before a number. */
#include "controller/store/store_event.h"

#include <string.h>

#include "controller/store/query.h"
#include "controller/store/store_run_outcome.h"
#include "controller/store/store_webhook.h"

/* --- webhooks --- */

/* A slip of the finger in the options is its author's alone: such a run has done nothing. */
static bool run_has_failed(struct store_connection *writer, int64_t run_id, bool *out, struct error *err)
{
    int64_t state = 0;

    *out = false;
    if (!query_number(writer, "SELECT state FROM run WHERE id = ?1 AND ifnull(exit_code, -1) <> ?2",
                      BINDS(bind_int(run_id), bind_int(STORE_RUN_EXIT_OPTIONS)), &state, out, err))
        return false;
    *out = (state & (STORE_RUN_FAILED | STORE_RUN_LOST)) != 0;
    return true;
}

/* What webhooks call the event; NULL: it is none of theirs. */
static bool hook_kind(struct store_connection *writer, const struct store_event *event, const char **out,
                      struct error *err)
{
    static const char *const kinds[][2] = { { "node.lost", "node_lost" },
                                            { "node.back", "node_back" },
                                            { "drift.found", "drift_found" },
                                            { "run.ended", "run_failed" },
                                            { "workload.failed", "workload_failed" } };
    bool is_one = true;

    *out = NULL;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(kinds[i][0], event->kind) == 0)
            *out = kinds[i][1];
    }
    if (*out != NULL && strcmp(event->kind, "run.ended") == 0 && !run_has_failed(writer, event->run_id, &is_one, err))
        return false;
    *out = is_one ? *out : NULL;
    return true;
}

static bool hooks_tell(struct store_connection *writer, const struct store_event *event, int64_t id, struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    const char *kind = NULL, *body = NULL;
    struct query query;
    int64_t count = 0;

    if (!hook_kind(writer, event, &kind, err))
        return false;
    if (kind == NULL)
        return true;
    query_start(&query, writer,
                "SELECT json_object('event', id, 'kind', ?2, 'at', strftime('%Y-%m-%dT%H:%M:%SZ', at_us / 1000000,"
                " 'unixepoch'), 'node', node, 'run', nullif(run_id, 0), 'detail',"
                " CASE WHEN json_valid(body) THEN json(body) END) FROM event WHERE id = ?1",
                BINDS(bind_int(id), bind_text(kind)));
    if (query_next(&query))
        body = query_text(&query, arena, 0);
    return query_end(&query, err) && store_webhook_fire(writer, kind, body, event->at_us, &count, err);
}

/* --- adding --- */

bool store_event_add(struct store_connection *writer, const struct store_event *event, int64_t *id_out,
                     struct error *err)
{
    int64_t id = 0;
    bool found = false;

    if (!query_number(
            writer,
            "INSERT INTO event (at_us, kind, node_id, node, run_id, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6) RETURNING id",
            BINDS(bind_int(event->at_us), bind_text(event->kind), bind_int(event->node_id), bind_text(event->node),
                  bind_int(event->run_id), bind_text(event->body)),
            &id, &found, err))
        return false;
    writer->events_added = true;
    if (id_out != NULL)
        *id_out = id;
    return hooks_tell(writer, event, id, err);
}

bool store_event_bounds(struct store_connection *connection, int64_t *oldest_out, int64_t *newest_out,
                        struct error *err)
{
    int64_t oldest = 0, newest = 0;
    bool found = false;

    if (!query_number(connection, "SELECT id FROM event ORDER BY id LIMIT 1", NULL, &oldest, &found, err) ||
        !query_number(connection, "SELECT seq FROM sqlite_sequence WHERE name = 'event'", NULL, &newest, &found, err))
        return false;
    *oldest_out = oldest;
    *newest_out = newest;
    return true;
}

/* --- reading --- */

static void event_read(const struct query *query, struct arena *arena, struct store_event *out)
{
    *out = (struct store_event){
        .id = query_int(query, 0),
        .at_us = query_int(query, 1),
        .kind = query_text(query, arena, 2),
        .node_id = query_int(query, 3),
        .node = query_text(query, arena, 4),
        .run_id = query_int(query, 5),
        .body = query_text(query, arena, 6),
    };
}

bool store_event_read(struct store_connection *connection, struct arena *arena, const struct store_event_range *range,
                      struct store_event **out, size_t *count_out, struct error *err)
{
    struct query query;
    size_t limit = query_page_limit(range->limit), count = 0;
    struct store_event *events = arena_new_array(arena, struct store_event, limit);
    const struct bind *binds =
        BINDS(bind_int(range->after), bind_text(range->kind), bind_int(range->node_id), bind_int((int64_t)limit));

    if (range->newest)
        query_start(&query, connection,
                    "SELECT id, at_us, kind, node_id, node, run_id, body FROM event WHERE (?1 = 0 OR id < ?1)"
                    " AND (?2 IS NULL OR kind = ?2) AND (?3 = 0 OR node_id = ?3) ORDER BY id DESC LIMIT ?4",
                    binds);
    else
        query_start(&query, connection,
                    "SELECT id, at_us, kind, node_id, node, run_id, body FROM event WHERE id > ?1"
                    " AND (?2 IS NULL OR kind = ?2) AND (?3 = 0 OR node_id = ?3) ORDER BY id LIMIT ?4",
                    binds);
    while (query_next(&query))
        event_read(&query, arena, &events[count++]);
    if (!query_end(&query, err))
        return false;
    *out = events;
    *count_out = count;
    return true;
}

bool store_event_counts(struct store_connection *connection, struct arena *arena, int64_t since_us,
                        struct store_event_count **out, size_t *count_out, struct error *err)
{
    struct query query;
    struct store_event_count *counts = arena_new_array(arena, struct store_event_count, STORE_PAGE_DEFAULT);
    size_t count = 0;

    query_start(&query, connection,
                "SELECT kind, CASE WHEN json_valid(body) THEN"
                " coalesce(json_extract(body, '$.outcome'), json_extract(body, '$.state')) END AS outcome, count(*)"
                " FROM event WHERE at_us > ?1 GROUP BY kind, outcome LIMIT ?2",
                BINDS(bind_int(since_us), bind_int(STORE_PAGE_DEFAULT)));
    while (query_next(&query))
        counts[count++] = (struct store_event_count){ query_text(&query, arena, 0), query_text(&query, arena, 1),
                                                      query_int(&query, 2) };
    if (!query_end(&query, err))
        return false;
    *out = counts;
    *count_out = count;
    return true;
}

bool store_event_runs(struct store_connection *connection, struct arena *arena, int64_t since_us,
                      struct store_event_runs **out, size_t *count_out, struct error *err)
{
    struct query query;
    struct store_event_runs *runs = arena_new_array(arena, struct store_event_runs, STORE_PAGE_DEFAULT);
    size_t count = 0;

    query_start(&query, connection,
                "SELECT run.node_id IS NULL AS central, CASE WHEN run.kind IN ('apply', 'check') THEN run.kind"
                " ELSE 'other' END AS sort, run.state, count(*) FROM event JOIN run ON run.id = event.run_id"
                " WHERE event.at_us > ?1 AND event.kind = 'run.ended' GROUP BY central, sort, run.state LIMIT ?2",
                BINDS(bind_int(since_us), bind_int(STORE_PAGE_DEFAULT)));
    while (query_next(&query))
        runs[count++] = (struct store_event_runs){ query_int(&query, 0) != 0, query_text(&query, arena, 1),
                                                   query_int(&query, 2), query_int(&query, 3) };
    if (!query_end(&query, err))
        return false;
    *out = runs;
    *count_out = count;
    return true;
}
