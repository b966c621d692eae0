/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events as maps, for JSON lines and stores. Only fields that are set are written, so that a record says
 * no more than it knows.
 */
#include "common/event/event.h"

#include "common/base/text.h"
#include "common/value/value_python.h"

const char *event_kind_name(enum event_kind kind)
{
    static const char *const names[] = {
        [EVENT_RUN_START] = "run_start",
        [EVENT_PLAY_START] = "play_start",
        [EVENT_NO_HOSTS] = "no_hosts",
        [EVENT_TASK_START] = "task_start",
        [EVENT_INCLUDE_RESULT] = "include_result",
        [EVENT_INCLUDE] = "include",
        [EVENT_HOST_START] = "host_start",
        [EVENT_ITEM] = "item",
        [EVENT_RESULT] = "result",
        [EVENT_RETRY] = "retry",
        [EVENT_HANDLER_NOTIFIED] = "handler_notified",
        [EVENT_NO_HOSTS_LEFT] = "no_hosts_left",
        [EVENT_WARNING] = "warning",
        [EVENT_DEPRECATED] = "deprecated",
        [EVENT_MESSAGE] = "message",
        [EVENT_PROGRESS] = "progress",
        [EVENT_VERBOSE] = "verbose",
        [EVENT_CUSTOM_STATS] = "custom_stats",
        [EVENT_STATS] = "stats",
        [EVENT_RUN_END] = "run_end",
    };

    return (size_t)kind < sizeof(names) / sizeof(names[0]) ? names[kind] : "unknown";
}

bool event_kind_exists(const char *name)
{
    for (int kind = EVENT_RUN_START; kind <= EVENT_RUN_END; kind++) {
        if (text_equal(name, event_kind_name((enum event_kind)kind)))
            return true;
    }
    return false;
}

const char *event_outcome_name(enum event_outcome outcome)
{
    static const char *const names[] = {
        [OUTCOME_OK] = "ok",           [OUTCOME_CHANGED] = "changed",         [OUTCOME_FAILED] = "failed",
        [OUTCOME_SKIPPED] = "skipped", [OUTCOME_UNREACHABLE] = "unreachable",
    };

    return (size_t)outcome < sizeof(names) / sizeof(names[0]) ? names[outcome] : "unknown";
}

static void put_text(struct arena *arena, struct value *map, const char *key, const char *text)
{
    if (text != NULL)
        value_map_put_string(arena, map, key, text);
}

static void put_true(struct arena *arena, struct value *map, const char *key, bool is_set)
{
    if (is_set)
        value_map_put_bool(arena, map, key, true);
}

static void put_stats(struct arena *arena, struct value *map, const struct event_stats *stats)
{
    struct value *numbers = value_map(arena);

    value_map_put_int(arena, numbers, "ok", stats->ok);
    value_map_put_int(arena, numbers, "changed", stats->changed);
    value_map_put_int(arena, numbers, "unreachable", stats->unreachable);
    value_map_put_int(arena, numbers, "failed", stats->failed);
    value_map_put_int(arena, numbers, "skipped", stats->skipped);
    value_map_put_int(arena, numbers, "rescued", stats->rescued);
    value_map_put_int(arena, numbers, "ignored", stats->ignored);
    value_map_put(arena, map, "stats", numbers);
}

const struct value *event_to_value(struct arena *arena, const struct event *event)
{
    struct value *map = value_map(arena);
    bool has_outcome = event->kind == EVENT_ITEM || event->kind == EVENT_RESULT;

    value_map_put_string(arena, map, "event", event_kind_name(event->kind));
    value_map_put_int(arena, map, "sequence", (int64_t)event->sequence);
    if (event->wall_us != 0)
        value_map_put_int(arena, map, "time_us", event->wall_us);
    put_text(arena, map, "name", event->name);
    put_text(arena, map, "host", event->host);
    put_text(arena, map, "delegate", event->delegate);
    put_text(arena, map, "action", event->action);
    put_text(arena, map, "path", event->path);
    if (event->line > 0)
        value_map_put_int(arena, map, "line", event->line);
    if (event->task != 0)
        value_map_put_int(arena, map, "task", event->task);
    if (has_outcome)
        value_map_put_string(arena, map, "outcome", event_outcome_name(event->outcome));
    put_true(arena, map, "is_handler", event->is_handler);
    put_true(arena, map, "ignored", event->ignored);
    put_true(arena, map, "no_log", event->no_log);
    put_true(arena, map, "check_mode", event->check_mode);
    put_true(arena, map, "diff_mode", event->diff_mode);
    put_text(arena, map, "item_label", event->item_label);
    put_true(arena, map, "has_items", event->has_items);
    put_true(arena, map, "free_strategy", event->free_strategy);
    put_text(arena, map, "message", event->message);
    if (event->kind == EVENT_STATS)
        put_stats(arena, map, &event->stats);
    if (event->result != NULL)
        value_map_put(arena, map, "result", value_masked(arena, event->result));
    return map;
}
