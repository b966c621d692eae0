/* SPDX-License-Identifier: Apache-2.0 */
/* What agents ask: to be rid of their reports, for work, for a new certificate. A node reaches its own things only: who it is
 * comes from its certificate, never from what it says. */
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "common/trust/certificate_request.h"
#include "controller/api/center.h"
#include "controller/api/intake.h"
#include "controller/launcher/launcher.h"
#include "controller/store/store_drift.h"
#include "controller/store/store_node.h"
#include "controller/store/store_node_work.h"
#include "controller/store/store_report.h"

#define SECOND_US ((int64_t)1000000)
#define CLOCK_AHEAD_US (60 * SECOND_US)
#define REPORTS_BODY ((size_t)8 * 1024 * 1024)
#define REPORTS_MAX 5000
#define WAIT_MAX_S 60
#define WORK_MAX 50
#define RUNS_WOKEN 8

/* --- reports --- */

struct reports_body {
    const struct value *reports;
};

static const struct arg_spec reports_body_args[] = {
    ARG(reports_body, reports, ARG_VALUES, .required = true,
        .help = "list of {sequence, at_us, kind, body}, numbered without gaps from 1 in each generation"),
    ARG_END,
};
static const struct task_spec reports_body_spec = { .name = "reports",
                                                    .args = reports_body_args,
                                                    .args_size = sizeof(struct reports_body) };

struct reports_work {
    struct store_report_batch batch;
    const struct value *bodies; /* the list, for those who look inside */
    struct store_report_result result;
    int64_t runs[RUNS_WOKEN]; /* that have something new; more than these are told at their clients' next look */
    size_t run_count;
};

static bool report_read(struct api_call *call, const struct value *given, struct store_report *out)
{
    const struct value *sequence = value_map_get(given, "sequence"), *at_us = value_map_get(given, "at_us");
    const struct value *body = value_map_get(given, "body");

    out->kind = value_map_text(given, "kind");
    if (!value_is(sequence, VALUE_INT) || sequence->as.integer < 1 || sequence->as.integer == INT64_MAX ||
        !value_is(at_us, VALUE_INT) || out->kind == NULL) {
        api_reply_error(call, 400, "bad_report", "a report needs sequence (from 1), at_us and kind");
        return false;
    }
    out->sequence = sequence->as.integer;
    out->at_us = at_us->as.integer < 0 ? 0 : at_us->as.integer;
    out->body = json_text(call->arena, body == NULL ? value_null() : body, JSON_COMPACT);
    return true;
}

static bool reports_read(struct api_call *call, const struct value *given, struct store_report_batch *out)
{
    struct store_report *reports = arena_new_array(call->arena, struct store_report, value_count(given) + 1);

    if (value_count(given) > REPORTS_MAX) {
        api_reply_error(call, 413, "too_many_reports", "%zu reports at once, the limit is %d", value_count(given),
                        REPORTS_MAX);
        return false;
    }
    for (size_t i = 0; i < value_count(given); i++) {
        if (!report_read(call, value_item(given, i), &reports[i]))
            return false;
        if (i > 0 && reports[i].sequence != reports[i - 1].sequence + 1) {
            api_reply_error(call, 400, "bad_report", "report %lld does not follow %lld", (long long)reports[i].sequence,
                            (long long)reports[i - 1].sequence);
            return false;
        }
    }
    *out = (struct store_report_batch){ .node_id = call->identity.node_id,
                                        .generation = call->identity.generation,
                                        .received_us = clock_wall_us(),
                                        .reports = reports,
                                        .count = value_count(given) };
    return true;
}

static void run_note(struct reports_work *work, int64_t run_id)
{
    for (size_t i = 0; i < work->run_count; i++) {
        if (work->runs[i] == run_id)
            return;
    }
    if (run_id != 0 && work->run_count < RUNS_WOKEN)
        work->runs[work->run_count++] = run_id;
}

/* The node tells that what is expected is gone (this controller came back from a backup): a first report of kind "gap" with
 * {from, to}, whose own number is `to`. */
static bool gap_is_told(const struct reports_work *work)
{
    const struct value *body = work->batch.count == 0 ? NULL : value_map_get(value_item(work->bodies, 0), "body");
    const struct value *from = value_map_get(body, "from"), *to = value_map_get(body, "to");

    return body != NULL && text_equal(work->batch.reports[0].kind, "gap") && value_is(from, VALUE_INT) &&
           value_is(to, VALUE_INT) && from->as.integer == work->result.expected &&
           to->as.integer == work->batch.reports[0].sequence;
}

static bool reports_append(struct store_connection *writer, struct reports_work *work, struct error *err)
{
    const struct store_report_batch *batch = &work->batch;
    const struct store_drift_resolution resolution = { .node_id = batch->node_id, .now_us = batch->received_us };
    int64_t resolved = 0;

    if (!store_report_append(writer, batch, &work->result, err))
        return false;
    if (work->result.answer != STORE_REPORT_GAP || !gap_is_told(work))
        return true;
    /* among what is gone may be that drift was mended; what is left of it is told again by the next check */
    return store_report_skip(writer, batch->node_id, batch->generation, batch->reports[0].sequence + 1,
                             batch->received_us, err) &&
           store_drift_resolve(writer, &resolution, &resolved, err) &&
           store_report_append(writer, batch, &work->result, err);
}

static bool reports_run(struct store_connection *writer, struct api_call *call, void *data, struct error *err)
{
    struct reports_work *work = data;

    if (!reports_append(writer, work, err))
        return false;
    if (work->result.answer != STORE_REPORT_OK)
        return true;
    work->run_count = 0;
    for (size_t i = work->result.first_new; i < work->batch.count; i++) {
        struct store_report believed = work->batch.reports[i];
        const struct intake_report report = { .node_id = call->identity.node_id,
                                              .generation = call->identity.generation,
                                              .node = call->identity.name,
                                              .report = &believed,
                                              .body = value_map_get(value_item(work->bodies, i), "body") };
        int64_t run_id = 0;

        /* a node's clock is believed about what was, not about what will be; the report itself is kept as it was told */
        if (believed.at_us > work->batch.received_us + CLOCK_AHEAD_US)
            believed.at_us = work->batch.received_us + CLOCK_AHEAD_US;
        if (!intake_take(writer, call->arena, &report, &run_id, err))
            return false;
        run_note(work, run_id);
    }
    return store_node_seen(writer, call->identity.node_id, work->batch.received_us, err);
}

/* Kinds that the launcher decides by. */
static bool concerns_workloads(const struct reports_work *work)
{
    static const char *const kinds[] = { "pieces", "engines", "memory", "models", "fetch", "hello", NULL };

    for (size_t i = work->result.first_new; i < work->batch.count; i++) {
        if (text_in(work->batch.reports[i].kind, kinds))
            return true;
    }
    return false;
}

static void reports_then(struct api_call *call, void *data)
{
    const struct reports_work *work = data;
    struct value *out = value_map(call->arena);

    if (work->result.answer == STORE_REPORT_GENERATION) {
        api_reply_error(call, 403, "generation_over",
                        "node %s has come back with another key: this one is worth nothing now", call->identity.name);
        return;
    }
    for (size_t i = 0; i < work->run_count; i++)
        api_wake(center_of(call)->server, api_topic("run", work->runs[i]));
    if (work->result.answer == STORE_REPORT_OK && concerns_workloads(work))
        launcher_wake(center_of(call)->launcher);
    value_map_put_int(call->arena, out, "acknowledged", work->result.acknowledged);
    value_map_put_int(call->arena, out, "expected", work->result.expected);
    api_reply(call, work->result.answer == STORE_REPORT_GAP ? 409 : 200, out);
}

static void reports_post(struct api_call *call)
{
    const struct reports_body *body = call->body;
    struct reports_work *work = arena_new_of(call->arena, struct reports_work);

    work->bodies = body->reports;
    if (reports_read(call, body->reports, &work->batch))
        center_write(call, &(struct center_work){ reports_run, reports_then, work });
}

/* --- work --- */

struct work_query {
    int64_t after, wait_s;
};

static const struct arg_spec work_query_args[] = {
    ARG(work_query, after, ARG_INT, .default_text = "0", .help = "work up to this number is in the node's hands"),
    ARG(work_query, wait_s, ARG_INT, .default_text = "0", .help = "seconds to wait for something, 60 at most"),
    ARG_END,
};
static const struct task_spec work_query_spec = { .name = "work",
                                                  .args = work_query_args,
                                                  .args_size = sizeof(struct work_query) };

static void work_reply(struct api_call *call, const struct store_node_work *works, size_t count)
{
    struct value *out = value_map(call->arena), *list = value_list(call->arena);

    for (size_t i = 0; i < count; i++) {
        struct value *one = value_map(call->arena);

        value_map_put_int(call->arena, one, "number", works[i].number);
        value_map_put_string(call->arena, one, "kind", works[i].kind);
        value_map_put(call->arena, one, "body", center_json(call, works[i].body));
        value_list_add(call->arena, list, one);
    }
    value_map_put(call->arena, out, "work", list);
    api_reply(call, 200, out);
}

/* Seconds. Short where a node counts as lost soon: its next request is what it is seen by. */
static int64_t wait_of(struct api_call *call)
{
    const struct work_query *query = call->query;
    int64_t limit = center_of(call)->wait_limit_s > 0 ? center_of(call)->wait_limit_s : WAIT_MAX_S;

    limit = limit > WAIT_MAX_S ? WAIT_MAX_S : limit;
    return query->wait_s > limit ? limit : query->wait_s;
}

static void work_look(struct api_call *call)
{
    const struct work_query *query = call->query;
    const struct store_node_work_range range = { call->identity.node_id, query->after, clock_wall_us(), WORK_MAX };
    struct store_node_work *works = NULL;
    struct error err = ERROR_INIT;
    size_t count = 0;

    api_watch(call, api_topic("work", call->identity.node_id));
    if (!store_node_work_read(center_of(call)->reader, call->arena, &range, &works, &count, &err))
        center_read_failed(call, &err);
    else if (count > 0 || call->timed_out || query->wait_s <= 0)
        work_reply(call, works, count);
    else
        api_wait(call, wait_of(call) * 1000);
}

static bool work_acknowledge(struct store_connection *writer, struct api_call *call, void *data, struct error *err)
{
    const struct work_query *query = call->query;

    (void)data;
    return store_node_work_acknowledge(writer, call->identity.node_id, query->after, err);
}

static void work_acknowledged(struct api_call *call, void *data)
{
    (void)data;
    call->state = call; /* from now on only looking */
    work_look(call);
}

/* Whether there is anything that the node says it has: most polls say nothing new, and cost no write. False: answered. */
static bool work_is_told(struct api_call *call, bool *out)
{
    const struct work_query *query = call->query;
    const struct store_node_work_range first = { .node_id = call->identity.node_id, .limit = 1 };
    struct store_node_work *works = NULL;
    struct error err = ERROR_INIT;
    size_t count = 0;

    if (query->after > 0 && !store_node_work_read(center_of(call)->reader, call->arena, &first, &works, &count, &err)) {
        center_read_failed(call, &err);
        return false;
    }
    *out = count > 0 && works[0].number <= query->after;
    return true;
}

static void work_get(struct api_call *call)
{
    bool is_told = false;

    if (call->state == NULL && !work_is_told(call, &is_told))
        return;
    if (is_told)
        center_write(call, &(struct center_work){ work_acknowledge, work_acknowledged, NULL });
    else
        work_look(call);
}

/* --- a new certificate --- */

struct renew_body {
    const char *request;
};

static const struct arg_spec renew_body_args[] = {
    ARG(renew_body, request, ARG_STRING, .required = true,
        .help = "certificate request, PEM; the key may be a new one"),
    ARG_END,
};
static const struct task_spec renew_body_spec = { .name = "renew",
                                                  .args = renew_body_args,
                                                  .args_size = sizeof(struct renew_body) };

struct renew_work {
    struct public_key key;
    int64_t now_us;
};

static bool renew_run(struct store_connection *writer, struct api_call *call, void *data, struct error *err)
{
    struct renew_work *work = data;
    const struct store_enrollment enrollment = { .name = call->identity.name,
                                                 .fingerprint = work->key.fingerprint,
                                                 .expires_us = work->now_us + AUTHORITY_NODE_LIFE_S * SECOND_US,
                                                 .now_us = work->now_us };

    return store_node_key_renew(writer, call->identity.node_id, &enrollment, err) &&
           center_audit(writer, call, "node.renew", call->identity.name, NULL, err);
}

static void renew_then(struct api_call *call, void *data)
{
    const struct renew_work *work = data;
    const struct authority_wish wish = { &work->key, { call->identity.name, call->identity.generation }, work->now_us };
    struct value *out = value_map(call->arena);
    struct error err = ERROR_INIT;
    char *certificate = NULL;

    if (!authority_certify(center_of(call)->authority, call->arena, &wish, &certificate, &err)) {
        api_reply_error(call, 500, "not_certified", "%s", err.text);
        return;
    }
    value_map_put_string(call->arena, out, "certificate", certificate);
    api_reply(call, 200, out);
}

static void renew_post(struct api_call *call)
{
    const struct renew_body *body = call->body;
    struct renew_work *work = arena_new_of(call->arena, struct renew_work);
    struct error err = ERROR_INIT;

    work->now_us = clock_wall_us();
    if (!certificate_request_read(body->request, strlen(body->request), &work->key, &err)) {
        api_reply_error(call, 400, "bad_request", "the certificate request: %s", err.text);
        return;
    }
    center_write(call, &(struct center_work){ renew_run, renew_then, work });
}

static const struct api_route routes[] = {
    API_ROUTE(API_NODE, "POST", "/agent/v1/reports", reports_post,
              .summary = "Reports of the node; known ones are passed over, the answer comes when they are on disk",
              .reply = "200: acknowledged up to; 409: a gap, the number expected", .body = &reports_body_spec,
              .body_limit_bytes = REPORTS_BODY),
    API_ROUTE(API_NODE, "GET", "/agent/v1/work", work_get,
              .summary = "What the node is to do; waits until there is something",
              .reply = "a list of work, perhaps empty", .query = &work_query_spec),
    API_ROUTE(API_NODE_EXPIRED, "POST", "/agent/v1/renew", renew_post, .summary = "A new certificate for the node",
              .reply = "the certificate", .body = &renew_body_spec),
};

API_RESOURCE_DEFINE(agents) = {
    .name = "agents", .summary = "What agents ask", .routes = routes, .count = sizeof(routes) / sizeof(routes[0])
};
