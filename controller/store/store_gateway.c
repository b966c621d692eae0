/* SPDX-License-Identifier: Apache-2.0 */
/* The gateway's keys and their use. */
#include "controller/store/store_gateway.h"

#include "controller/store/query.h"

/* --- keys --- */

bool store_gateway_key_add(struct store_connection *writer, const struct store_gateway_key *key, bool *taken_out,
                           struct error *err)
{
    int64_t one = 0;

    if (!query_number(writer, "SELECT 1 FROM gateway_key WHERE name = ?1", BINDS(bind_text(key->name)), &one, taken_out,
                      err))
        return false;
    return *taken_out ||
           query_run(writer,
                     "INSERT INTO gateway_key (id, name, hash, models, requests_per_minute, tokens_per_minute,"
                     " created_us, created_by, expires_us) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                     BINDS(bind_text(key->id), bind_text(key->name), bind_text(key->hash), bind_text(key->models),
                           bind_int(key->requests_per_minute), bind_int(key->tokens_per_minute),
                           bind_int(key->created_us), bind_text(key->created_by), bind_int(key->expires_us)),
                     err);
}

#define KEY_COLUMNS                                                                                                    \
    "id, name, hash, models, requests_per_minute, tokens_per_minute, created_us, created_by, expires_us, revoked_us,"  \
    " used_us"

static void key_read(const struct query *query, struct arena *arena, struct store_gateway_key *out)
{
    *out = (struct store_gateway_key){
        .id = query_text(query, arena, 0),
        .name = query_text(query, arena, 1),
        .hash = query_text(query, arena, 2),
        .models = query_text(query, arena, 3),
        .requests_per_minute = query_int(query, 4),
        .tokens_per_minute = query_int(query, 5),
        .created_us = query_int(query, 6),
        .created_by = query_text(query, arena, 7),
        .expires_us = query_int(query, 8),
        .revoked_us = query_int(query, 9),
        .used_us = query_int(query, 10),
    };
}

bool store_gateway_key_revoke(struct store_connection *writer, struct arena *arena, const char *name, int64_t now_us,
                              struct store_gateway_key **out, struct error *err)
{
    struct query query;

    *out = NULL;
    if (!query_run(writer, "UPDATE gateway_key SET revoked_us = ?2 WHERE name = ?1 AND revoked_us = 0",
                   BINDS(bind_text(name), bind_int(now_us)), err))
        return false;
    query_start(&query, writer, "SELECT " KEY_COLUMNS " FROM gateway_key WHERE name = ?1", BINDS(bind_text(name)));
    if (query_next(&query)) {
        *out = arena_new_of(arena, struct store_gateway_key);
        key_read(&query, arena, *out);
    }
    return query_end(&query, err);
}

bool store_gateway_key_page(struct store_connection *connection, struct arena *arena, const char *after, size_t limit,
                            struct store_gateway_key_page *out, struct error *err)
{
    struct query query;
    size_t rows = query_page_limit(limit);
    struct store_gateway_key_page page = { .keys = arena_new_array(arena, struct store_gateway_key, rows) };

    query_start(&query, connection, "SELECT " KEY_COLUMNS " FROM gateway_key WHERE name > ?1 ORDER BY name LIMIT ?2",
                BINDS(bind_text(after == NULL ? "" : after), bind_int((int64_t)rows + 1)));
    while (query_next(&query)) {
        if (page.count == rows)
            page.next = page.keys[rows - 1].name;
        else
            key_read(&query, arena, &page.keys[page.count++]);
    }
    if (!query_end(&query, err))
        return false;
    *out = page;
    return true;
}

/* --- what was used --- */

bool store_gateway_usage_add(struct store_connection *writer, const struct store_gateway_usage *usage, int64_t used_us,
                             struct error *err)
{
    return query_run(writer,
                     "INSERT INTO gateway_usage (key_id, model, hour_us, requests, failed, cancelled, refused,"
                     " tokens_in, tokens_out) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"
                     " ON CONFLICT DO UPDATE SET requests = requests + ?4, failed = failed + ?5,"
                     " cancelled = cancelled + ?6, refused = refused + ?7, tokens_in = tokens_in + ?8,"
                     " tokens_out = tokens_out + ?9",
                     BINDS(bind_text(usage->key_id), bind_text(usage->model), bind_int(usage->hour_us),
                           bind_int(usage->requests), bind_int(usage->failed), bind_int(usage->cancelled),
                           bind_int(usage->refused), bind_int(usage->tokens_in), bind_int(usage->tokens_out)),
                     err) &&
           query_run(writer, "UPDATE gateway_key SET used_us = ?2 WHERE id = ?1 AND used_us < ?2",
                     BINDS(bind_text(usage->key_id), bind_int(used_us)), err);
}

#define USAGE_FROM                                                                                                     \
    " FROM gateway_usage AS u LEFT JOIN gateway_key AS k ON k.id = u.key_id"                                           \
    " WHERE u.hour_us > ?1 AND (?2 IS NULL OR COALESCE(k.name, u.key_id) = ?2)"

static const char *usage_sql(bool by_hour)
{
    if (by_hour)
        return "SELECT u.key_id, COALESCE(k.name, u.key_id) AS name, u.model, u.hour_us, u.requests, u.failed,"
               " u.cancelled, u.refused, u.tokens_in, u.tokens_out" USAGE_FROM
               " ORDER BY u.hour_us DESC, name, u.model LIMIT ?3 OFFSET ?4";
    return "SELECT u.key_id, COALESCE(k.name, u.key_id) AS name, u.model, MAX(u.hour_us), SUM(u.requests),"
           " SUM(u.failed), SUM(u.cancelled), SUM(u.refused), SUM(u.tokens_in), SUM(u.tokens_out)" USAGE_FROM
           " GROUP BY u.key_id, u.model ORDER BY name, u.model LIMIT ?3 OFFSET ?4";
}

static void usage_read(const struct query *query, struct arena *arena, struct store_gateway_usage *out)
{
    *out = (struct store_gateway_usage){
        .key_id = query_text(query, arena, 0),
        .key = query_text(query, arena, 1),
        .model = query_text(query, arena, 2),
        .hour_us = query_int(query, 3),
        .requests = query_int(query, 4),
        .failed = query_int(query, 5),
        .cancelled = query_int(query, 6),
        .refused = query_int(query, 7),
        .tokens_in = query_int(query, 8),
        .tokens_out = query_int(query, 9),
    };
}

bool store_gateway_usage_page(struct store_connection *connection, struct arena *arena,
                              const struct store_gateway_usage_filter *filter, struct store_gateway_usage_page *out,
                              struct error *err)
{
    struct query query;
    size_t rows = query_page_limit(filter->limit);
    struct store_gateway_usage_page page = { .rows = arena_new_array(arena, struct store_gateway_usage, rows) };

    query_start(&query, connection, usage_sql(filter->by_hour),
                BINDS(bind_int(filter->since_us - STORE_HOUR_US), bind_text(filter->key), bind_int((int64_t)rows + 1),
                      bind_int((int64_t)filter->skip)));
    while (query_next(&query)) {
        if (page.count == rows)
            page.more = true;
        else
            usage_read(&query, arena, &page.rows[page.count++]);
    }
    if (!query_end(&query, err))
        return false;
    *out = page;
    return true;
}
