/* SPDX-License-Identifier: Apache-2.0 */
/* Webhooks: made, listed, tried, removed; what became of their deliveries. Sending is the service's (webhook_sender.h). */
#include "controller/store/store_webhook.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "common/trust/secret.h"
#include "controller/api/center.h"

#define WEBHOOKS_MAX 32
#define URL_MAX 2000
#define SECRET_SHORTEST 16

struct webhook_body {
    const char *name, *url, *secret;
    const struct value *kinds;
    bool insecure_http;
};

static const struct arg_spec webhook_body_args[] = {
    ARG(webhook_body, name, ARG_STRING, .required = true, .help = "what it is called here"),
    ARG(webhook_body, url, ARG_STRING, .required = true, .help = "https://...; http:// to loopback only"),
    ARG(webhook_body, kinds, ARG_LIST, .default_text = "run_failed,drift_found,node_lost",
        .choices = ARG_NAMES("run_failed", "drift_found", "node_lost", "node_back", "workload_failed"),
        .help = "what it is told of"),
    ARG(webhook_body, secret, ARG_STRING, .no_log = true, .help = "that signs; without it one is made"),
    ARG(webhook_body, insecure_http, ARG_BOOL, .help = "http:// to anywhere: whoever is between reads and forges"),
    ARG_END,
};
static const struct task_spec webhook_body_spec = { .name = "webhook",
                                                    .args = webhook_body_args,
                                                    .args_size = sizeof(struct webhook_body) };

struct delivery_query {
    const char *webhook;
    int64_t before, limit;
};

static const struct arg_spec delivery_query_args[] = {
    ARG(delivery_query, webhook, ARG_STRING, .help = "of this one only"),
    ARG(delivery_query, before, ARG_INT, .default_text = "0", .help = "the page before this id"),
    ARG(delivery_query, limit, ARG_INT, .default_text = "100", .help = "rows of a page"),
    ARG_END,
};
static const struct task_spec delivery_query_spec = { .name = "deliveries",
                                                      .args = delivery_query_args,
                                                      .args_size = sizeof(struct delivery_query) };

/* --- URLs --- */

/* Scheme and host: what lies behind may be a token. */
static const char *url_shown(struct arena *arena, const char *url)
{
    const char *host = strstr(url, "://");
    size_t length = host == NULL ? 0 : (size_t)(host - url) + 3 + strcspn(host + 3, "/?#");

    return arena_printf(arena, "%.*s%s", (int)length, url, url[length] == '\0' ? "" : "/...");
}

static bool host_is_loopback(const char *host, size_t length)
{
    static const char *const names[] = { "localhost", "[::1]", "127.0.0.1" };
    size_t name_length = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/?#");

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (name_length <= length && strlen(names[i]) == name_length && strncmp(host, names[i], name_length) == 0)
            return true;
    }
    return false;
}

static bool url_check(const struct webhook_body *body, struct error *err)
{
    const char *url = body->url;
    bool is_https = text_starts(url, "https://"), is_http = text_starts(url, "http://");
    const char *host = url + (is_https ? strlen("https://") : strlen("http://"));
    size_t length = is_https || is_http ? strcspn(host, "/?#") : 0;

    for (const char *at = url; *at != '\0'; at++) {
        if (*at <= ' ' || *at > '~')
            return error_set(err, "the url holds a space or a character beyond ASCII: write it percent-encoded");
    }
    if (strlen(url) > URL_MAX)
        return error_set(err, "the url has more than %d bytes", URL_MAX);
    if (length == 0)
        return error_set(err, "the url must begin with https:// and a host");
    if (memchr(host, '@', length) != NULL)
        return error_set(err, "the url holds a user or password: what the receiver needs to know is the signature");
    return is_https || body->insecure_http || host_is_loopback(host, length) ||
           error_set(err, "http:// goes to loopback only: use https://, or say insecure_http (--insecure-http)");
}

/* --- making, removing, trying --- */

struct webhook_work {
    struct store_webhook row;
    bool taken, found, full, generated;
    int64_t delivery;
};

static bool add_run(struct store_connection *writer, struct api_call *call, void *data, struct error *err)
{
    struct webhook_work *work = data;
    struct store_webhook *known = NULL;
    struct value *detail = value_map(call->arena);
    size_t count = 0;

    if (!store_webhook_list(writer, call->arena, &known, &count, err))
        return false;
    work->full = count >= WEBHOOKS_MAX;
    if (work->full)
        return true;
    value_map_put_string(call->arena, detail, "url", url_shown(call->arena, work->row.url));
    value_map_put_string(call->arena, detail, "kinds", work->row.kinds);
    return store_webhook_add(writer, &work->row, &work->taken, err) &&
           (work->taken || center_audit(writer, call, "webhook.add", work->row.name,
                                        json_text(call->arena, detail, JSON_COMPACT), err));
}

static void add_then(struct api_call *call, void *data)
{
    const struct webhook_work *work = data;
    struct value *out = value_map(call->arena);

    if (work->full) {
        api_reply_error(call, 409, "too_many", "there are %d webhooks already", WEBHOOKS_MAX);
        return;
    }
    if (work->taken) {
        api_reply_error(call, 409, "name_taken", "there is a webhook '%s' already: remove it first", work->row.name);
        return;
    }
    value_map_put_string(call->arena, out, "name", work->row.name);
    value_map_put_string(call->arena, out, "kinds", work->row.kinds);
    if (work->generated)
        value_map_put_string(call->arena, out, "secret", work->row.secret);
    api_reply(call, 201, out);
}

static const char *kinds_text(struct api_call *call, const struct value *kinds)
{
    struct text out = text_new(call->arena);

    for (size_t i = 0; i < value_count(kinds); i++)
        text_printf(&out, "%s%s", i > 0 ? "," : "", value_text(value_item(kinds, i)));
    return out.data;
}

/* False: answered. */
static bool secret_ready(struct api_call *call, const struct webhook_body *body, struct webhook_work *work)
{
    struct secret made;
    struct error err = ERROR_INIT;

    work->row.secret = body->secret;
    work->generated = body->secret == NULL;
    if (work->generated && !secret_make(call->arena, &made, &err)) {
        api_reply_error(call, 500, "no_randomness", "%s", err.text);
        return false;
    }
    if (work->generated)
        work->row.secret = secret_reveal(made);
    if (strlen(work->row.secret) < SECRET_SHORTEST) {
        api_reply_error(call, 400, "bad_member", "the secret has %zu bytes, at least %d are needed",
                        strlen(work->row.secret), SECRET_SHORTEST);
        return false;
    }
    return true;
}

static void webhook_add(struct api_call *call)
{
    const struct webhook_body *body = call->body;
    struct webhook_work *work = arena_new_of(call->arena, struct webhook_work);
    struct error err = ERROR_INIT;

    if (*body->name == '\0' || strlen(body->name) > 64 || strpbrk(body->name, "/?#%") != NULL) {
        api_reply_error(call, 400, "bad_member", "name must have 1 to 64 bytes, without / ? # %%");
        return;
    }
    if (value_count(body->kinds) == 0 || !url_check(body, &err)) {
        api_reply_error(call, 400, "bad_member", "%s", value_count(body->kinds) == 0 ? "kinds is empty" : err.text);
        return;
    }
    if (!secret_ready(call, body, work))
        return;
    work->row.name = body->name;
    work->row.url = body->url;
    work->row.kinds = kinds_text(call, body->kinds);
    work->row.created_by = call->identity.name;
    work->row.created_us = clock_wall_us();
    center_write(call, &(struct center_work){ add_run, add_then, work });
}

static void webhook_unknown(struct api_call *call, const char *name)
{
    api_reply_error(call, 404, "webhook_unknown", "there is no webhook '%s'", name);
}

static bool remove_run(struct store_connection *writer, struct api_call *call, void *data, struct error *err)
{
    struct webhook_work *work = data;

    return store_webhook_remove(writer, work->row.name, &work->found, err) &&
           (!work->found || center_audit(writer, call, "webhook.remove", work->row.name, NULL, err));
}

static void remove_then(struct api_call *call, void *data)
{
    const struct webhook_work *work = data;
    struct value *out = value_map(call->arena);

    if (!work->found) {
        webhook_unknown(call, work->row.name);
        return;
    }
    value_map_put_string(call->arena, out, "removed", work->row.name);
    api_reply(call, 200, out);
}

static void webhook_remove(struct api_call *call)
{
    struct webhook_work *work = arena_new_of(call->arena, struct webhook_work);

    work->row.name = api_path_value(call, "name");
    center_write(call, &(struct center_work){ remove_run, remove_then, work });
}

static bool test_run(struct store_connection *writer, struct api_call *call, void *data, struct error *err)
{
    struct webhook_work *work = data;
    struct value *body = value_map(call->arena);
    struct store_delivery_wish wish = { .webhook = work->row.name, .kind = "test", .now_us = clock_wall_us() };

    value_map_put_string(call->arena, body, "kind", "test");
    center_put_time(call, body, "at", wish.now_us);
    value_map_put_string(call->arena, body, "by", call->identity.name);
    wish.body = json_text(call->arena, body, JSON_COMPACT);
    return store_delivery_add(writer, &wish, &work->delivery, err) &&
           (work->delivery == 0 || center_audit(writer, call, "webhook.test", work->row.name, NULL, err));
}

static void test_then(struct api_call *call, void *data)
{
    const struct webhook_work *work = data;
    struct value *out = value_map(call->arena);

    if (work->delivery == 0) {
        webhook_unknown(call, work->row.name);
        return;
    }
    if (center_of(call)->deliveries_wake != NULL)
        center_of(call)->deliveries_wake(center_of(call)->deliveries_data);
    value_map_put_int(call->arena, out, "delivery", work->delivery);
    api_reply(call, 202, out);
}

static void webhook_test(struct api_call *call)
{
    struct webhook_work *work = arena_new_of(call->arena, struct webhook_work);

    work->row.name = api_path_value(call, "name");
    center_write(call, &(struct center_work){ test_run, test_then, work });
}

/* --- lists --- */

static void webhook_list(struct api_call *call)
{
    struct value *items = value_list(call->arena);
    struct store_webhook *webhooks = NULL;
    struct error err = ERROR_INIT;
    size_t count = 0;

    if (!store_webhook_list(center_of(call)->reader, call->arena, &webhooks, &count, &err)) {
        center_read_failed(call, &err);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        struct value *item = value_map(call->arena);

        value_map_put_string(call->arena, item, "name", webhooks[i].name);
        value_map_put_string(call->arena, item, "url", url_shown(call->arena, webhooks[i].url));
        value_map_put_string(call->arena, item, "kinds", webhooks[i].kinds);
        value_map_put_string(call->arena, item, "created_by", webhooks[i].created_by);
        center_put_time(call, item, "created", webhooks[i].created_us);
        value_list_add(call->arena, items, item);
    }
    center_reply_page(call, items, NULL);
}

static struct value *delivery_value(struct api_call *call, const struct store_delivery *delivery)
{
    struct value *out = value_map(call->arena);
    const char *state = delivery->delivered_us > 0 ? "delivered" : delivery->next_us > 0 ? "waiting" : "given up";

    value_map_put_int(call->arena, out, "id", delivery->id);
    value_map_put_string(call->arena, out, "webhook", delivery->webhook);
    value_map_put_string(call->arena, out, "kind", delivery->kind);
    value_map_put_string(call->arena, out, "state", state);
    value_map_put_int(call->arena, out, "tries", delivery->tries);
    value_map_put(call->arena, out, "status",
                  delivery->status == 0 ? value_null() : value_int(call->arena, delivery->status));
    value_map_put_string(call->arena, out, "error", delivery->error);
    center_put_time(call, out, "created", delivery->created_us);
    center_put_time(call, out, "delivered", delivery->delivered_us);
    center_put_time(call, out, "next_try", delivery->next_us);
    value_map_put(call->arena, out, "body", center_json(call, delivery->body));
    return out;
}

static void delivery_list(struct api_call *call)
{
    const struct delivery_query *query = call->query;
    const struct store_delivery_filter filter = { .webhook = query->webhook,
                                                  .before = query->before,
                                                  .limit = center_limit(query->limit) };
    struct value *items = value_list(call->arena);
    struct store_delivery *deliveries = NULL;
    struct error err = ERROR_INIT;
    size_t count = 0;

    if (!store_delivery_read(center_of(call)->reader, call->arena, &filter, &deliveries, &count, &err)) {
        center_read_failed(call, &err);
        return;
    }
    for (size_t i = 0; i < count; i++)
        value_list_add(call->arena, items, delivery_value(call, &deliveries[i]));
    center_reply_page(call, items, count < filter.limit ? NULL : value_int(call->arena, deliveries[count - 1].id));
}

static const struct api_route routes[] = {
    API_ROUTE(API_ADMIN, "GET", "/api/v1/webhooks", webhook_list, .summary = "Webhooks, by name",
              .reply = "webhooks, without secrets; of URLs scheme and host only"),
    API_ROUTE(API_ADMIN, "POST", "/api/v1/webhooks", webhook_add,
              .summary = "Make a webhook: it is told by POST, signed, until it answers with 2xx, for a day",
              .reply = "the secret if it was made here, shown this once", .body = &webhook_body_spec),
    API_ROUTE(API_ADMIN, "DELETE", "/api/v1/webhooks/{name}", webhook_remove,
              .summary = "Remove a webhook with its deliveries", .reply = "the name"),
    API_ROUTE(API_ADMIN, "POST", "/api/v1/webhooks/{name}/test", webhook_test,
              .summary = "Deliver something of kind test", .reply = "202: the number of the delivery"),
    API_ROUTE(API_ADMIN, "GET", "/api/v1/webhook-deliveries", delivery_list,
              .summary = "Deliveries and what became of them, newest first", .reply = "a page of deliveries",
              .query = &delivery_query_spec),
};

API_RESOURCE_DEFINE(webhooks) = { .name = "webhooks",
                                  .summary = "Who is told of what happens",
                                  .routes = routes,
                                  .count = sizeof(routes) / sizeof(routes[0]) };
