/* SPDX-License-Identifier: Apache-2.0 */
/* Benchmarks and their history. */
#include "controller/store/store_bench.h"

#include <math.h>

#include "controller/store/query.h"

#define BENCH_COLUMNS                                                                                                  \
    "id, at_us, began_us, ended_us, by, kind, subject, nodes, nodes_count, state, sentence, settings, declaration,"    \
    " alike, host, figures, watts, change, compared, causes"
#define OUTPUT_COLUMN 20

bool store_bench_add(struct store_connection *writer, const struct store_bench *bench, int64_t *id_out,
                     struct error *err)
{
    bool found = false;

    return query_number(writer,
                        "INSERT INTO bench (at_us, by, kind, subject, nodes, nodes_count, state, settings, declaration)"
                        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'waiting', ?7, ?8) RETURNING id",
                        BINDS(bind_int(bench->at_us), bind_text(bench->by), bind_text(bench->kind),
                              bind_text(bench->subject), bind_text(bench->nodes), bind_int(bench->nodes_count),
                              bind_text(bench->settings), bind_text(bench->declaration)),
                        id_out, &found, err);
}

bool store_bench_begin(struct store_connection *writer, int64_t id, int64_t now_us, bool *changed_out,
                       struct error *err)
{
    int64_t changed = 0;

    if (!query_change(writer, "UPDATE bench SET state = 'running', began_us = ?2 WHERE id = ?1 AND state = 'waiting'",
                      BINDS(bind_int(id), bind_int(now_us)), &changed, err))
        return false;
    *changed_out = changed > 0;
    return true;
}

bool store_bench_say(struct store_connection *writer, int64_t id, const char *sentence, struct error *err)
{
    return query_run(writer, "UPDATE bench SET sentence = ?2 WHERE id = ?1 AND state IN ('waiting', 'running')",
                     BINDS(bind_int(id), bind_text(sentence)), err);
}

bool store_bench_end(struct store_connection *writer, const struct store_bench *bench, bool *changed_out,
                     struct error *err)
{
    int64_t changed = 0;

    if (!query_change(
            writer,
            "UPDATE bench SET state = ?2, sentence = ?3, ended_us = ?4, nodes = coalesce(?5, nodes), alike = ?6,"
            " host = coalesce(?7, host), figures = ?8, output = ?9, watts = ?10, compared = ?11, change = ?12,"
            " causes = ?13 WHERE id = ?1 AND state IN ('waiting', 'running')",
            BINDS(bind_int(bench->id), bind_text(bench->state), bind_text(bench->sentence), bind_int(bench->ended_us),
                  bind_text(bench->nodes), bind_text(bench->alike), bind_text(bench->host), bind_text(bench->figures),
                  bind_text(bench->output), bind_real(bench->watts), bind_id(bench->compared), bind_real(bench->change),
                  bind_text(bench->causes)),
            &changed, err))
        return false;
    *changed_out = changed > 0;
    return true;
}

static void bench_read(const struct query *query, struct arena *arena, struct store_bench *out)
{
    *out = (struct store_bench){
        .id = query_int(query, 0),
        .at_us = query_int(query, 1),
        .began_us = query_int(query, 2),
        .ended_us = query_int(query, 3),
        .by = query_text(query, arena, 4),
        .kind = query_text(query, arena, 5),
        .subject = query_text(query, arena, 6),
        .nodes = query_text(query, arena, 7),
        .nodes_count = query_int(query, 8),
        .state = query_text(query, arena, 9),
        .sentence = query_text(query, arena, 10),
        .settings = query_text(query, arena, 11),
        .declaration = query_text(query, arena, 12),
        .alike = query_text(query, arena, 13),
        .host = query_text(query, arena, 14),
        .figures = query_text(query, arena, 15),
        .watts = query_real(query, 16),
        .change = query_real(query, 17),
        .compared = query_int(query, 18),
        .causes = query_text(query, arena, 19),
    };
}

/* The first row of a statement that was started, or NULL. */
static bool bench_first(struct query *query, struct arena *arena, bool with_output, struct store_bench **out,
                        struct error *err)
{
    struct store_bench *bench = NULL;

    if (query_next(query)) {
        bench = arena_new_of(arena, struct store_bench);
        bench_read(query, arena, bench);
        bench->output = with_output ? query_text(query, arena, OUTPUT_COLUMN) : NULL;
    }
    if (!query_end(query, err))
        return false;
    *out = bench;
    return true;
}

bool store_bench_get(struct store_connection *connection, struct arena *arena, int64_t id, struct store_bench **out,
                     struct error *err)
{
    struct query query;

    query_start(&query, connection, "SELECT " BENCH_COLUMNS ", output FROM bench WHERE id = ?1", BINDS(bind_int(id)));
    return bench_first(&query, arena, true, out, err);
}

bool store_bench_before(struct store_connection *connection, struct arena *arena, const char *alike, int64_t before,
                        struct store_bench **out, struct error *err)
{
    struct query query;

    query_start(&query, connection,
                "SELECT " BENCH_COLUMNS " FROM bench WHERE alike = ?1 AND id < ?2 AND state = 'done'"
                " ORDER BY id DESC LIMIT 1",
                BINDS(bind_text(alike), bind_int(before)));
    return bench_first(&query, arena, false, out, err);
}

static bool bench_rows(struct query *query, struct arena *arena, struct store_bench **out, size_t *count_out,
                       struct error *err)
{
    struct store_bench *rows = NULL;
    size_t count = 0;

    while (query_next(query)) {
        rows = arena_grow(arena, rows, count * sizeof(*rows), (count + 1) * sizeof(*rows));
        bench_read(query, arena, &rows[count++]);
    }
    if (!query_end(query, err))
        return false;
    *out = rows;
    *count_out = count;
    return true;
}

bool store_bench_open_list(struct store_connection *connection, struct arena *arena, struct store_bench **out,
                           size_t *count_out, struct error *err)
{
    struct query query;

    query_start(&query, connection,
                "SELECT " BENCH_COLUMNS " FROM bench WHERE state IN ('waiting', 'running') ORDER BY id", NULL);
    return bench_rows(&query, arena, out, count_out, err);
}

bool store_bench_page(struct store_connection *connection, struct arena *arena, const struct store_bench_filter *filter,
                      struct store_bench_page *out, struct error *err)
{
    size_t limit = query_page_limit(filter->limit);
    struct store_bench_page page = { .next = 0 };
    struct query query;

    query_start(&query, connection,
                "SELECT " BENCH_COLUMNS " FROM bench WHERE (?1 IS NULL OR kind = ?1) AND (?2 IS NULL OR subject = ?2)"
                " AND (?3 IS NULL OR alike = ?3) AND (?4 = 0 OR id < ?4) ORDER BY id DESC LIMIT ?5",
                BINDS(bind_text(filter->kind), bind_text(filter->subject), bind_text(filter->alike),
                      bind_int(filter->before), bind_int((int64_t)limit + 1)));
    if (!bench_rows(&query, arena, &page.rows, &page.count, err))
        return false;
    if (page.count > limit) {
        page.count = limit;
        page.next = page.rows[limit - 1].id;
    }
    *out = page;
    return true;
}

/* --- watts --- */

static bool energy_watts(struct store_connection *connection, int64_t node_id, int64_t from_us, int64_t to_us,
                         double *out, struct error *err)
{
    struct query query;
    double joules = (double)NAN, covered = 0;

    query_start(&query, connection,
                "SELECT sum(joules * (min(to_us, ?3) - max(from_us, ?2)) / (to_us - from_us)),"
                " sum(min(to_us, ?3) - max(from_us, ?2))"
                " FROM energy WHERE node_id = ?1 AND to_us > ?2 AND from_us < ?3 AND to_us > from_us",
                BINDS(bind_int(node_id), bind_int(from_us), bind_int(to_us)));
    if (query_next(&query)) {
        joules = query_real(&query, 0);
        covered = (double)query_int(&query, 1);
    }
    if (!query_end(&query, err))
        return false;
    if (covered * 2 >= (double)(to_us - from_us) && covered > 0)
        *out = joules / (covered / 1e6);
    return true;
}

bool store_bench_watts(struct store_connection *connection, int64_t node_id, int64_t from_us, int64_t to_us,
                       double *out, struct error *err)
{
    struct query query;
    double watts = (double)NAN;

    if (!energy_watts(connection, node_id, from_us, to_us, &watts, err))
        return false;
    if (isnan(watts)) {
        query_start(&query, connection,
                    "SELECT avg(watts) FROM sample WHERE node_id = ?1 AND at_us >= ?2 AND at_us < ?3",
                    BINDS(bind_int(node_id), bind_int(from_us), bind_int(to_us)));
        if (query_next(&query))
            watts = query_real(&query, 0);
        if (!query_end(&query, err))
            return false;
    }
    *out = watts;
    return true;
}
