/* SPDX-License-Identifier: Apache-2.0 */
/* Join tokens: made, listed, revoked. */
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/trust/join_string.h"
#include "controller/api/center.h"
#include "controller/store/store_join.h"

#define SECOND_US ((int64_t)1000000)
#define NAME_PATTERN "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_*?[]!"

struct join_token_body {
    const char *name;
    int64_t ttl_s;
    bool approval;
};

static const struct arg_spec join_token_body_args[] = {
    ARG(join_token_body, name, ARG_STRING, .help = "names it may bring in, as ai-7 or ai-*; without it any"),
    ARG(join_token_body, ttl_s, ARG_INT, .default_text = "3600", .help = "seconds until it ends"),
    ARG(join_token_body, approval, ARG_BOOL, .help = "an operator must let the node in"),
    ARG_END,
};
static const struct task_spec join_token_body_spec = { .name = "join token",
                                                       .args = join_token_body_args,
                                                       .args_size = sizeof(struct join_token_body) };

struct join_token_query {
    const char *after;
    bool usable;
    int64_t limit;
};

static const struct arg_spec join_token_query_args[] = {
    ARG(join_token_query, after, ARG_STRING, .help = "next of the page before"),
    ARG(join_token_query, usable, ARG_BOOL, .help = "only those that would bring a node in now"),
    ARG(join_token_query, limit, ARG_INT, .default_text = "100", .help = "rows of a page"),
    ARG_END,
};
static const struct task_spec join_token_query_spec = { .name = "join tokens",
                                                        .args = join_token_query_args,
                                                        .args_size = sizeof(struct join_token_query) };

struct join_token_work {
    struct store_join_token row;
    struct join_string join;
    bool found;
};

static bool add_run(struct store_connection *writer, struct api_call *call, void *data, struct error *err)
{
    struct join_token_work *work = data;

    return store_join_token_add(writer, &work->row, err) &&
           center_audit(writer, call, "join_token.add", work->row.id, NULL, err);
}

static void add_then(struct api_call *call, void *data)
{
    struct join_token_work *work = data;
    struct value *out = value_map(call->arena);

    value_map_put_string(call->arena, out, "id", work->row.id);
    value_map_put_string(call->arena, out, "join", secret_reveal(join_string_text(call->arena, &work->join)));
    value_map_put_string(call->arena, out, "name", work->row.pattern);
    value_map_put_bool(call->arena, out, "approval", work->row.needs_approval);
    center_put_time(call, out, "expires", work->row.expires_us);
    api_reply(call, 201, out);
}

/* The controller's address as join strings name it. */
static void put_address(struct api_call *call, struct join_string *join)
{
    const char *address = center_of(call)->address;
    const char *colon = address == NULL ? NULL : strrchr(address, ':');
    int64_t port = 0;

    if (colon == NULL || !text_to_int(colon + 1, &port) || port < 1 || port > UINT16_MAX)
        return;
    join->host = address[0] == '[' ? arena_copy_n(call->arena, address + 1, (size_t)(colon - address) - 2)
                                   : arena_copy_n(call->arena, address, (size_t)(colon - address));
    join->port = (uint16_t)port;
}

static void join_token_add(struct api_call *call)
{
    const struct join_token_body *body = call->body;
    struct join_token_work *work = arena_new_of(call->arena, struct join_token_work);
    char *hash = arena_alloc(call->arena, SECRET_HASH_LENGTH + 1);
    struct error err = ERROR_INIT;
    int64_t now_us = clock_wall_us();

    if (body->ttl_s <= 0 || body->ttl_s > INT32_MAX) {
        api_reply_error(call, 400, "bad_member", "ttl_s must be between 1 and %d seconds", INT32_MAX);
        return;
    }
    if (body->name != NULL && (*body->name == '\0' || body->name[strspn(body->name, NAME_PATTERN)] != '\0')) {
        api_reply_error(call, 400, "bad_member",
                        "'%s' is no name of a node: letters, digits, '.', '-', '_', and * ? [a-z]", body->name);
        return;
    }
    if (!secret_id_make(work->join.token_id, &err) || !secret_make(call->arena, &work->join.secret, &err)) {
        api_reply_error(call, 500, "no_randomness", "%s", err.text);
        return;
    }
    memcpy(work->join.ca_fingerprint, center_of(call)->authority->ca->key.fingerprint,
           sizeof(work->join.ca_fingerprint));
    put_address(call, &work->join);
    secret_hash(work->join.secret, hash);
    work->row = (struct store_join_token){ .id = work->join.token_id,
                                           .hash = hash,
                                           .pattern = body->name,
                                           .needs_approval = body->approval,
                                           .created_by = call->identity.name,
                                           .created_us = now_us,
                                           .expires_us = now_us + body->ttl_s * SECOND_US };
    center_write(call, &(struct center_work){ add_run, add_then, work });
}

static void join_token_list(struct api_call *call)
{
    const struct join_token_query *query = call->query;
    struct value *items = value_list(call->arena);
    struct store_join_token_page page;
    struct error err = ERROR_INIT;
    int64_t now_us = clock_wall_us();

    if (!store_join_token_page(center_of(call)->reader, call->arena, query->after, center_limit(query->limit), &page,
                               &err)) {
        center_read_failed(call, &err);
        return;
    }
    for (size_t i = 0; i < page.count; i++) {
        const struct store_join_token *token = &page.tokens[i];
        struct value *item = value_map(call->arena);

        if (query->usable && (token->used_us != 0 || token->revoked_us != 0 || token->expires_us <= now_us))
            continue;
        value_map_put_string(call->arena, item, "id", token->id);
        value_map_put_string(call->arena, item, "name", token->pattern);
        value_map_put_bool(call->arena, item, "approval", token->needs_approval);
        value_map_put_string(call->arena, item, "created_by", token->created_by);
        center_put_time(call, item, "created", token->created_us);
        center_put_time(call, item, "expires", token->expires_us);
        center_put_time(call, item, "used", token->used_us);
        value_map_put_string(call->arena, item, "used_key", token->used_key);
        center_put_time(call, item, "revoked", token->revoked_us);
        value_list_add(call->arena, items, item);
    }
    center_reply_page(call, items, page.next == NULL ? NULL : value_string(call->arena, page.next));
}

static bool revoke_run(struct store_connection *writer, struct api_call *call, void *data, struct error *err)
{
    struct join_token_work *work = data;

    return store_join_token_revoke(writer, work->row.id, clock_wall_us(), &work->found, err) &&
           (!work->found || center_audit(writer, call, "join_token.revoke", work->row.id, NULL, err));
}

static void revoke_then(struct api_call *call, void *data)
{
    const struct join_token_work *work = data;
    struct value *out = value_map(call->arena);

    if (!work->found) {
        api_reply_error(call, 404, "token_unknown", "there is no join token '%s'", work->row.id);
        return;
    }
    value_map_put_string(call->arena, out, "revoked", work->row.id);
    api_reply(call, 200, out);
}

static void join_token_revoke(struct api_call *call)
{
    struct join_token_work *work = arena_new_of(call->arena, struct join_token_work);

    work->row.id = api_path_value(call, "id");
    center_write(call, &(struct center_work){ revoke_run, revoke_then, work });
}

static const struct api_route routes[] = {
    API_ROUTE(API_OPERATOR, "GET", "/api/v1/join-tokens", join_token_list, .summary = "Join tokens, newest first",
              .reply = "a page of tokens, without secrets", .query = &join_token_query_spec),
    API_ROUTE(API_OPERATOR, "POST", "/api/v1/join-tokens", join_token_add,
              .summary = "Make a join token: it brings in one node", .reply = "the join string, shown this once",
              .body = &join_token_body_spec),
    API_ROUTE(API_OPERATOR, "DELETE", "/api/v1/join-tokens/{id}", join_token_revoke, .summary = "Revoke a join token",
              .reply = "the id"),
    API_ROUTE(API_OPERATOR, "POST", "/trust/join-tokens/{id}/revoke", join_token_revoke,
              .summary = "The same, from the dashboard", .form_back = "/trust"),
};

API_RESOURCE_DEFINE(join_tokens) = { .name = "join_tokens",
                                     .summary = "What brings nodes in",
                                     .routes = routes,
                                     .count = sizeof(routes) / sizeof(routes[0]) };
