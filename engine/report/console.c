/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The console: the same bytes as ansible-playbook's default callback. A task's banner stands before its first line of
 * output; the recap comes when the statistics of all hosts are there.
 */
#include <string.h>

#include "common/base/path.h"
#include "common/value/value_python.h"
#include "engine/report/recap.h"
#include "engine/report/screen.h"

struct console {
    struct event_sink sink; /* first: the sink is the console */
    struct screen screen;
    bool check_mode;
    /* the task whose banner was shown last */
    bool has_banner;
    uint32_t task;
    const char *task_name, *task_path;
    int task_line;
    /* the task that began last: its banner may still be to come */
    const char *started_name, *started_args;
    uint32_t started_task;
    bool started_check_mode, started_is_handler;
    struct recap recap;
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

static void task_path_print(struct console *console, const struct event *event, int from_verbosity)
{
    if (console->screen.options.verbosity >= from_verbosity && event->path != NULL)
        screen_print(&console->screen,
                     arena_printf(console->screen.scratch, "task path: %s:%d", event->path, event->line), PAINT_DEBUG);
}

/* " k=v, k=v" of display_args_to_stdout. */
static const char *args_text(struct console *console, const struct value *args)
{
    struct text out = text_new(console->screen.arena);

    if (!console->screen.options.show_args || args == NULL)
        return "";
    text_add_char(&out, ' ');
    if (value_has_mark(args, VALUE_SECRET))
        args = value_masked(console->screen.scratch, args);
    for (size_t i = 0; i < value_map_count(args); i++)
        text_printf(&out, "%s%s=%s", i == 0 ? "" : ", ",
                    value_to_text(console->screen.scratch, value_pair_at(args, i)->key),
                    value_to_text(console->screen.scratch, value_pair_at(args, i)->item));
    return out.data;
}

static void task_remember(struct console *console, const struct event *event)
{
    struct arena *arena = console->screen.arena;

    if (!text_equal(console->started_name, event->name))
        console->started_name = arena_copy(arena, event->name == NULL ? "" : event->name);
    console->started_args = args_text(console, event->args);
    console->started_task = event->task;
    console->started_check_mode = event->check_mode;
    console->started_is_handler = event->is_handler;
}

static void task_banner(struct console *console, const struct event *event)
{
    struct arena *scratch = console->screen.scratch, *arena = console->screen.arena;
    bool is_started = console->started_task != 0 && console->started_task == event->task;
    const char *name = event->name == NULL && is_started ? console->started_name : event->name;
    const char *args = is_started && console->started_args != NULL ? console->started_args : "";
    bool check_mode = is_started ? console->started_check_mode : event->check_mode;

    name = name == NULL ? "" : text_trim(scratch, name, strlen(name));
    screen_banner(&console->screen, arena_printf(scratch, "%s [%s%s]%s", event->is_handler ? "RUNNING HANDLER" : "TASK",
                                                 name, args, check_mark(console, check_mode)));
    task_path_print(console, event, 2);
    console->has_banner = true;
    console->task = event->task;
    if (!text_equal(console->task_name, name))
        console->task_name = arena_copy(arena, name);
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
    task_remember(console, event);
    if (event->free_strategy)
        return;
    /* with hidden outcomes the banner waits for something to show */
    if (console->screen.options.show_skipped && console->screen.options.show_ok)
        task_banner(console, event);
    else
        console->has_banner = false;
}

static void options_show(struct console *console)
{
    const struct value *given = console->screen.options.given;

    for (size_t i = 0; console->screen.options.verbosity > 3 && i < value_count(given); i++) {
        const struct value_pair *pair = value_pair_at(given, i);
        const char *name = value_text(pair->key);

        screen_print_only(&console->screen,
                          arena_printf(console->screen.scratch, "%s: %s",
                                       text_equal(name, "args") ? "Positional arguments" : name,
                                       value_text(pair->item)),
                          PAINT_VERBOSE);
    }
}

static void on_start(struct console *console, const struct event *event)
{
    const char *path = event->path != NULL ? event->path : event->name;

    console->check_mode = event->check_mode;
    if (console->screen.options.verbosity > 1 && path != NULL)
        screen_banner(&console->screen, arena_printf(console->screen.scratch, "PLAYBOOK: %s", path_basename(path)));
    options_show(console);
    if (event->check_mode && console->screen.options.check_markers)
        screen_banner(&console->screen, "DRY RUN");
}

static void on_host_start(struct console *console, const struct event *event)
{
    const char *name = console->started_name == NULL ? "" : console->started_name;

    if (console->screen.options.show_host_start)
        screen_print(&console->screen,
                     arena_printf(console->screen.scratch, " [started %s: %s on %s]",
                                  console->started_is_handler ? "HANDLER" : "TASK", name, event->host),
                     PAINT_OK);
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
    if (event->has_items && text_equal(event->action, "debug")) /* shown whole: debug's result is its message */
        result = result_without(console->screen.scratch, result, (const char *const[]){ "results", "changed", NULL });
    if (!event->has_items || text_equal(event->action, "debug")) {
        if (console->screen.options.show_task_path && console->screen.options.verbosity < 2)
            task_path_print(console, event, 0);
        text_printf(&out, "fatal: [%s]: FAILED!", host_label(console, event));
        result_add(console, &out, result, true);
        screen_print_failed(&console->screen, &out, PAINT_ERROR);
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
    screen_print_failed(&console->screen, &out, PAINT_UNREACHABLE);
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
    screen_print_failed(&console->screen, &out, PAINT_ERROR);
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

/* --- the sink --- */

static void on_notified(struct console *console, const struct event *event)
{
    if (console->screen.options.verbosity > 1)
        screen_print_only(&console->screen,
                          arena_printf(console->screen.scratch, "NOTIFIED HANDLER %s for %s", event->name, event->host),
                          PAINT_VERBOSE);
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
    case EVENT_INCLUDE_RESULT:
        banner_before(console, event);
        break;
    case EVENT_HOST_START:
        on_host_start(console, event);
        break;
    case EVENT_CUSTOM_STATS:
    case EVENT_STATS:
        recap_keep(&console->recap, &console->screen, event);
        break;
    case EVENT_MESSAGE:
        screen_print(&console->screen, event->message == NULL ? "" : event->message,
                     event->host == NULL ? PAINT_NONE : PAINT_DEBUG);
        break;
    default:
        screen_message(&console->screen, event);
        break;
    }
}

static void console_emit(struct event_sink *sink, const struct event *event)
{
    struct console *console = console_of(sink);
    bool ends = event->kind == EVENT_RUN_END || event->kind == EVENT_RUN_START || event->kind == EVENT_PLAY_START;

    bool is_good_end = event->kind == EVENT_RUN_END && event->outcome == OUTCOME_OK;

    if ((console->recap.count > 0 && ends) || is_good_end)
        recap_show(&console->recap, &console->screen, console->check_mode);
    console_event(console, event);
    screen_live(&console->screen, event);
    if (event->kind != EVENT_PROGRESS && event->kind != EVENT_HOST_START && event->kind != EVENT_STATS)
        fflush(console->screen.options.out);
    arena_reset(console->screen.scratch);
}

static void console_tick(struct event_sink *sink)
{
    screen_tick(&console_of(sink)->screen);
}

static void console_close(struct event_sink *sink)
{
    struct console *console = console_of(sink);

    if (console->recap.count > 0)
        recap_show(&console->recap, &console->screen, console->check_mode);
    screen_flush(&console->screen);
    arena_free(console->screen.scratch);
    console->screen.scratch = NULL;
}

struct event_sink *sink_console(struct arena *arena, const struct console_options *options)
{
    struct console *console = arena_new_of(arena, struct console);

    console->sink = (struct event_sink){ console_emit, console_close, console_tick };
    screen_init(&console->screen, arena, options);
    return &console->sink;
}
