/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The callbacks json and jsonl of ansible.posix. Both tell the same: plays, their tasks, and what each host answered; json
 * at the end as one document, jsonl as it happens.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/base/clock.h"
#include "common/json/json.h"
#include "common/value/value_python.h"
#include "engine/report/screen.h"

struct posix_json {
    struct event_sink sink; /* first */
    struct screen screen;
    int indent;
    bool is_lines;
    uint64_t id_base;
    uint32_t play_count;
    struct value *plays;               /* json: all; jsonl: none */
    struct value *play, *tasks, *task; /* those that came last; each {"play": ..}, [..], {"task": .., "hosts": ..} */
    struct value *by_host;             /* free strategies: "host number" to the task's record */
    struct value *stats, *custom, *global_custom;
};

static struct posix_json *posix_of(struct event_sink *sink)
{
    return (struct posix_json *)sink;
}

static const char *time_text(struct arena *arena, int64_t wall_us)
{
    time_t seconds = (time_t)(wall_us / 1000000);
    struct tm parts;
    char text[32];

    gmtime_r(&seconds, &parts);
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &parts);
    return arena_printf(arena, "%s.%06dZ", text, (int)(wall_us % 1000000));
}

static void document_print(struct posix_json *posix, const struct value *document)
{
    struct text out = text_new(posix->screen.scratch);

    if (value_has_mark(document, VALUE_SECRET))
        document = value_masked(posix->screen.scratch, document);
    json_write(&out, document,
               &(struct json_style){ .indent = posix->indent > 0 ? posix->indent : 0,
                                     .sort_keys = true,
                                     .ascii = true,
                                     .compact = posix->is_lines });
    screen_print_text(&posix->screen, &out, PAINT_NONE);
    fflush(posix->screen.options.out);
}

/* A copy of the record with what jsonl adds. */
static void line_print(struct posix_json *posix, const char *name, const struct value *record)
{
    struct arena *scratch = posix->screen.scratch;
    struct value *line = value_map(scratch);

    if (!posix->is_lines)
        return;
    for (size_t i = 0; i < value_count(record); i++)
        value_map_put_value(scratch, line, value_pair_at(record, i)->key, value_pair_at(record, i)->item);
    value_map_put_string(scratch, line, "_event", name);
    value_map_put_string(scratch, line, "_timestamp", time_text(scratch, clock_wall_us()));
    document_print(posix, line);
}

/* What plays and tasks have in common. */
static struct value *head_new(struct posix_json *posix, const struct event *event, uint32_t number)
{
    struct arena *arena = posix->screen.arena;
    struct value *head = value_map(arena), *duration = value_map(arena);
    uint64_t base = posix->id_base;

    value_map_put_string(arena, duration, "start", time_text(arena, event->wall_us));
    value_map_put_string(arena, head, "name", event->name == NULL ? "" : event->name);
    value_map_put_string(arena, head, "id",
                         arena_printf(arena, "%08x-%04x-%04x-%04x-%012x", (unsigned)(base >> 32) & 0xFFFFFFFF,
                                      (unsigned)(base >> 16) & 0xFFFF, (unsigned)base & 0xFFFF,
                                      posix->play_count & 0xFFFF, number));
    value_map_put_string(arena, head, "path",
                         event->path == NULL ? "" : arena_printf(arena, "%s:%d", event->path, event->line));
    value_map_put(arena, head, "duration", duration);
    return head;
}

static void end_set(struct posix_json *posix, struct value *record, const char *key, int64_t wall_us)
{
    /* all of it was made here, as values that may be changed */
    struct value *duration = (struct value *)(uintptr_t)value_map_get(value_map_get(record, key), "duration");

    value_map_put_string(posix->screen.arena, duration, "end", time_text(posix->screen.arena, wall_us));
}

static void on_play(struct posix_json *posix, const struct event *event)
{
    struct arena *arena = posix->screen.arena;

    posix->play_count++;
    posix->play = value_map(arena);
    posix->tasks = value_list(arena);
    posix->task = NULL;
    posix->by_host = value_map(arena);
    value_map_put(arena, posix->play, "play", head_new(posix, event, 0));
    value_map_put(arena, posix->play, "tasks", posix->tasks);
    if (!posix->is_lines)
        value_list_add(arena, posix->plays, posix->play);
    line_print(posix, "v2_playbook_on_play_start", posix->play);
}

static struct value *task_new(struct posix_json *posix, const struct event *event)
{
    struct arena *arena = posix->screen.arena;
    struct value *task = value_map(arena);

    value_map_put(arena, task, "task", head_new(posix, event, event->task));
    value_map_put(arena, task, "hosts", value_map(arena));
    if (!posix->is_lines && posix->tasks != NULL)
        value_list_add(arena, posix->tasks, task);
    posix->task = task;
    return task;
}

static const char *host_key(struct posix_json *posix, const struct event *event)
{
    return arena_printf(posix->screen.scratch, "%s %u", event->host == NULL ? "" : event->host, event->task);
}

static void on_task(struct posix_json *posix, const struct event *event)
{
    if (event->free_strategy)
        return;
    line_print(posix, event->is_handler ? "v2_playbook_on_handler_task_start" : "v2_playbook_on_task_start",
               task_new(posix, event));
}

static void on_host_start(struct posix_json *posix, const struct event *event)
{
    if (!event->free_strategy || posix->by_host == NULL)
        return;
    value_map_put(posix->screen.arena, posix->by_host, host_key(posix, event), task_new(posix, event));
    line_print(posix, "v2_runner_on_start", posix->task);
}

/* --- results --- */

/* The label of an item is the item where nothing else was said: with its own type. */
static void label_restore(struct arena *arena, struct value *result)
{
    const char *label = value_map_text(result, "_ansible_item_label");
    const char *variable = value_map_text(result, "ansible_loop_var");
    const struct value *item = variable == NULL ? NULL : value_map_get(result, variable);

    if (label != NULL && item != NULL && text_equal(value_to_text(arena, item), label))
        value_map_put(arena, result, "_ansible_item_label", item);
}

/* The address of the host that the task was delegated to, in the four words that Ansible keeps. */
static void delegation_complete(struct arena *arena, struct value *result)
{
    static const char *const words[] = { "ansible_host", "ansible_port", "ansible_user", "ansible_connection" };
    const struct value *known = value_map_get(result, "_ansible_delegated_vars");
    struct value *shown = value_map(arena);

    if (known == NULL)
        return;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        const struct value *word = value_map_get(known, words[i]);

        value_map_put(arena, shown, words[i], word == NULL ? value_null() : word);
    }
    value_map_put(arena, result, "_ansible_delegated_vars", shown);
}

static struct value *result_of(struct posix_json *posix, const struct event *event)
{
    static const char *const kept[] = { "_ansible_verbose_always",   "_ansible_item_label",
                                        "_ansible_verbose_override", "_ansible_no_log",
                                        "_ansible_delegated_vars",   NULL };
    struct arena *arena = posix->is_lines ? posix->screen.scratch : posix->screen.arena;
    const struct value *shown = result_public(posix->screen.scratch, result_shown(posix->screen.scratch, event), kept);
    struct value *result = (struct value *)(uintptr_t)value_copy(arena, shown);
    const struct value *items = value_map_get(result, "results");
    bool is_run = event->kind == EVENT_RESULT && event->outcome != OUTCOME_UNREACHABLE;

    for (size_t i = 0; i < value_count(items); i++) {
        struct value *item = (struct value *)(uintptr_t)value_item(items, i);

        if (!value_is(item, VALUE_MAP))
            continue;
        label_restore(arena, item);
        if (is_run)
            value_map_put_bool(arena, item, "_ansible_no_log", false);
    }
    if (is_run && items == NULL && value_map_get(result, "censored") == NULL)
        value_map_put_bool(arena, result, "_ansible_no_log", false);
    delegation_complete(arena, result);
    value_map_put_string(arena, result, "action", event->action_text != NULL ? event->action_text : event->action);
    if (event->outcome == OUTCOME_FAILED)
        value_map_put_bool(arena, result, "failed", true);
    if (event->outcome == OUTCOME_SKIPPED)
        value_map_put_bool(arena, result, "skipped", true);
    return result;
}

static const char *result_event(const struct event *event)
{
    switch (event->outcome) {
    case OUTCOME_FAILED:
        return "v2_runner_on_failed";
    case OUTCOME_SKIPPED:
        return "v2_runner_on_skipped";
    case OUTCOME_UNREACHABLE:
        return "v2_runner_on_unreachable";
    default:
        return "v2_runner_on_ok";
    }
}

static void on_result(struct posix_json *posix, const struct event *event)
{
    struct arena *scratch = posix->screen.scratch;
    struct value *task = NULL, *line;

    if (event->free_strategy && posix->by_host != NULL)
        task = (struct value *)(uintptr_t)value_map_get(posix->by_host, host_key(posix, event));
    if (task == NULL)
        task = posix->task;
    if (task == NULL || posix->play == NULL)
        return;
    end_set(posix, task, "task", event->wall_us);
    end_set(posix, posix->play, "play", event->wall_us);
    if (!posix->is_lines) {
        value_map_put(posix->screen.arena, (struct value *)(uintptr_t)value_map_get(task, "hosts"), event->host,
                      result_of(posix, event));
        return;
    }
    line = value_map(scratch);
    value_map_put(scratch, line, "task", value_map_get(task, "task"));
    value_map_put(scratch, line, "hosts", value_map(scratch));
    value_map_put(scratch, (struct value *)(uintptr_t)value_map_get(line, "hosts"), event->host,
                  result_of(posix, event));
    line_print(posix, result_event(event), line);
}

/* --- the end --- */

static void on_stats(struct posix_json *posix, const struct event *event)
{
    struct arena *arena = posix->screen.arena;
    struct value *numbers = value_map(arena);

    value_map_put_int(arena, numbers, "ok", event->stats.ok);
    value_map_put_int(arena, numbers, "changed", event->stats.changed);
    value_map_put_int(arena, numbers, "unreachable", event->stats.unreachable);
    value_map_put_int(arena, numbers, "failures", event->stats.failed);
    value_map_put_int(arena, numbers, "skipped", event->stats.skipped);
    value_map_put_int(arena, numbers, "rescued", event->stats.rescued);
    value_map_put_int(arena, numbers, "ignored", event->stats.ignored);
    value_map_put(arena, posix->stats, event->host, numbers);
    if (value_count(event->result) > 0)
        value_map_put(arena, posix->custom, event->host, value_copy(arena, event->result));
}

static void end_print(struct posix_json *posix)
{
    struct arena *scratch = posix->screen.scratch;
    bool has_custom = posix->screen.options.show_custom_stats;
    struct value *document = value_map(scratch);

    value_map_put(scratch, document, "stats", posix->stats);
    value_map_put(scratch, document, "custom_stats", has_custom ? posix->custom : value_map(scratch));
    value_map_put(scratch, document, "global_custom_stats",
                  has_custom && posix->global_custom != NULL ? posix->global_custom : value_map(scratch));
    if (posix->is_lines) {
        line_print(posix, "v2_playbook_on_stats", document);
        return;
    }
    value_map_put(scratch, document, "plays", posix->plays);
    document_print(posix, document);
}

static void posix_emit(struct event_sink *sink, const struct event *event)
{
    struct posix_json *posix = posix_of(sink);

    switch (event->kind) {
    case EVENT_PLAY_START:
        on_play(posix, event);
        break;
    case EVENT_TASK_START:
        on_task(posix, event);
        break;
    case EVENT_HOST_START:
        on_host_start(posix, event);
        break;
    case EVENT_RESULT:
    case EVENT_INCLUDE_RESULT:
        on_result(posix, event);
        break;
    case EVENT_CUSTOM_STATS:
        posix->global_custom = (struct value *)(uintptr_t)value_copy(
            posix->screen.arena, value_masked(posix->screen.scratch, event->result));
        break;
    case EVENT_STATS:
        on_stats(posix, event);
        break;
    case EVENT_RUN_END:
        if (event->outcome == OUTCOME_OK || value_count(posix->stats) > 0)
            end_print(posix);
        break;
    default:
        screen_message(&posix->screen, event);
        break;
    }
    arena_reset(posix->screen.scratch);
}

static void posix_close(struct event_sink *sink)
{
    struct posix_json *posix = posix_of(sink);

    screen_flush(&posix->screen);
    arena_free(posix->screen.scratch);
    posix->screen.scratch = NULL;
}

struct event_sink *sink_posix_json(struct arena *arena, const struct posix_json_options *options)
{
    struct posix_json *posix = arena_new_of(arena, struct posix_json);

    posix->sink = (struct event_sink){ .emit = posix_emit, .close = posix_close };
    posix->indent = options->indent;
    posix->is_lines = options->is_lines;
    posix->id_base = (uint64_t)clock_wall_us() * 0x9E3779B97F4A7C15ULL;
    posix->plays = value_list(arena);
    posix->stats = value_map(arena);
    posix->custom = value_map(arena);
    screen_init(&posix->screen, arena, &options->console);
    return &posix->sink;
}
