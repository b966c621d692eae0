/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records of what was built: told by `roost rebuild`, signed here with the key that signs bundles (under another domain), kept for ever. What is
 * signed is canonical JSON: keys sorted, no blanks.
 */
#include "controller/store/store_build_record.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "common/trust/signature.h"
#include "controller/api/center.h"

#define RECORD_MAX ((size_t)256 * 1024)
#define NAME_MAX_LENGTH 64
#define CANONICAL ((struct json_style){ .compact = true, .sort_keys = true })

struct record_body {
    const char *rebuild, *node, *outcome;
    const struct value *built;
};

static const struct arg_spec record_body_args[] = {
    ARG(record_body, rebuild, ARG_STRING, .required = true, .help = "the rebuild's name"),
    ARG(record_body, node, ARG_STRING, .help = "of this node; without it: of the cluster as a whole"),
    ARG(record_body, outcome, ARG_STRING, .required = true, .choices = ARG_NAMES("built", "failed"),
        .help = "how it ended"),
    ARG(record_body, built, ARG_MAP, .required = true, .help = "what was done and found"),
    ARG_END,
};
static const struct task_spec record_body_spec = { .name = "build record",
                                                   .args = record_body_args,
                                                   .args_size = sizeof(struct record_body) };

struct record_query {
    const char *rebuild, *node;
    int64_t before, limit;
};

static const struct arg_spec record_query_args[] = {
    ARG(record_query, rebuild, ARG_STRING, .help = "of this rebuild only"),
    ARG(record_query, node, ARG_STRING, .help = "of this node only"),
    ARG(record_query, before, ARG_INT, .default_text = "0", .help = "the page before this id"),
    ARG(record_query, limit, ARG_INT, .default_text = "100", .help = "rows of a page"),
    ARG_END,
};
static const struct task_spec record_query_spec = { .name = "build records",
                                                    .args = record_query_args,
                                                    .args_size = sizeof(struct record_query) };

/* --- adding --- */

struct record_work {
    struct store_build_record row;
    const char *told; /* `built`, canonical */
    bool known;
    char signature[SIGNATURE_DIGITS + 1];
};

static bool event_add(struct store_connection *writer, struct api_call *call, const struct record_work *work,
                      struct error *err)
{
    struct value *detail = value_map(call->arena);

    value_map_put_string(call->arena, detail, "rebuild", work->row.rebuild);
    value_map_put_string(call->arena, detail, "outcome", work->row.outcome);
    return center_event_add(writer, call->arena,
                            &(struct center_event){ .kind = "rebuild.done", .node = work->row.node, .detail = detail },
                            err);
}

static bool add_run(struct store_connection *writer, struct api_call *call, void *data, struct error *err)
{
    struct record_work *work = data;
    const char *object = work->row.node == NULL ? "cluster" : work->row.node;

    if (!store_build_record_add(writer, &work->row, work->told, &work->known, &work->row.id, err))
        return false;
    return work->known ||
           (center_audit(writer, call, "build_record.add", object, NULL, err) && event_add(writer, call, work, err));
}

static void add_then(struct api_call *call, void *data)
{
    const struct record_work *work = data;
    struct value *out = value_map(call->arena);

    value_map_put_int(call->arena, out, "id", work->row.id);
    api_reply(call, work->known ? 200 : 201, out);
}

/* The text that is signed. */
static const char *record_text(struct api_call *call, const struct record_work *work, const struct value *built)
{
    struct value *record = value_map(call->arena);

    value_map_put_int(call->arena, record, "format", 1);
    value_map_put_string(call->arena, record, "at", clock_text_utc(call->arena, work->row.at_us));
    value_map_put_string(call->arena, record, "by", work->row.by);
    value_map_put_string(call->arena, record, "rebuild", work->row.rebuild);
    value_map_put(call->arena, record, "node",
                  work->row.node == NULL ? value_null() : value_string(call->arena, work->row.node));
    value_map_put_string(call->arena, record, "outcome", work->row.outcome);
    value_map_put(call->arena, record, "built", built);
    return json_text(call->arena, record, CANONICAL);
}

static bool record_sign(struct api_call *call, struct record_work *work, struct error *err)
{
    const struct signed_message message = { BUILD_RECORD_DOMAIN, work->row.record, strlen(work->row.record) };
    unsigned char signature[SIGNATURE_BYTES];

    if (!signature_make(center_of(call)->authority->signing_key, &message, signature, err))
        return false;
    signature_write(signature, work->signature);
    work->row.signature = work->signature;
    return true;
}

static void record_add(struct api_call *call)
{
    const struct record_body *body = call->body;
    struct record_work *work = arena_new_of(call->arena, struct record_work);
    struct error err = ERROR_INIT;

    if (*body->rebuild == '\0' || strlen(body->rebuild) > NAME_MAX_LENGTH ||
        (body->node != NULL && (*body->node == '\0' || strlen(body->node) > NAME_MAX_LENGTH))) {
        api_reply_error(call, 400, "bad_member", "rebuild and node have 1 to %d bytes", NAME_MAX_LENGTH);
        return;
    }
    work->told = json_text(call->arena, body->built, CANONICAL);
    if (strlen(work->told) > RECORD_MAX) {
        api_reply_error(call, 413, "too_large", "built has %zu bytes, at most %zu are kept", strlen(work->told),
                        RECORD_MAX);
        return;
    }
    work->row = (struct store_build_record){ .at_us = clock_wall_us(),
                                             .by = call->identity.name,
                                             .rebuild = body->rebuild,
                                             .node = body->node,
                                             .outcome = body->outcome };
    work->row.record = record_text(call, work, body->built);
    if (!record_sign(call, work, &err)) {
        api_reply_error(call, 500, "not_signed", "%s", err.text);
        return;
    }
    center_write(call, &(struct center_work){ add_run, add_then, work });
}

/* --- reading --- */

static struct value *record_value(struct api_call *call, const struct store_build_record *row)
{
    struct value *out = value_map(call->arena);

    value_map_put_int(call->arena, out, "id", row->id);
    center_put_time(call, out, "at", row->at_us);
    value_map_put_string(call->arena, out, "by", row->by);
    value_map_put_string(call->arena, out, "rebuild", row->rebuild);
    value_map_put_string(call->arena, out, "node", row->node);
    value_map_put_string(call->arena, out, "outcome", row->outcome);
    return out;
}

static void record_list(struct api_call *call)
{
    const struct record_query *query = call->query;
    const struct store_build_record_filter filter = {
        .rebuild = query->rebuild, .node = query->node, .before = query->before, .limit = center_limit(query->limit)
    };
    struct value *items = value_list(call->arena);
    struct store_build_record *rows = NULL;
    struct error err = ERROR_INIT;
    size_t count = 0;

    if (!store_build_record_read(center_of(call)->reader, call->arena, &filter, &rows, &count, &err)) {
        center_read_failed(call, &err);
        return;
    }
    for (size_t i = 0; i < count; i++)
        value_list_add(call->arena, items, record_value(call, &rows[i]));
    center_reply_page(call, items, count < filter.limit ? NULL : value_int(call->arena, rows[count - 1].id));
}

static void record_get(struct api_call *call)
{
    struct store_build_record_filter filter = { .limit = 1 };
    struct store_build_record *row = NULL;
    struct error err = ERROR_INIT;
    struct value *out = NULL;
    size_t count = 0;

    if (!text_to_int(api_path_value(call, "id"), &filter.id) || filter.id <= 0) {
        api_reply_error(call, 404, "record_unknown", "there is no record '%s'", api_path_value(call, "id"));
        return;
    }
    if (!store_build_record_read(center_of(call)->reader, call->arena, &filter, &row, &count, &err)) {
        center_read_failed(call, &err);
        return;
    }
    if (count == 0) {
        api_reply_error(call, 404, "record_unknown", "there is no record %lld", (long long)filter.id);
        return;
    }
    out = record_value(call, row);
    value_map_put_string(call->arena, out, "record", row->record);
    value_map_put_string(call->arena, out, "signature", row->signature);
    value_map_put_string(call->arena, out, "domain", BUILD_RECORD_DOMAIN);
    value_map_put_string(call->arena, out, "signing_key", center_of(call)->authority->signing_key_pem);
    api_reply(call, 200, out);
}

static const struct api_route routes[] = {
    API_ROUTE(API_VIEWER, "GET", "/api/v1/build-records", record_list, .summary = "What was built, newest first",
              .reply = "a page of records, without their content", .query = &record_query_spec),
    API_ROUTE(API_VIEWER, "GET", "/api/v1/build-records/{id}", record_get, .summary = "One record, to be verified",
              .reply =
                  "record: the text that is signed; signature: Ed25519 over domain, a NUL and the text; signing_key"),
    API_ROUTE(API_OPERATOR, "POST", "/api/v1/build-records", record_add,
              .summary = "Keep what was built, signed by the controller",
              .reply = "201: its id; 200: it was told before", .body = &record_body_spec),
};

API_RESOURCE_DEFINE(build_records) = {
    .name = "build_records", .summary = "What was built", .routes = routes, .count = sizeof(routes) / sizeof(routes[0])
};
