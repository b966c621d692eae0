/* SPDX-License-Identifier: Apache-2.0 */
/* Tags: which tasks --tags and --skip-tags leave, with the special words all, tagged, untagged, always and never. */
#include <string.h>

#include "common/base/text.h"
#include "common/value/value_python.h"
#include "engine/run/places.h"
#include "engine/run/plan.h"

static void flatten(struct arena *arena, struct value *out, const struct value *tags)
{
    for (size_t i = 0; i < value_count(tags); i++) {
        const struct value *tag = value_item(tags, i);

        if (value_is(tag, VALUE_LIST))
            flatten(arena, out, tag);
        else if (!value_is(tag, VALUE_STRING))
            value_list_add(arena, out, value_string(arena, value_to_text(arena, tag)));
        else
            value_list_add(arena, out, tag);
    }
}

bool plan_tags_of(const struct node *task, const struct plan_tags *tags, struct arena *arena, const struct value **out,
                  struct error *err)
{
    const struct value *written = node_tags(arena, task), *list = written;
    struct value *flat = value_list(arena);

    if (tags->call != NULL && written != NULL) {
        struct template_call call = *tags->call;

        call.arena = arena;
        if (!template_value(&call, written, &list, err))
            return error_locate(err, &task->at);
    }
    flatten(arena, flat, list);
    *out = flat;
    return true;
}

static bool has(const struct value *tags, const char *tag)
{
    for (size_t i = 0; i < value_count(tags); i++) {
        const char *text = value_text(value_item(tags, i));

        if (text != NULL && strcmp(text, tag) == 0)
            return true;
    }
    return false;
}

static bool meets(const struct value *tags, const char *const *wanted)
{
    bool is_untagged = value_count(tags) == 0;

    for (; *wanted != NULL; wanted++)
        if (is_untagged ? strcmp(*wanted, "untagged") == 0 : has(tags, *wanted))
            return true;
    return false;
}

static bool is_chosen(const struct value *tags, const char *const *only)
{
    bool is_tagged = value_count(tags) > 0, never = has(tags, "never");

    if (has(tags, "always"))
        return true;
    if ((only == NULL || only[0] == NULL || text_in("all", only)) && !never)
        return true;
    if (only == NULL)
        return false;
    return meets(tags, only) || (text_in("tagged", only) && is_tagged && !never);
}

static bool is_skipped(const struct value *tags, const char *const *skip)
{
    if (skip == NULL || skip[0] == NULL)
        return false;
    if (text_in("all", skip))
        return !has(tags, "always") || text_in("always", skip);
    return meets(tags, skip) || (text_in("tagged", skip) && value_count(tags) > 0);
}

bool plan_is_wanted(const struct node *task, const struct plan_tags *tags, struct arena *arena, bool *out,
                    struct error *err)
{
    const struct value *list = NULL;

    if (tags->takes_all || (task->task_kind == TASK_META && task->is_implicit)) {
        *out = true;
        return true;
    }
    if (!plan_tags_of(task, tags, arena, &list, err))
        return false;
    *out = is_chosen(list, tags->only) && !is_skipped(list, tags->skip) &&
           (tags->places == NULL || run_places_take(tags->places, task));
    return true;
}
