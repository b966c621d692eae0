/* SPDX-License-Identifier: Apache-2.0 */
/* Join tokens. Requests are in store_join_request.c. */
#include "controller/store/store_join.h"

#include "common/base/text.h"
#include "controller/store/query.h"

bool store_join_token_add(struct store_connection *writer, const struct store_join_token *token, struct error *err)
{
    return query_run(writer,
                     "INSERT INTO join_token (id, hash, pattern, needs_approval, created_by, created_us, expires_us)"
                     " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                     BINDS(bind_text(token->id), bind_text(token->hash), bind_text(token->pattern),
                           bind_int(token->needs_approval), bind_text(token->created_by), bind_int(token->created_us),
                           bind_int(token->expires_us)),
                     err);
}

bool store_join_token_revoke(struct store_connection *writer, const char *id, int64_t now_us, bool *found_out,
                             struct error *err)
{
    int64_t number = 0;

    return query_number(writer, "SELECT number FROM join_token WHERE id = ?1", BINDS(bind_text(id)), &number, found_out,
                        err) &&
           query_run(writer, "UPDATE join_token SET revoked_us = ?2 WHERE id = ?1 AND revoked_us = 0",
                     BINDS(bind_text(id), bind_int(now_us)), err);
}

#define TOKEN_COLUMNS                                                                                                  \
    "id, hash, pattern, needs_approval, created_by, created_us, expires_us, used_us, used_key, revoked_us, number"

static void token_read(const struct query *query, struct arena *arena, struct store_join_token *out)
{
    *out = (struct store_join_token){
        .id = query_text(query, arena, 0),
        .hash = query_text(query, arena, 1),
        .pattern = query_text(query, arena, 2),
        .needs_approval = query_int(query, 3) != 0,
        .created_by = query_text(query, arena, 4),
        .created_us = query_int(query, 5),
        .expires_us = query_int(query, 6),
        .used_us = query_int(query, 7),
        .used_key = query_text(query, arena, 8),
        .revoked_us = query_int(query, 9),
    };
}

bool store_join_token_get(struct store_connection *connection, struct arena *arena, const char *id,
                          struct store_join_token **out, struct error *err)
{
    struct query query;
    struct store_join_token *token = NULL;

    query_start(&query, connection, "SELECT " TOKEN_COLUMNS " FROM join_token WHERE id = ?1", BINDS(bind_text(id)));
    if (query_next(&query)) {
        token = arena_new_of(arena, struct store_join_token);
        token_read(&query, arena, token);
    }
    if (!query_end(&query, err))
        return false;
    *out = token;
    return true;
}

bool store_join_token_page(struct store_connection *connection, struct arena *arena, const char *after, size_t limit,
                           struct store_join_token_page *out, struct error *err)
{
    struct query query;
    size_t rows = query_page_limit(limit);
    struct store_join_token_page page = { .tokens = arena_new_array(arena, struct store_join_token, rows) };
    int64_t before = INT64_MAX, last = 0;

    if (after != NULL && !text_to_int(after, &before))
        return error_set(err, "'%s' is no place in the list of join tokens", after);
    query_start(&query, connection,
                "SELECT " TOKEN_COLUMNS " FROM join_token WHERE number < ?1 ORDER BY number DESC LIMIT ?2",
                BINDS(bind_int(before), bind_int((int64_t)rows + 1)));
    while (query_next(&query)) {
        if (page.count == rows) {
            page.next = arena_printf(arena, "%lld", (long long)last);
            continue;
        }
        token_read(&query, arena, &page.tokens[page.count++]);
        last = query_int(&query, 10);
    }
    if (!query_end(&query, err))
        return false;
    *out = page;
    return true;
}
