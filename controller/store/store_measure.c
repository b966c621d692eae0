/* SPDX-License-Identifier: Apache-2.0 */
/* Figures of engines, and their growth by slot. */
#include "controller/store/store_measure.h"

#include <math.h>

#include "common/base/limits.h"
#include "controller/store/query.h"
#include "controller/store/store_span.h"

#define TIMED_LEAST_S 1e-4 /* of tokens that came */

#define SAMPLE_COLUMNS                                                                                                 \
    "workload, instance_id, attempt, at_us, tokens_in, tokens_out, seconds_in, seconds_out, running, waiting, slots"

static void sample_read(const struct query *query, struct arena *arena, struct store_workload_sample *out)
{
    *out = (struct store_workload_sample){ .workload = query_text(query, arena, 0),
                                           .instance_id = query_int(query, 1),
                                           .attempt = query_int(query, 2),
                                           .at_us = query_int(query, 3),
                                           .tokens_in = query_real(query, 4),
                                           .tokens_out = query_real(query, 5),
                                           .seconds_in = query_real(query, 6),
                                           .seconds_out = query_real(query, 7),
                                           .running = query_real(query, 8),
                                           .waiting = query_real(query, 9),
                                           .slots = query_real(query, 10) };
}

/* --- growth --- */

/* Of a counter since it was read last. One that went back has begun anew, as it does with each attempt. */
static double growth(double before, double now)
{
    double grown = isnan(now) ? 0 : isnan(before) || now < before ? now : now - before;

    return isfinite(grown) && grown > 0 ? grown : 0;
}

static bool before_get(struct store_connection *writer, struct arena *arena, const struct store_workload_sample *sample,
                       struct store_workload_sample *out, struct error *err)
{
    struct query query;

    *out = (struct store_workload_sample){
        .tokens_in = (double)NAN, .tokens_out = (double)NAN, .seconds_in = (double)NAN, .seconds_out = (double)NAN
    };
    query_start(&query, writer,
                "SELECT " SAMPLE_COLUMNS " FROM workload_sample WHERE instance_id = ?1 AND at_us < ?2"
                " ORDER BY at_us DESC LIMIT 1",
                BINDS(bind_int(sample->instance_id), bind_int(sample->at_us)));
    if (query_next(&query)) {
        struct store_workload_sample last;

        sample_read(&query, arena, &last);
        if (last.attempt == sample->attempt)
            *out = last;
    }
    return query_end(&query, err);
}

/* Engines count a token that came alone (a probe's) in no time; a day of probes would make rates and joules per token of it. */
static double timed(double tokens, const struct store_workload_sample *before, const struct store_workload_sample *now)
{
    return !isnan(now->seconds_out) && growth(before->seconds_out, now->seconds_out) < TIMED_LEAST_S ? 0 : tokens;
}

/* Into a slot of its own, of its day, or of all that ever was. */
static bool sum_add(struct store_connection *writer, const struct store_workload_sample *sample,
                    const struct store_workload_sample *before, int64_t slot_us, struct error *err)
{
    return query_run(writer,
                     "INSERT INTO workload_sum (slot_us, workload, tokens_in, tokens_out, seconds_in, seconds_out)"
                     " VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (slot_us, workload) DO UPDATE SET"
                     " tokens_in = tokens_in + ?3, tokens_out = tokens_out + ?4, seconds_in = seconds_in + ?5,"
                     " seconds_out = seconds_out + ?6",
                     BINDS(bind_int(slot_us), bind_text(sample->workload),
                           bind_real(growth(before->tokens_in, sample->tokens_in)),
                           bind_real(timed(growth(before->tokens_out, sample->tokens_out), before, sample)),
                           bind_real(growth(before->seconds_in, sample->seconds_in)),
                           bind_real(growth(before->seconds_out, sample->seconds_out))),
                     err);
}

bool store_workload_sample_add(struct store_connection *writer, const struct store_workload_sample *sample,
                               struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    struct store_workload_sample before;
    int64_t changed = 0;

    if (!before_get(writer, arena, sample, &before, err) ||
        !query_change(writer,
                      "INSERT OR IGNORE INTO workload_sample (" SAMPLE_COLUMNS ")"
                      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
                      BINDS(bind_text(sample->workload), bind_int(sample->instance_id), bind_int(sample->attempt),
                            bind_int(sample->at_us), bind_real(sample->tokens_in), bind_real(sample->tokens_out),
                            bind_real(sample->seconds_in), bind_real(sample->seconds_out), bind_real(sample->running),
                            bind_real(sample->waiting), bind_real(sample->slots)),
                      &changed, err))
        return false;
    return changed == 0 ||
           (sum_add(writer, sample, &before, sample->at_us - sample->at_us % STORE_MEASURE_SLOT_US, err) &&
            sum_add(writer, sample, &before, store_span_day(sample->at_us), err) &&
            sum_add(writer, sample, &before, 0, err));
}

/* --- reading --- */

static const char SAMPLES_OF_WORKLOAD[] =
    "SELECT " SAMPLE_COLUMNS " FROM workload_sample WHERE workload = ?1 AND at_us >= ?3 AND at_us < ?4"
    " ORDER BY at_us, instance_id LIMIT ?5";
static const char SAMPLES_OF_INSTANCE[] =
    "SELECT " SAMPLE_COLUMNS " FROM workload_sample WHERE instance_id = ?2 AND at_us >= ?3 AND at_us < ?4"
    " ORDER BY at_us LIMIT ?5";
static const char SAMPLES_AROUND[] =
    "SELECT " SAMPLE_COLUMNS " FROM workload_sample WHERE instance_id = ?2"
    " AND at_us >= coalesce((SELECT max(at_us) FROM workload_sample WHERE instance_id = ?2 AND at_us < ?3), ?3)"
    " AND at_us <= coalesce((SELECT min(at_us) FROM workload_sample WHERE instance_id = ?2 AND at_us >= ?4), ?4)"
    " ORDER BY at_us LIMIT ?5";

bool store_workload_sample_read(struct store_connection *connection, struct arena *arena,
                                const struct store_workload_sample_filter *filter, struct store_workload_sample **out,
                                size_t *count_out, struct error *err)
{
    size_t limit = query_page_limit(filter->limit), count = 0;
    struct store_workload_sample *samples = arena_new_array(arena, struct store_workload_sample, limit);
    struct query query;

    query_start(&query, connection,
                filter->workload != NULL ? SAMPLES_OF_WORKLOAD
                : filter->is_around      ? SAMPLES_AROUND
                                         : SAMPLES_OF_INSTANCE,
                BINDS(bind_text(filter->workload), bind_int(filter->instance_id), bind_int(filter->from_us),
                      bind_int(filter->to_us), bind_int((int64_t)limit)));
    while (query_next(&query))
        sample_read(&query, arena, &samples[count++]);
    if (!query_end(&query, err))
        return false;
    *out = samples;
    *count_out = count;
    return true;
}

bool store_workload_sample_last(struct store_connection *connection, struct arena *arena,
                                struct store_workload_sample **out, size_t *count_out, struct error *err)
{
    struct store_workload_sample *samples = arena_new_array(arena, struct store_workload_sample, LIMIT_STORE_PAGE);
    struct query query;
    size_t count = 0;

    query_start(&query, connection,
                "SELECT s.workload, s.instance_id, s.attempt, s.at_us, s.tokens_in, s.tokens_out, s.seconds_in,"
                " s.seconds_out, s.running, s.waiting, s.slots FROM instance i JOIN workload_sample s"
                " ON s.instance_id = i.id AND s.at_us = (SELECT max(at_us) FROM workload_sample"
                " WHERE instance_id = i.id) ORDER BY s.workload, s.instance_id LIMIT ?1",
                BINDS(bind_int(LIMIT_STORE_PAGE)));
    while (query_next(&query))
        sample_read(&query, arena, &samples[count++]);
    if (!query_end(&query, err))
        return false;
    *out = samples;
    *count_out = count;
    return true;
}

/* --- sums --- */

#define SUMS SQL_SPANS " CROSS JOIN workload_sum ON slot_us >= least AND slot_us < beyond"
static const char SUM_WHOLE[] =
    "SELECT workload, 0, sum(tokens_in), sum(tokens_out), sum(seconds_in), sum(seconds_out) FROM " SUMS
    " GROUP BY workload ORDER BY workload LIMIT ?8";
static const char SUM_WHOLE_ONE[] =
    "SELECT workload, 0, sum(tokens_in), sum(tokens_out), sum(seconds_in), sum(seconds_out) FROM " SUMS
    " WHERE workload = ?7 GROUP BY workload LIMIT ?8";
static const char SUM_SLOTS[] = "SELECT workload, slot_us, tokens_in, tokens_out, seconds_in, seconds_out FROM " SUMS
                                " WHERE workload = ?7 ORDER BY slot_us LIMIT ?8";

bool store_workload_sum_read(struct store_connection *connection, struct arena *arena,
                             const struct store_sum_range *range, struct store_workload_sum **out, size_t *count_out,
                             struct error *err)
{
    struct store_workload_sum *sums = arena_new_array(arena, struct store_workload_sum, LIMIT_STORE_PAGE);
    const struct store_spans spans = store_spans_of(range->from_us, range->to_us, !range->by_slot);
    struct query query;
    size_t count = 0;

    query_start(&query, connection,
                range->workload == NULL ? SUM_WHOLE
                : range->by_slot        ? SUM_SLOTS
                                        : SUM_WHOLE_ONE,
                BINDS(BIND_SPANS(spans), bind_text(range->workload), bind_int(LIMIT_STORE_PAGE)));
    while (query_next(&query))
        sums[count++] =
            (struct store_workload_sum){ query_text(&query, arena, 0), query_int(&query, 1),  query_real(&query, 2),
                                         query_real(&query, 3),        query_real(&query, 4), query_real(&query, 5) };
    if (!query_end(&query, err))
        return false;
    *out = sums;
    *count_out = count;
    return true;
}
