/* SPDX-License-Identifier: Apache-2.0 */
/* Samples, as they are and in steps. */
#include "controller/store/store_sample.h"

#include "controller/store/query.h"

/* In the order of enum store_sample_figure. */
bool store_sample_add(struct store_connection *writer, int64_t node_id, const struct store_sample *sample,
                      struct error *err)
{
    struct bind binds[3 + STORE_SAMPLE_FIGURES] = { bind_int(node_id), bind_int(sample->at_us) };

    for (int i = 0; i < STORE_SAMPLE_FIGURES; i++)
        binds[2 + i] = bind_real(sample->figures[i]);
    binds[2 + STORE_SAMPLE_FIGURES] = (struct bind){ .kind = BIND_END };
    return query_run(writer,
                     "INSERT OR REPLACE INTO sample (node_id, at_us, watts, celsius, gpu_busy, memory_used,"
                     " memory_total, gtt_used, gtt_total, vram_used, vram_total, load)"
                     " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
                     binds, err);
}

static void sample_read(const struct query *query, struct store_sample *out)
{
    *out = (struct store_sample){ .at_us = query_int(query, 0) };
    for (int i = 0; i < STORE_SAMPLE_FIGURES; i++)
        out->figures[i] = query_real(query, 1 + i);
    out->peak_watts = query_real(query, 1 + STORE_SAMPLE_FIGURES);
    out->peak_celsius = query_real(query, 2 + STORE_SAMPLE_FIGURES);
    out->count = query_int(query, 3 + STORE_SAMPLE_FIGURES);
}

static const char SAMPLE_RAW[] =
    "SELECT at_us, watts, celsius, gpu_busy, memory_used, memory_total, gtt_used, gtt_total, vram_used, vram_total, load,"
    " watts, celsius, 1 FROM sample WHERE node_id = ?1 AND at_us >= ?2 AND at_us < ?3 ORDER BY at_us LIMIT ?4";
static const char SAMPLE_STEPS[] =
    "SELECT at_us - at_us % ?5, avg(watts), avg(celsius), avg(gpu_busy), avg(memory_used), avg(memory_total),"
    " avg(gtt_used), avg(gtt_total), avg(vram_used), avg(vram_total), avg(load), max(watts), max(celsius), count(*)"
    " FROM sample WHERE node_id = ?1 AND at_us >= ?2 AND at_us < ?3 GROUP BY 1 ORDER BY 1 LIMIT ?4";
static const char SAMPLE_LAST[] =
    "SELECT at_us, watts, celsius, gpu_busy, memory_used, memory_total, gtt_used, gtt_total, vram_used, vram_total, load,"
    " watts, celsius, 1 FROM sample WHERE node_id = ?1 ORDER BY at_us DESC LIMIT 1";

bool store_sample_last(struct store_connection *connection, struct arena *arena, int64_t node_id,
                       struct store_sample **out, struct error *err)
{
    struct query query;
    struct store_sample *sample = NULL;

    query_start(&query, connection, SAMPLE_LAST, BINDS(bind_int(node_id)));
    if (query_next(&query)) {
        sample = arena_new_of(arena, struct store_sample);
        sample_read(&query, sample);
    }
    if (!query_end(&query, err))
        return false;
    *out = sample;
    return true;
}

bool store_sample_read(struct store_connection *connection, struct arena *arena, const struct store_sample_range *range,
                       struct store_sample **out, size_t *count_out, struct error *err)
{
    struct query query;
    size_t limit = query_page_limit(range->limit), count = 0;
    struct store_sample *samples = arena_new_array(arena, struct store_sample, limit);
    struct bind binds[] = { bind_int(range->node_id),
                            bind_int(range->from_us),
                            bind_int(range->to_us),
                            bind_int((int64_t)limit),
                            range->step_us <= 0 ? (struct bind){ .kind = BIND_END } : bind_int(range->step_us),
                            { .kind = BIND_END } };

    query_start(&query, connection, range->step_us <= 0 ? SAMPLE_RAW : SAMPLE_STEPS, binds);
    while (query_next(&query))
        sample_read(&query, &samples[count++]);
    if (!query_end(&query, err))
        return false;
    *out = samples;
    *count_out = count;
    return true;
}
