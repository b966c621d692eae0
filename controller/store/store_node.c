/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes: what they tell of themselves, lists. Their keys are in store_node_key.c. */
#include "controller/store/store_node.h"

#include "controller/store/query.h"
#include "controller/store/store_drift.h"
#include "controller/store/store_event.h"
#include "controller/store/store_run.h"

bool store_node_expect(struct store_connection *writer, const char *name, int64_t now_us, int64_t *id_out,
                       struct error *err)
{
    bool found = false;

    return query_run(writer,
                     "INSERT INTO node (name, state, created_us) VALUES (?1, 1, ?2) ON CONFLICT (name) DO NOTHING",
                     BINDS(bind_text(name), bind_int(now_us)), err) &&
           query_number(writer, "SELECT id FROM node WHERE name = ?1", BINDS(bind_text(name)), id_out, &found, err);
}

#define RUNS_OPEN_MOST 100 /* of one node; it has one at a time */

/* The run's end, with its event. */
static bool run_lose(struct store_connection *writer, int64_t run_id, int64_t now_us, struct error *err)
{
    static const char reason[] = "the node was revoked or built anew while it was under way";
    ARENA_SCOPED arena = arena_new();
    struct store_event event = { .at_us = now_us, .kind = "run.ended", .run_id = run_id };
    const struct store_run_change change = {
        .id = run_id, .state = STORE_RUN_LOST, .reason = reason, .now_us = now_us
    };
    struct query query;
    bool changed = false;

    if (!store_run_change(writer, &change, &changed, err))
        return false;
    query_start(&query, writer,
                "SELECT run.node_id, node.name, json_object('outcome', 'lost', 'reason', run.reason, 'kind', run.kind,"
                " 'title', run.title) FROM run JOIN node ON node.id = run.node_id WHERE run.id = ?1",
                BINDS(bind_int(run_id)));
    if (query_next(&query)) {
        event.node_id = query_int(&query, 0);
        event.node = query_text(&query, arena, 1);
        event.body = query_text(&query, arena, 2);
    }
    return query_end(&query, err) && (!changed || store_event_add(writer, &event, NULL, err));
}

static bool runs_lose(struct store_connection *writer, int64_t node_id, int64_t now_us, struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    struct store_run_filter filter = { .states = STORE_RUN_OPEN, .node_id = node_id, .limit = RUNS_OPEN_MOST };
    struct store_run_page page;

    do {
        if (!store_run_page(writer, arena, &filter, &page, err))
            return false;
        for (size_t i = 0; i < page.count; i++) {
            if (page.runs[i].node_id == node_id && !run_lose(writer, page.runs[i].id, now_us, err))
                return false;
        }
        filter.before = page.next;
    } while (page.next != 0);
    return true;
}

bool store_node_things_end(struct store_connection *writer, int64_t id, int64_t now_us, struct error *err)
{
    int64_t count = 0;

    return store_drift_resolve(writer, &(struct store_drift_resolution){ .node_id = id, .now_us = now_us }, &count,
                               err) &&
           runs_lose(writer, id, now_us, err);
}

bool store_node_revoke(struct store_connection *writer, const char *name, int64_t now_us, bool *found_out,
                       struct error *err)
{
    int64_t id = 0;

    if (!query_number(writer, "SELECT id FROM node WHERE name = ?1", BINDS(bind_text(name)), &id, found_out, err))
        return false;
    return !*found_out ||
           (query_run(writer, "UPDATE node SET state = 4, key = NULL, lost_us = 0 WHERE id = ?1", BINDS(bind_int(id)),
                      err) &&
            query_run(writer, "UPDATE node_key SET revoked_us = ?2 WHERE node_id = ?1 AND revoked_us = 0",
                      BINDS(bind_int(id), bind_int(now_us)), err) &&
            query_run(writer, "DELETE FROM node_work WHERE node_id = ?1", BINDS(bind_int(id)), err) &&
            store_node_things_end(writer, id, now_us, err));
}

/* --- what agents tell --- */

#define CLOCK_SET_BACK_US ((int64_t)3600 * 1000000) /* more than what was noted late could be behind */

bool store_node_seen(struct store_connection *writer, int64_t id, int64_t at_us, struct error *err)
{
    return query_run(writer, "UPDATE node SET seen_us = ?2 WHERE id = ?1 AND (seen_us < ?2 OR seen_us > ?2 + ?3)",
                     BINDS(bind_int(id), bind_int(at_us), bind_int(CLOCK_SET_BACK_US)), err);
}

bool store_node_hello_set(struct store_connection *writer, int64_t id, const char *agent, const char *boot_id,
                          struct error *err)
{
    return query_run(writer, "UPDATE node SET agent = ?2, boot_id = ?3 WHERE id = ?1",
                     BINDS(bind_int(id), bind_text(agent), bind_text(boot_id)), err);
}

bool store_node_policy_set(struct store_connection *writer, int64_t id, const char *policy, struct error *err)
{
    return query_run(writer, "UPDATE node SET policy = ?2 WHERE id = ?1", BINDS(bind_int(id), bind_text(policy)), err);
}

bool store_node_facts_set(struct store_connection *writer, int64_t id, const char *facts, int64_t at_us,
                          struct error *err)
{
    int64_t changed = 0;

    if (!query_change(writer, "UPDATE node SET facts_us = ?2 WHERE id = ?1", BINDS(bind_int(id), bind_int(at_us)),
                      &changed, err))
        return false;
    return changed == 0 || query_run(writer,
                                     "INSERT INTO node_facts (node_id, body) VALUES (?1, ?2)"
                                     " ON CONFLICT (node_id) DO UPDATE SET body = excluded.body",
                                     BINDS(bind_int(id), bind_text(facts)), err);
}

bool store_node_verdict_set(struct store_connection *writer, int64_t id, const char *verdict, const char *reason,
                            int64_t at_us, struct error *err)
{
    return query_run(writer, "UPDATE node SET verdict = ?2, reason = ?3, verdict_us = ?4 WHERE id = ?1",
                     BINDS(bind_int(id), bind_text(verdict), bind_text(reason), bind_int(at_us)), err);
}

/* --- reading --- */

#define NODE_COLUMNS                                                                                                   \
    "id, name, state, generation, created_us, seen_us, facts_us, verdict_us, agent, boot_id, verdict, reason,"         \
    " reported, key, lost_us, policy"
#define NODE_FACTS "(SELECT body FROM node_facts WHERE node_id = node.id)"

static void node_read(const struct query *query, struct arena *arena, struct store_node *out)
{
    *out = (struct store_node){
        .id = query_int(query, 0),
        .name = query_text(query, arena, 1),
        .state = (enum store_node_state)query_int(query, 2),
        .generation = query_int(query, 3),
        .created_us = query_int(query, 4),
        .seen_us = query_int(query, 5),
        .facts_us = query_int(query, 6),
        .verdict_us = query_int(query, 7),
        .agent = query_text(query, arena, 8),
        .boot_id = query_text(query, arena, 9),
        .verdict = query_text(query, arena, 10),
        .reason = query_text(query, arena, 11),
        .reported = query_int(query, 12),
        .key = query_text(query, arena, 13),
        .lost_us = query_int(query, 14),
        .policy = query_text(query, arena, 15),
        .facts = query_text(query, arena, 16),
    };
}

static bool node_one(struct query *query, struct arena *arena, struct store_node **out, struct error *err)
{
    struct store_node *node = NULL;

    if (query_next(query)) {
        node = arena_new_of(arena, struct store_node);
        node_read(query, arena, node);
    }
    if (!query_end(query, err))
        return false;
    *out = node;
    return true;
}

bool store_node_by_name(struct store_connection *connection, struct arena *arena, const char *name,
                        struct store_node **out, struct error *err)
{
    struct query query;

    query_start(&query, connection, "SELECT " NODE_COLUMNS ", " NODE_FACTS " FROM node WHERE name = ?1",
                BINDS(bind_text(name)));
    return node_one(&query, arena, out, err);
}

bool store_node_by_id(struct store_connection *connection, struct arena *arena, int64_t id, struct store_node **out,
                      struct error *err)
{
    struct query query;

    query_start(&query, connection, "SELECT " NODE_COLUMNS ", " NODE_FACTS " FROM node WHERE id = ?1",
                BINDS(bind_int(id)));
    return node_one(&query, arena, out, err);
}

static const char NODE_PAGE[] =
    "SELECT " NODE_COLUMNS ", CASE WHEN ?6 THEN " NODE_FACTS " END FROM node"
    " WHERE name > ?1 AND (state & ?2) <> 0 AND (?3 IS NULL OR name GLOB ?3)"
    " AND (?4 IS NULL OR CASE WHEN lost_us > 0 THEN 'lost' ELSE ifnull(verdict, 'unknown') END = ?4) AND (?5 = 0 OR seen_us < ?5) ORDER BY name LIMIT ?7";

bool store_node_page(struct store_connection *connection, struct arena *arena, const struct store_node_filter *filter,
                     struct store_node_page *out, struct error *err)
{
    struct query query;
    size_t limit = query_page_limit(filter->limit);
    struct store_node_page page = { .nodes = arena_new_array(arena, struct store_node, limit) };

    query_start(&query, connection, NODE_PAGE,
                BINDS(bind_text(filter->after == NULL ? "" : filter->after),
                      bind_int(filter->states == 0 ? ~INT64_C(0) : filter->states), bind_text(filter->pattern),
                      bind_text(filter->verdict), bind_int(filter->seen_before), bind_int(filter->with_facts),
                      bind_int((int64_t)limit + 1)));
    while (query_next(&query)) {
        if (page.count == limit)
            page.next = page.nodes[limit - 1].name;
        else
            node_read(&query, arena, &page.nodes[page.count++]);
    }
    if (!query_end(&query, err))
        return false;
    *out = page;
    return true;
}

bool store_node_counts(struct store_connection *connection, struct arena *arena, struct store_node_count **out,
                       size_t *count_out, struct error *err)
{
    struct query query;
    struct store_node_count *counts = arena_new_array(arena, struct store_node_count, STORE_PAGE_DEFAULT);
    size_t count = 0;

    query_start(&query, connection,
                "SELECT state, CASE WHEN lost_us > 0 THEN 'lost' ELSE verdict END AS told, count(*) FROM node"
                " GROUP BY state, told LIMIT ?1",
                BINDS(bind_int(STORE_PAGE_DEFAULT)));
    while (query_next(&query))
        counts[count++] = (struct store_node_count){ .state = (enum store_node_state)query_int(&query, 0),
                                                     .verdict = query_text(&query, arena, 1),
                                                     .nodes = query_int(&query, 2) };
    if (!query_end(&query, err))
        return false;
    *out = counts;
    *count_out = count;
    return true;
}
