/* SPDX-License-Identifier: Apache-2.0 */
/* Energy of nodes as told, who stood there, and what it was shared out as. */
#include <math.h>

#include "common/base/limits.h"
#include "controller/store/query.h"
#include "controller/store/store_measure.h"
#include "controller/store/store_span.h"

#define DAY_US (INT64_C(86400) * 1000000)
#define IDLE_ROWS 10000 /* of a day there are 8,640 */
#define IDLE_LEAST 6

/* --- as told --- */

/*
 * Who stands on the node, by the piece's name up to its first dot: the instance may be gone while its piece still runs. Pieces that
 * were told of within the stretch stood there too, whatever they are now: a job may be over.
 */
static const char ENERGY_ADD[] =
    "INSERT OR IGNORE INTO energy (node_id, from_us, to_us, joules, watts_min, watts_max, source, busy, workloads)"
    " SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, NULL,"
    " coalesce(json_group_object(workload, json_object('instances', json(instances), 'job', json(job))), '{}')"
    " FROM (SELECT workload, json_group_array(instance_id) AS instances, CASE WHEN max(is_job) THEN 'true' ELSE 'false' END AS job"
    " FROM (SELECT DISTINCT substr(name, 1, instr(name || '.', '.') - 1) AS workload, instance_id,"
    " coalesce(json_extract(body, '$.kind'), '') = 'job' AS is_job FROM piece WHERE node_id = ?1"
    " AND (state IN ('starting', 'running', 'stopping') OR (state IS NOT NULL AND state <> 'refused' AND told_us > ?2)))"
    " GROUP BY workload)";

bool store_energy_add(struct store_connection *writer, const struct store_energy *energy, struct error *err)
{
    return query_run(writer, ENERGY_ADD,
                     BINDS(bind_int(energy->node_id), bind_int(energy->from_us), bind_int(energy->to_us),
                           bind_real(energy->joules), bind_real(energy->watts_min), bind_real(energy->watts_max),
                           bind_text(energy->source)),
                     err);
}

bool store_energy_open(struct store_connection *connection, struct arena *arena,
                       const struct store_energy_filter *filter, struct store_energy **out, size_t *count_out,
                       struct error *err)
{
    size_t most = query_page_limit(filter->limit), count = 0;
    struct store_energy *rows = arena_new_array(arena, struct store_energy, most);
    struct query query;

    query_start(&query, connection,
                "SELECT node_id, from_us, to_us, joules, watts_min, watts_max, source, workloads FROM energy"
                " WHERE node_id = ?1 AND busy IS NULL AND to_us <= ?2 ORDER BY from_us LIMIT ?3",
                BINDS(bind_int(filter->node_id), bind_int(filter->until_us), bind_int((int64_t)most)));
    while (query_next(&query))
        rows[count++] =
            (struct store_energy){ query_int(&query, 0),         query_int(&query, 1),        query_int(&query, 2),
                                   query_real(&query, 3),        query_real(&query, 4),       query_real(&query, 5),
                                   query_text(&query, arena, 6), query_text(&query, arena, 7) };
    if (!query_end(&query, err))
        return false;
    *out = rows;
    *count_out = count;
    return true;
}

bool store_energy_pending(struct store_connection *connection, int64_t from_us, int64_t to_us, double *joules_out,
                          struct error *err)
{
    struct query query;
    double joules = 0;

    query_start(&query, connection,
                "SELECT coalesce(sum(joules), 0.0) FROM energy WHERE busy IS NULL AND from_us >= ?1 AND from_us < ?2",
                BINDS(bind_int(from_us), bind_int(to_us)));
    if (query_next(&query))
        joules = query_real(&query, 0);
    if (!query_end(&query, err))
        return false;
    *joules_out = joules;
    return true;
}

/* --- shared out --- */

/* Into a slot of its own, of its day, or of all that ever was. */
static bool share_add(struct store_connection *writer, const struct store_energy *energy,
                      const struct store_energy_share *share, int64_t slot_us, struct error *err)
{
    return query_run(writer,
                     "INSERT INTO energy_sum (slot_us, workload, node, active, idle, unattributed, seconds)"
                     " SELECT ?1, ?2, name, ?3, ?4, ?5, ?6 FROM node WHERE id = ?7"
                     " ON CONFLICT (slot_us, workload, node) DO UPDATE SET active = active + ?3, idle = idle + ?4,"
                     " unattributed = unattributed + ?5, seconds = seconds + ?6",
                     BINDS(bind_int(slot_us), bind_text(share->workload), bind_real(share->active),
                           bind_real(share->idle), bind_real(share->unattributed),
                           bind_real((double)(energy->to_us - energy->from_us) / 1e6), bind_int(energy->node_id)),
                     err);
}

bool store_energy_settle(struct store_connection *writer, const struct store_energy *energy, double busy,
                         const struct store_energy_share *shares, size_t count, struct error *err)
{
    int64_t changed = 0;

    if (!query_change(writer, "UPDATE energy SET busy = ?3 WHERE node_id = ?1 AND from_us = ?2 AND busy IS NULL",
                      BINDS(bind_int(energy->node_id), bind_int(energy->from_us), bind_real(busy)), &changed, err))
        return false;
    for (size_t i = 0; changed > 0 && i < count; i++) {
        if (!share_add(writer, energy, &shares[i], energy->from_us - energy->from_us % STORE_MEASURE_SLOT_US, err) ||
            !share_add(writer, energy, &shares[i], store_span_day(energy->from_us), err) ||
            !share_add(writer, energy, &shares[i], 0, err))
            return false;
    }
    return true;
}

#define SUMS SQL_SPANS " CROSS JOIN energy_sum ON slot_us >= least AND slot_us < beyond"
static const char SUM_WORKLOAD[] =
    "SELECT workload, NULL, 0, sum(active), sum(idle), sum(unattributed), sum(seconds),"
    " sum(CASE WHEN seconds > 0 THEN (active + idle + unattributed) / seconds ELSE 0 END) FROM (SELECT workload, sum(active) AS active,"
    " sum(idle) AS idle, sum(unattributed) AS unattributed, sum(seconds) AS seconds FROM " SUMS
    " WHERE (?7 IS NULL OR workload = ?7) AND (?8 IS NULL OR node = ?8)"
    " GROUP BY workload, node) GROUP BY workload ORDER BY workload LIMIT ?9";
/* the time of a node is told by its own row, that of a workload there by the workload's */
static const char SUM_NODE[] =
    "SELECT coalesce(?7, ''), node, 0, active, idle, unattributed, seconds,"
    " (active + idle + unattributed) / nullif(seconds, 0) FROM (SELECT node, sum(active) AS active,"
    " sum(idle) AS idle, sum(unattributed) AS unattributed,"
    " sum(CASE WHEN workload = coalesce(?7, '') THEN seconds ELSE 0 END) AS seconds FROM " SUMS
    " WHERE (?7 IS NULL OR workload = ?7) AND (?8 IS NULL OR node = ?8)"
    " GROUP BY node) ORDER BY node LIMIT ?9";
static const char SUM_SLOT[] = "SELECT coalesce(?7, ''), NULL, slot_us, sum(active), sum(idle), sum(unattributed),"
                               " sum(CASE WHEN workload = coalesce(?7, '') THEN seconds ELSE 0 END), NULL FROM " SUMS
                               " WHERE (?7 IS NULL OR workload = ?7) AND (?8 IS NULL OR node = ?8)"
                               " GROUP BY slot_us ORDER BY slot_us LIMIT ?9";

bool store_energy_sum_read(struct store_connection *connection, struct arena *arena,
                           const struct store_sum_range *range, struct store_energy_sum **out, size_t *count_out,
                           struct error *err)
{
    struct store_energy_sum *sums = arena_new_array(arena, struct store_energy_sum, LIMIT_STORE_PAGE);
    const struct store_spans spans = store_spans_of(range->from_us, range->to_us, range->by != STORE_ENERGY_BY_SLOT);
    struct query query;
    size_t count = 0;

    query_start(
        &query, connection,
        range->by == STORE_ENERGY_BY_WORKLOAD ? SUM_WORKLOAD
        : range->by == STORE_ENERGY_BY_NODE   ? SUM_NODE
                                              : SUM_SLOT,
        BINDS(BIND_SPANS(spans), bind_text(range->workload), bind_text(range->node), bind_int(LIMIT_STORE_PAGE)));
    while (query_next(&query))
        sums[count++] = (struct store_energy_sum){ query_text(&query, arena, 0), query_text(&query, arena, 1),
                                                   query_int(&query, 2),         query_real(&query, 3),
                                                   query_real(&query, 4),        query_real(&query, 5),
                                                   query_real(&query, 6),        query_real(&query, 7) };
    if (!query_end(&query, err))
        return false;
    *out = sums;
    *count_out = count;
    return true;
}

/* --- without work --- */

bool store_energy_idle_get(struct store_connection *connection, int64_t node_id, int64_t since_us, double *watts_out,
                           bool *found_out, struct error *err)
{
    struct query query;
    bool found = false;
    double watts = (double)NAN;

    query_start(&query, connection, "SELECT watts FROM energy_idle WHERE node_id = ?1 AND at_us >= ?2",
                BINDS(bind_int(node_id), bind_int(since_us)));
    found = query_next(&query);
    if (found)
        watts = query_real(&query, 0);
    if (!query_end(&query, err))
        return false;
    *watts_out = watts;
    *found_out = found;
    return true;
}

static const char QUIET_STRETCHES[] =
    "WITH quiet AS (SELECT joules * 1e6 / (to_us - from_us) AS watts FROM energy WHERE node_id = ?1 AND from_us > ?2"
    " AND busy = 0 AND to_us > from_us LIMIT ?3), many AS (SELECT count(*) AS rows FROM quiet)"
    " SELECT (SELECT watts FROM quiet ORDER BY watts LIMIT 1 OFFSET (SELECT rows / 10 FROM many)), rows FROM many";
static const char QUIET_SAMPLES[] =
    "WITH quiet AS (SELECT watts FROM sample WHERE node_id = ?1 AND at_us > ?2 AND watts IS NOT NULL"
    " ORDER BY at_us DESC LIMIT ?3), many AS (SELECT count(*) AS rows FROM quiet)"
    " SELECT (SELECT watts FROM quiet ORDER BY watts LIMIT 1 OFFSET (SELECT rows / 10 FROM many)), rows FROM many";

static bool tenth_find(struct store_connection *writer, const char *sql, const struct bind *binds, double *watts_out,
                       int64_t *seen_out, struct error *err)
{
    struct query query;

    *watts_out = (double)NAN;
    *seen_out = 0;
    query_start(&query, writer, sql, binds);
    if (query_next(&query)) {
        *watts_out = query_real(&query, 0);
        *seen_out = query_int(&query, 1);
    }
    return query_end(&query, err);
}

bool store_energy_idle_find(struct store_connection *writer, int64_t node_id, int64_t now_us, double *watts_out,
                            struct error *err)
{
    double watts = (double)NAN;
    int64_t seen = 0;

    if (!tenth_find(writer, QUIET_STRETCHES, BINDS(bind_int(node_id), bind_int(now_us - DAY_US), bind_int(IDLE_ROWS)),
                    &watts, &seen, err) ||
        (seen < IDLE_LEAST &&
         !tenth_find(writer, QUIET_SAMPLES,
                     BINDS(bind_int(node_id), bind_int(now_us - 7 * DAY_US), bind_int(IDLE_ROWS)), &watts, &seen, err)))
        return false;
    watts = seen < IDLE_LEAST ? (double)NAN : watts;
    if (!query_run(writer, "INSERT OR REPLACE INTO energy_idle (node_id, watts, seen, at_us) VALUES (?1, ?2, ?3, ?4)",
                   BINDS(bind_int(node_id), bind_real(watts), bind_int(seen), bind_int(now_us)), err))
        return false;
    *watts_out = watts;
    return true;
}
