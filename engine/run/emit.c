/* SPDX-License-Identifier: Apache-2.0 */
/* Events: numbering, times, masking. */
#include "engine/run/emit.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/value/value_python.h"
#include "engine/run/result_diff.h"
#include "engine/vault/vault.h"

#define CENSORED "the output has been hidden due to the fact that 'no_log: true' was specified for this result"

void emit(struct run *run, struct event *event)
{
    event->sequence = ++run->sequence;
    event->wall_us = clock_wall_us();
    event->free_strategy = run->play != NULL && run->play->is_free;
    if (run->options->sink != NULL)
        run->options->sink->emit(run->options->sink, event);
}

void emit_message(struct run *run, enum event_kind kind, const char *message)
{
    struct event event = { .kind = kind, .message = message };

    emit(run, &event);
}

void emit_said(struct run *run, struct arena *arena, enum event_kind kind, const char *message)
{
    if (value_has_mark(vault_hidden_marked(run->options->vault, arena, value_string(arena, message)), VALUE_SECRET))
        message = arena_printf(arena, "a %s is hidden, as a text out of a vault is in it",
                               kind == EVENT_MESSAGE   ? "message"
                               : kind == EVENT_VERBOSE ? "note"
                                                       : "warning");
    emit_message(run, kind, message);
}

void emit_named(struct run *run, enum event_kind kind, const char *name)
{
    struct event event = { .kind = kind, .name = name };

    emit(run, &event);
}

void emit_notes(struct run *run)
{
    struct arena *arena;

    if (value_count(run->notes) == 0)
        return;
    arena = arena_new();
    for (size_t i = 0; i < value_count(run->notes); i++)
        if (value_text(value_item(run->notes, i)) != NULL)
            emit_said(run, arena, EVENT_VERBOSE, value_text(value_item(run->notes, i)));
    arena_free(arena);
    while (value_count(run->notes) > 0)
        value_list_remove(run->notes, value_count(run->notes) - 1);
}

void emit_warnings(struct run *run)
{
    struct arena *arena;

    emit_notes(run);
    if (value_count(run->warnings) == 0)
        return;
    arena = arena_new();
    for (size_t i = 0; i < value_count(run->warnings); i++) {
        const char *text = value_text(value_item(run->warnings, i));

        if (text != NULL)
            emit_said(run, arena, text_starts(text, "[DEPRECATION WARNING]: ") ? EVENT_DEPRECATED : EVENT_WARNING,
                      text);
    }
    arena_free(arena);
    while (value_count(run->warnings) > 0)
        value_list_remove(run->warnings, value_count(run->warnings) - 1);
}

struct event emit_task_event(enum event_kind kind, const struct node *task, const struct run_host *host)
{
    return (struct event){
        .kind = kind,
        .host = host == NULL ? NULL : host->host->name,
        .action = task->action,
        .action_text = task->action_text,
        .role = task->role == NULL ? NULL : task->role->name,
        .path = task->at.path,
        .line = task->at.line,
        .is_handler = task->is_handler,
        .task = task->number,
    };
}

static const char *const shown_internal[] = { "_ansible_verbose_always",
                                              "_ansible_verbose_override",
                                              "_ansible_item_label",
                                              "_ansible_no_log",
                                              "_ansible_delegated_vars",
                                              "_ansible_changes",
                                              NULL };

static bool is_hidden(const struct value *key, bool is_top)
{
    const char *text = value_text(key);

    if (text == NULL)
        return false;
    if (is_top && (strcmp(text, "failed") == 0 || strcmp(text, "skipped") == 0))
        return true;
    return text_starts(text, "_ansible_") && !text_in(text, shown_internal);
}

static const struct value *strip(struct arena *arena, const struct value *value, bool is_top);

static const struct value *strip_list(struct arena *arena, const struct value *list)
{
    struct value *copy = value_list(arena);

    for (size_t i = 0; i < value_count(list); i++)
        value_list_add(arena, copy, strip(arena, value_item(list, i), false));
    return copy;
}

static const struct value *strip(struct arena *arena, const struct value *value, bool is_top)
{
    struct value *copy;

    if (!value_is(value, VALUE_MAP))
        return value;
    copy = value_map(arena);
    for (size_t i = 0; i < value_count(value); i++) {
        const struct value_pair *pair = value_pair_at(value, i);
        const char *key = value_text(pair->key);
        const struct value *item = pair->item;

        if (is_top && text_equal(key, "results") && value_is(item, VALUE_LIST))
            item = strip_list(arena, item);
        else if (text_equal(key, "diff"))
            item = result_diff_shown(arena, item);
        if (!is_hidden(pair->key, is_top))
            value_map_put_value(arena, copy, pair->key, item);
    }
    return copy;
}

static const struct value *censored(struct arena *arena, const struct value *result)
{
    static const char *const kept[] = { "attempts", "changed", "retries", NULL };
    struct value *out = value_map(arena);

    value_map_put_string(arena, out, "censored", CENSORED);
    for (size_t i = 0; kept[i] != NULL; i++)
        if (value_map_get(result, kept[i]) != NULL)
            value_map_put(arena, out, kept[i], value_map_get(result, kept[i]));
    return out;
}

const struct value *emit_result_value(struct arena *arena, const struct value *result, bool no_log)
{
    if (no_log || value_map_true(result, "_ansible_no_log"))
        return censored(arena, result);
    result = strip(arena, result, true);
    return value_has_mark(result, VALUE_SECRET) ? value_masked(arena, result) : result;
}
