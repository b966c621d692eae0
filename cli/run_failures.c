/* SPDX-License-Identifier: Apache-2.0 */
/* The failures in a run's events. Made of the events alone. */
#include "cli/run_failures.h"

#include <string.h>

#include "cli/table.h"
#include "common/base/text.h"

#define ROWS_MAX 50
#define MESSAGE_MAX 500 /* characters */
#define ERRORS_MAX 4096

void run_failures_init(struct run_failures *failures, struct arena *arena)
{
    *failures = (struct run_failures){ arena, value_list(arena), value_map(arena), 0, "" };
}

static void words_add(struct text *out, const char *words)
{
    size_t length = strlen(words);

    while (length > 0 && strchr("\r\n\t ", words[length - 1]) != NULL)
        length--;
    text_add_n(out, words, length);
}

/* "non-zero return code" alone helps nobody: what the program wrote says why. */
static const char *message_of(struct arena *arena, const struct value *event)
{
    const struct value *result = value_map_get(event, "result");
    const char *message = value_map_text(result, "msg"), *errors = value_map_text(result, "stderr");
    const char *label = value_map_text(event, "item_label");
    struct text out = text_new(arena);

    if (label != NULL)
        text_printf(&out, "(%s) ", label);
    if (!value_is(result, VALUE_MAP) || message == NULL)
        message = value_map_text(result, "censored") != NULL ? value_map_text(result, "censored") : "it gave no reason";
    words_add(&out, message);
    if (errors != NULL && *errors != '\0' && strstr(message, errors) == NULL) {
        text_add(&out, ": ");
        words_add(&out, errors);
    }
    if (text_utf8_count(out.data, out.length) > MESSAGE_MAX) {
        text_truncate(&out, text_utf8_offset(out.data, out.length, MESSAGE_MAX));
        text_add(&out, "…");
    }
    return out.data;
}

static void row_add(struct run_failures *failures, const struct value *event, const char *host)
{
    const char *item = value_map_true(event, "has_items") ? value_map_text(failures->items, host) : NULL;
    const char *name = value_map_text(event, "name");
    struct value *row = value_map(failures->arena);

    if (value_count(failures->rows) == ROWS_MAX) {
        failures->more++;
        return;
    }
    value_map_put_string(failures->arena, row, "host", host);
    value_map_put_string(failures->arena, row, "task", name == NULL ? "a task without a name" : name);
    value_map_put_string(failures->arena, row, "message", item != NULL ? item : message_of(failures->arena, event));
    value_list_add(failures->arena, failures->rows, row);
}

static void output_take(struct run_failures *failures, const struct value *event)
{
    const char *text = value_map_text(event, "text");
    const char *all = NULL;

    if (text == NULL || !text_equal(value_map_text(event, "stream"), "err"))
        return;
    all = arena_printf(failures->arena, "%s%s", failures->errors, text);
    if (strlen(all) > ERRORS_MAX) {
        all += strlen(all) - ERRORS_MAX;
        all += strcspn(all, "\n");
    }
    failures->errors = all;
}

void run_failures_take(struct run_failures *failures, const struct value *event)
{
    const char *kind = value_map_text(event, "event"), *outcome = value_map_text(event, "outcome");
    const char *host = value_map_text(event, "host");
    bool is_bad = text_equal(outcome, "failed") || text_equal(outcome, "unreachable");

    if (text_equal(kind, "output"))
        output_take(failures, event);
    if (kind == NULL || host == NULL || !is_bad)
        return;
    if (strcmp(kind, "item") == 0)
        value_map_put_string(failures->arena, failures->items, host, message_of(failures->arena, event));
    else if (strcmp(kind, "result") == 0 && !value_map_true(event, "ignored"))
        row_add(failures, event, host);
}

const char *run_failures_text(const struct run_failures *failures)
{
    struct text out = text_new(failures->arena);

    for (size_t i = 0; i < value_count(failures->rows); i++) {
        const struct value *row = value_item(failures->rows, i);

        table_add_told(&out, value_map_text(row, "host"));
        text_add(&out, ": ");
        table_add_told(&out, value_map_text(row, "task"));
        text_add(&out, ": ");
        table_add_told(&out, value_map_text(row, "message"));
        text_add_char(&out, '\n');
    }
    if (failures->more > 0)
        text_printf(&out, "... and %zu more\n", failures->more);
    return out.data;
}

const char *run_failures_last_words(const struct run_failures *failures)
{
    struct text out = text_new(failures->arena);
    const char *text = failures->errors;

    while (*text != '\0') {
        size_t length = strcspn(text, "\n");

        if (length > 0) {
            table_add_told(&out, arena_copy_n(failures->arena, text, length));
            text_add_char(&out, '\n');
        }
        text += length + (text[length] == '\n');
    }
    return out.data;
}
