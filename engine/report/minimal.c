/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What ad-hoc runs print: one block for each host ("host | CHANGED | rc=0 >>"), or one line.
 */
#include <string.h>

#include "common/value/value_python.h"
#include "engine/report/screen.h"

struct minimal {
    struct event_sink sink; /* first */
    struct screen screen;
    bool one_line;
};

/* A field as text; `otherwise` when it is not there. */
static const char *field(struct minimal *minimal, const struct value *result, const char *key, const char *otherwise)
{
    const struct value *value = value_map_get(result, key);

    return value == NULL ? otherwise : value_to_text(minimal->screen.scratch, value);
}

static void escaped_add(struct text *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\n')
            text_add(out, "\\n");
        else if (*text == '\r')
            text_add(out, "\\r");
        else
            text_add_char(out, *text);
    }
}

static void plain_show(struct minimal *minimal, const struct event *event, const struct value *result,
                       const char *caption, enum paint paint)
{
    struct text out = text_new(minimal->screen.scratch);
    const char *rc = field(minimal, result, "rc", "-1"), *errors = field(minimal, result, "stderr", "");

    if (minimal->one_line) {
        text_printf(&out, "%s | %s | rc=%s | (stdout) ", event->host, caption, rc);
        escaped_add(&out, field(minimal, result, "stdout", ""));
        if (errors[0] != '\0') {
            text_add(&out, " (stderr) ");
            escaped_add(&out, errors);
        }
    } else {
        text_printf(&out, "%s | %s | rc=%s >>\n%s%s%s\n", event->host, caption, rc,
                    field(minimal, result, "stdout", ""), errors, field(minimal, result, "msg", ""));
    }
    screen_print_text(&minimal->screen, &out, paint);
}

static void json_show(struct minimal *minimal, const struct event *event, const struct value *result,
                      const char *caption, enum paint paint)
{
    struct result_style style = screen_style(&minimal->screen);
    struct text out = text_new(minimal->screen.scratch), json = text_new(minimal->screen.scratch);

    style.indent = minimal->one_line ? -1 : 4;
    if (minimal->one_line) {
        style.format = RESULT_JSON;
        style.pretty = 0;
    }
    result_dump(&json, result, &style);
    text_printf(&out, "%s | %s => ", event->host, caption);
    for (size_t i = 0; i < json.length; i++) {
        if (!minimal->one_line || json.data[i] != '\n')
            text_add_char(&out, json.data[i]);
    }
    screen_print_text(&minimal->screen, &out, paint);
}

static bool is_plain(const struct event *event, const struct value *result)
{
    return result_is_plain(event->action) && strstr(event->action, "script") == NULL &&
           value_map_get(result, "ansible_job_id") == NULL;
}

static void on_ok(struct minimal *minimal, const struct event *event, const struct value *result)
{
    bool changed = event->outcome == OUTCOME_CHANGED;
    const char *caption = changed ? "CHANGED" : "SUCCESS";
    enum paint paint = changed ? PAINT_CHANGED : PAINT_OK;

    if (!minimal->one_line)
        result = screen_warnings_of(&minimal->screen, result);
    if (is_plain(event, result))
        plain_show(minimal, event, result, caption, paint);
    else
        json_show(minimal, event, result, caption, paint);
}

/* oneline tells an exception in a line of its own. */
static void exception_line(struct minimal *minimal, const struct event *event, const struct value *result)
{
    const struct value *exception = value_map_get(result, "exception");
    struct text out = text_new(minimal->screen.scratch);
    const char *text, *last;

    if (exception == NULL)
        return;
    if (is_plain(event, result) && value_map_get(result, "module_stderr") == NULL) {
        plain_show(minimal, event, result, "FAILED", PAINT_ERROR);
        return;
    }
    text = value_to_text(minimal->screen.scratch, exception);
    text_add(&out, "An exception occurred during task execution. ");
    if (minimal->screen.options.verbosity >= 3) {
        text_add(&out, "The full traceback is:\n");
        for (; *text != '\0'; text++)
            if (*text != '\n')
                text_add_char(&out, *text);
    } else {
        text = text_trim(minimal->screen.scratch, text, strlen(text));
        last = strrchr(text, '\n');
        text_printf(&out, "To see the full traceback, use -vvv. The error was: %s", last == NULL ? text : last + 1);
    }
    screen_print_text(&minimal->screen, &out, PAINT_ERROR);
}

static void on_failed(struct minimal *minimal, const struct event *event, const struct value *result)
{
    if (minimal->one_line) {
        exception_line(minimal, event, result);
    } else {
        screen_exception(&minimal->screen, result);
        result = screen_warnings_of(&minimal->screen, result);
        if (is_plain(event, result) && value_map_get(result, "module_stderr") == NULL) {
            plain_show(minimal, event, result, "FAILED", PAINT_ERROR);
            return;
        }
    }
    json_show(minimal, event, result, "FAILED!", PAINT_ERROR);
}

static void diff_show(struct minimal *minimal, const struct event *event, const struct value *result)
{
    struct result_style style = screen_style(&minimal->screen);
    struct text out = text_new(minimal->screen.scratch);

    if (!event->diff_mode || minimal->one_line || !value_truthy(value_map_get(result, "diff")))
        return;
    result_text_diff(&out, value_map_get(result, "diff"), &style);
    screen_print_text(&minimal->screen, &out, PAINT_NONE);
}

static void on_result(struct minimal *minimal, const struct event *event)
{
    bool is_cleaned = !minimal->one_line && event->outcome != OUTCOME_FAILED;
    const struct value *result =
        is_cleaned ? result_clean(minimal->screen.scratch, event) : result_shown(minimal->screen.scratch, event);

    switch (event->outcome) {
    case OUTCOME_OK:
    case OUTCOME_CHANGED:
        diff_show(minimal, event, result);
        on_ok(minimal, event, result);
        break;
    case OUTCOME_FAILED:
        on_failed(minimal, event, result);
        break;
    case OUTCOME_SKIPPED:
        screen_print(&minimal->screen, arena_printf(minimal->screen.scratch, "%s | SKIPPED", event->host), PAINT_SKIP);
        break;
    case OUTCOME_UNREACHABLE:
        if (minimal->one_line)
            screen_print(&minimal->screen,
                         arena_printf(minimal->screen.scratch, "%s | UNREACHABLE!: %s", event->host,
                                      field(minimal, result, "msg", "")),
                         PAINT_UNREACHABLE);
        else
            json_show(minimal, event, result, "UNREACHABLE!", PAINT_UNREACHABLE);
        break;
    }
}

static void minimal_emit(struct event_sink *sink, const struct event *event)
{
    struct minimal *minimal = (struct minimal *)sink;

    if (event->kind == EVENT_RESULT || event->kind == EVENT_INCLUDE_RESULT)
        on_result(minimal, event);
    else
        screen_message(&minimal->screen, event);
    screen_live(&minimal->screen, event);
    if (event->kind != EVENT_PROGRESS)
        fflush(minimal->screen.options.out);
    arena_reset(minimal->screen.scratch);
}

static void minimal_tick(struct event_sink *sink)
{
    screen_tick(&((struct minimal *)sink)->screen);
}

static void minimal_close(struct event_sink *sink)
{
    struct minimal *minimal = (struct minimal *)sink;

    screen_flush(&minimal->screen);
    arena_free(minimal->screen.scratch);
    minimal->screen.scratch = NULL;
}

struct event_sink *sink_minimal(struct arena *arena, const struct console_options *options, bool one_line)
{
    struct minimal *minimal = arena_new_of(arena, struct minimal);

    minimal->sink = (struct event_sink){ minimal_emit, minimal_close, minimal_tick };
    minimal->one_line = one_line;
    screen_init(&minimal->screen, arena, options);
    return &minimal->sink;
}
