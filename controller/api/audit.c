/* SPDX-License-Identifier: Apache-2.0 */
/* Who did what, and whether the log is whole. */
#include "controller/store/store_audit.h"

#include <pthread.h>

#include "controller/api/center.h"

struct audit_query {
    const char *actor, *action;
    int64_t before, limit;
};

static const struct arg_spec audit_query_args[] = {
    ARG(audit_query, actor, ARG_STRING, .help = "exactly this one"),
    ARG(audit_query, action, ARG_STRING, .help = "exactly this, as node.revoke"),
    ARG(audit_query, before, ARG_INT, .default_text = "0", .help = "the page before this id"),
    ARG(audit_query, limit, ARG_INT, .default_text = "100", .help = "rows of a page"),
    ARG_END,
};
static const struct task_spec audit_query_spec = { .name = "audit",
                                                   .args = audit_query_args,
                                                   .args_size = sizeof(struct audit_query) };

static void audit_list(struct api_call *call)
{
    const struct audit_query *query = call->query;
    const struct store_audit_filter filter = { query->actor, query->action, query->before, center_limit(query->limit) };
    struct value *items = value_list(call->arena);
    struct store_audit_page page;
    struct error err = ERROR_INIT;

    if (!store_audit_page(center_of(call)->reader, call->arena, &filter, &page, &err)) {
        center_read_failed(call, &err);
        return;
    }
    for (size_t i = 0; i < page.count; i++) {
        const struct store_audit_row *row = &page.rows[i];
        struct value *item = value_map(call->arena);

        value_map_put_int(call->arena, item, "id", row->id);
        center_put_time(call, item, "at", row->at_us);
        value_map_put_string(call->arena, item, "actor", row->actor);
        value_map_put_string(call->arena, item, "action", row->action);
        value_map_put_string(call->arena, item, "object", row->object);
        value_map_put(call->arena, item, "detail", center_json(call, row->detail));
        value_map_put_string(call->arena, item, "peer", row->peer);
        value_map_put_string(call->arena, item, "hash", row->hash);
        value_list_add(call->arena, items, item);
    }
    center_reply_page(call, items, page.next == 0 ? NULL : value_int(call->arena, page.next));
}

/* --- the chain --- */

/* Every row is read: by a thread of its own, as the HTTP thread must not wait. */
struct verifying {
    struct api_call *call;
    struct store *store;
    struct store_audit_verdict verdict;
    struct error err;
    bool failed;
};

static void *verify_thread(void *data)
{
    struct verifying *verifying = data;
    struct store_connection *reader = NULL;

    verifying->failed = !store_reader_open(verifying->store, &reader, &verifying->err) ||
                        !store_audit_verify(reader, &verifying->verdict, &verifying->err);
    store_reader_close(reader);
    api_resume(verifying->call);
    return NULL;
}

static void verify_then(struct api_call *call)
{
    const struct verifying *verifying = call->state;
    const struct store_audit_verdict *verdict = &verifying->verdict;
    struct value *out = value_map(call->arena);

    if (verifying->failed) {
        center_read_failed(call, &verifying->err);
        return;
    }
    value_map_put_bool(call->arena, out, "whole", verdict->first_bad == 0);
    value_map_put_int(call->arena, out, "rows", verdict->rows);
    value_map_put_string(call->arena, out, "hash", verdict->hash);
    value_map_put(call->arena, out, "first_bad",
                  verdict->first_bad == 0 ? value_null() : value_int(call->arena, verdict->first_bad));
    value_map_put_string(call->arena, out, "reason",
                         verdict->first_bad == 0 ? NULL
                                                 : arena_printf(call->arena, "row %lld: %s",
                                                                (long long)verdict->first_bad, verdict->reason));
    api_reply(call, 200, out);
}

static void audit_verify(struct api_call *call)
{
    struct verifying *verifying = arena_new_of(call->arena, struct verifying);
    pthread_attr_t attributes;
    pthread_t thread;

    *verifying = (struct verifying){ .call = call, .store = center_of(call)->store };
    call->state = verifying;
    api_await(call, verify_then);
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    if (pthread_create(&thread, &attributes, verify_thread, verifying) != 0) {
        verifying->failed = !error_set(&verifying->err, "cannot start a thread");
        api_resume(call);
    }
    pthread_attr_destroy(&attributes);
}

static const struct api_route routes[] = {
    API_ROUTE(API_OPERATOR, "GET", "/api/v1/audit", audit_list, .summary = "The audit log, newest first",
              .reply = "a page of rows; each hash covers the row before", .query = &audit_query_spec),
    API_ROUTE(API_OPERATOR, "GET", "/api/v1/audit/verify", audit_verify,
              .summary = "Whether every row follows the one before, unchanged",
              .reply = "whole, the number of sound rows and the hash of the last"),
};

API_RESOURCE_DEFINE(audit) = {
    .name = "audit", .summary = "Who did what", .routes = routes, .count = sizeof(routes) / sizeof(routes[0])
};
