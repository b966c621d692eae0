/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The console: the same bytes as ansible-playbook's default callback. A task's banner stands before its first line of
 * output; the recap comes when the statistics of all hosts are there.
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/path.h"
#include "common/value/value_python.h"
#include "engine/report/screen.h"

#define LIVE_AFTER_US (2 * 1000 * 1000)

struct console_stats {
    const char *host;
    struct event_stats stats;
};

struct console {
    struct event_sink sink; /* first: the sink is the console */
    struct screen screen;
    bool check_mode;
    /* the task whose banner was shown last */
    bool has_banner;
    uint32_t task;
    const char *task_name, *task_path;
    int task_line;
    int64_t task_start_us;
    struct console_stats *stats;
    size_t stats_count, stats_room;
};

static struct console *console_of(struct event_sink *sink)
{
    return (struct console *)sink;
}

/* --- banners --- */

static bool is_same_task(const struct console *console, const struct event *event)
{
    if (!console->has_banner)
        return false;
    if (event->task != 0 && console->task != 0)
        return event->task == console->task;
    if (event->name == NULL)
        return true;
    return text_equal(event->name, console->task_name) && text_equal(event->path, console->task_path) &&
           event->line == console->task_line;
}

static const char *check_mark(const struct console *console, bool check_mode)
{
    return check_mode && console->screen.options.check_markers ? " [CHECK MODE]" : "";
}

static void task_path_print(struct console *console, const struct event *event)
{
    if (console->screen.options.verbosity >= 2 && event->path != NULL)
        screen_print(&console->screen,
                     arena_printf(console->screen.scratch, "task path: %s:%d", event->path, event->line), PAINT_DEBUG);
}

static void task_banner(struct console *console, const struct event *event)
{
    struct arena *scratch = console->screen.scratch, *arena = console->screen.arena;
    const char *name = event->name == NULL ? "" : text_trim(scratch, event->name, strlen(event->name));

    screen_banner(&console->screen, arena_printf(scratch, "%s [%s]%s", event->is_handler ? "RUNNING HANDLER" : "TASK",
                                                 name, check_mark(console, event->check_mode)));
    task_path_print(console, event);
    console->has_banner = true;
    console->task = event->task;
    if (!text_equal(console->task_name, event->name))
        console->task_name = arena_copy(arena, event->name);
    if (!text_equal(console->task_path, event->path))
        console->task_path = arena_copy(arena, event->path);
    console->task_line = event->line;
}

static void banner_before(struct console *console, const struct event *event)
{
    if (!is_same_task(console, event))
        task_banner(console, event);
}

static void on_play(struct console *console, const struct event *event)
{
    struct arena *scratch = console->screen.scratch;
    const char *name = event->name == NULL ? "" : text_trim(scratch, event->name, strlen(event->name));
    const char *mark = check_mark(console, event->check_mode);

    console->has_banner = false;
    screen_banner(&console->screen, name[0] == '\0' ? arena_printf(scratch, "PLAY%s", mark)
                                                    : arena_printf(scratch, "PLAY [%s]%s", name, mark));
}

static void on_task(struct console *console, const struct event *event)
{
    console->task_start_us = event->wall_us;
    if (event->free_strategy)
        return;
    /* with hidden outcomes the banner waits for something to show */
    if (console->screen.options.show_skipped && console->screen.options.show_ok)
        task_banner(console, event);
    else
        console->has_banner = false;
}

static void on_start(struct console *console, const struct event *event)
{
    const char *path = event->path != NULL ? event->path : event->name;

    console->check_mode = event->check_mode;
    if (console->screen.options.verbosity > 1 && path != NULL)
        screen_banner(&console->screen, arena_printf(console->screen.scratch, "PLAYBOOK: %s", path_basename(path)));
    if (event->check_mode && console->screen.options.check_markers)
        screen_banner(&console->screen, "DRY RUN");
}

/* --- outcomes --- */

static char *host_label(struct console *console, const struct event *event)
{
    struct text out = text_new(console->screen.scratch);
    const char *host = event->host == NULL ? "" : event->host;
    const struct value *delegated = value_map_get(event->result, "_ansible_delegated_vars");
    const char *address = value_map_text(delegated, "ansible_host");

    text_add(&out, host);
    if (event->delegate != NULL && strcmp(event->delegate, host) != 0) {
        text_printf(&out, " -> %s", event->delegate);
        if (address != NULL && strcmp(address, event->delegate) != 0)
            text_printf(&out, "(%s)", address);
    }
    return out.length == 0 ? arena_copy(console->screen.scratch, "") : out.data;
}

static const char *item_label(struct console *console, const struct event *event)
{
    const struct value *item = value_map_get(event->result, "_ansible_item_label");

    if (event->no_log)
        return "None"; /* the label is censored with the rest */
    if (event->item_label != NULL)
        return event->item_label;
    if (item == NULL)
        item = value_map_get(event->result, "item");
    return item == NULL ? "None" : value_to_text(console->screen.scratch, item);
}

/* " => {...}" if it is to be shown. */
static void result_add(struct console *console, struct text *out, const struct value *result, bool always)
{
    struct result_style style = screen_style(&console->screen);

    if (!always && !result_is_verbose(result, style.verbosity, 0))
        return;
    text_add(out, " => ");
    result_dump(out, result, &style);
}

/* Where a changed task has no diff to show: what differs, in the module's own sentences. Only `roost check` asks for them. */
static void changes_add(struct console *console, const struct event *event, const struct value *result,
                        struct text *out)
{
    struct result_style style = screen_style(&console->screen);
    struct text diff = text_new(console->screen.scratch);
    const struct value *changes = value_map_get(result, "_ansible_changes");

    if (event->outcome != OUTCOME_CHANGED || event->no_log || !value_is(changes, VALUE_LIST))
        return;
    if (event->diff_mode)
        result_text_diff(&diff, value_map_get(result, "diff"), &style);
    for (size_t i = 0; diff.length == 0 && i < value_count(changes); i++)
        text_printf(out, "\n    %s", value_to_text(console->screen.scratch, value_item(changes, i)));
}

/* The diff of a result or item, before its line. */
static void diff_show(struct console *console, const struct event *event, const struct value *result)
{
    struct result_style style = screen_style(&console->screen);
    struct text out = text_new(console->screen.scratch);

    if (!event->diff_mode || event->has_items || event->outcome != OUTCOME_CHANGED)
        return;
    result_text_diff(&out, value_map_get(result, "diff"), &style);
    if (out.length == 0)
        return;
    banner_before(console, event);
    screen_print_text(&console->screen, &out, PAINT_NONE);
}

static bool is_include(const char *action)
{
    static const char *const names[] = {
        "include", "include_tasks", "include_role", "import_tasks", "import_role", NULL
    };
    const char *dot = action == NULL ? NULL : strrchr(action, '.');

    return action != NULL && text_in(dot == NULL ? action : dot + 1, names);
}

static void on_ok(struct console *console, const struct event *event, const struct value *result)
{
    bool changed = event->outcome == OUTCOME_CHANGED;
    struct text out = text_new(console->screen.scratch);

    if (is_include(event->action)) {
        banner_before(console, event);
        return;
    }
    if (!changed && !console->screen.options.show_ok)
        return;
    banner_before(console, event);
    result = screen_warnings_of(&console->screen, result);
    if (event->has_items)
        return;
    text_printf(&out, "%s: [%s]", changed ? "changed" : "ok", host_label(console, event));
    result_add(console, &out, result, false);
    changes_add(console, event, result, &out);
    screen_print_text(&console->screen, &out, changed ? PAINT_CHANGED : PAINT_OK);
}

static void on_failed(struct console *console, const struct event *event, const struct value *result)
{
    struct text out = text_new(console->screen.scratch);

    banner_before(console, event);
    screen_exception(&console->screen, result);
    result = screen_warnings_of(&console->screen, result);
    if (!event->has_items) {
        text_printf(&out, "fatal: [%s]: FAILED!", host_label(console, event));
        result_add(console, &out, result, true);
        screen_print_text(&console->screen, &out, PAINT_ERROR);
    }
    if (event->ignored)
        screen_print(&console->screen, "...ignoring", PAINT_SKIP);
}

static void on_skipped(struct console *console, const struct event *event, const struct value *result)
{
    static const char *const items[] = { "results", NULL };
    struct text out = text_new(console->screen.scratch);

    if (!console->screen.options.show_skipped)
        return;
    banner_before(console, event);
    if (event->has_items)
        result = result_without(console->screen.scratch, result, items);
    text_printf(&out, "skipping: [%s]", event->host == NULL ? "" : event->host);
    result_add(console, &out, result, false);
    screen_print_text(&console->screen, &out, PAINT_SKIP);
}

static void on_unreachable(struct console *console, const struct event *event, const struct value *result)
{
    struct text out = text_new(console->screen.scratch);

    banner_before(console, event);
    text_printf(&out, "fatal: [%s]: UNREACHABLE!", host_label(console, event));
    result_add(console, &out, result, true);
    screen_print_text(&console->screen, &out, PAINT_UNREACHABLE);
    if (event->ignored)
        screen_print(&console->screen, "...ignoring", PAINT_SKIP);
}

static void on_result(struct console *console, const struct event *shown)
{
    const struct value *result = result_clean(console->screen.scratch, shown);
    struct event copy = *shown, *event = &copy;

    /* a censored result has no list of items any more: it is shown as one */
    copy.has_items = shown->has_items && !shown->no_log;
    diff_show(console, event, result);
    switch (event->outcome) {
    case OUTCOME_OK:
    case OUTCOME_CHANGED:
        on_ok(console, event, result);
        break;
    case OUTCOME_FAILED:
        on_failed(console, event, result);
        break;
    case OUTCOME_SKIPPED:
        on_skipped(console, event, result);
        break;
    case OUTCOME_UNREACHABLE:
        on_unreachable(console, event, result);
        break;
    }
}

static void item_failed(struct console *console, const struct event *event, const struct value *result)
{
    struct text out = text_new(console->screen.scratch);

    banner_before(console, event);
    screen_exception(&console->screen, result);
    result = screen_warnings_of(&console->screen, result);
    text_printf(&out, "failed: [%s] (item=%s)", host_label(console, event), item_label(console, event));
    result_add(console, &out, result, true);
    screen_print_text(&console->screen, &out, PAINT_ERROR);
}

static void on_item(struct console *console, const struct event *event)
{
    const struct value *result = result_clean(console->screen.scratch, event);
    struct text out = text_new(console->screen.scratch);
    bool changed = event->outcome == OUTCOME_CHANGED, skipped = event->outcome == OUTCOME_SKIPPED;

    if (event->outcome == OUTCOME_FAILED || event->outcome == OUTCOME_UNREACHABLE) {
        item_failed(console, event, result);
        return;
    }
    if (skipped ? !console->screen.options.show_skipped
                : is_include(event->action) || (!changed && !console->screen.options.show_ok))
        return;
    diff_show(console, event, result);
    banner_before(console, event);
    if (skipped)
        text_printf(&out, "skipping: [%s] => (item=%s) ", event->host, item_label(console, event));
    else
        text_printf(&out, "%s: [%s] => (item=%s)", changed ? "changed" : "ok", host_label(console, event),
                    item_label(console, event));
    result_add(console, &out, result, false);
    changes_add(console, event, result, &out);
    screen_print_text(&console->screen, &out, skipped ? PAINT_SKIP : changed ? PAINT_CHANGED : PAINT_OK);
}

static void on_retry(struct console *console, const struct event *event)
{
    const struct value *result = result_shown(console->screen.scratch, event);
    const struct value *retries = value_map_get(result, "retries"), *attempts = value_map_get(result, "attempts");
    struct result_style style = screen_style(&console->screen);
    struct text out = text_new(console->screen.scratch);
    int64_t left = (value_is(retries, VALUE_INT) ? retries->as.integer : 0) -
                   (value_is(attempts, VALUE_INT) ? attempts->as.integer : 0);

    text_printf(&out, "FAILED - RETRYING: [%s]: %s (%lld retries left).", host_label(console, event),
                event->name == NULL ? "" : event->name, (long long)left);
    if (result_is_verbose(result, style.verbosity, 2)) {
        text_add(&out, "Result was: ");
        result_dump(&out, result, &style);
    }
    screen_print_text(&console->screen, &out, PAINT_DEBUG);
}

static void on_include(struct console *console, const struct event *event)
{
    struct text out = text_new(console->screen.scratch);

    text_printf(&out, "included: %s for ", event->message == NULL ? "" : event->message);
    for (size_t i = 0; i < value_count(event->result); i++)
        text_printf(&out, "%s%s", i == 0 ? "" : ", ", value_text(value_item(event->result, i)));
    if (event->item_label != NULL && event->item_label[0] != '\0')
        text_printf(&out, " => (item=%s)", event->item_label);
    screen_print_text(&console->screen, &out, PAINT_SKIP);
}

/* --- recap --- */

static void stats_keep(struct console *console, const struct event *event)
{
    if (console->stats_count == console->stats_room) {
        size_t room = console->stats_room == 0 ? 16 : console->stats_room * 2;

        console->stats = arena_grow(console->screen.arena, console->stats,
                                    console->stats_room * sizeof(*console->stats), room * sizeof(*console->stats));
        console->stats_room = room;
    }
    console->stats[console->stats_count++] =
        (struct console_stats){ arena_copy(console->screen.arena, event->host), event->stats };
}

static int stats_compare(const void *a, const void *b)
{
    return strcmp(((const struct console_stats *)a)->host, ((const struct console_stats *)b)->host);
}

static void stats_cell(struct console *console, struct text *out, const char *name, int count, enum paint paint)
{
    char *cell = arena_printf(console->screen.scratch, "%s=%-4d", name, count);

    text_add_char(out, ' ');
    paint_add(out, cell, strlen(cell), count == 0 ? PAINT_NONE : paint, console->screen.options.color);
}

static void stats_row(struct console *console, const struct console_stats *row)
{
    const struct event_stats *stats = &row->stats;
    enum paint paint = stats->failed != 0 || stats->unreachable != 0 ? PAINT_ERROR
                       : stats->changed != 0                         ? PAINT_CHANGED
                                                                     : PAINT_OK;
    struct text out = text_new(console->screen.scratch);
    size_t width = console->screen.options.color ? 37 : 26;

    paint_add(&out, row->host, strlen(row->host), paint, console->screen.options.color);
    for (size_t n = text_utf8_count(out.data, out.length); n < width; n++)
        text_add_char(&out, ' ');
    text_add(&out, " :");
    stats_cell(console, &out, "ok", stats->ok, PAINT_OK);
    stats_cell(console, &out, "changed", stats->changed, PAINT_CHANGED);
    stats_cell(console, &out, "unreachable", stats->unreachable, PAINT_UNREACHABLE);
    stats_cell(console, &out, "failed", stats->failed, PAINT_ERROR);
    stats_cell(console, &out, "skipped", stats->skipped, PAINT_SKIP);
    stats_cell(console, &out, "rescued", stats->rescued, PAINT_OK);
    stats_cell(console, &out, "ignored", stats->ignored, PAINT_WARN);
    screen_print_text(&console->screen, &out, PAINT_NONE);
}

static void recap_show(struct console *console)
{
    screen_banner(&console->screen, "PLAY RECAP");
    if (console->stats_count > 0)
        qsort(console->stats, console->stats_count, sizeof(*console->stats), stats_compare);
    for (size_t i = 0; i < console->stats_count; i++)
        stats_row(console, &console->stats[i]);
    screen_print(&console->screen, "", PAINT_NONE);
    if (console->check_mode && console->screen.options.check_markers)
        screen_banner(&console->screen, "DRY RUN");
    console->stats_count = 0;
}

/* --- the sink --- */

static void on_progress(struct console *console, const struct event *event)
{
    if (event->wall_us != 0 && console->task_start_us != 0 && event->wall_us - console->task_start_us < LIVE_AFTER_US)
        return;
    screen_live(&console->screen,
                arena_printf(console->screen.scratch, "%s%s%s", event->host == NULL ? "" : event->host,
                             event->host == NULL ? "" : ": ", event->message == NULL ? "" : event->message));
}

static void on_notified(struct console *console, const struct event *event)
{
    if (console->screen.options.verbosity > 1)
        screen_print(&console->screen,
                     arena_printf(console->screen.scratch, "NOTIFIED HANDLER %s for %s", event->name, event->host),
                     PAINT_VERBOSE);
}

static void on_message(struct console *console, const struct event *event)
{
    if (event->message == NULL)
        return;
    if (event->kind == EVENT_WARNING && event->outcome == OUTCOME_FAILED)
        screen_error(&console->screen, event->message);
    else if (event->kind == EVENT_WARNING)
        screen_warning(&console->screen, event->message);
    else if (event->kind == EVENT_DEPRECATED)
        screen_deprecated(&console->screen, event->message, event->result);
    else
        screen_print(&console->screen, event->message, PAINT_NONE);
}

static void console_event(struct console *console, const struct event *event)
{
    switch (event->kind) {
    case EVENT_RUN_START:
        on_start(console, event);
        break;
    case EVENT_PLAY_START:
        on_play(console, event);
        break;
    case EVENT_NO_HOSTS:
        screen_print(&console->screen, "skipping: no hosts matched", PAINT_SKIP);
        break;
    case EVENT_TASK_START:
        on_task(console, event);
        break;
    case EVENT_INCLUDE:
        on_include(console, event);
        break;
    case EVENT_ITEM:
        on_item(console, event);
        break;
    case EVENT_RESULT:
        on_result(console, event);
        break;
    case EVENT_RETRY:
        on_retry(console, event);
        break;
    case EVENT_HANDLER_NOTIFIED:
        on_notified(console, event);
        break;
    case EVENT_NO_HOSTS_LEFT:
        screen_banner(&console->screen, "NO MORE HOSTS LEFT");
        break;
    case EVENT_WARNING:
    case EVENT_DEPRECATED:
    case EVENT_MESSAGE:
        on_message(console, event);
        break;
    case EVENT_PROGRESS:
        on_progress(console, event);
        break;
    case EVENT_STATS:
        stats_keep(console, event);
        break;
    case EVENT_RUN_END:
    case EVENT_HOST_START:
        break;
    }
}

static void console_emit(struct event_sink *sink, const struct event *event)
{
    struct console *console = console_of(sink);
    bool ends = event->kind == EVENT_RUN_END || event->kind == EVENT_RUN_START || event->kind == EVENT_PLAY_START;

    bool is_good_end = event->kind == EVENT_RUN_END && event->outcome == OUTCOME_OK;

    if ((console->stats_count > 0 && ends) || is_good_end)
        recap_show(console);
    console_event(console, event);
    if (event->kind != EVENT_PROGRESS && event->kind != EVENT_HOST_START && event->kind != EVENT_STATS)
        fflush(console->screen.options.out);
    arena_reset(console->screen.scratch);
}

static void console_close(struct event_sink *sink)
{
    struct console *console = console_of(sink);

    if (console->stats_count > 0)
        recap_show(console);
    screen_flush(&console->screen);
    arena_free(console->screen.scratch);
    console->screen.scratch = NULL;
}

struct event_sink *sink_console(struct arena *arena, const struct console_options *options)
{
    struct console *console = arena_new_of(arena, struct console);

    console->sink = (struct event_sink){ console_emit, console_close };
    screen_init(&console->screen, arena, options);
    return &console->sink;
}
