/* SPDX-License-Identifier: Apache-2.0 */
/* From one outcome of a task to what is told of it. */
#include "agent/daemon/run_change.h"

#include <string.h>

#include "common/base/text.h"
#include "engine/report/result_text.h"

#define DIFF_MAX ((size_t)64 * 1024)
#define TARGET_MAX ((size_t)200)

/* "nginx, curl": packages come as a list. NULL: it is none of texts. */
static const char *list_text(struct arena *arena, const struct value *list)
{
    struct text text = text_new(arena);

    for (size_t i = 0; value_is(list, VALUE_LIST) && i < value_count(list); i++) {
        const char *item = value_text(value_item(list, i));

        if (item == NULL)
            return NULL;
        text_printf(&text, "%s%s", i == 0 ? "" : ", ", item);
    }
    if (text.length > TARGET_MAX) {
        text_truncate(&text, text_utf8_offset(text.data, TARGET_MAX, TARGET_MAX));
        text_add(&text, "...");
    }
    return text.data;
}

static const char *target_of(struct arena *arena, const struct value *args)
{
    static const char *const keys[] = { "dest", "path", "name", "package", "src", "repo", "key", "line" };

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        const struct value *value = value_map_get(args, keys[i]);
        const char *text = value_is(value, VALUE_LIST) ? list_text(arena, value) : value_text(value);

        if (text != NULL && text[0] != '\0')
            return text;
    }
    return NULL;
}

/* "copy /etc/motd"; a task without a thing of its own by its name, "command: Build the index". */
const char *run_change_resource(struct arena *arena, const struct value *event)
{
    const struct value *args =
        value_map_get(value_map_get(value_map_get(event, "result"), "invocation"), "module_args");
    const char *action = value_map_text(event, "action"), *target = target_of(arena, args);
    const char *item = value_map_text(event, "item_label"), *name = value_map_text(event, "name");
    const struct value *line = value_map_get(event, "line");

    if (action == NULL)
        action = "task";
    if (target != NULL && !value_map_true(event, "no_log"))
        return arena_printf(arena, "%s %s", action, target);
    if (item != NULL)
        return arena_printf(arena, "%s: line %lld, item %s", action,
                            value_is(line, VALUE_INT) ? (long long)line->as.integer : 0LL, item);
    return arena_printf(arena, "%s: %s", action, name == NULL ? "" : name);
}

static void diff_put(struct arena *arena, struct value *body, const struct value *event)
{
    const struct value *result = value_map_get(event, "result"), *diff = value_map_get(result, "diff");
    const struct result_style style = { 0 };
    struct text text = text_new(arena);

    if (diff != NULL)
        result_text_diff(&text, diff, &style);
    if (text.length > DIFF_MAX) {
        text_truncate(&text, text_utf8_offset(text.data, DIFF_MAX, DIFF_MAX));
        text_add(&text, "\n[the rest of the diff is left out]\n");
    }
    if (text.length > 0)
        value_map_put_string(arena, body, "diff", text.data);
    if (value_map_get(result, "_ansible_changes") != NULL)
        value_map_put(arena, body, "changes", value_map_get(result, "_ansible_changes"));
}

struct value *run_change_body(struct arena *arena, const struct value *event, const char *run)
{
    static const char *const keys[] = { "name", "action", "path", "line", "item_label", NULL };
    struct value *body = value_map(arena);

    value_map_put_string(arena, body, "resource", run_change_resource(arena, event));
    value_map_put_string(arena, body, "run", run);
    for (const char *const *key = keys; *key != NULL; key++) {
        if (value_map_get(event, *key) != NULL)
            value_map_put(arena, body, strcmp(*key, "name") == 0 ? "task" : *key, value_map_get(event, *key));
    }
    diff_put(arena, body, event);
    return body;
}
