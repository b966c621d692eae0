/* SPDX-License-Identifier: Apache-2.0 */
/* Runs and their events: as pages, and as a stream that a client resumes behind the last number it has. */
#include "controller/store/store_run.h"

#include <string.h>

#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "controller/api/center.h"
#include "controller/api/event_stream.h"
#include "controller/store/store_run_outcome.h"

struct runs_query {
    int64_t before, limit;
};

static const struct arg_spec runs_query_args[] = {
    ARG(runs_query, before, ARG_INT, .default_text = "0", .help = "the page before this id"),
    ARG(runs_query, limit, ARG_INT, .default_text = "100", .help = "rows of a page"),
    ARG_END,
};
static const struct task_spec runs_query_spec = { .name = "runs",
                                                  .args = runs_query_args,
                                                  .args_size = sizeof(struct runs_query) };

struct events_query {
    int64_t after, limit;
};

static const struct arg_spec events_query_args[] = {
    ARG(events_query, after, ARG_INT, .default_text = "0", .help = "events behind this number"),
    ARG(events_query, limit, ARG_INT, .default_text = "100", .help = "events of a page"),
    ARG_END,
};
static const struct task_spec events_query_spec = { .name = "events",
                                                    .args = events_query_args,
                                                    .args_size = sizeof(struct events_query) };

static const char *state_name(enum store_run_state state)
{
    switch (state) {
    case STORE_RUN_WAITING:
        return "waiting";
    case STORE_RUN_RUNNING:
        return "running";
    case STORE_RUN_PAUSED:
        return "paused";
    case STORE_RUN_OK:
        return "ok";
    case STORE_RUN_FAILED:
        return "failed";
    case STORE_RUN_CANCELLED:
        return "cancelled";
    case STORE_RUN_LOST:
        return "lost";
    }
    return "unknown";
}

static struct value *run_value(struct api_call *call, const struct store_run *run)
{
    struct value *out = value_map(call->arena);

    value_map_put_int(call->arena, out, "id", run->id);
    value_map_put_string(call->arena, out, "kind", run->kind);
    value_map_put_string(call->arena, out, "title", run->title);
    value_map_put_string(call->arena, out, "actor", run->actor);
    value_map_put_string(call->arena, out, "state", state_name(run->state));
    if ((run->state & STORE_RUN_OPEN) == 0)
        value_map_put_string(call->arena, out, "outcome", store_run_outcome(run));
    value_map_put_string(call->arena, out, "reason", run->reason);
    center_put_time(call, out, "started", run->started_us);
    center_put_time(call, out, "ended", run->ended_us);
    value_map_put_int(call->arena, out, "events", run->events);
    if (run->exit_code >= 0)
        value_map_put_int(call->arena, out, "exit_code", run->exit_code);
    if (run->again_of != 0)
        value_map_put_int(call->arena, out, "again_of", run->again_of);
    return out;
}

static void runs_list(struct api_call *call)
{
    const struct runs_query *query = call->query;
    const struct store_run_filter filter = { .before = query->before, .limit = center_limit(query->limit) };
    struct value *items = value_list(call->arena);
    struct store_run_page page;
    struct error err = ERROR_INIT;

    if (!store_run_page(center_of(call)->reader, call->arena, &filter, &page, &err)) {
        center_read_failed(call, &err);
        return;
    }
    for (size_t i = 0; i < page.count; i++)
        value_list_add(call->arena, items, run_value(call, &page.runs[i]));
    center_reply_page(call, items, page.next == 0 ? NULL : value_int(call->arena, page.next));
}

bool center_run_of(struct api_call *call, struct store_run **out)
{
    const char *text = api_path_value(call, "id");
    struct error err = ERROR_INIT;
    int64_t id = 0;

    *out = NULL;
    if (text_to_int(text, &id) && !store_run_get(center_of(call)->reader, call->arena, id, out, &err)) {
        center_read_failed(call, &err);
        return false;
    }
    if (*out == NULL)
        api_reply_error(call, 404, "run_unknown", "there is no run %s", text);
    return *out != NULL;
}

static struct value *host_value(struct api_call *call, const struct store_run_host *host)
{
    struct value *out = value_map(call->arena);

    value_map_put_string(call->arena, out, "host", host->host);
    value_map_put_string(call->arena, out, "state", state_name(host->state));
    value_map_put_int(call->arena, out, "ok", host->ok);
    value_map_put_int(call->arena, out, "changed", host->changed);
    value_map_put_int(call->arena, out, "failed", host->failed);
    value_map_put_int(call->arena, out, "unreachable", host->unreachable);
    value_map_put_int(call->arena, out, "skipped", host->skipped);
    return out;
}

static void run_get(struct api_call *call)
{
    struct store_run *run = NULL;
    struct value *out = NULL, *list = value_list(call->arena);
    struct store_run_host_filter filter = { .limit = LIMIT_STORE_PAGE };
    struct store_run_host_page page;
    struct error err = ERROR_INIT;

    if (!center_run_of(call, &run))
        return;
    filter.run_id = run->id;
    if (!store_run_host_page(center_of(call)->reader, call->arena, &filter, &page, &err)) {
        center_read_failed(call, &err);
        return;
    }
    for (size_t i = 0; i < page.count; i++)
        value_list_add(call->arena, list, host_value(call, &page.hosts[i]));
    out = run_value(call, run);
    value_map_put(call->arena, out, "hosts", list);
    if (center_of(call)->runs != NULL && runs_question(center_of(call)->runs, run->id) != 0)
        value_map_put_int(call->arena, out, "question", runs_question(center_of(call)->runs, run->id));
    api_reply(call, 200, out);
}

static void events_list(struct api_call *call)
{
    const struct events_query *query = call->query;
    struct store_run *run = NULL;
    struct store_run_event *events = NULL;
    struct value *items = value_list(call->arena);
    struct error err = ERROR_INIT;
    size_t count = 0;

    if (!center_run_of(call, &run))
        return;
    const struct store_run_event_range range = { .run_id = run->id,
                                                 .after = query->after,
                                                 .limit = center_limit(query->limit) };
    if (!store_run_event_read(center_of(call)->reader, call->arena, &range, &events, &count, &err)) {
        center_read_failed(call, &err);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        struct value *item = value_map(call->arena);

        value_map_put_int(call->arena, item, "sequence", events[i].sequence);
        center_put_time(call, item, "at", events[i].at_us);
        value_map_put(call->arena, item, "event", center_json(call, events[i].body));
        value_list_add(call->arena, items, item);
    }
    center_reply_page(call, items,
                      count > 0 && events[count - 1].sequence < run->events
                          ? value_int(call->arena, events[count - 1].sequence)
                          : NULL);
}

/* --- the stream --- */

struct run_stream {
    struct event_stream stream; /* first: event_stream <-> run_stream */
    int64_t run_id, last;
};

static const struct value *end_value(struct arena *arena, const struct store_run *run)
{
    struct value *end = value_map(arena);

    value_map_put_string(arena, end, "state", state_name(run->state));
    value_map_put_string(arena, end, "reason", run->reason);
    if (run->exit_code >= 0)
        value_map_put_int(arena, end, "exit_code", run->exit_code);
    return end;
}

/* The next events as server-sent events. Reading errors end the stream: the client comes back with Last-Event-ID. */
static void stream_fill(struct api_call *call, struct event_stream *stream)
{
    ARENA_SCOPED arena = arena_new();
    struct run_stream *of = (struct run_stream *)stream;
    const struct store_run_event_range range = { .run_id = of->run_id, .after = of->last, .limit = EVENT_STREAM_ROWS };
    struct store_run_event *events = NULL;
    struct store_run *run = NULL;
    struct error err = ERROR_INIT;
    size_t count = 0;

    if (!store_run_get(center_of(call)->reader, arena, of->run_id, &run, &err) ||
        !store_run_event_read(center_of(call)->reader, arena, &range, &events, &count, &err) || run == NULL) {
        stream->ended = true;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        event_stream_put(stream, events[i].sequence, events[i].kind, events[i].body);
        of->last = events[i].sequence;
    }
    if (of->last >= run->events && (run->state & STORE_RUN_OPEN) == 0) {
        event_stream_put(stream, 0, "end", json_text(arena, end_value(arena, run), JSON_COMPACT));
        stream->ended = true;
    }
}

struct stream_query {
    int64_t after;
};

static const struct arg_spec stream_query_args[] = {
    ARG(stream_query, after, ARG_INT, .default_text = "0",
        .help = "events behind this number, where there is no Last-Event-ID yet"),
    ARG_END,
};
static const struct task_spec stream_query_spec = { .name = "stream",
                                                    .args = stream_query_args,
                                                    .args_size = sizeof(struct stream_query) };

static void run_stream(struct api_call *call)
{
    struct run_stream *stream = arena_new_of(call->arena, struct run_stream);
    int64_t after = ((const struct stream_query *)call->query)->after;
    struct store_run *run = NULL;

    if (!center_run_of(call, &run) || !event_stream_resume(call, &after))
        return;
    event_stream_init(call, &stream->stream, stream_fill);
    stream->run_id = run->id;
    stream->last = after < 0 ? 0 : after;
    event_stream_begin(call, &stream->stream, api_topic("run", run->id));
}

static const struct api_route routes[] = {
    API_ROUTE(API_VIEWER, "GET", "/api/v1/runs", runs_list, .summary = "Runs, newest first", .reply = "a page of runs",
              .query = &runs_query_spec),
    API_ROUTE(API_VIEWER, "GET", "/api/v1/runs/{id}", run_get, .summary = "One run and what became of its hosts",
              .reply = "the run"),
    API_ROUTE(API_VIEWER, "GET", "/api/v1/runs/{id}/events", events_list, .summary = "A run's events, in order",
              .reply = "a page of events", .query = &events_query_spec),
    API_ROUTE(API_VIEWER, "GET", "/api/v1/runs/{id}/stream", run_stream,
              .summary = "A run's events as they happen (server-sent events); Last-Event-ID resumes",
              .reply = "text/event-stream, until the run is over", .query = &stream_query_spec),
};

API_RESOURCE_DEFINE(runs) = {
    .name = "runs", .summary = "Runs and their events", .routes = routes, .count = sizeof(routes) / sizeof(routes[0])
};
