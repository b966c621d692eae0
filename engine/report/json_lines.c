/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events for programs: one JSON record a line, each complete and flushed.
 */
#include "common/json/json.h"
#include "common/value/value_python.h"
#include "engine/report/sinks.h"

struct json_lines {
    struct event_sink sink; /* first */
    struct arena *scratch;
    FILE *out;
};

static void json_emit(struct event_sink *sink, const struct event *event)
{
    struct json_lines *lines = (struct json_lines *)sink;
    struct text out = text_new(lines->scratch);
    const struct value *record = event_to_value(lines->scratch, event);

    if (value_has_mark(record, VALUE_SECRET))
        record = value_masked(lines->scratch, record);
    json_write(&out, record, &JSON_COMPACT);
    text_add_char(&out, '\n');
    fwrite(out.data, 1, out.length, lines->out);
    fflush(lines->out);
    arena_reset(lines->scratch);
}

static void json_close(struct event_sink *sink)
{
    struct json_lines *lines = (struct json_lines *)sink;

    fflush(lines->out);
    arena_free(lines->scratch);
    lines->scratch = NULL;
}

struct event_sink *sink_json_lines(struct arena *arena, FILE *out)
{
    struct json_lines *lines = arena_new_of(arena, struct json_lines);

    lines->sink = (struct event_sink){ .emit = json_emit, .close = json_close };
    lines->scratch = arena_new();
    lines->out = out;
    return &lines->sink;
}
