/* SPDX-License-Identifier: Apache-2.0 */
/* Operators' tokens. */
#include "controller/store/store_api_token.h"

#include "controller/store/query.h"

#define USED_STEP_US (INT64_C(60) * 1000000) /* finer is not worth a write */

bool store_api_token_add(struct store_connection *writer, const struct store_api_token *token, bool *taken_out,
                         struct error *err)
{
    int64_t one = 0;

    if (!query_number(writer, "SELECT 1 FROM api_token WHERE name = ?1", BINDS(bind_text(token->name)), &one, taken_out,
                      err))
        return false;
    return *taken_out ||
           query_run(writer,
                     "INSERT INTO api_token (id, name, role, hash, created_by, created_us, expires_us)"
                     " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                     BINDS(bind_text(token->id), bind_text(token->name), bind_text(token->role), bind_text(token->hash),
                           bind_text(token->created_by), bind_int(token->created_us), bind_int(token->expires_us)),
                     err);
}

bool store_api_token_revoke(struct store_connection *writer, const char *name, int64_t now_us, bool *found_out,
                            struct error *err)
{
    int64_t one = 0;

    return query_number(writer, "SELECT 1 FROM api_token WHERE name = ?1", BINDS(bind_text(name)), &one, found_out,
                        err) &&
           query_run(writer, "UPDATE api_token SET revoked_us = ?2 WHERE name = ?1 AND revoked_us = 0",
                     BINDS(bind_text(name), bind_int(now_us)), err);
}

bool store_api_token_is_stale(const struct store_api_token *token, int64_t now_us)
{
    return now_us - token->used_us >= USED_STEP_US;
}

bool store_api_token_used(struct store_connection *writer, const char *id, int64_t now_us, struct error *err)
{
    return query_run(writer, "UPDATE api_token SET used_us = ?2 WHERE id = ?1 AND used_us < ?2",
                     BINDS(bind_text(id), bind_int(now_us)), err);
}

#define TOKEN_COLUMNS "id, hash, name, role, created_by, created_us, expires_us, used_us, revoked_us"

static void token_read(const struct query *query, struct arena *arena, struct store_api_token *out)
{
    *out = (struct store_api_token){
        .id = query_text(query, arena, 0),
        .hash = query_text(query, arena, 1),
        .name = query_text(query, arena, 2),
        .role = query_text(query, arena, 3),
        .created_by = query_text(query, arena, 4),
        .created_us = query_int(query, 5),
        .expires_us = query_int(query, 6),
        .used_us = query_int(query, 7),
        .revoked_us = query_int(query, 8),
    };
}

bool store_api_token_get(struct store_connection *connection, struct arena *arena, const char *id,
                         struct store_api_token **out, struct error *err)
{
    struct query query;
    struct store_api_token *token = NULL;

    query_start(&query, connection, "SELECT " TOKEN_COLUMNS " FROM api_token WHERE id = ?1", BINDS(bind_text(id)));
    if (query_next(&query)) {
        token = arena_new_of(arena, struct store_api_token);
        token_read(&query, arena, token);
    }
    if (!query_end(&query, err))
        return false;
    *out = token;
    return true;
}

bool store_api_token_page(struct store_connection *connection, struct arena *arena, const char *after, size_t limit,
                          struct store_api_token_page *out, struct error *err)
{
    struct query query;
    size_t rows = query_page_limit(limit);
    struct store_api_token_page page = { .tokens = arena_new_array(arena, struct store_api_token, rows) };

    query_start(&query, connection, "SELECT " TOKEN_COLUMNS " FROM api_token WHERE name > ?1 ORDER BY name LIMIT ?2",
                BINDS(bind_text(after == NULL ? "" : after), bind_int((int64_t)rows + 1)));
    while (query_next(&query)) {
        if (page.count == rows)
            page.next = page.tokens[rows - 1].name;
        else
            token_read(&query, arena, &page.tokens[page.count++]);
    }
    if (!query_end(&query, err))
        return false;
    *out = page;
    return true;
}
