/* SPDX-License-Identifier: Apache-2.0 */
/* One event of a run as a line of its log. assets/run.js writes the same lines from the stream. */
#include <string.h>

#include "common/base/text.h"
#include "controller/api/pages_run.h"

#define MESSAGE_MAX 500

static bool is_any(const char *kind, const char *a, const char *b)
{
    return strcmp(kind, a) == 0 || strcmp(kind, b) == 0;
}

static const char *outcome_text(struct arena *arena, const struct value *event)
{
    const char *outcome = value_map_text(event, "outcome"), *host = value_map_text(event, "host");
    const char *item = value_map_text(event, "item_label");
    const char *message = value_map_text(value_map_get(event, "result"), "msg");
    bool is_bad = outcome != NULL && is_any(outcome, "failed", "unreachable");
    struct text out = text_new(arena);

    text_printf(&out, "%s: [%s]", outcome == NULL ? "?" : outcome, host == NULL ? "" : host);
    if (item != NULL)
        text_printf(&out, " (%s)", item);
    if (is_bad && message != NULL)
        text_printf(&out, " %.*s", MESSAGE_MAX, message);
    if (value_map_true(event, "ignored"))
        text_add(&out, " ...ignoring");
    return out.data;
}

static const char *stats_text(struct arena *arena, const struct value *event)
{
    static const char *const names[] = { "ok", "changed", "unreachable", "failed", "skipped", "rescued", "ignored" };
    const struct value *stats = value_map_get(event, "stats");
    const char *host = value_map_text(event, "host");
    struct text out = text_new(arena);

    text_printf(&out, "%s :", host == NULL ? "" : host);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const struct value *number = value_map_get(stats, names[i]);

        text_printf(&out, " %s=%lld", names[i], value_is(number, VALUE_INT) ? (long long)number->as.integer : 0LL);
    }
    return out.data;
}

/* NULL: nothing to show. */
static const char *line_text(struct arena *arena, const char *kind, const struct value *event)
{
    const char *name = value_map_text(event, "name"), *message = value_map_text(event, "message");

    if (is_any(kind, "result", "item"))
        return outcome_text(arena, event);
    if (strcmp(kind, "play_start") == 0)
        return arena_printf(arena, "PLAY [%s]", name == NULL ? "" : name);
    if (strcmp(kind, "task_start") == 0)
        return arena_printf(arena, "%s [%s]", value_map_true(event, "is_handler") ? "HANDLER" : "TASK",
                            name == NULL ? "" : name);
    if (strcmp(kind, "stats") == 0)
        return stats_text(arena, event);
    if (is_any(kind, "warning", "deprecated"))
        return arena_printf(arena, "[WARNING] %s", message == NULL ? "" : message);
    if (strcmp(kind, "no_hosts") == 0)
        return "skipping: no hosts matched";
    if (strcmp(kind, "no_hosts_left") == 0)
        return "NO MORE HOSTS LEFT";
    return is_any(kind, "message", "progress") || strcmp(kind, "retry") == 0 ? message : NULL;
}

static const char *line_class(const char *kind, const struct value *event)
{
    const char *outcome = value_map_text(event, "outcome");

    if (is_any(kind, "result", "item"))
        return outcome == NULL ? "unknown" : outcome;
    if (is_any(kind, "play_start", "task_start"))
        return "head";
    return is_any(kind, "warning", "deprecated") ? "warning" : "plain";
}

struct value *page_run_line(struct api_call *call, const struct store_run_event *event)
{
    const struct value *body = center_json(call, event->body);
    const char *text = line_text(call->arena, event->kind, body);
    struct value *line = NULL;

    if (text == NULL)
        return NULL;
    line = value_map(call->arena);
    value_map_put_int(call->arena, line, "sequence", event->sequence);
    page_put_time(call, line, "at", event->at_us);
    value_map_put_string(call->arena, line, "class", line_class(event->kind, body));
    value_map_put_string(call->arena, line, "text", text);
    return line;
}
