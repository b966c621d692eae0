/* SPDX-License-Identifier: Apache-2.0 */
/* Builds the sinks of a run. */
#include "engine/command/output.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/base/text.h"

bool output_wants_color(const struct command *command)
{
    const char *term = getenv("TERM");
    if (command->given)
        return command->given->color;
    if (settings_bool(&command->settings, "force_color", false))
        return true;
    if (settings_text(&command->settings, "nocolor"))
        return false;
    return isatty(fileno(command->out)) && term && strcmp(term, "dumb") != 0;
}

int output_columns(FILE *out)
{
    struct winsize size;
    if (!isatty(fileno(out)) || ioctl(fileno(out), TIOCGWINSZ, &size) != 0)
        return 0;
    return size.ws_col;
}

/* Adds up the recap: `roost check` wants to know whether anything would change, and whether anything was looked at. */
struct totals_sink {
    struct event_sink base;
    struct command *command;
};

static void totals_emit(struct event_sink *sink, const struct event *event)
{
    struct command *command = ((struct totals_sink *)(void *)sink)->command;
    struct event_stats *totals = &command->totals;
    command->hostless_count += event->kind == EVENT_NO_HOSTS;
    command->result_count += event->kind == EVENT_RESULT && event->task != 0; /* 0: the implicit gathering of facts */
    if (event->kind != EVENT_STATS)
        return;
    totals->ok += event->stats.ok;
    totals->changed += event->stats.changed;
    totals->failed += event->stats.failed;
    totals->unreachable += event->stats.unreachable;
    totals->skipped += event->stats.skipped;
    totals->rescued += event->stats.rescued;
    totals->ignored += event->stats.ignored;
}

static struct event_sink *totals_sink(struct command *command)
{
    struct totals_sink *sink = arena_new_of(command->arena, struct totals_sink);
    sink->base.emit = totals_emit;
    sink->command = command;
    return &sink->base;
}

static struct event_sink *main_sink(struct command *command, struct error *err)
{
    const struct settings *settings = &command->settings;
    const char *style = command->options.output         ? command->options.output
                        : command->use == OPTIONS_ADHOC ? "minimal"
                                                        : "console";
    struct console_options console = {
        .out = command->out,
        .errors = command->errors,
        .color = command->color,
        .columns = command->given ? command->given->columns : output_columns(command->out),
        .verbosity = command->run.verbosity,
        .result_yaml = text_equal(settings_text(settings, "callback_result_format"), "yaml"),
        .show_skipped = settings_bool(settings, "display_skipped_hosts", true),
        .show_ok = settings_bool(settings, "display_ok_hosts", true),
        .live = !command->given && isatty(fileno(command->out)),
        .check_markers = settings_bool(settings, "check_mode_markers", false),
    };
    static const char *const styles[] = { "console", "minimal", "oneline", "jsonl" };
    if (text_equal(style, "console"))
        return sink_console(command->arena, &console);
    if (text_equal(style, "minimal"))
        return sink_minimal(command->arena, &console, command->options.one_line);
    if (text_equal(style, "oneline"))
        return sink_minimal(command->arena, &console, true);
    if (text_equal(style, "jsonl"))
        return sink_json_lines(command->arena, command->out);
    const char *nearest = text_nearest(style, styles, 4);
    error_set_kind(err, ERROR_OPTIONS, "--output '%s' is not one of console, minimal, oneline, jsonl%s%s%s", style,
                   nearest ? "; did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
    return NULL;
}

bool output_open(struct command *command, struct event_sink **out, struct error *err)
{
    struct event_sink **sinks = arena_new_array(command->arena, struct event_sink *, 4); /* the tee keeps it */
    size_t count = 0;
    sinks[count] = main_sink(command, err);
    if (!sinks[count++])
        return false;
    sinks[count++] = totals_sink(command);
    if (command->options.json_file) {
        command->json_file = fopen(command->options.json_file, "we");
        if (!command->json_file)
            return error_set_errno(err, "cannot write '%s'", command->options.json_file);
        sinks[count++] = sink_json_lines(command->arena, command->json_file);
    }
    if (command->extra_sink)
        sinks[count++] = command->extra_sink;
    *out = sink_tee(command->arena, sinks, count);
    return true;
}
