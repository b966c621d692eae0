/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of what runs: its nodes send them while somebody follows. */
#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "controller/api/event_stream.h"
#include "controller/api/workloads_shown.h"

#define FIRST_LINES_MS 3000 /* until the nodes have sent some */

struct log_query {
    int64_t replica, after, limit;
    bool follow;
};

static const struct arg_spec log_query_args[] = {
    ARG(log_query, replica, ARG_INT, .default_text = "0", .help = "of which replica"),
    ARG(log_query, after, ARG_INT, .default_text = "0", .help = "lines behind this number"),
    ARG(log_query, limit, ARG_INT, .default_text = "500", .help = "at most so many lines"),
    ARG(log_query, follow, ARG_BOOL, .help = "as server-sent events, until the client goes"),
    ARG_END,
};
static const struct task_spec log_query_spec = { .name = "log",
                                                 .args = log_query_args,
                                                 .args_size = sizeof(struct log_query) };

static struct value *line_value(struct arena *arena, const struct launcher_line *line)
{
    struct value *out = value_map(arena);

    value_map_put_int(arena, out, "number", line->number);
    value_map_put_string(arena, out, "at", line->at_us == 0 ? NULL : clock_text_utc(arena, line->at_us));
    value_map_put_string(arena, out, "piece", line->piece);
    value_map_put_string(arena, out, "text", line->text);
    return out;
}

/* The instance of the path; false: answered already. */
static bool instance_of_call(struct api_call *call, const struct store_instance **out)
{
    const struct log_query *query = call->query;
    struct store_instance *instances = NULL;
    struct store_workload *row = NULL;
    struct error err = ERROR_INIT;
    size_t count = 0;

    if (!workload_of_call(call, &row))
        return false;
    if (!store_instance_list(center_of(call)->reader, call->arena, row->id, &instances, &count, &err)) {
        center_read_failed(call, &err);
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (instances[i].replica == query->replica) {
            *out = &instances[i];
            return true;
        }
    }
    api_reply_error(call, 404, "replica_unknown", "workload %s has no replica %lld that was started", row->name,
                    (long long)query->replica);
    return false;
}

/* --- as a stream --- */

struct log_stream {
    struct event_stream stream; /* first: event_stream <-> log_stream */
    int64_t instance_id, last;
};

static void stream_fill(struct api_call *call, struct event_stream *stream)
{
    ARENA_SCOPED arena = arena_new();
    struct log_stream *of = (struct log_stream *)stream;
    struct launcher_line *lines = NULL;
    size_t count = 0;

    launcher_log_follow(center_of(call)->launcher, of->instance_id);
    launcher_log_read(center_of(call)->launcher, arena,
                      &(struct launcher_line_range){ of->instance_id, of->last, EVENT_STREAM_ROWS }, &lines, &count);
    for (size_t i = 0; i < count; i++) {
        event_stream_put(stream, lines[i].number, "line", json_text(arena, line_value(arena, &lines[i]), JSON_COMPACT));
        of->last = lines[i].number;
    }
}

static void log_follow(struct api_call *call, int64_t instance_id)
{
    const struct log_query *query = call->query;
    struct log_stream *stream = arena_new_of(call->arena, struct log_stream);
    int64_t after = query->after;

    if (!event_stream_resume(call, &after))
        return;
    event_stream_init(call, &stream->stream, stream_fill);
    stream->instance_id = instance_id;
    stream->last = after < 0 ? 0 : after;
    event_stream_begin(call, &stream->stream, api_topic("log", instance_id));
}

/* --- once --- */

static void log_reply(struct api_call *call, const struct store_instance *row, const struct launcher_line *lines,
                      size_t count)
{
    struct value *out = value_map(call->arena), *items = value_list(call->arena);

    for (size_t i = 0; i < count; i++)
        value_list_add(call->arena, items, line_value(call->arena, &lines[i]));
    value_map_put_int(call->arena, out, "replica", row->replica);
    value_map_put_string(call->arena, out, "state", row->state);
    value_map_put_string(call->arena, out, "sentence", row->sentence);
    value_map_put(call->arena, out, "items", items);
    value_map_put(call->arena, out, "failed", center_json(call, row->log));
    api_reply(call, 200, out);
}

static void log_get(struct api_call *call)
{
    const struct log_query *query = call->query;
    const struct store_instance *row = NULL;
    struct launcher_line *lines = NULL;
    size_t count = 0;
    bool is_fresh = false;

    if (!instance_of_call(call, &row))
        return;
    if (query->follow) {
        log_follow(call, row->id);
        return;
    }
    api_watch(call, api_topic("log", row->id));
    is_fresh = call->state == NULL && !launcher_log_is_followed(center_of(call)->launcher, row->id);
    launcher_log_follow(center_of(call)->launcher, row->id);
    launcher_log_read(center_of(call)->launcher, call->arena,
                      &(struct launcher_line_range){ row->id, query->after, center_limit(query->limit) }, &lines,
                      &count);
    if (count == 0 && is_fresh && !call->timed_out && row->plan != NULL) {
        call->state = call;
        api_wait(call, FIRST_LINES_MS);
        return;
    }
    log_reply(call, row, lines, count);
}

static const struct api_route routes[] = {
    API_ROUTE(API_VIEWER, "GET", "/api/v1/workloads/{name}/log", log_get,
              .summary = "Lines of what runs, from its nodes, and the last ones of what failed",
              .reply = "lines; with follow: text/event-stream", .query = &log_query_spec),
};

API_RESOURCE_DEFINE(workloads_log) = { .name = "workloads_log",
                                       .summary = "Logs of workloads",
                                       .routes = routes,
                                       .count = sizeof(routes) / sizeof(routes[0]) };
