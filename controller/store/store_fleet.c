/* SPDX-License-Identifier: Apache-2.0 */
/* The fleet at a glance. Each lookup beside a node is by an index: a page costs the same however many nodes there are. */
#include "controller/store/store_fleet.h"

#include <math.h>

#include "controller/store/query.h"

#define SHOWN                                                                                                          \
    "CASE WHEN node.state = 4 THEN 'revoked' WHEN node.state = 1 THEN 'pending' WHEN node.lost_us > 0 THEN 'lost'"     \
    " ELSE ifnull(node.verdict, 'unknown') END"
#define LAST_SAMPLE                                                                                                    \
    "LEFT JOIN sample ON sample.node_id = node.id"                                                                     \
    " AND sample.at_us = (SELECT max(at_us) FROM sample AS newest WHERE newest.node_id = node.id)"

static const char FLEET_PAGE[] =
    "SELECT node.id, name, state, " SHOWN " AS shown, verdict, reason, agent, generation, seen_us, verdict_us, lost_us,"
    " (SELECT count(*) FROM drift WHERE drift.node_id = node.id AND resolved_us = 0),"
    " (SELECT json_group_array(json_array(name, state, bytes)) FROM"
    "   (SELECT name, state, bytes FROM model WHERE model.node_id = node.id ORDER BY state <> 'running', name LIMIT ?5)),"
    " (SELECT count(*) FROM model WHERE model.node_id = node.id),"
    " ifnull(at_us, 0), watts, celsius, gpu_busy, memory_used, memory_total, gtt_used, gtt_total, vram_used, vram_total,"
    " load FROM node " LAST_SAMPLE
    " WHERE name > ?1 AND (?2 IS NULL OR name GLOB ?2) AND (?3 IS NULL OR shown = ?3) ORDER BY name LIMIT ?4";

enum { FLEET_SAMPLE = 14 }; /* the column of at_us */

static void row_read(const struct query *query, struct arena *arena, struct store_fleet_row *out)
{
    *out = (struct store_fleet_row){
        .node_id = query_int(query, 0),
        .name = query_text(query, arena, 1),
        .state = (enum store_node_state)query_int(query, 2),
        .verdict = query_text(query, arena, 3),
        .last_verdict = query_text(query, arena, 4),
        .reason = query_text(query, arena, 5),
        .agent = query_text(query, arena, 6),
        .generation = query_int(query, 7),
        .seen_us = query_int(query, 8),
        .verdict_us = query_int(query, 9),
        .lost_us = query_int(query, 10),
        .open_drift = query_int(query, 11),
        .models = query_text(query, arena, 12),
        .model_count = query_int(query, 13),
        .sample = { .at_us = query_int(query, FLEET_SAMPLE), .count = 1 },
    };
    for (int i = 0; i < STORE_SAMPLE_FIGURES; i++)
        out->sample.figures[i] = query_real(query, FLEET_SAMPLE + 1 + i);
    out->sample.peak_watts = out->sample.figures[STORE_SAMPLE_WATTS];
    out->sample.peak_celsius = out->sample.figures[STORE_SAMPLE_CELSIUS];
}

bool store_fleet_page(struct store_connection *connection, struct arena *arena, const struct store_fleet_filter *filter,
                      struct store_fleet_page *out, struct error *err)
{
    struct query query;
    size_t limit = query_page_limit(filter->limit);
    struct store_fleet_page page = { .rows = arena_new_array(arena, struct store_fleet_row, limit) };

    query_start(&query, connection, FLEET_PAGE,
                BINDS(bind_text(filter->after == NULL ? "" : filter->after), bind_text(filter->pattern),
                      bind_text(filter->verdict), bind_int((int64_t)limit + 1), bind_int(STORE_FLEET_MODELS)));
    while (query_next(&query)) {
        if (page.count == limit)
            page.next = page.rows[limit - 1].name;
        else
            row_read(&query, arena, &page.rows[page.count++]);
    }
    if (!query_end(&query, err))
        return false;
    *out = page;
    return true;
}

/* --- sums --- */

static bool sums_verdicts(struct store_connection *connection, struct arena *arena, struct store_fleet_sums *sums,
                          struct error *err)
{
    struct query query;

    sums->counts = arena_new_array(arena, struct store_fleet_count, STORE_PAGE_DEFAULT);
    query_start(&query, connection, "SELECT " SHOWN ", count(*) FROM node GROUP BY 1 ORDER BY 1 LIMIT ?1",
                BINDS(bind_int(STORE_PAGE_DEFAULT)));
    while (query_next(&query)) {
        struct store_fleet_count *count = &sums->counts[sums->count++];

        *count = (struct store_fleet_count){ query_text(&query, arena, 0), query_int(&query, 1) };
        sums->nodes += count->nodes;
    }
    return query_end(&query, err);
}

static bool sums_drift(struct store_connection *connection, struct store_fleet_sums *sums, struct error *err)
{
    struct query query;

    query_start(&query, connection, "SELECT count(*), count(DISTINCT node_id) FROM drift WHERE resolved_us = 0", NULL);
    if (query_next(&query)) {
        sums->open_drift = query_int(&query, 0);
        sums->drifting = query_int(&query, 1);
    }
    return query_end(&query, err);
}

static bool sums_watts(struct store_connection *connection, int64_t now_us, struct store_fleet_sums *sums,
                       struct error *err)
{
    struct query query;

    sums->watts = (double)NAN;
    query_start(&query, connection,
                "SELECT sum(watts), count(watts), min(at_us) FROM node " LAST_SAMPLE
                " WHERE state = 2 AND lost_us = 0 AND at_us > ?1 AND watts IS NOT NULL",
                BINDS(bind_int(now_us - STORE_FLEET_FRESH_US)));
    if (query_next(&query)) {
        sums->watts = query_real(&query, 0);
        sums->watts_nodes = query_int(&query, 1);
        sums->watts_oldest_us = query_int(&query, 2);
    }
    return query_end(&query, err);
}

bool store_fleet_sums(struct store_connection *connection, struct arena *arena, int64_t now_us,
                      struct store_fleet_sums *out, struct error *err)
{
    struct store_fleet_sums sums = { .counts = NULL };

    if (!sums_verdicts(connection, arena, &sums, err) || !sums_drift(connection, &sums, err) ||
        !sums_watts(connection, now_us, &sums, err))
        return false;
    *out = sums;
    return true;
}

/* --- keys --- */

bool store_fleet_keys(struct store_connection *connection, struct arena *arena, size_t limit,
                      struct store_node_key **out, size_t *count_out, struct error *err)
{
    struct query query;
    size_t most = query_page_limit(limit), count = 0;
    struct store_node_key *keys = arena_new_array(arena, struct store_node_key, most);

    query_start(&query, connection,
                "SELECT fingerprint, node_id, name, node_key.generation, node_key.created_us, expires_us, node.state"
                " FROM node_key JOIN node ON node.id = node_id AND node.generation = node_key.generation"
                " WHERE revoked_us = 0 AND node.state = 2 ORDER BY expires_us, name LIMIT ?1",
                BINDS(bind_int((int64_t)most)));
    while (query_next(&query))
        keys[count++] = (struct store_node_key){
            .fingerprint = query_text(&query, arena, 0),
            .node_id = query_int(&query, 1),
            .node = query_text(&query, arena, 2),
            .generation = query_int(&query, 3),
            .created_us = query_int(&query, 4),
            .expires_us = query_int(&query, 5),
            .node_state = (enum store_node_state)query_int(&query, 6),
            .node_generation = query_int(&query, 3),
        };
    if (!query_end(&query, err))
        return false;
    *out = keys;
    *count_out = count;
    return true;
}
