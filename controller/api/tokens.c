/* SPDX-License-Identifier: Apache-2.0 */
/* Operators' tokens: made, listed, revoked. The secret is shown once and kept as its hash. */
#include <string.h>

#include "common/base/clock.h"
#include "common/trust/api_token.h"
#include "controller/api/center.h"
#include "controller/store/store_api_token.h"

#define SECOND_US ((int64_t)1000000)

struct token_body {
    const char *name, *role;
    int64_t ttl_s;
};

static const struct arg_spec token_body_args[] = {
    ARG(token_body, name, ARG_STRING, .required = true, .help = "who has it; the audit log speaks of this name"),
    ARG(token_body, role, ARG_STRING, .required = true, .choices = ARG_NAMES("viewer", "operator", "admin"),
        .help = "what it may do"),
    ARG(token_body, ttl_s, ARG_INT, .help = "seconds until it ends; without it, it does not"),
    ARG_END,
};
static const struct task_spec token_body_spec = { .name = "token",
                                                  .args = token_body_args,
                                                  .args_size = sizeof(struct token_body) };

struct token_page_query {
    const char *after;
    int64_t limit;
};

static const struct arg_spec token_page_args[] = {
    ARG(token_page_query, after, ARG_STRING, .help = "the page behind this name"),
    ARG(token_page_query, limit, ARG_INT, .default_text = "100", .help = "rows of a page"),
    ARG_END,
};
static const struct task_spec token_page_spec = { .name = "tokens",
                                                  .args = token_page_args,
                                                  .args_size = sizeof(struct token_page_query) };

struct token_work {
    struct api_token token;
    struct store_api_token row;
    bool taken, found;
};

/* --- making one --- */

static bool add_run(struct store_connection *writer, struct api_call *call, void *data, struct error *err)
{
    struct token_work *work = data;

    return store_api_token_add(writer, &work->row, &work->taken, err) &&
           (work->taken || center_audit(writer, call, "token.add", work->row.name,
                                        arena_printf(call->arena, "{\"role\":\"%s\"}", work->row.role), err));
}

static void add_then(struct api_call *call, void *data)
{
    struct token_work *work = data;
    struct value *out = value_map(call->arena);

    if (work->taken) {
        api_reply_error(call, 409, "name_taken",
                        "there is, or was, a token '%s'; a name means one token for ever: choose another",
                        work->row.name);
        return;
    }
    value_map_put_string(call->arena, out, "name", work->row.name);
    value_map_put_string(call->arena, out, "role", work->row.role);
    value_map_put_string(call->arena, out, "token", secret_reveal(api_token_text(call->arena, &work->token)));
    center_put_time(call, out, "expires", work->row.expires_us);
    api_reply(call, 201, out);
}

static void token_add(struct api_call *call)
{
    const struct token_body *body = call->body;
    struct token_work *work = arena_new_of(call->arena, struct token_work);
    struct error err = ERROR_INIT;
    int64_t now_us = clock_wall_us();
    char *hash = arena_alloc(call->arena, SECRET_HASH_LENGTH + 1);

    if (body->ttl_s != ARG_INT_UNSET && (body->ttl_s <= 0 || body->ttl_s > INT32_MAX)) {
        api_reply_error(call, 400, "bad_member", "ttl_s must be between 1 and %d seconds", INT32_MAX);
        return;
    }
    if (strlen(body->name) == 0 || strlen(body->name) > 64) {
        api_reply_error(call, 400, "bad_member", "name must have 1 to 64 bytes");
        return;
    }
    if (!api_token_make(call->arena, &work->token, &err)) {
        api_reply_error(call, 500, "no_randomness", "%s", err.text);
        return;
    }
    secret_hash(work->token.secret, hash);
    work->row =
        (struct store_api_token){ .id = work->token.id,
                                  .hash = hash,
                                  .name = body->name,
                                  .role = body->role,
                                  .created_by = call->identity.name,
                                  .created_us = now_us,
                                  .expires_us = body->ttl_s == ARG_INT_UNSET ? 0 : now_us + body->ttl_s * SECOND_US };
    center_write(call, &(struct center_work){ add_run, add_then, work });
}

/* --- listing, revoking --- */

static void token_list(struct api_call *call)
{
    const struct token_page_query *query = call->query;
    struct value *items = value_list(call->arena);
    struct store_api_token_page page;
    struct error err = ERROR_INIT;

    if (!store_api_token_page(center_of(call)->reader, call->arena, query->after, center_limit(query->limit), &page,
                              &err)) {
        center_read_failed(call, &err);
        return;
    }
    for (size_t i = 0; i < page.count; i++) {
        const struct store_api_token *token = &page.tokens[i];
        struct value *item = value_map(call->arena);

        value_map_put_string(call->arena, item, "name", token->name);
        value_map_put_string(call->arena, item, "role", token->role);
        value_map_put_string(call->arena, item, "created_by", token->created_by);
        center_put_time(call, item, "created", token->created_us);
        center_put_time(call, item, "expires", token->expires_us);
        center_put_time(call, item, "used", token->used_us);
        center_put_time(call, item, "revoked", token->revoked_us);
        value_list_add(call->arena, items, item);
    }
    center_reply_page(call, items, page.next == NULL ? NULL : value_string(call->arena, page.next));
}

static bool revoke_run(struct store_connection *writer, struct api_call *call, void *data, struct error *err)
{
    struct token_work *work = data;

    return store_api_token_revoke(writer, work->row.name, clock_wall_us(), &work->found, err) &&
           (!work->found || center_audit(writer, call, "token.revoke", work->row.name, NULL, err));
}

static void revoke_then(struct api_call *call, void *data)
{
    const struct token_work *work = data;
    struct value *out = value_map(call->arena);

    if (!work->found) {
        api_reply_error(call, 404, "token_unknown", "there is no token '%s'", work->row.name);
        return;
    }
    api_look_again(center_of(call)->server, API_IS_OPERATOR, work->row.name);
    value_map_put_string(call->arena, out, "revoked", work->row.name);
    api_reply(call, 200, out);
}

static void token_revoke(struct api_call *call)
{
    struct token_work *work = arena_new_of(call->arena, struct token_work);

    work->row.name = api_path_value(call, "name");
    center_write(call, &(struct center_work){ revoke_run, revoke_then, work });
}

static const struct api_route routes[] = {
    API_ROUTE(API_ADMIN, "GET", "/api/v1/tokens", token_list, .summary = "Operators' tokens, by name",
              .reply = "a page of tokens, without secrets", .query = &token_page_spec),
    API_ROUTE(API_ADMIN, "POST", "/api/v1/tokens", token_add, .summary = "Make a token",
              .reply = "the token, shown this once", .body = &token_body_spec),
    API_ROUTE(API_ADMIN, "DELETE", "/api/v1/tokens/{name}", token_revoke, .summary = "Revoke a token, at once",
              .reply = "the name"),
};

API_RESOURCE_DEFINE(tokens) = {
    .name = "tokens", .summary = "Operators' tokens", .routes = routes, .count = sizeof(routes) / sizeof(routes[0])
};
