/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The screen behind the console sinks. Owns the streams' order: before something goes to the other stream, the first
 * is flushed.
 */
#include "engine/report/screen.h"

#include <string.h>

#include "common/value/value_python.h"

#define COLUMNS_MIN 79

void screen_init(struct screen *screen, struct arena *arena, const struct console_options *options)
{
    screen->options = *options;
    screen->arena = arena;
    screen->scratch = arena_new();
    screen->columns = options->columns - 1 > COLUMNS_MIN ? options->columns - 1 : COLUMNS_MIN;
}

struct result_style screen_style(const struct screen *screen)
{
    return (struct result_style){ .verbosity = screen->options.verbosity,
                                  .yaml = screen->options.result_yaml,
                                  .color = screen->options.color };
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
    paint_add(&out, data, length, paint, screen->options.color);
    text_add_char(&out, '\n');
    fwrite(out.data, 1, out.length, stream);
}

void screen_print_text(struct screen *screen, const struct text *text, enum paint paint)
{
    stream_write(screen, screen->options.out, text->length == 0 ? "" : text->data, text->length, paint);
}

void screen_print(struct screen *screen, const char *text, enum paint paint)
{
    stream_write(screen, screen->options.out, text, strlen(text), paint);
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

static void errors_write(struct screen *screen, const char *text, size_t length, enum paint paint)
{
    live_wipe(screen);
    fflush(screen->options.out);
    stream_write(screen, screen->options.errors, text, length, paint);
    fflush(screen->options.errors);
}

void screen_warning(struct screen *screen, const char *message)
{
    struct text out = text_new(screen->scratch);

    paint_wrap(&out, arena_printf(screen->scratch, "[WARNING]: %s", message), (size_t)screen->columns, false);
    if (out.length > 0 && warn_once(screen, out.data))
        errors_write(screen, out.data, out.length, PAINT_WARN);
}

void screen_error(struct screen *screen, const char *message)
{
    struct text out = text_new(screen->scratch);

    paint_wrap(&out, arena_printf(screen->scratch, " [ERROR]: %s", message), (size_t)screen->columns, false);
    if (out.length > 0 && warn_once(screen, out.data))
        errors_write(screen, out.data, out.length, PAINT_ERROR);
}

void screen_deprecated(struct screen *screen, const char *message, const struct value *details)
{
    struct text out = text_new(screen->scratch);
    char *text;

    paint_wrap(&out, result_deprecation(screen->scratch, message, details), (size_t)screen->columns, true);
    if (out.length == 0 || !warn_once(screen, out.data))
        return;
    text = text_trim(screen->scratch, out.data, out.length);
    errors_write(screen, text, strlen(text), PAINT_DEPRECATE);
}

const struct value *screen_warnings_of(struct screen *screen, const struct value *result)
{
    static const char *const keys[] = { "warnings", "deprecations", NULL };
    const struct value *warnings = value_map_get(result, "warnings");
    const struct value *deprecations = value_map_get(result, "deprecations");

    for (size_t i = 0; value_is(warnings, VALUE_LIST) && i < value_count(warnings); i++)
        screen_warning(screen, value_to_text(screen->scratch, value_item(warnings, i)));
    for (size_t i = 0; value_is(deprecations, VALUE_LIST) && i < value_count(deprecations); i++) {
        const struct value *one = value_item(deprecations, i);
        const char *message = value_map_text(one, "msg");

        if (message != NULL)
            screen_deprecated(screen, message, one);
    }
    if (value_count(warnings) == 0 && value_count(deprecations) == 0)
        return result;
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
    screen_print_text(screen, &out, PAINT_ERROR);
}

void screen_live(struct screen *screen, const char *text)
{
    size_t room = screen->options.columns > 2 ? (size_t)screen->options.columns - 1 : 0;
    size_t length = strlen(text);

    if (!screen->options.live || room == 0)
        return;
    live_wipe(screen);
    if (text_utf8_count(text, length) > room)
        length = text_utf8_offset(text, length, room);
    fwrite(text, 1, length, screen->options.out);
    fflush(screen->options.out);
    screen->live_shown = true;
}

void screen_flush(struct screen *screen)
{
    live_wipe(screen);
    fflush(screen->options.out);
    fflush(screen->options.errors);
}
