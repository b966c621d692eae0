/* SPDX-License-Identifier: Apache-2.0 */
/* Operators' tokens. A name means one token for ever (the audit log speaks of it), so that a revoked one keeps it. */
#pragma once

#include "controller/store/store.h"

struct store_api_token {
    const char *id, *hash; /* api_token_make, secret_hash */
    const char *name;
    const char *role; /* "viewer", "operator", "admin" */
    const char *created_by;
    int64_t created_us, expires_us; /* 0: does not expire */
    int64_t used_us;                /* to the minute */
    int64_t revoked_us;
};

/* *taken_out: the name is another token's, nothing changed. */
bool store_api_token_add(struct store_connection *writer, const struct store_api_token *token, bool *taken_out,
                         struct error *err);
/* Revoked and expired ones too: the caller looks. NULL: none. */
bool store_api_token_get(struct store_connection *connection, struct arena *arena, const char *id,
                         struct store_api_token **out, struct error *err);
bool store_api_token_revoke(struct store_connection *writer, const char *name, int64_t now_us, bool *found_out,
                            struct error *err);
/* Whether store_api_token_used would change anything: ask before queueing it. */
bool store_api_token_is_stale(const struct store_api_token *token, int64_t now_us);
bool store_api_token_used(struct store_connection *writer, const char *id, int64_t now_us, struct error *err);

struct store_api_token_page {
    struct store_api_token *tokens; /* by name */
    size_t count;
    const char *next; /* a name; NULL: that was all */
};
bool store_api_token_page(struct store_connection *connection, struct arena *arena, const char *after, size_t limit,
                          struct store_api_token_page *out, struct error *err);
