/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The screen behind the console sinks. Owns the streams' order: before something goes to the other stream, the first
 * is flushed.
 */
#include "engine/report/screen.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/value/value_python.h"
#include "engine/report/log_file.h"

#define COLUMNS_MIN 79
#define DEPRECATION "[DEPRECATION WARNING]: "
#define LIVE_EVERY_US (900 * 1000)

void screen_init(struct screen *screen, struct arena *arena, const struct console_options *options)
{
    *screen = (struct screen){ .options = *options, .arena = arena };
    screen->scratch = arena_new();
    screen->columns = options->columns - 1 > COLUMNS_MIN ? options->columns - 1 : COLUMNS_MIN;
    if (options->color)
        screen->palette = options->palette != NULL ? options->palette : &palette_default;
    progress_init(&screen->progress, arena);
}

struct result_style screen_style(const struct screen *screen)
{
    return (struct result_style){ .verbosity = screen->options.verbosity,
                                  .format = screen->options.format,
                                  .pretty = screen->options.pretty,
                                  .diff_context = screen->options.diff_context,
                                  .palette = screen->palette };
}

static void live_wipe(struct screen *screen)
{
    if (screen->live_shown)
        fputs("\r\033[K", screen->options.out);
    screen->live_shown = false;
}

static void stream_write(struct screen *screen, FILE *stream, const char *data, size_t length, enum paint paint)
{
    struct text out = text_new(screen->scratch);

    live_wipe(screen);
    if (length > 0 && data[length - 1] == '\n')
        length--;
    paint_add(&out, data, length, paint, screen->palette);
    text_add_char(&out, '\n');
    fwrite(out.data, 1, out.length, stream);
}

/* What has the colour of debugging is below the log's level. */
static void log_add(const struct screen *screen, const char *text, size_t length, enum paint paint)
{
    if (paint != PAINT_DEBUG)
        log_file_add(screen->options.log, text, length);
}

void screen_print_text(struct screen *screen, const struct text *text, enum paint paint)
{
    const char *data = text->length == 0 ? "" : text->data;

    stream_write(screen, screen->options.out, data, text->length, paint);
    log_add(screen, data, text->length, paint);
}

void screen_print_only(struct screen *screen, const char *text, enum paint paint)
{
    stream_write(screen, screen->options.out, text, strlen(text), paint);
}

void screen_print(struct screen *screen, const char *text, enum paint paint)
{
    screen_print_only(screen, text, paint);
    log_add(screen, text, strlen(text), paint);
}

static void errors_write(struct screen *screen, const char *text, size_t length, enum paint paint)
{
    live_wipe(screen);
    fflush(screen->options.out);
    stream_write(screen, screen->options.errors, text, length, paint);
    fflush(screen->options.errors);
    log_add(screen, text, length, paint);
}

void screen_print_failed(struct screen *screen, const struct text *text, enum paint paint)
{
    if (screen->options.failed_to_errors)
        errors_write(screen, text->length == 0 ? "" : text->data, text->length, paint);
    else
        screen_print_text(screen, text, paint);
}

void screen_verbose(struct screen *screen, const char *host, const char *message)
{
    const char *text = host == NULL ? message : arena_printf(screen->scratch, "<%s> %s", host, message);

    if (screen->options.verbose_to_errors)
        errors_write(screen, text, strlen(text), PAINT_VERBOSE);
    else
        screen_print(screen, text, PAINT_VERBOSE);
}

void screen_banner(struct screen *screen, const char *text)
{
    struct text out = text_new(screen->scratch);
    char *trimmed = text_trim(screen->scratch, text, strlen(text));
    size_t width = paint_width(trimmed, strlen(trimmed));
    size_t stars = (size_t)screen->columns > width + 3 ? (size_t)screen->columns - width : 3;

    text_printf(&out, "\n%s ", trimmed);
    for (size_t i = 0; i < stars; i++)
        text_add_char(&out, '*');
    screen_print_text(screen, &out, PAINT_NONE);
}

/* --- warnings --- */

/* True the first time. */
static bool warn_once(struct screen *screen, const char *text)
{
    size_t size = screen->warned_count * sizeof(char *);

    for (size_t i = 0; i < screen->warned_count; i++) {
        if (strcmp(screen->warned[i], text) == 0)
            return false;
    }
    screen->warned = arena_grow(screen->arena, screen->warned, size, size + sizeof(char *));
    screen->warned[screen->warned_count++] = arena_copy(screen->arena, text);
    return true;
}

void screen_warning(struct screen *screen, const char *message)
{
    struct text out = text_new(screen->scratch);

    paint_wrap(&out, arena_printf(screen->scratch, "[WARNING]: %s", message), (size_t)screen->columns, false);
    if (out.length == 0 || !warn_once(screen, out.data))
        return;
    text_add_char(&out, '\n');
    errors_write(screen, out.data, out.length, PAINT_WARN);
}

void screen_error(struct screen *screen, const char *message)
{
    struct text out = text_new(screen->scratch);

    if (text_starts(message, "ERROR! ")) { /* said at once, not wrapped */
        text_printf(&out, "%s\n", message);
        errors_write(screen, out.data, out.length, PAINT_ERROR);
        return;
    }
    paint_wrap(&out, arena_printf(screen->scratch, " [ERROR]: %s", message), (size_t)screen->columns, false);
    if (out.length == 0 || !warn_once(screen, out.data))
        return;
    text_add_char(&out, '\n');
    errors_write(screen, out.data, out.length, PAINT_ERROR);
}

/* The whole sentence. */
static void deprecation_print(struct screen *screen, const char *sentence)
{
    struct text out = text_new(screen->scratch);
    char *text;

    if (screen->options.hide_deprecations)
        return;
    paint_wrap(&out, sentence, (size_t)screen->columns, true);
    if (out.length == 0 || !warn_once(screen, out.data))
        return;
    text = text_trim(screen->scratch, out.data, out.length);
    errors_write(screen, text, strlen(text), PAINT_DEPRECATE);
}

void screen_deprecated(struct screen *screen, const char *message, const struct value *details)
{
    bool is_whole = text_starts(message, "[DEPRECATION WARNING]: ");

    deprecation_print(screen, is_whole ? arena_copy(screen->scratch, message)
                                       : result_deprecation(screen->scratch, message, details));
}

const struct value *screen_warnings_of(struct screen *screen, const struct value *result)
{
    static const char *const keys[] = { "warnings", "deprecations", NULL };
    const struct value *warnings = value_map_get(result, "warnings");
    const struct value *deprecations = value_map_get(result, "deprecations");

    if (screen->options.hide_warnings || (value_count(warnings) == 0 && value_count(deprecations) == 0))
        return result;
    for (size_t i = 0; value_is(warnings, VALUE_LIST) && i < value_count(warnings); i++)
        screen_warning(screen, value_to_text(screen->scratch, value_item(warnings, i)));
    for (size_t i = 0; value_is(deprecations, VALUE_LIST) && i < value_count(deprecations); i++) {
        const struct value *one = value_item(deprecations, i);
        const char *message = value_map_text(one, "msg");

        if (message != NULL)
            screen_deprecated(screen, message, one);
    }
    return result_without(screen->scratch, result, keys);
}

void screen_exception(struct screen *screen, const struct value *result)
{
    const struct value *exception = value_map_get(result, "exception");
    struct text out = text_new(screen->scratch);
    char *text;
    const char *last;

    if (exception == NULL)
        return;
    text = value_to_text(screen->scratch, exception);
    if (screen->options.verbosity >= 3) {
        text_printf(&out, "The full traceback is:\n%s", text);
    } else {
        text = text_trim(screen->scratch, text, strlen(text));
        last = strrchr(text, '\n');
        text_printf(&out,
                    "An exception occurred during task execution. To see the full traceback, use -vvv. The error "
                    "was: %s",
                    last == NULL ? text : last + 1);
    }
    screen_print_failed(screen, &out, PAINT_ERROR);
}

bool screen_message(struct screen *screen, const struct event *event)
{
    bool is_message = event->kind == EVENT_WARNING || event->kind == EVENT_DEPRECATED || event->kind == EVENT_MESSAGE ||
                      event->kind == EVENT_VERBOSE;

    if (!is_message || event->message == NULL || (event->kind == EVENT_MESSAGE && event->host != NULL))
        return is_message;
    if (event->kind == EVENT_WARNING && event->outcome == OUTCOME_FAILED)
        screen_error(screen, event->message);
    else if (event->kind == EVENT_WARNING && text_starts(event->message, DEPRECATION))
        deprecation_print(screen, event->message);
    else if (event->kind == EVENT_WARNING)
        screen_warning(screen, event->message);
    else if (event->kind == EVENT_DEPRECATED)
        screen_deprecated(screen, event->message, event->result);
    else if (event->kind == EVENT_VERBOSE)
        screen_verbose(screen, event->host, event->message);
    else
        screen_print(screen, event->message, PAINT_NONE);
    return true;
}

void report_warnings(const struct console_options *options, const struct value *warnings)
{
    ARENA_SCOPED arena = arena_new();
    struct screen screen;

    screen_init(&screen, arena, options);
    for (size_t i = 0; i < value_count(warnings); i++) {
        const char *text = value_text(value_item(warnings, i));

        if (text != NULL && text_starts(text, DEPRECATION))
            deprecation_print(&screen, text);
        else if (text != NULL)
            screen_warning(&screen, text);
    }
    arena_free(screen.scratch);
}

/* --- the live line --- */

static void live_draw(struct screen *screen, int64_t now_us)
{
    int columns = screen->options.columns_now != NULL ? screen->options.columns_now(screen->options.out)
                                                      : screen->options.columns;
    struct text line = text_new(screen->scratch);
    const char *shown;

    if (columns < 3 || !progress_line(&screen->progress, now_us, &line))
        return;
    shown = line.data;
    /* where there is little room the play's name goes first */
    if (paint_width(shown, line.length) >= (size_t)columns && screen->progress.play[0] != '\0')
        shown += strlen(screen->progress.play) + strlen(" | ");
    live_wipe(screen);
    fwrite(shown, 1, paint_fit(shown, strlen(shown), (size_t)columns - 1), screen->options.out);
    fflush(screen->options.out);
    screen->live_shown = true;
    screen->live_us = now_us;
}

void screen_live(struct screen *screen, const struct event *event)
{
    if (!screen->options.live)
        return;
    progress_event(&screen->progress, event);
    if (event->kind != EVENT_PROGRESS && event->kind != EVENT_HOST_START)
        live_wipe(screen); /* sinks beside this one print too */
    if (event->kind == EVENT_PROGRESS && (event->wall_us == 0 || event->wall_us - screen->live_us >= LIVE_EVERY_US))
        live_draw(screen, event->wall_us == 0 ? clock_wall_us() : event->wall_us);
}

void screen_tick(struct screen *screen)
{
    int64_t now_us;

    if (!screen->options.live)
        return;
    now_us = clock_wall_us();
    if (now_us - screen->live_us >= LIVE_EVERY_US || now_us < screen->live_us)
        live_draw(screen, now_us);
    arena_reset(screen->scratch);
}

void screen_flush(struct screen *screen)
{
    live_wipe(screen);
    fflush(screen->options.out);
    fflush(screen->options.errors);
}
