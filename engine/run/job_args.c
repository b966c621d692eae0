/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments of a task: templated, module_defaults underneath, omitted ones left out, secret ones marked. */
#include <string.h>

#include "common/base/text.h"
#include "common/value/value_python.h"
#include "engine/run/job_parts.h"

static bool is_omitted(const struct value *value, const char *omit)
{
    return value_is(value, VALUE_STRING) && strcmp(value->as.string.data, omit) == 0;
}

static bool holds_omitted(const struct value *value, const char *omit)
{
    for (size_t i = 0; i < value_count(value); i++) {
        const struct value *part = value_is(value, VALUE_MAP) ? value_pair_at(value, i)->item : value_item(value, i);

        if ((value_is(value, VALUE_MAP) && is_omitted(part, omit)) || holds_omitted(part, omit))
            return true;
    }
    return false;
}

static const struct value *without_omitted(struct arena *arena, const struct value *value, const char *omit)
{
    struct value *copy;

    if (omit == NULL || !holds_omitted(value, omit))
        return value;
    copy = value_is(value, VALUE_MAP) ? value_map(arena) : value_list(arena);
    for (size_t i = 0; i < value_count(value); i++) {
        if (value_is(value, VALUE_LIST)) {
            value_list_add(arena, copy, without_omitted(arena, value_item(value, i), omit));
            continue;
        }
        const struct value_pair *pair = value_pair_at(value, i);

        if (!is_omitted(pair->item, omit))
            value_map_put_value(arena, copy, pair->key, without_omitted(arena, pair->item, omit));
    }
    return copy;
}

/* Does a key of module_defaults name this task? */
static bool is_default_for(const char *key, const struct node *task)
{
    static const char *const prefixes[] = { "ansible.builtin.",   "ansible.legacy.",   "ansible.posix.",
                                            "community.general.", "community.crypto.", NULL };

    if (key == NULL)
        return false;
    if (text_equal(key, task->action_text))
        return true;
    for (size_t i = 0; prefixes[i] != NULL; i++) {
        if (text_starts(key, prefixes[i])) {
            key += strlen(prefixes[i]);
            break;
        }
    }
    return text_equal(key, task->action) || (task->spec != NULL && text_equal(key, task->spec->name));
}

static bool defaults_find(struct job_item *item, const struct value **out, struct error *err)
{
    const struct node *task = item->job->task;
    const struct value *list = node_keyword_list(item->arena, task, KEYWORD_MODULE_DEFAULTS);
    struct template_call call = vars_scope_call(&item->job->scope, item->arena);

    *out = NULL;
    for (size_t i = 0; i < value_count(list); i++) {
        const struct value *map = value_item(list, i);

        for (size_t j = 0; value_is(map, VALUE_MAP) && j < value_count(map); j++) {
            const struct value *found = NULL;

            if (!is_default_for(value_text(value_pair_at(map, j)->key), task))
                continue;
            if (!template_value(&call, value_pair_at(map, j)->item, &found, err))
                return error_prefix(err, "module_defaults");
            *out = *out == NULL ? found : value_merge(item->arena, *out, found, false);
        }
    }
    return true;
}

/* args: "{{ a map }}" beneath the arguments that are written out. */
static bool splat(struct job_item *item, const struct value **args, struct error *err)
{
    const struct value *whole = value_map_get(*args, "_template");
    struct value *own, *key;

    if (whole == NULL)
        return true;
    if (!value_is(whole, VALUE_MAP))
        return error_set(err, "invalid or malformed argument: '%s'", value_to_text(item->arena, whole));
    own = value_map(item->arena);
    key = value_string(item->arena, "_template");
    for (size_t i = 0; i < value_count(*args); i++)
        if (!value_equal(value_pair_at(*args, i)->key, key))
            value_map_put_value(item->arena, own, value_pair_at(*args, i)->key, value_pair_at(*args, i)->item);
    *args = value_merge(item->arena, whole, own, false);
    return true;
}

bool job_item_args(struct job_item *item, struct error *err)
{
    struct job *job = item->job;
    struct template_call call = vars_scope_call(&job->scope, item->arena);
    const struct value *args = job->task->args, *defaults = NULL;
    bool is_static = args == NULL || (args->marks & VALUE_STATIC) != 0;

    if (args == NULL)
        args = value_map(item->arena);
    if (!is_static && !template_value(&call, args, &args, err)) {
        if (err->kind == ERROR_UNDEFINED)
            error_prefix(err, "The task includes an option with an undefined variable. The error was");
        return false;
    }
    if (!splat(item, &args, err) || !defaults_find(item, &defaults, err))
        return false;
    if (defaults != NULL)
        args = value_merge(item->arena, defaults, args, false);
    if (!is_static || defaults != NULL)
        args = without_omitted(item->arena, args, job->run->omit);
    if (job->task->spec != NULL)
        args = arg_mark_secrets(item->arena, task_catalogue_table(job->run->options->modules, job->task->spec), args);
    item->args = args;
    return true;
}
