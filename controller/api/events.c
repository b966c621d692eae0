/* SPDX-License-Identifier: Apache-2.0 */
/* The fleet's log: as pages, and as a stream that a client resumes behind the last number it has. */
#include "controller/store/store_event.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "controller/api/center.h"
#include "controller/api/event_stream.h"
#include "controller/store/store_node.h"

struct log_query {
    int64_t after, before, limit;
    bool newest;
    const char *kind, *node;
};

static const struct arg_spec log_query_args[] = {
    ARG(log_query, after, ARG_INT, .default_text = "0", .help = "events behind this number, oldest first"),
    ARG(log_query, before, ARG_INT, .default_text = "0", .help = "newest first, those before this number"),
    ARG(log_query, newest, ARG_BOOL, .help = "newest first"),
    ARG(log_query, kind, ARG_STRING, .help = "exactly this, as node.lost"),
    ARG(log_query, node, ARG_STRING, .help = "of this node only"),
    ARG(log_query, limit, ARG_INT, .default_text = "100", .help = "events of a page"),
    ARG_END,
};
static const struct arg_rule log_query_rules[] = {
    { .kind = ARG_RULE_EXCLUSIVE, .names = ARG_NAMES("after", "before") },
    { .kind = ARG_RULE_END },
};
static const struct task_spec log_query_spec = {
    .name = "events", .args = log_query_args, .rules = log_query_rules, .args_size = sizeof(struct log_query)
};

struct log_stream_query {
    int64_t after;
    const char *kind, *node;
};

static const struct arg_spec log_stream_args[] = {
    ARG(log_stream_query, after, ARG_INT,
        .help = "events behind this number; Last-Event-ID stands before it; without both what comes from now on"),
    ARG(log_stream_query, kind, ARG_STRING, .help = "exactly this, as node.lost"),
    ARG(log_stream_query, node, ARG_STRING, .help = "of this node only"),
    ARG_END,
};
static const struct task_spec log_stream_spec = { .name = "events",
                                                  .args = log_stream_args,
                                                  .args_size = sizeof(struct log_stream_query) };

/* A member of `arena`, which may be another than the call's: streams live long. */
static struct value *event_value(struct arena *arena, const struct store_event *event)
{
    struct value *out = value_map(arena);
    const struct value *detail = NULL;
    struct error err = ERROR_INIT;

    if (event->body == NULL || !json_read(arena, event->body, strlen(event->body), NULL, &detail, &err))
        detail = value_null();
    value_map_put_int(arena, out, "id", event->id);
    value_map_put_string(arena, out, "at", clock_text_utc(arena, event->at_us));
    value_map_put_string(arena, out, "kind", event->kind);
    value_map_put_string(arena, out, "node", event->node);
    value_map_put(arena, out, "run", event->run_id == 0 ? value_null() : value_int(arena, event->run_id));
    value_map_put(arena, out, "detail", detail);
    return out;
}

/* The id of the node asked for, 0 for none; false: answered already. */
static bool node_id_of(struct api_call *call, const char *name, int64_t *out)
{
    struct store_node *node = NULL;
    struct error err = ERROR_INIT;

    *out = 0;
    if (name == NULL)
        return true;
    if (!store_node_by_name(center_of(call)->reader, call->arena, name, &node, &err)) {
        center_read_failed(call, &err);
        return false;
    }
    if (node == NULL) {
        center_node_unknown(call, name);
        return false;
    }
    *out = node->id;
    return true;
}

static void events_list(struct api_call *call)
{
    const struct log_query *query = call->query;
    struct store_event_range range = { .newest = query->newest || query->before > 0,
                                       .kind = query->kind,
                                       .limit = center_limit(query->limit) };
    struct value *items = value_list(call->arena);
    struct store_event *events = NULL;
    struct error err = ERROR_INIT;
    size_t count = 0;

    range.after = range.newest ? query->before : query->after;
    if (!node_id_of(call, query->node, &range.node_id))
        return;
    if (!store_event_read(center_of(call)->reader, call->arena, &range, &events, &count, &err)) {
        center_read_failed(call, &err);
        return;
    }
    for (size_t i = 0; i < count; i++)
        value_list_add(call->arena, items, event_value(call->arena, &events[i]));
    center_reply_page(call, items, count < range.limit ? NULL : value_int(call->arena, events[count - 1].id));
}

/* --- the stream --- */

struct log_stream {
    struct event_stream stream;     /* first: event_stream <-> log_stream */
    struct store_event_range range; /* its texts are the call's */
};

/* The next events as server-sent events. Reading errors end the stream: the client comes back with Last-Event-ID. */
static void stream_fill(struct api_call *call, struct event_stream *stream)
{
    ARENA_SCOPED arena = arena_new();
    struct log_stream *of = (struct log_stream *)stream;
    struct store_event *events = NULL;
    struct error err = ERROR_INIT;
    size_t count = 0;

    if (!store_event_read(center_of(call)->reader, arena, &of->range, &events, &count, &err)) {
        stream->ended = true;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        event_stream_put(stream, events[i].id, NULL, json_text(arena, event_value(arena, &events[i]), JSON_COMPACT));
        of->range.after = events[i].id;
    }
}

/* A client that comes back for what is not kept any more, or has numbers that this store never gave (it came back from a
 * backup), is told so, and goes on from what there is. */
static bool stream_begin(struct api_call *call, struct log_stream *stream, bool is_asked)
{
    int64_t oldest = 0, newest = 0, asked = stream->range.after;
    struct error err = ERROR_INIT;

    if (!store_event_bounds(center_of(call)->reader, &oldest, &newest, &err)) {
        center_read_failed(call, &err);
        return false;
    }
    if (!is_asked) {
        stream->range.after = newest;
    } else if (asked > newest) {
        stream->range.after = newest;
        event_stream_put(
            &stream->stream, newest, "reset",
            arena_printf(call->arena, "{\"asked\":%lld,\"newest\":%lld}", (long long)asked, (long long)newest));
    } else if (asked > 0 && asked + 1 < (oldest > 0 ? oldest : newest + 1)) {
        event_stream_put(&stream->stream, 0, "gap",
                         arena_printf(call->arena, "{\"from\":%lld,\"to\":%lld}", (long long)asked + 1,
                                      (long long)(oldest > 0 ? oldest - 1 : newest)));
    }
    text_add(&stream->stream.text, ": listening\n\n");
    return true;
}

static void events_stream(struct api_call *call)
{
    const struct log_stream_query *query = call->query;
    struct log_stream *stream = arena_new_of(call->arena, struct log_stream);
    int64_t after = query->after;

    if (!event_stream_resume(call, &after))
        return;
    if (after != ARG_INT_UNSET && after < 0) {
        api_reply_error(call, 400, "bad_request", "after must be the number of an event, from 0");
        return;
    }
    event_stream_init(call, &stream->stream, stream_fill);
    stream->range = (struct store_event_range){ .kind = query->kind,
                                                .after = after == ARG_INT_UNSET ? 0 : after,
                                                .limit = EVENT_STREAM_ROWS };
    if (node_id_of(call, query->node, &stream->range.node_id) && stream_begin(call, stream, after != ARG_INT_UNSET))
        event_stream_begin(call, &stream->stream, api_topic("event", 0));
}

static const struct api_route routes[] = {
    API_ROUTE(API_VIEWER, "GET", "/api/v1/events", events_list, .summary = "What happened in the fleet",
              .reply = "a page of events; next is for after, or for before when newest first",
              .query = &log_query_spec),
    API_ROUTE(API_VIEWER, "GET", "/api/v1/events/stream", events_stream,
              .summary = "The fleet's events as they happen (server-sent events); Last-Event-ID resumes",
              .reply = "text/event-stream, without end; gap: numbers no longer kept, reset: numbers never given",
              .query = &log_stream_spec),
};

API_RESOURCE_DEFINE(events) = { .name = "events",
                                .summary = "What happened in the fleet",
                                .routes = routes,
                                .count = sizeof(routes) / sizeof(routes[0]) };
