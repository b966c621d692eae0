/* SPDX-License-Identifier: Apache-2.0 */
/* Builds the sinks of a run. */
#include "engine/command/output.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/base/text.h"
#include "engine/command/options_shown.h"
#include "engine/command/output_callbacks.h"

#define CALLBACKS_MAX 8
#define SINKS_MAX (CALLBACKS_MAX + 3)

static bool is_dumb_terminal(void)
{
    const char *term = getenv("TERM");
    return term && strcmp(term, "dumb") == 0;
}

bool output_wants_color(const struct command *command)
{
    const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");
    if (command->given)
        return command->given->color;
    if (callback_bool(command, "ANSIBLE_FORCE_COLOR", "force_color", false))
        return true;
    if (callback_bool(command, "ANSIBLE_NOCOLOR", "nocolor", false) || (no_color && *no_color))
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

static const char *color_of(void *context, const char *setting)
{
    const struct command *command = context;
    char *variable = text_upper(arena_printf(command->arena, "ANSIBLE_COLOR_%s", setting));

    return callback_text(command, variable, arena_printf(command->arena, "colors.%s", setting));
}

/* Lines around a difference: none is told as -1, since 0 stands for the usual three. */
static int diff_context(const struct command *command)
{
    int lines = callback_int(command, "ANSIBLE_DIFF_CONTEXT", "diff.context", 3);

    return lines > 0 ? lines : -1;
}

static enum result_format format_of(const struct command *command, enum result_format otherwise)
{
    const char *format = callback_text(command, "ANSIBLE_CALLBACK_RESULT_FORMAT", "callback_result_format");

    return otherwise == RESULT_JSON && text_equal(format, "yaml") ? RESULT_YAML : otherwise;
}

static int pretty_of(const struct command *command)
{
    const char *text = callback_text(command, "ANSIBLE_CALLBACK_FORMAT_PRETTY", "callback_format_pretty");
    bool is_pretty = false;

    return text == NULL || !text_to_bool(text, &is_pretty) ? 0 : is_pretty ? 1 : -1;
}

bool output_console_options(const struct command *command, struct console_options *out, struct error *err)
{
    *out = (struct console_options){
        .out = command->out,
        .errors = command->errors,
        .color = command->color,
        .columns = command->given ? command->given->columns : output_columns(command->out),
        .columns_now = command->given ? NULL : output_columns,
        .verbosity = command->run.verbosity,
        .pretty = pretty_of(command),
        .diff_context = diff_context(command),
        .show_skipped = callback_bool(command, "ANSIBLE_DISPLAY_SKIPPED_HOSTS", "display_skipped_hosts", true),
        .show_ok = callback_bool(command, "ANSIBLE_DISPLAY_OK_HOSTS", "display_ok_hosts", true),
        .failed_to_errors = callback_bool(command, "ANSIBLE_DISPLAY_FAILED_STDERR", "display_failed_stderr", false),
        .show_task_path =
            callback_bool(command, "ANSIBLE_SHOW_TASK_PATH_ON_FAILURE", "show_task_path_on_failure", false),
        .show_host_start = callback_bool(command, "ANSIBLE_SHOW_PER_HOST_START", "show_per_host_start", false),
        .show_args = callback_bool(command, "ANSIBLE_DISPLAY_ARGS_TO_STDOUT", "display_args_to_stdout", false),
        .show_custom_stats = callback_bool(command, "ANSIBLE_SHOW_CUSTOM_STATS", "show_custom_stats", false),
        .hide_warnings = !callback_bool(command, "ANSIBLE_ACTION_WARNINGS", "action_warnings", true),
        .hide_deprecations = !callback_bool(command, "ANSIBLE_DEPRECATION_WARNINGS", "deprecation_warnings", true),
        .verbose_to_errors = callback_bool(command, "ANSIBLE_VERBOSE_TO_STDERR", "verbose_to_stderr", false),
        .live = !command->given && isatty(fileno(command->out)) && command->run.verbosity == 0 && !is_dumb_terminal(),
        .log = command->log,
        .given = command->given || command->run.verbosity < 4 ? NULL : options_shown(command),
        .check_markers = callback_bool(command, "ANSIBLE_CHECK_MODE_MARKERS", "check_mode_markers", false),
    };
    return !command->color || report_palette(command->arena, color_of, (void *)(uintptr_t)command, &out->palette, err);
}

static const char *const callback_words[] = { "console", "default", "minimal", "oneline", "json", "jsonl", "yaml" };
#define CALLBACK_WORDS (sizeof(callback_words) / sizeof(callback_words[0]))

/* The callback by the options, the environment, the configuration; ad-hoc commands follow the last only when told to. */
static const char *callback_name(const struct command *command)
{
    const char *configured = callback_text(command, "ANSIBLE_STDOUT_CALLBACK", "stdout_callback");
    bool loads = callback_bool(command, "ANSIBLE_LOAD_CALLBACK_PLUGINS", "bin_ansible_callbacks", false);

    if (command->options.output)
        return command->options.output;
    if (command->use != OPTIONS_ADHOC)
        return configured ? configured : "default";
    if (command->options.one_line)
        return "oneline";
    return loads && configured && !text_equal(configured, "default") ? configured : "minimal";
}

static struct event_sink *main_sink(struct command *command, struct console_options *console, struct error *err)
{
    const char *name = callback_name(command);
    struct callback callback = callback_find(name);
    struct posix_json_options json = { .is_lines = callback.kind == CALLBACK_JSONL };

    console->format = format_of(command, callback.format);
    if (callback.kind == CALLBACK_RECORDS && !command->options.output)
        callback.kind = CALLBACK_NONE; /* Ansible knows ansible.posix.jsonl by its whole name only */
    switch (callback.kind) {
    case CALLBACK_CONSOLE:
        return sink_console(command->arena, console);
    case CALLBACK_MINIMAL:
        return sink_minimal(command->arena, console, command->options.one_line);
    case CALLBACK_ONELINE:
        return sink_minimal(command->arena, console, true);
    case CALLBACK_RECORDS:
        return sink_json_lines(command->arena, command->out);
    case CALLBACK_JSON:
    case CALLBACK_JSONL:
        json.console = *console;
        json.console.live = json.console.color = false;
        json.indent = callback_int(command, "ANSIBLE_JSON_INDENT", "json_indent", json.is_lines ? 0 : 4);
        return sink_posix_json(command->arena, &json);
    default:
        break;
    }
    const char *nearest = text_nearest(name, callback_words, CALLBACK_WORDS);
    if (command->options.output)
        error_set_kind(err, ERROR_OPTIONS, "--output '%s' is not one of console, jsonl, %s%s%s%s", name,
                       callback_names(), nearest ? "; did you mean '" : "", nearest ? nearest : "",
                       nearest ? "'?" : "");
    else
        error_set(err, "Invalid callback for stdout specified: %s (Roost has %s)", name, callback_names());
    return NULL;
}

/* What programs read is not mixed with lines for people: callbacks beside it write these to the errors. */
static void console_beside(const struct command *command, struct console_options *console)
{
    enum callback_kind kind = callback_find(callback_name(command)).kind;

    if (kind == CALLBACK_RECORDS || kind == CALLBACK_JSON || kind == CALLBACK_JSONL)
        console->out = console->errors;
}

/* --json-lines begins a file; ROOST_JSON_LINES is for many runs of one script, and goes on with one. */
static bool json_file_open(struct command *command, struct error *err)
{
    const char *more = getenv("ROOST_JSON_LINES");
    const char *path = command->options.json_file ? command->options.json_file : more;
    if (!path || !*path)
        return true;
    command->json_file = fopen(path, command->options.json_file ? "we" : "ae");
    return command->json_file || error_set_errno(err, "cannot write '%s'", path);
}

bool output_open(struct command *command, struct event_sink **out, struct error *err)
{
    struct event_sink *sinks[SINKS_MAX];
    struct console_options console;
    size_t count = 0;
    if (!output_console_options(command, &console, err))
        return false;
    sinks[count] = main_sink(command, &console, err);
    if (!sinks[count++])
        return false;
    console_beside(command, &console);
    callbacks_enabled(command, &console, sinks, &count, CALLBACKS_MAX);
    sinks[count++] = totals_sink(command);
    if (!json_file_open(command, err))
        return false;
    if (command->json_file)
        sinks[count++] = sink_json_lines(command->arena, command->json_file);
    if (command->extra_sink)
        sinks[count++] = command->extra_sink;
    *out = sink_tee(command->arena, sinks, count);
    return true;
}
