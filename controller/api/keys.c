/* SPDX-License-Identifier: Apache-2.0 */
/* The gateway's keys: made, listed, revoked; what was used with them. The secret is shown once and kept as its hash. */
#include <string.h>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/json/json.h"
#include "common/trust/api_token.h"
#include "controller/api/center.h"
#include "controller/store/store_gateway.h"

#define SECOND_US ((int64_t)1000000)
#define NAME_MAX_BYTES 64
#define NEAREST_OF_MAX 1000
#define MODEL_MAX_BYTES 256
#define RATE_MAX INT64_C(1000000000)

struct key_body {
    const char *name;
    const struct value *models;
    int64_t requests_per_minute, tokens_per_minute, ttl_s;
};

static const struct arg_spec key_body_args[] = {
    ARG(key_body, name, ARG_STRING, .required = true, .help = "who has it; usage and the audit log speak of this name"),
    ARG(key_body, models, ARG_LIST, .help = "names that it may use; without it, all"),
    ARG(key_body, requests_per_minute, ARG_INT, .default_text = "0", .help = "0: no limit"),
    ARG(key_body, tokens_per_minute, ARG_INT, .default_text = "0", .help = "prompt and answer; 0: no limit"),
    ARG(key_body, ttl_s, ARG_INT, .help = "seconds until it ends; without it, it does not"),
    ARG_END,
};
static const struct task_spec key_body_spec = { .name = "key",
                                                .args = key_body_args,
                                                .args_size = sizeof(struct key_body) };

struct key_page_query {
    const char *after;
    int64_t limit;
};

static const struct arg_spec key_page_args[] = {
    ARG(key_page_query, after, ARG_STRING, .help = "the page behind this name"),
    ARG(key_page_query, limit, ARG_INT, .default_text = "100", .help = "rows of a page"),
    ARG_END,
};
static const struct task_spec key_page_spec = { .name = "keys",
                                                .args = key_page_args,
                                                .args_size = sizeof(struct key_page_query) };

struct usage_query {
    const char *key;
    int64_t since_s, limit, after;
    bool by_hour;
};

static const struct arg_spec usage_query_args[] = {
    ARG(usage_query, key, ARG_STRING, .help = "of this key only; operators are \"operator:NAME\""),
    ARG(usage_query, since_s, ARG_INT, .default_text = "86400",
        .help = "of so many seconds before now, in whole hours; what is older than samples are kept is told by months"),
    ARG(usage_query, by_hour, ARG_BOOL, .help = "a row for each hour"),
    ARG(usage_query, after, ARG_INT, .default_text = "0", .help = "the page behind so many rows"),
    ARG(usage_query, limit, ARG_INT, .default_text = "100", .help = "rows of a page"),
    ARG_END,
};
static const struct task_spec usage_query_spec = { .name = "usage",
                                                   .args = usage_query_args,
                                                   .args_size = sizeof(struct usage_query) };

struct key_work {
    struct api_token token;
    struct store_gateway_key row;
    struct store_gateway_key *revoked;
    bool taken;
};

static void gateway_told(struct api_call *call, const struct store_gateway_key *key)
{
    const struct gateway_link *link = center_of(call)->gateway;

    if (link != NULL)
        link->key_changed(link->gateway, key);
}

/* --- making one --- */

static bool add_run(struct store_connection *writer, struct api_call *call, void *data, struct error *err)
{
    struct key_work *work = data;
    struct value *detail = value_map(call->arena);

    value_map_put(call->arena, detail, "models", center_json(call, work->row.models));
    value_map_put_int(call->arena, detail, "requests_per_minute", work->row.requests_per_minute);
    value_map_put_int(call->arena, detail, "tokens_per_minute", work->row.tokens_per_minute);
    return store_gateway_key_add(writer, &work->row, &work->taken, err) &&
           (work->taken ||
            center_audit(writer, call, "key.add", work->row.name, json_text(call->arena, detail, JSON_COMPACT), err));
}

static void add_then(struct api_call *call, void *data)
{
    struct key_work *work = data;
    struct value *out = value_map(call->arena);

    if (work->taken) {
        api_reply_error(call, 409, "key_exists", "there is a key '%s' already; a name is one key for ever",
                        work->row.name);
        return;
    }
    gateway_told(call, &work->row);
    value_map_put_string(call->arena, out, "name", work->row.name);
    value_map_put_string(call->arena, out, "key", secret_reveal(api_token_text(call->arena, &work->token)));
    api_reply(call, 201, out);
}

static bool text_is_plain(const char *text, size_t most)
{
    size_t length = strlen(text);

    return length > 0 && length <= most && text_utf8_valid(text, length) && strpbrk(text, "\r\n\t\"\\") == NULL;
}

static bool key_is_good(struct api_call *call, const struct key_body *body)
{
    const char *wrong = NULL;

    if (!text_is_plain(body->name, NAME_MAX_BYTES) || strpbrk(body->name, "/?#:% ") != NULL)
        wrong = "name: expected 1 to 64 bytes without blanks, quotes and any of / ? # : %";
    else if (body->requests_per_minute < 0 || body->requests_per_minute > RATE_MAX || body->tokens_per_minute < 0 ||
             body->tokens_per_minute > RATE_MAX)
        wrong = "requests_per_minute, tokens_per_minute: expected 0 (no limit) to 1000000000";
    else if (body->ttl_s != ARG_INT_UNSET && (body->ttl_s < 1 || body->ttl_s > RATE_MAX))
        wrong = "ttl_s: expected 1 to 1000000000 seconds";
    else if (body->models != NULL &&
             (value_count(body->models) < 1 || value_count(body->models) > LIMIT_GATEWAY_KEY_MODELS))
        wrong = "models: expected 1 to 100 names; leave it out for all";
    for (size_t i = 0; wrong == NULL && i < value_count(body->models); i++) {
        const char *model = value_text(value_item(body->models, i));

        if (model == NULL || !text_is_plain(model, MODEL_MAX_BYTES))
            wrong = "models: expected names of 1 to 256 bytes";
    }
    if (wrong != NULL)
        api_reply_error(call, 400, "bad_member", "%s", wrong);
    return wrong == NULL;
}

static void key_add(struct api_call *call)
{
    const struct key_body *body = call->body;
    struct key_work *work = arena_new_of(call->arena, struct key_work);
    char *hash = arena_alloc(call->arena, SECRET_HASH_LENGTH + 1);
    struct error err = ERROR_INIT;
    int64_t now_us = clock_wall_us();

    if (!key_is_good(call, body))
        return;
    if (!api_token_make(call->arena, &work->token, &err)) {
        api_reply_error(call, 500, "no_randomness", "%s", err.text);
        return;
    }
    secret_hash(work->token.secret, hash);
    work->row = (struct store_gateway_key){
        .id = work->token.id,
        .hash = hash,
        .name = body->name,
        .models = body->models == NULL ? NULL : json_text(call->arena, body->models, JSON_COMPACT),
        .requests_per_minute = body->requests_per_minute,
        .tokens_per_minute = body->tokens_per_minute,
        .created_us = now_us,
        .created_by = call->identity.name,
        .expires_us = body->ttl_s == ARG_INT_UNSET ? 0 : now_us + body->ttl_s * SECOND_US,
    };
    center_write(call, &(struct center_work){ add_run, add_then, work });
}

/* --- listing, revoking --- */

static struct value *key_value(struct api_call *call, const struct store_gateway_key *key)
{
    struct value *item = value_map(call->arena);

    value_map_put_string(call->arena, item, "name", key->name);
    value_map_put(call->arena, item, "models", center_json(call, key->models));
    value_map_put_int(call->arena, item, "requests_per_minute", key->requests_per_minute);
    value_map_put_int(call->arena, item, "tokens_per_minute", key->tokens_per_minute);
    value_map_put_string(call->arena, item, "created_by", key->created_by);
    center_put_time(call, item, "created", key->created_us);
    center_put_time(call, item, "expires", key->expires_us);
    center_put_time(call, item, "used", key->used_us);
    center_put_time(call, item, "revoked", key->revoked_us);
    return item;
}

static void key_list(struct api_call *call)
{
    const struct key_page_query *query = call->query;
    struct value *items = value_list(call->arena);
    struct store_gateway_key_page page;
    struct error err = ERROR_INIT;

    if (!store_gateway_key_page(center_of(call)->reader, call->arena, query->after, center_limit(query->limit), &page,
                                &err)) {
        center_read_failed(call, &err);
        return;
    }
    for (size_t i = 0; i < page.count; i++)
        value_list_add(call->arena, items, key_value(call, &page.keys[i]));
    center_reply_page(call, items, page.next == NULL ? NULL : value_string(call->arena, page.next));
}

static bool revoke_run(struct store_connection *writer, struct api_call *call, void *data, struct error *err)
{
    struct key_work *work = data;

    return store_gateway_key_revoke(writer, call->arena, work->row.name, clock_wall_us(), &work->revoked, err) &&
           (work->revoked == NULL || center_audit(writer, call, "key.revoke", work->row.name, NULL, err));
}

static const char *nearest_of(struct api_call *call, const char *name)
{
    struct store_gateway_key_page page;
    struct error ignored = ERROR_INIT;
    const char **names = NULL;

    if (!store_gateway_key_page(center_of(call)->reader, call->arena, NULL, NEAREST_OF_MAX, &page, &ignored))
        return NULL;
    names = arena_new_array(call->arena, const char *, page.count + 1);
    for (size_t i = 0; i < page.count; i++)
        names[i] = page.keys[i].name;
    return text_nearest(name, names, page.count);
}

static void revoke_then(struct api_call *call, void *data)
{
    const struct key_work *work = data;
    struct value *out = value_map(call->arena);

    if (work->revoked == NULL) {
        const char *nearest = nearest_of(call, work->row.name);

        api_reply_error(call, 404, "key_unknown", "there is no key '%s'%s%s%s", work->row.name,
                        nearest != NULL ? "; the nearest is '" : "", nearest != NULL ? nearest : "",
                        nearest != NULL ? "'" : "");
        return;
    }
    gateway_told(call, work->revoked);
    value_map_put_string(call->arena, out, "revoked", work->row.name);
    api_reply(call, 200, out);
}

static void key_revoke(struct api_call *call)
{
    struct key_work *work = arena_new_of(call->arena, struct key_work);

    work->row.name = api_path_value(call, "name");
    center_write(call, &(struct center_work){ revoke_run, revoke_then, work });
}

/* --- usage --- */

static struct value *usage_value(struct api_call *call, const struct store_gateway_usage *usage, bool by_hour)
{
    struct value *item = value_map(call->arena);

    value_map_put_string(call->arena, item, "key", usage->key);
    value_map_put_string(call->arena, item, "model", usage->model);
    if (by_hour)
        center_put_time(call, item, "hour", usage->hour_us);
    value_map_put_int(call->arena, item, "requests", usage->requests);
    value_map_put_int(call->arena, item, "done", usage->requests - usage->failed - usage->cancelled - usage->refused);
    value_map_put_int(call->arena, item, "failed", usage->failed);
    value_map_put_int(call->arena, item, "cancelled", usage->cancelled);
    value_map_put_int(call->arena, item, "refused", usage->refused);
    value_map_put_int(call->arena, item, "tokens_in", usage->tokens_in);
    value_map_put_int(call->arena, item, "tokens_out", usage->tokens_out);
    return item;
}

static void usage_list(struct api_call *call)
{
    const struct usage_query *query = call->query;
    struct value *items = value_list(call->arena);
    struct store_gateway_usage_page page;
    struct error err = ERROR_INIT;
    int64_t since_s = query->since_s < 0 ? 0 : query->since_s > RATE_MAX ? RATE_MAX : query->since_s;
    int64_t after = query->after < 0 ? 0 : query->after;
    const struct store_gateway_usage_filter filter = { .since_us = clock_wall_us() - since_s * SECOND_US,
                                                       .key = query->key,
                                                       .by_hour = query->by_hour,
                                                       .limit = center_limit(query->limit),
                                                       .skip = (size_t)after };

    if (!store_gateway_usage_page(center_of(call)->reader, call->arena, &filter, &page, &err)) {
        center_read_failed(call, &err);
        return;
    }
    for (size_t i = 0; i < page.count; i++)
        value_list_add(call->arena, items, usage_value(call, &page.rows[i], query->by_hour));
    center_reply_page(call, items, page.more ? value_int(call->arena, after + (int64_t)page.count) : NULL);
}

static const struct api_route routes[] = {
    API_ROUTE(API_OPERATOR, "GET", "/api/v1/keys", key_list, .summary = "The gateway's keys, by name",
              .reply = "a page of keys, without secrets", .query = &key_page_spec),
    API_ROUTE(API_OPERATOR, "POST", "/api/v1/keys", key_add, .summary = "Make a key for the gateway",
              .reply = "the key, shown this once", .body = &key_body_spec),
    API_ROUTE(API_OPERATOR, "DELETE", "/api/v1/keys/{name}", key_revoke,
              .summary = "Revoke a key, at once: what is under way with it ends", .reply = "the name"),
    API_ROUTE(API_VIEWER, "GET", "/api/v1/usage", usage_list,
              .summary = "Requests and tokens by key and model, some seconds behind",
              .reply = "a page of sums; requests = done + failed + cancelled + refused", .query = &usage_query_spec),
};

API_RESOURCE_DEFINE(keys) = {
    .name = "keys", .summary = "The gateway's keys", .routes = routes, .count = sizeof(routes) / sizeof(routes[0])
};
