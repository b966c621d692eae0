/* SPDX-License-Identifier: Apache-2.0 */
/* Webhooks and their deliveries. */
#include "controller/store/store_webhook.h"

#include "controller/store/query.h"

bool store_webhook_add(struct store_connection *writer, const struct store_webhook *webhook, bool *taken_out,
                       struct error *err)
{
    int64_t one = 0;

    if (!query_number(writer, "SELECT 1 FROM webhook WHERE name = ?1", BINDS(bind_text(webhook->name)), &one, taken_out,
                      err))
        return false;
    return *taken_out ||
           query_run(writer,
                     "INSERT INTO webhook (name, url, secret, kinds, created_by, created_us)"
                     " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                     BINDS(bind_text(webhook->name), bind_text(webhook->url), bind_text(webhook->secret),
                           bind_text(webhook->kinds), bind_text(webhook->created_by), bind_int(webhook->created_us)),
                     err);
}

bool store_webhook_remove(struct store_connection *writer, const char *name, bool *found_out, struct error *err)
{
    int64_t changed = 0;

    if (!query_change(writer, "DELETE FROM webhook WHERE name = ?1", BINDS(bind_text(name)), &changed, err))
        return false;
    *found_out = changed > 0;
    return true;
}

bool store_webhook_list(struct store_connection *connection, struct arena *arena, struct store_webhook **out,
                        size_t *count_out, struct error *err)
{
    struct query query;
    struct store_webhook *webhooks = arena_new_array(arena, struct store_webhook, LIMIT_STORE_PAGE);
    size_t count = 0;

    query_start(&query, connection,
                "SELECT id, name, url, secret, kinds, created_by, created_us FROM webhook ORDER BY name LIMIT ?1",
                BINDS(bind_int(LIMIT_STORE_PAGE)));
    while (query_next(&query))
        webhooks[count++] = (struct store_webhook){ .id = query_int(&query, 0),
                                                    .name = query_text(&query, arena, 1),
                                                    .url = query_text(&query, arena, 2),
                                                    .secret = query_text(&query, arena, 3),
                                                    .kinds = query_text(&query, arena, 4),
                                                    .created_by = query_text(&query, arena, 5),
                                                    .created_us = query_int(&query, 6) };
    if (!query_end(&query, err))
        return false;
    *out = webhooks;
    *count_out = count;
    return true;
}

bool store_webhook_fire(struct store_connection *writer, const char *kind, const char *body, int64_t now_us,
                        int64_t *count_out, struct error *err)
{
    return query_change(
        writer,
        "INSERT INTO webhook_delivery (webhook_id, kind, body, created_us, next_us)"
        " SELECT id, ?1, ?2, ?3, ?3 FROM webhook WHERE instr(',' || kinds || ',', ',' || ?1 || ',') > 0",
        BINDS(bind_text(kind), bind_text(body), bind_int(now_us)), count_out, err);
}

/* --- deliveries --- */

bool store_delivery_add(struct store_connection *writer, const struct store_delivery_wish *wish, int64_t *id_out,
                        struct error *err)
{
    bool found = false;

    *id_out = 0;
    return query_number(
        writer,
        "INSERT INTO webhook_delivery (webhook_id, kind, body, created_us, next_us)"
        " SELECT id, ?2, ?3, ?4, ?4 FROM webhook WHERE name = ?1 RETURNING id",
        BINDS(bind_text(wish->webhook), bind_text(wish->kind), bind_text(wish->body), bind_int(wish->now_us)), id_out,
        &found, err);
}

bool store_delivery_next(struct store_connection *connection, int64_t *out, struct error *err)
{
    bool found = false;

    *out = 0;
    return query_number(connection, "SELECT next_us FROM webhook_delivery WHERE next_us > 0 ORDER BY next_us LIMIT 1",
                        NULL, out, &found, err);
}

#define DELIVERY                                                                                                       \
    "SELECT webhook_delivery.id, name, url, secret, kind, body, webhook_delivery.created_us, tries, next_us,"          \
    " delivered_us, status, error FROM webhook_delivery JOIN webhook ON webhook.id = webhook_id"                       \
    " WHERE (?2 IS NULL OR name = ?2)"

static const char DELIVERIES_DUE[] = DELIVERY " AND next_us > 0 AND next_us <= ?1 ORDER BY next_us LIMIT ?3";
static const char DELIVERIES_ALL[] =
    DELIVERY " AND webhook_delivery.id < ?1 ORDER BY webhook_delivery.id DESC LIMIT ?3";

static void delivery_read(const struct query *query, struct arena *arena, struct store_delivery *out)
{
    *out = (struct store_delivery){
        .id = query_int(query, 0),
        .webhook = query_text(query, arena, 1),
        .url = query_text(query, arena, 2),
        .secret = query_text(query, arena, 3),
        .kind = query_text(query, arena, 4),
        .body = query_text(query, arena, 5),
        .created_us = query_int(query, 6),
        .tries = query_int(query, 7),
        .next_us = query_int(query, 8),
        .delivered_us = query_int(query, 9),
        .status = query_int(query, 10),
        .error = query_text(query, arena, 11),
    };
}

bool store_delivery_read(struct store_connection *connection, struct arena *arena,
                         const struct store_delivery_filter *filter, struct store_delivery **out, size_t *count_out,
                         struct error *err)
{
    struct query query;
    size_t limit = query_page_limit(filter->limit), count = 0;
    struct store_delivery *deliveries = arena_new_array(arena, struct store_delivery, limit);
    int64_t before = filter->before == 0 ? INT64_MAX : filter->before;

    query_start(
        &query, connection, filter->due ? DELIVERIES_DUE : DELIVERIES_ALL,
        BINDS(bind_int(filter->due ? filter->now_us : before), bind_text(filter->webhook), bind_int((int64_t)limit)));
    while (query_next(&query))
        delivery_read(&query, arena, &deliveries[count++]);
    if (!query_end(&query, err))
        return false;
    *out = deliveries;
    *count_out = count;
    return true;
}

bool store_delivery_tried(struct store_connection *writer, const struct store_delivery_try *tried, struct error *err)
{
    return query_run(writer,
                     "UPDATE webhook_delivery SET tries = tries + 1, delivered_us = ?2, next_us = ?3, status = ?4,"
                     " error = ?5 WHERE id = ?1 AND next_us > 0",
                     BINDS(bind_int(tried->id), bind_int(tried->arrived ? tried->now_us : 0),
                           bind_int(tried->arrived ? 0 : tried->next_us), bind_int(tried->status),
                           bind_text(tried->error)),
                     err);
}
