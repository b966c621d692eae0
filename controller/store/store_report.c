/* SPDX-License-Identifier: Apache-2.0 */
/* The nodes' streams. The last number of a generation lives in the node's row: retention may empty the table. */
#include "controller/store/store_report.h"

#include "controller/store/query.h"
#include "controller/store/store_node.h"

static bool report_add(struct store_connection *writer, const struct store_report_batch *batch,
                       const struct store_report *report, struct error *err)
{
    return query_run(writer,
                     "INSERT INTO report (node_id, generation, sequence, at_us, received_us, kind, body)"
                     " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                     BINDS(bind_int(batch->node_id), bind_int(batch->generation), bind_int(report->sequence),
                           bind_int(report->at_us), bind_int(batch->received_us), bind_text(report->kind),
                           bind_text(report->body)),
                     err);
}

static bool reported_set(struct store_connection *writer, int64_t node_id, int64_t sequence, struct error *err)
{
    return query_run(writer, "UPDATE node SET reported = ?2 WHERE id = ?1",
                     BINDS(bind_int(node_id), bind_int(sequence)), err);
}

/* *found_out false: not an active node's generation. */
static bool reported_get(struct store_connection *writer, int64_t node_id, int64_t generation, int64_t *out,
                         bool *found_out, struct error *err)
{
    return query_number(writer, "SELECT reported FROM node WHERE id = ?1 AND generation = ?2 AND state = ?3",
                        BINDS(bind_int(node_id), bind_int(generation), bind_int(STORE_NODE_ACTIVE)), out, found_out,
                        err);
}

/* Where what is new begins; false: the numbers have a gap, within or before. */
static bool batch_fits(const struct store_report_batch *batch, int64_t reported, size_t *first_new)
{
    *first_new = batch->count;
    for (size_t i = 0; i < batch->count; i++) {
        if (i > 0 && batch->reports[i].sequence != batch->reports[i - 1].sequence + 1)
            return false;
        if (*first_new == batch->count && batch->reports[i].sequence > reported)
            *first_new = i;
    }
    return *first_new == batch->count || batch->reports[*first_new].sequence == reported + 1;
}

bool store_report_append(struct store_connection *writer, const struct store_report_batch *batch,
                         struct store_report_result *out, struct error *err)
{
    struct store_report_result result = { .answer = STORE_REPORT_OK, .first_new = batch->count };
    int64_t reported = 0;
    bool found = false;

    if (!reported_get(writer, batch->node_id, batch->generation, &reported, &found, err))
        return false;
    result.acknowledged = reported;
    if (!found)
        result.answer = STORE_REPORT_GENERATION;
    else if (!batch_fits(batch, reported, &result.first_new))
        result = (struct store_report_result){ STORE_REPORT_GAP, reported, 0, batch->count };
    for (size_t i = result.first_new; i < batch->count && result.answer == STORE_REPORT_OK; i++) {
        if (!report_add(writer, batch, &batch->reports[i], err))
            return false;
        result.acknowledged = batch->reports[i].sequence;
    }
    if (result.acknowledged != reported && !reported_set(writer, batch->node_id, result.acknowledged, err))
        return false;
    result.expected = found ? result.acknowledged + 1 : 0;
    *out = result;
    return true;
}

bool store_report_skip(struct store_connection *writer, int64_t node_id, int64_t generation, int64_t next,
                       int64_t now_us, struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    struct store_report_batch batch = { .node_id = node_id, .generation = generation, .received_us = now_us };
    struct store_report gap = { .sequence = next - 1, .at_us = now_us, .kind = "gap" };
    int64_t reported = 0;
    bool found = false;

    if (!reported_get(writer, node_id, generation, &reported, &found, err))
        return false;
    if (!found)
        return error_set(err, "node %lld is not active in generation %lld", (long long)node_id, (long long)generation);
    if (next <= reported + 1)
        return true;
    gap.body = arena_printf(arena, "{\"from\":%lld,\"to\":%lld}", (long long)reported + 1, (long long)next - 1);
    return report_add(writer, &batch, &gap, err) && reported_set(writer, node_id, next - 1, err);
}

bool store_report_page(struct store_connection *connection, struct arena *arena,
                       const struct store_report_filter *filter, struct store_report_page *out, struct error *err)
{
    struct query query;
    size_t limit = query_page_limit(filter->limit);
    struct store_report_page page = { .reports = arena_new_array(arena, struct store_report, limit) };

    query_start(&query, connection,
                "SELECT sequence, at_us, received_us, kind, body FROM report WHERE node_id = ?1 AND generation = ?2"
                " AND sequence < ?3 AND (?4 IS NULL OR kind = ?4) ORDER BY sequence DESC LIMIT ?5",
                BINDS(bind_int(filter->node_id), bind_int(filter->generation),
                      bind_int(filter->before == 0 ? INT64_MAX : filter->before), bind_text(filter->kind),
                      bind_int((int64_t)limit + 1)));
    while (query_next(&query)) {
        if (page.count == limit)
            page.next = page.reports[limit - 1].sequence;
        else
            page.reports[page.count++] = (struct store_report){ .sequence = query_int(&query, 0),
                                                                .at_us = query_int(&query, 1),
                                                                .received_us = query_int(&query, 2),
                                                                .kind = query_text(&query, arena, 3),
                                                                .body = query_text(&query, arena, 4) };
    }
    if (!query_end(&query, err))
        return false;
    *out = page;
    return true;
}
