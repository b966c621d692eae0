/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Forgetting in steps of STEP_ROWS, so that the writer is never away for long. A run goes when its events are gone, from the
 * oldest on.
 */
#include "controller/store/store_retention.h"

#include "controller/store/query.h"
#include "controller/store/store_run.h"

#define STEP_ROWS 4000
#define SIZE_SLICES 64 /* of the time from the oldest row to now */

const struct store_retention store_retention_default = {
    .copies_us = STORE_DAY_US,
    .runs_us = 90 * STORE_DAY_US,
    .reports_us = 30 * STORE_DAY_US,
    .samples_us = 30 * STORE_DAY_US,
    .drift_us = 90 * STORE_DAY_US,
    .events_us = 90 * STORE_DAY_US,
    .bytes = INT64_C(8) * 1024 * 1024 * 1024,
};

/* Removes rows up to and at `until`; *count_out grows by their number. */
static bool rows_remove(struct store_connection *writer, const char *sql, int64_t until, int64_t *count_out,
                        struct error *err)
{
    int64_t changed = 0;

    if (!query_change(writer, sql, BINDS(bind_int(until), bind_int(STEP_ROWS)), &changed, err))
        return false;
    *count_out += changed;
    return true;
}

static const char REPORTS[] =
    "DELETE FROM report WHERE (node_id, generation, sequence) IN (SELECT node_id, generation, sequence FROM report"
    " WHERE received_us <= ?1 ORDER BY received_us LIMIT ?2)";
static const char COPIES[] =
    "DELETE FROM report WHERE (node_id, generation, sequence) IN (SELECT node_id, generation, sequence FROM report"
    " WHERE kind IN ('run_event', 'sample', 'energy', 'memory', 'fetch') AND received_us <= ?1 ORDER BY received_us"
    " LIMIT ?2)";
static const char SAMPLES[] = "DELETE FROM sample WHERE (node_id, at_us) IN"
                              " (SELECT node_id, at_us FROM sample WHERE at_us <= ?1 ORDER BY at_us LIMIT ?2)";
/* Of workloads: figures and energy as told, whose content the sums have; and the sums. */
static const char WORKLOAD_SAMPLES[] =
    "DELETE FROM workload_sample WHERE (instance_id, at_us) IN"
    " (SELECT instance_id, at_us FROM workload_sample WHERE at_us <= ?1 ORDER BY at_us LIMIT ?2)";
static const char ENERGY[] = "DELETE FROM energy WHERE (node_id, from_us) IN"
                             " (SELECT node_id, from_us FROM energy WHERE to_us <= ?1 ORDER BY to_us LIMIT ?2)";
static const char WORKLOAD_SUMS[] =
    "DELETE FROM workload_sum WHERE (slot_us, workload) IN"
    " (SELECT slot_us, workload FROM workload_sum WHERE slot_us > 0 AND slot_us <= ?1 ORDER BY slot_us LIMIT ?2)";
/* Days that have ended by then: -1 - begin. */
static const char WORKLOAD_DAYS[] =
    "DELETE FROM workload_sum WHERE (slot_us, workload) IN (SELECT slot_us, workload FROM workload_sum"
    " WHERE slot_us < 0 AND slot_us >= 86399999999 - ?1 ORDER BY slot_us LIMIT ?2)";
static const char ENERGY_DAYS[] =
    "DELETE FROM energy_sum WHERE (slot_us, workload, node) IN (SELECT slot_us, workload, node FROM energy_sum"
    " WHERE slot_us < 0 AND slot_us >= 86399999999 - ?1 ORDER BY slot_us LIMIT ?2)";
static const char ENERGY_SUMS[] =
    "DELETE FROM energy_sum WHERE (slot_us, workload, node) IN"
    " (SELECT slot_us, workload, node FROM energy_sum WHERE slot_us > 0 AND slot_us <= ?1 ORDER BY slot_us LIMIT ?2)";
/* What keys used: hours become the months that they are in, which stay. The month that `until` is in is left alone, so that one is either. */
#define MONTH_OF(us) "CAST(strftime('%s', (" us ") / 1000000, 'unixepoch', 'start of month') AS INTEGER) * 1000000"
#define USAGE_OLD                                                                                                      \
    "SELECT *, " MONTH_OF("hour_us") " AS month FROM gateway_usage WHERE hour_us < " MONTH_OF(                         \
        "?1") " AND hour_us <> " MONTH_OF("hour_us") " ORDER BY hour_us, key_id, model LIMIT ?2"
static const char USAGE_MONTHS[] =
    "INSERT INTO gateway_usage (key_id, model, hour_us, requests, failed, cancelled, refused, tokens_in, tokens_out)"
    " SELECT key_id, model, month, sum(requests), sum(failed), sum(cancelled), sum(refused), sum(tokens_in), sum(tokens_out)"
    " FROM (" USAGE_OLD ") WHERE true GROUP BY key_id, model, month"
    " ON CONFLICT DO UPDATE SET requests = requests + excluded.requests, failed = failed + excluded.failed,"
    " cancelled = cancelled + excluded.cancelled, refused = refused + excluded.refused,"
    " tokens_in = tokens_in + excluded.tokens_in, tokens_out = tokens_out + excluded.tokens_out";
static const char USAGE_HOURS[] = "DELETE FROM gateway_usage WHERE (key_id, model, hour_us) IN"
                                  " (SELECT key_id, model, hour_us FROM (" USAGE_OLD "))";
static const char DRIFT[] = "DELETE FROM drift WHERE id IN (SELECT id FROM drift WHERE resolved_us > 0"
                            " AND resolved_us <= ?1 ORDER BY resolved_us LIMIT ?2)";
static const char WORK[] = "DELETE FROM node_work WHERE (node_id, number) IN (SELECT node_id, number FROM node_work"
                           " WHERE expires_us > 0 AND expires_us <= ?1 LIMIT ?2)";

static const char DELIVERIES[] = "DELETE FROM webhook_delivery WHERE id IN (SELECT id FROM webhook_delivery"
                                 " WHERE next_us = 0 AND created_us <= ?1 LIMIT ?2)";

/* From the front only: a hole in the numbers would be taken for a loss. */
static const char EVENTS[] = "DELETE FROM event WHERE id < (SELECT coalesce(min(CASE WHEN at_us > ?1 THEN id END),"
                             " max(id) + 1) FROM (SELECT id, at_us FROM event ORDER BY id LIMIT ?2))";

/* Which runs: all, or those that nodes began by themselves. */
enum runs_of { RUNS_OF_ALL, RUNS_OF_NODES };

/* The oldest run that is over; its events first, the run itself with the last of them. */
static bool run_remove(struct store_connection *writer, enum runs_of whose, int64_t until,
                       struct store_retention_result *result, bool *found_out, struct error *err)
{
    int64_t id = 0, events = 0, run = 0;

    if (!query_number(writer,
                      "SELECT id FROM run WHERE created_us <= ?1 AND (state & ?2) = 0"
                      " AND (?3 = 0 OR node_id IS NOT NULL) ORDER BY created_us LIMIT 1",
                      BINDS(bind_int(until), bind_int(STORE_RUN_OPEN), bind_int(whose == RUNS_OF_NODES)), &id,
                      found_out, err) ||
        (*found_out && !query_change(writer,
                                     "DELETE FROM run_event WHERE run_id = ?1 AND sequence IN"
                                     " (SELECT sequence FROM run_event WHERE run_id = ?1 ORDER BY sequence LIMIT ?2)",
                                     BINDS(bind_int(id), bind_int(STEP_ROWS)), &events, err)))
        return false;
    result->other += events;
    if (!*found_out || events == STEP_ROWS)
        return true;
    if (!query_change(writer, "DELETE FROM run WHERE id = ?1", BINDS(bind_int(id)), &run, err))
        return false;
    result->runs += run;
    return true;
}

static bool runs_remove(struct store_connection *writer, enum runs_of whose, int64_t until,
                        struct store_retention_result *result, struct error *err)
{
    bool found = true;

    for (int64_t before = result->other; found && result->other - before < STEP_ROWS && result->runs < STEP_ROWS;) {
        if (!run_remove(writer, whose, until, result, &found, err))
            return false;
    }
    result->more = result->more || found;
    return true;
}

static bool measures_remove(struct store_connection *writer, const struct store_retention *retention,
                            struct store_retention_result *result, struct error *err)
{
    int64_t until = retention->now_us - retention->samples_us, raw_us = retention->samples_us;
    int64_t counts[6] = { 0 };

    if (retention->copies_us > 0 && (raw_us == 0 || retention->copies_us < raw_us))
        raw_us = retention->copies_us;
    if ((raw_us > 0 && (!rows_remove(writer, WORKLOAD_SAMPLES, retention->now_us - raw_us, &counts[0], err) ||
                        !rows_remove(writer, ENERGY, retention->now_us - raw_us, &counts[1], err))) ||
        (retention->samples_us > 0 && (!rows_remove(writer, WORKLOAD_SUMS, until, &counts[2], err) ||
                                       !rows_remove(writer, ENERGY_SUMS, until, &counts[3], err) ||
                                       !rows_remove(writer, WORKLOAD_DAYS, until, &counts[4], err) ||
                                       !rows_remove(writer, ENERGY_DAYS, until, &counts[5], err))))
        return false;
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        result->samples += counts[i];
        result->more = result->more || counts[i] == STEP_ROWS;
    }
    return true;
}

/* Both see the same rows: what the first one adds is the begin of a month. */
static bool usage_fold(struct store_connection *writer, int64_t until, struct store_retention_result *result,
                       struct error *err)
{
    int64_t count = 0;

    if (!query_run(writer, USAGE_MONTHS, BINDS(bind_int(until), bind_int(STEP_ROWS)), err) ||
        !rows_remove(writer, USAGE_HOURS, until, &count, err))
        return false;
    result->other += count;
    result->more = result->more || count == STEP_ROWS;
    return true;
}

static bool age_step(struct store_connection *writer, const struct store_retention *retention,
                     struct store_retention_result *result, struct error *err)
{
    int64_t now = retention->now_us, work = 0, deliveries = 0, events = 0, copies = 0;

    if ((retention->copies_us > 0 && !rows_remove(writer, COPIES, now - retention->copies_us, &copies, err)) ||
        (retention->reports_us > 0 &&
         !rows_remove(writer, REPORTS, now - retention->reports_us, &result->reports, err)) ||
        (retention->samples_us > 0 &&
         !rows_remove(writer, SAMPLES, now - retention->samples_us, &result->samples, err)) ||
        (retention->drift_us > 0 && !rows_remove(writer, DRIFT, now - retention->drift_us, &result->drift, err)) ||
        !rows_remove(writer, WORK, now, &work, err) ||
        (retention->reports_us > 0 &&
         !rows_remove(writer, DELIVERIES, now - retention->reports_us, &deliveries, err)) ||
        (retention->events_us > 0 && !rows_remove(writer, EVENTS, now - retention->events_us, &events, err)) ||
        (retention->runs_us > 0 && !runs_remove(writer, RUNS_OF_ALL, now - retention->runs_us, result, err)) ||
        !measures_remove(writer, retention, result, err) ||
        (retention->samples_us > 0 && !usage_fold(writer, now - retention->samples_us, result, err)))
        return false;
    result->other += work + deliveries + events;
    result->reports += copies;
    result->more = result->more || copies == STEP_ROWS || result->reports == STEP_ROWS ||
                   result->samples >= STEP_ROWS || result->drift == STEP_ROWS || work == STEP_ROWS ||
                   deliveries == STEP_ROWS || events == STEP_ROWS;
    return true;
}

/* --- by size --- */

static int64_t removed_of(const struct store_retention_result *result)
{
    return result->reports + result->samples + result->runs + result->other;
}

/* When the oldest row of each was written; INT64_MAX: there is none to give. */
static bool oldest_of(struct store_connection *writer, const char *sql, int64_t *out, struct error *err)
{
    bool found = false;

    *out = INT64_MAX;
    return query_number(writer, sql, NULL, out, &found, err);
}

_Static_assert(STORE_RUN_OPEN == 7, "the SQL below knows it");

/* What is worth least: what is there twice, then the oldest of what nodes ran by themselves, but nothing of it
 * of the last day. */
static bool least_remove(struct store_connection *writer, int64_t now_us, struct store_retention_result *result,
                         struct error *err)
{
    int64_t before = removed_of(result), run = 0, until = now_us - STORE_DAY_US;

    if (!rows_remove(writer, COPIES, now_us, &result->reports, err))
        return false;
    if (removed_of(result) > before)
        return true;
    if (!oldest_of(writer,
                   "SELECT created_us FROM run WHERE (state & 7) = 0 AND node_id IS NOT NULL ORDER BY created_us"
                   " LIMIT 1",
                   &run, err))
        return false;
    return run >= until || runs_remove(writer, RUNS_OF_NODES, run + (until - run) / SIZE_SLICES, result, err);
}

/* When that is gone the oldest slice of time goes from all of them, so that what stays is whole from some moment on. */
static bool size_step(struct store_connection *writer, int64_t now_us, struct store_retention_result *result,
                      struct error *err)
{
    int64_t report = 0, sample = 0, run = 0, event = 0, oldest = 0, until = 0, before = removed_of(result);

    if (!least_remove(writer, now_us, result, err))
        return false;
    if (removed_of(result) > before) {
        result->more = true;
        return true;
    }
    if (!oldest_of(writer, "SELECT received_us FROM report ORDER BY received_us LIMIT 1", &report, err) ||
        !oldest_of(writer, "SELECT at_us FROM sample ORDER BY at_us LIMIT 1", &sample, err) ||
        !oldest_of(writer, "SELECT created_us FROM run WHERE (state & 7) = 0 ORDER BY created_us LIMIT 1", &run, err) ||
        !oldest_of(writer, "SELECT at_us FROM event ORDER BY id LIMIT 1", &event, err))
        return false;
    oldest = report < sample ? report : sample;
    oldest = run < oldest ? run : oldest;
    oldest = event < oldest ? event : oldest;
    if (oldest == INT64_MAX)
        return true;
    until = now_us > oldest ? oldest + (now_us - oldest) / SIZE_SLICES : oldest;
    if (!rows_remove(writer, REPORTS, until, &result->reports, err) ||
        !rows_remove(writer, SAMPLES, until, &result->samples, err) ||
        !rows_remove(writer, WORKLOAD_SAMPLES, until, &result->samples, err) ||
        !rows_remove(writer, ENERGY, until, &result->samples, err) ||
        !rows_remove(writer, WORKLOAD_SUMS, until, &result->samples, err) ||
        !rows_remove(writer, ENERGY_SUMS, until, &result->samples, err) ||
        !rows_remove(writer, WORKLOAD_DAYS, until, &result->samples, err) ||
        !rows_remove(writer, ENERGY_DAYS, until, &result->samples, err) ||
        !rows_remove(writer, EVENTS, until, &result->other, err) ||
        !runs_remove(writer, RUNS_OF_ALL, until, result, err))
        return false;
    result->more = result->more || removed_of(result) > before;
    return true;
}

bool store_retention_step(struct store_connection *writer, const struct store_retention *retention,
                          struct store_retention_result *out, struct error *err)
{
    struct store_retention_result result = { 0 };
    struct store_size size;

    if (!age_step(writer, retention, &result, err) || !store_size(writer, &size, err))
        return false;
    if (retention->bytes > 0 && size.used > retention->bytes && !size_step(writer, retention->now_us, &result, err))
        return false;
    if (!query_run(writer, "PRAGMA incremental_vacuum(2000)", NULL, err))
        return false;
    *out = result;
    return true;
}
