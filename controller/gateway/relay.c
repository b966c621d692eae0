/* SPDX-License-Identifier: Apache-2.0 */
/* One request with one engine: sent, its answer passed on as it comes, its end judged. Callbacks of libcurl note, relay_done acts. */
#include <string.h>
#include <strings.h>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "controller/gateway/gateway_internal.h"

#define ERROR_BODY_MAX (64 * 1024) /* of an answer that is no 200 */
#define PASSES_US 1000000          /* so often it is told that bytes come */

/* --- while it comes in --- */

static bool stop(struct request *request, const char *trouble, struct error *err)
{
    request->trouble = trouble;
    return error_set(err, "%s", trouble);
}

static bool relay_begin(void *data, const struct http_response *head, struct error *err)
{
    struct request *request = data;
    const char *type = http_header_get(head, "Content-Type");

    (void)err;
    request->upstream_status = head->status;
    request->is_events = head->status == 200 && request->ask.is_stream && type != NULL &&
                         strncasecmp(type, "text/event-stream", strlen("text/event-stream")) == 0;
    return true;
}

static bool take_events(struct request *request, const char *bytes, size_t length, struct error *err)
{
    struct text out;

    arena_reset(request->gateway->outgoing);
    out = text_new(request->gateway->outgoing);
    if (!answer_stream_take(&request->stream, bytes, length, &out))
        return stop(request, "the engine sent an event of more than a megabyte", err);
    if (out.length == 0)
        return true;
    if (request->first_us == 0)
        request->first_us = clock_monotonic_us();
    return request_push(request, out.data, out.length) || stop(request, "the client takes less than comes", err);
}

static void passes(struct request *request)
{
    const struct gateway_source *source = &request->gateway->options.source;
    int64_t now_us = clock_monotonic_us();

    if (source->passes == NULL || now_us - request->passed_us < PASSES_US)
        return;
    request->passed_us = now_us;
    source->passes(source->data, request->instance_id);
}

static bool relay_write(void *data, const char *bytes, size_t length, struct error *err)
{
    struct request *request = data;
    size_t most = request->upstream_status == 200 ? LIMIT_GATEWAY_ANSWER : ERROR_BODY_MAX;

    passes(request);
    if (request->is_events)
        return take_events(request, bytes, length, err);
    if (request->answer.length + length > most)
        return stop(request, "the engine's answer is too long", err);
    if (request->first_us == 0)
        request->first_us = clock_monotonic_us();
    text_add_n(&request->answer, bytes, length);
    return true;
}

/* --- sending --- */

static void attempt_begin(struct request *request, const struct launcher_backend *backend)
{
    request->is_running = true;
    request->instance_id = backend->instance_id;
    request->tried[request->tries++] = backend->instance_id;
    request->started_us = clock_monotonic_us();
    request->upstream_status = 0;
    request->is_events = false;
    request->trouble = NULL;
    request->answer = text_new(request->arena);
    request->stream = (struct answer_stream){ .arena = request->arena,
                                              .scratch = request->gateway->scratch,
                                              .model = request->ask.model,
                                              .wants_usage = request->ask.wants_usage,
                                              .held = text_new(request->arena) };
}

static const char *url_of(struct request *request, const struct launcher_backend *backend)
{
    bool is_v6 = strchr(backend->address, ':') != NULL;

    return arena_printf(request->arena, "http://%s%s%s:%lld%s", is_v6 ? "[" : "", backend->address, is_v6 ? "]" : "",
                        (long long)backend->port, ask_path(request->ask.kind));
}

void relay_start(struct request *request, const struct launcher_backend *backend)
{
    struct http_job job = { .request = { .url = url_of(request, backend),
                                         .headers = request->headers,
                                         .header_count = backend->key == NULL ? 1 : 2,
                                         .timeout_ms = LIMIT_GATEWAY_CONNECT_MS,
                                         .deadline_ms = LIMIT_GATEWAY_TOTAL_MS,
                                         .follow = HTTP_FOLLOW_NONE,
                                         .shown = "the engine",
                                         .no_proxy = true,
                                         .keep_alive = true,
                                         .http1 = true },
                            .sink = { relay_write, request },
                            .begin = relay_begin };
    struct error err = ERROR_INIT;

    attempt_begin(request, backend);
    request->headers[0] = (struct http_header){ "Content-Type", "application/json" };
    if (backend->key != NULL)
        request->headers[1] =
            (struct http_header){ "Authorization", arena_printf(request->arena, "Bearer %s", backend->key) };
    job.request.body = ask_body(request->arena, &request->ask,
                                backend->model == NULL ? request->ask.model : backend->model, &job.request.body_length);
    if (!http_group_start(request->gateway->group, &job, &err))
        proxy_fail(request, USAGE_FAILED, 500, "internal_error", "%s", err.text);
}

/* --- judging --- */

static void suspect(const struct request *request)
{
    const struct gateway_source *source = &request->gateway->options.source;

    source->suspect(source->data, request->instance_id);
}

/* The engine, not the client, has let it down. Another one is asked if the client has seen nothing of this answer. */
static void engine_failed(struct request *request, const char *what)
{
    suspect(request);
    proxy_release(request);
    request->trouble = what;
    if (request->is_streaming)
        proxy_fail(request, USAGE_FAILED, 502, "upstream_broken",
                   "the engine broke off in the middle of its answer: %s", what);
    else if (request->tries < LIMIT_GATEWAY_TRIES)
        proxy_dispatch(request);
    else
        proxy_fail(request, USAGE_FAILED, 502, "upstream_broken", "%d engines were asked, none has answered: %s",
                   request->tries, what);
}

static void stream_ended(struct request *request)
{
    const struct answer_facts *facts = &request->stream.facts;

    if (facts->error != NULL) {
        proxy_fail(request, USAGE_FAILED, 502, "upstream_error", "the engine says: %s", facts->error);
    } else if (!facts->is_done) {
        engine_failed(request, "the stream ended without its end mark");
    } else {
        proxy_account(request, USAGE_DONE);
        request_finish_stream(request);
        proxy_end(request);
    }
}

static void whole_ended(struct request *request)
{
    struct text out;

    if (request->ask.is_stream)
        proxy_fail(request, USAGE_FAILED, 502, "upstream_error", "the engine gave no stream, which was asked of it");
    else if (!answer_whole(request->arena, request->answer.data, request->answer.length, request->ask.model, &out,
                           &request->stream.facts))
        engine_failed(request, "the engine's answer is no JSON");
    else {
        proxy_account(request, USAGE_DONE);
        request_answer(request, 200, out.data, out.length);
        proxy_end(request);
    }
}

/* What an engine may say of a client's request goes to the client; what it says of itself or of us does not. */
static bool is_about_request(int status)
{
    return status == 400 || status == 413 || status == 422 || status == 501;
}

static void error_ended(struct request *request)
{
    int status = request->upstream_status;
    const char *told = answer_error_of(request->arena, request->answer.data, request->answer.length);

    if (is_about_request(status))
        proxy_fail(request, USAGE_REFUSED, status, "upstream_refused", "the engine says: %s",
                   told == NULL ? "(nothing that can be read)" : told);
    else if (status >= 500 && status != 503)
        proxy_fail(request, USAGE_FAILED, 502, "upstream_error", "the engine failed with %d: %s", status,
                   told == NULL ? "(nothing that can be read)" : told);
    else
        engine_failed(request, arena_printf(request->arena, "the engine answered %d", status));
}

void relay_done(struct gateway *gateway, const struct http_done *done)
{
    struct request *request = done->data;
    const char *what = NULL;

    (void)gateway;
    if (done->is_ok && request->upstream_status == 0) /* a head without a body */
        request->upstream_status = done->response->status;
    if (done->is_ok && request->upstream_status != 200)
        error_ended(request);
    else if (done->is_ok && request->is_events)
        stream_ended(request);
    else if (done->is_ok)
        whole_ended(request);
    else if (request->trouble != NULL)
        proxy_fail(request, USAGE_FAILED, 502, "upstream_error", "%s", request->trouble);
    else {
        what = arena_copy(request->arena, done->error->text);
        engine_failed(request, what);
    }
}
