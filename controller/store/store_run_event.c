/* SPDX-License-Identifier: Apache-2.0 */
/* The events of runs: numbered when they are appended, read behind a number. */
#include <string.h>

#include "controller/store/query.h"
#include "controller/store/store_run.h"

#define BYTES_DEFAULT (1024 * 1024)

static bool event_add(struct store_connection *writer, int64_t run_id, int64_t sequence,
                      const struct store_run_event *event, struct error *err)
{
    return query_run(
        writer, "INSERT INTO run_event (run_id, sequence, at_us, kind, host, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        BINDS(bind_int(run_id), bind_int(sequence), bind_int(event->at_us), bind_text(event->kind),
              bind_text(event->host), bind_text(event->body)),
        err);
}

bool store_run_event_append(struct store_connection *writer, int64_t run_id, const struct store_run_event *events,
                            size_t count, int64_t *last_out, struct error *err)
{
    int64_t last = 0;
    bool found = false;

    if (!query_number(writer, "UPDATE run SET events = events + ?2 WHERE id = ?1 RETURNING events",
                      BINDS(bind_int(run_id), bind_int((int64_t)count)), &last, &found, err))
        return false;
    if (!found)
        return error_set(err, "there is no run %lld", (long long)run_id);
    for (size_t i = 0; i < count; i++) {
        if (!event_add(writer, run_id, last - (int64_t)(count - i) + 1, &events[i], err))
            return false;
    }
    if (last_out != NULL)
        *last_out = last;
    return true;
}

static void event_read(const struct query *query, struct arena *arena, struct store_run_event *out)
{
    *out = (struct store_run_event){
        .sequence = query_int(query, 0),
        .at_us = query_int(query, 1),
        .kind = query_text(query, arena, 2),
        .host = query_text(query, arena, 3),
        .body = query_text(query, arena, 4),
    };
}

bool store_run_event_read(struct store_connection *connection, struct arena *arena,
                          const struct store_run_event_range *range, struct store_run_event **out, size_t *count_out,
                          struct error *err)
{
    struct query query;
    size_t limit = query_page_limit(range->limit), count = 0, taken = 0;
    size_t bytes = range->bytes == 0 ? BYTES_DEFAULT : range->bytes;
    struct store_run_event *events = arena_new_array(arena, struct store_run_event, limit);

    query_start(
        &query, connection,
        "SELECT sequence, at_us, kind, host, body FROM run_event WHERE run_id = ?1 AND sequence > ?2"
        " AND (?3 IS NULL OR host = ?3) ORDER BY sequence LIMIT ?4",
        BINDS(bind_int(range->run_id), bind_int(range->after), bind_text(range->host), bind_int((int64_t)limit)));
    while (taken < bytes && query_next(&query)) {
        event_read(&query, arena, &events[count]);
        taken += strlen(events[count++].body);
    }
    if (!query_end(&query, err))
        return false;
    *out = events;
    *count_out = count;
    return true;
}
