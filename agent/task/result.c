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

void result_diff_content(struct task_context *task, const char *before, const char *after, const char *header)
{
    struct value *diff = value_map(task->scratch);

    if (task->diff_mode) {
        result_diff(task, before, after, header, header);
        return;
    }
    value_map_put_string(task->scratch, diff, "before", "");
    value_map_put_string(task->scratch, diff, "after", "");
    value_map_put_string(task->scratch, diff, "before_header", header);
    value_map_put_string(task->scratch, diff, "after_header", header);
    value_list_add(task->scratch, task->result->diff, diff);
}

void result_diff_none(struct task_context *task)
{
    if (value_count(task->result->diff) == 0)
        value_list_add(task->scratch, task->result->diff, value_map(task->scratch));
}

void result_diff_values(struct task_context *task, const struct value *before, const struct value *after)
{
    if (task->diff_mode)
        result_diff_states(task, before, after);
}

void result_diff_states(struct task_context *task, const struct value *before, const struct value *after)
{
    struct value *diff = value_map(task->scratch);

    value_map_put(task->scratch, diff, "before", before);
    value_map_put(task->scratch, diff, "after", after);
    value_list_add(task->scratch, task->result->diff, diff);
}

/* --- the finished map --- */

static bool is_path_field(const char *key)
{
    static const char *const names[] = { "uid", "gid", "owner", "group", "mode", "state", "secontext", "size", NULL };

    return text_in(key, names);
}

/* True when `key` is one of the words of `order`. */
static bool order_names(const char *order, const char *key)
{
    size_t length = strlen(key);

    for (const char *at = order; at && *at; at += strcspn(at, " ")) {
        at += strspn(at, " ");
        if (strncmp(at, key, length) == 0 && (at[length] == ' ' || at[length] == '\0'))
            return true;
    }
    return false;
}

enum part { PART_OWN, PART_PATH, PART_INVOCATION };

/* What a failed task says of its path comes behind its message, as with Ansible's fail_json. */
static enum part part_of(const struct result *result, const char *key)
{
    bool is_described = result->failed && value_map_get(result->fields, "uid");

    if (strcmp(key, "invocation") == 0)
        return PART_INVOCATION;
    return is_described && is_path_field(key) ? PART_PATH : PART_OWN;
}

static void put_part(struct arena *arena, struct value *map, const struct result *result, enum part part)
{
    for (size_t i = 0; i < value_count(result->fields); i++) {
        const struct value_pair *pair = value_pair_at(result->fields, i);
        const char *key = value_text(pair->key);
        bool is_message = result->failed && strcmp(key, "msg") == 0;

        if (part_of(result, key) == part && !is_message)
            value_map_put_value(arena, map, pair->key, pair->item);
    }
}

static void put_diff(struct arena *arena, struct value *map, const struct result *result)
{
    if (value_count(result->diff) == 1)
        value_map_put(arena, map, "diff", value_item(result->diff, 0));
    else if (value_count(result->diff) > 1)
        value_map_put(arena, map, "diff", result->diff);
}

static struct value *all_fields(struct arena *arena, const struct result *result)
{
    struct value *map = value_map(arena);
    const struct value *message = value_map_get(result->fields, "msg");

    if (result->changed || (!result->failed && (!result->order || order_names(result->order, "changed"))))
        value_map_put_bool(arena, map, "changed", result->changed);
    put_part(arena, map, result, PART_OWN);
    put_diff(arena, map, result);
    if (result->skipped)
        value_map_put_bool(arena, map, "skipped", true);
    if (result->failed)
        value_map_put_bool(arena, map, "failed", true);
    if (result->failed && message)
        value_map_put(arena, map, "msg", message);
    put_part(arena, map, result, PART_PATH);
    put_part(arena, map, result, PART_INVOCATION);
    if (value_count(result->warnings) > 0)
        value_map_put(arena, map, "warnings", result->warnings);
    return map;
}

/* The module's own fields: what every result has in the end stays there. */
static void put_unnamed(struct arena *arena, struct value *map, const struct value *all, const char *order)
{
    static const char *const ends[] = { "skipped", "failed", "invocation", "warnings", NULL };

    for (size_t i = 0; i < value_count(all); i++) {
        const struct value_pair *pair = value_pair_at(all, i);

        if (text_in(value_text(pair->key), ends))
            return;
        if (!order_names(order, value_text(pair->key)))
            value_map_put_value(arena, map, pair->key, pair->item);
    }
}

const struct value *result_to_value(struct arena *arena, const struct result *result)
{
    const struct value *all = all_fields(arena, result);
    struct value *map = value_map(arena);

    if (!result->order)
        return all;
    for (const char *at = result->order; *at; at += strspn(at, " ")) {
        size_t length = strcspn(at, " ");
        const char *word = arena_copy_n(arena, at, length);
        const struct value *item = value_map_get(all, word);

        if (strcmp(word, "*") == 0)
            put_unnamed(arena, map, all, result->order);
        else if (item && !(result->failed && (strcmp(word, "msg") == 0 || part_of(result, word) == PART_PATH)))
            value_map_put(arena, map, word, item);
        at += length;
    }
    for (size_t i = 0; i < value_count(all); i++)
        value_map_put_value(arena, map, value_pair_at(all, i)->key, value_pair_at(all, i)->item);
    return map;
}
