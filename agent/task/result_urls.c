/* SPDX-License-Identifier: Apache-2.0 */
/* Walks a result and rewrites its texts. */
#include "agent/task/result_urls.h"

#include "agent/system/network/url_secrets.h"
#include "agent/task/result.h"
#include "agent/task/task_secrets.h"

static struct value *hide_list(struct arena *arena, const struct value *list);

static const struct value *hide(struct arena *arena, const struct value *value)
{
    if (value->kind == VALUE_STRING) {
        const char *hidden = url_secrets_hide(arena, value_text(value));
        return hidden == value_text(value) ? value : value_string(arena, hidden);
    }
    if (value->kind == VALUE_LIST)
        return hide_list(arena, value);
    if (value->kind == VALUE_MAP) {
        struct value *map = value_map(arena);
        for (size_t i = 0; i < value_count(value); i++) {
            const struct value_pair *pair = value_pair_at(value, i);
            value_map_put_value(arena, map, pair->key, hide(arena, pair->item));
        }
        return map;
    }
    return value;
}

static struct value *hide_list(struct arena *arena, const struct value *list)
{
    struct value *hidden = value_list(arena);

    for (size_t i = 0; i < value_count(list); i++)
        value_list_add(arena, hidden, hide(arena, value_item(list, i)));
    return hidden;
}

bool result_end_urls(struct task_context *task, const struct task_spec *spec, const void *bound, bool is_done,
                     const struct error *err)
{
    struct arena *arena = task->scratch;
    struct result *result = task->result;
    struct value *fields = value_map(arena);

    if (!is_done)
        (void)result_fail(task, "%s", err->text);
    result_set(task, "invocation", task_invocation(arena, spec, bound, NULL));
    for (size_t i = 0; i < value_count(result->fields); i++) {
        const struct value_pair *pair = value_pair_at(result->fields, i);
        value_map_put_value(arena, fields, pair->key, hide(arena, pair->item));
    }
    result->fields = fields;
    result->changes = hide_list(arena, result->changes);
    result->warnings = hide_list(arena, result->warnings);
    result->diff = hide_list(arena, result->diff);
    return is_done || err->kind != ERROR_CANCELLED;
}
