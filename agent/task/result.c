/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Builds a task's outcome field by field. Everything lives in the task's scratch arena; result_to_value makes the
 * map that travels to the engine. `changes` stays beside the map: it is for reports, not part of what Ansible
 * registers.
 */
#include "agent/task/result.h"

#include <stdarg.h>
#include <string.h>

#include "common/base/text.h"

#define DIFF_SIZE_MAX 104448 /* MAX_FILE_SIZE_FOR_DIFF of ansible-core */

struct result *result_new(struct arena *arena)
{
    struct result *result = arena_new_of(arena, struct result);

    result->fields = value_map(arena);
    result->changes = value_list(arena);
    result->warnings = value_list(arena);
    result->diff = value_list(arena);
    return result;
}

void result_set(struct task_context *task, const char *key, const struct value *value)
{
    value_map_put(task->scratch, task->result->fields, key, value);
}

void result_set_string(struct task_context *task, const char *key, const char *string)
{
    value_map_put_string(task->scratch, task->result->fields, key, string);
}

void result_set_int(struct task_context *task, const char *key, int64_t integer)
{
    value_map_put_int(task->scratch, task->result->fields, key, integer);
}

void result_set_bool(struct task_context *task, const char *key, bool boolean)
{
    value_map_put_bool(task->scratch, task->result->fields, key, boolean);
}

void result_changed(struct task_context *task)
{
    task->result->changed = true;
}

__attribute__((format(printf, 2, 0))) static const struct value *result_text(struct task_context *task,
                                                                             const char *format, va_list args)
{
    struct text text = text_new(task->scratch);

    text_vprintf(&text, format, args);
    return value_string_borrow(task->scratch, text.data, text.length);
}

void result_message(struct task_context *task, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    result_set(task, "msg", result_text(task, format, args));
    va_end(args);
}

void result_warn(struct task_context *task, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    value_list_add(task->scratch, task->result->warnings, result_text(task, format, args));
    va_end(args);
}

bool result_fail(struct task_context *task, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    result_set(task, "msg", result_text(task, format, args));
    va_end(args);
    task->result->failed = true;
    task->result->changed = false;
    return true;
}

bool result_skip(struct task_context *task, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    result_set(task, "msg", result_text(task, format, args));
    va_end(args);
    task->result->skipped = true;
    return true;
}

/* One side of a text diff. Ansible names what cannot be shown by a key (dst_binary, src_larger ...) instead of
 * text; its console makes the sentence of it. */
static void result_diff_side(struct arena *arena, struct value *diff, const char *key, const char *side,
                             const char *content)
{
    size_t length = strlen(content);

    if (length > DIFF_SIZE_MAX)
        value_map_put_int(arena, diff, arena_printf(arena, "%s_larger", side), DIFF_SIZE_MAX);
    else if (!text_utf8_valid(content, length))
        value_map_put_int(arena, diff, arena_printf(arena, "%s_binary", side), 1);
    else
        value_map_put_string(arena, diff, key, content);
}

void result_diff(struct task_context *task, const char *before, const char *after, const char *before_header,
                 const char *after_header)
{
    if (!task->diff_mode)
        return;
    struct value *diff = value_map(task->scratch);
    result_diff_side(task->scratch, diff, "before", "dst", before ? before : "");
    result_diff_side(task->scratch, diff, "after", "src", after ? after : "");
    if (before_header)
        value_map_put_string(task->scratch, diff, "before_header", before_header);
    if (after_header)
        value_map_put_string(task->scratch, diff, "after_header", after_header);
    value_list_add(task->scratch, task->result->diff, diff);
}

void result_diff_values(struct task_context *task, const struct value *before, const struct value *after)
{
    if (!task->diff_mode)
        return;
    struct value *diff = value_map(task->scratch);
    value_map_put(task->scratch, diff, "before", before);
    value_map_put(task->scratch, diff, "after", after);
    value_list_add(task->scratch, task->result->diff, diff);
}

const struct value *result_to_value(struct arena *arena, const struct result *result)
{
    struct value *map = value_map(arena);

    for (size_t i = 0; i < value_count(result->fields); i++) {
        const struct value_pair *pair = value_pair_at(result->fields, i);
        value_map_put_value(arena, map, pair->key, pair->item);
    }
    value_map_put_bool(arena, map, "changed", result->changed);
    if (result->failed)
        value_map_put_bool(arena, map, "failed", true);
    if (result->skipped)
        value_map_put_bool(arena, map, "skipped", true);
    if (value_count(result->warnings) > 0)
        value_map_put(arena, map, "warnings", result->warnings);
    if (value_count(result->diff) == 1)
        value_map_put(arena, map, "diff", value_item(result->diff, 0));
    else if (value_count(result->diff) > 1)
        value_map_put(arena, map, "diff", result->diff);
    return map;
}
