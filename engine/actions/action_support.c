/* SPDX-License-Identifier: Apache-2.0 */
/* The table of actions as a catalogue, and small helpers that most actions use. */
#include "engine/actions/action_support.h"

#include <ctype.h>
#include <string.h>

#include "common/base/path.h"
#include "common/value/value_python.h"
#include "engine/foreign/foreign.h"

const struct action *action_find(const char *name)
{
    const struct task_spec *spec = task_catalogue_find(action_catalogue(), name);

    return spec == NULL ? NULL : action_of(spec);
}

const struct task_catalogue *action_catalogue(void)
{
    static struct task_catalogue catalogue; /* the same each time: an action begins with its spec */

    catalogue.specs = (const struct task_spec *const *)(const void *)action_table;
    catalogue.count = action_table_count;
    return &catalogue;
}

void action_put(struct action_call *call, const char *key, const struct value *value)
{
    value_map_put(call->arena, call->result, key, value);
}

void action_put_text(struct action_call *call, const char *key, const char *text)
{
    value_map_put_string(call->arena, call->result, key, text);
}

void action_put_bool(struct action_call *call, const char *key, bool boolean)
{
    value_map_put_bool(call->arena, call->result, key, boolean);
}

void action_put_int(struct action_call *call, const char *key, int64_t integer)
{
    value_map_put_int(call->arena, call->result, key, integer);
}

bool call_fail(struct action_call *call, enum action_next *next, const char *format, ...)
{
    struct text text = text_new(call->arena);
    va_list args;

    va_start(args, format);
    text_vprintf(&text, format, args);
    va_end(args);
    action_put_bool(call, "failed", true);
    action_put_text(call, "msg", text.data);
    *next = ACTION_DONE;
    return true;
}

bool call_fail_error(struct action_call *call, enum action_next *next, const char *prefix, const struct error *err)
{
    if (err->path[0] == '\0' || err->line <= 0 || strstr(err->text, err->path) != NULL)
        return call_fail(call, next, "%s%s", prefix, err->text);
    return call_fail(call, next, "%s%s (%s:%d:%d)", prefix, err->text, err->path, err->line, err->column);
}

bool call_skip(struct action_call *call, enum action_next *next, const char *format, ...)
{
    struct text text = text_new(call->arena);
    va_list args;

    va_start(args, format);
    text_vprintf(&text, format, args);
    va_end(args);
    action_put_bool(call, "skipped", true);
    action_put_text(call, "msg", text.data);
    *next = ACTION_DONE;
    return true;
}

void action_take_reply(struct action_call *call)
{
    for (size_t i = 0; i < value_count(call->reply); i++) {
        const struct value_pair *pair = value_pair_at(call->reply, i);

        value_map_put_value(call->arena, call->result, pair->key, pair->item);
    }
}

void action_take_copy(struct action_call *call)
{
    const struct value *diff = value_map_get(call->reply, "diff");
    struct value *list = value_list(call->arena);
    bool is_text = diff != NULL && !value_is(diff, VALUE_LIST) && !value_is(value_map_get(diff, "before"), VALUE_MAP);

    if (call->module.content_count > 0)
        action_put(call, "diff", list);
    action_take_reply(call);
    if (call->module.content_count == 0 || !is_text)
        return;
    value_list_add(call->arena, list, diff);
    action_put(call, "diff", list);
}

void action_take_foreign(struct action_call *call, const struct foreign_output *output)
{
    static const char *const kept[] = { "ansible_job_id", "started", "finished", "results_file" };
    struct value *warnings = value_list(call->arena);
    bool is_job = value_map_get(call->reply, "ansible_job_id") != NULL;

    call->result = foreign_result(call->arena, output, warnings);
    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
        if (value_map_get(call->reply, kept[i]) != NULL)
            action_put(call, kept[i], value_map_get(call->reply, kept[i]));
    if (is_job && value_text(output->errors) != NULL && value_text(output->errors)[0] != '\0')
        action_put(call, "stderr", output->errors); /* as Ansible's own keeper of jobs adds it */
    if (is_job && value_count(warnings) > 0)
        action_put(call, "warnings", warnings);
    for (size_t i = 0; !is_job && i < value_count(warnings); i++)
        action_warn(call, call->module.no_log ? "a warning is hidden, as the task has no_log"
                                              : value_text(value_item(warnings, i)));
}

bool action_submit(struct action_call *call, enum action_next *next, const char *module, const struct value *args)
{
    call->module.module = module;
    call->module.args = args;
    *next = ACTION_SUBMIT;
    return true;
}

const char *action_find_file(struct action_call *call, const char *subfolder, const char *name, struct error *err)
{
    const char *path = name == NULL ? NULL : path_expand_user(call->arena, name);
    const char *found = NULL;

    if (path != NULL && path[0] == '/')
        found = path_exists(path) ? path : NULL;
    else if (path != NULL)
        found = playbook_find_file(call->arena, call->task, subfolder, path);
    if (found == NULL)
        error_set(
            err,
            "Could not find or access '%s'%s on the Ansible Controller.\nIf you are using a module and expect the file to "
            "exist on the remote, see the remote_src option",
            name == NULL ? "" : name, name == NULL ? "" : playbook_searched(call->arena, call->task, subfolder, name));
    return found;
}

const char *action_variable_name(struct action_call *call, const struct value *key, struct error *err)
{
    const struct value *made = NULL;

    return template_value(call->templates, key, &made, err) ? value_to_text(call->arena, made) : NULL;
}

bool action_is_identifier(const char *name)
{
    if (!isalpha((unsigned char)*name) && *name != '_')
        return false;
    for (; *name != '\0'; name++)
        if (!isalnum((unsigned char)*name) && *name != '_')
            return false;
    return true;
}

const struct value *action_arg(const struct action_call *call, const char *name)
{
    const struct arg_spec *arg = arg_find(call->table, name);

    for (size_t i = 0; arg != NULL && i < value_count(call->args); i++) {
        const struct value_pair *pair = value_pair_at(call->args, i);
        const char *key = value_text(pair->key);

        if (key != NULL && arg_find(call->table, key) == arg && !value_is(pair->item, VALUE_NULL))
            return pair->item;
    }
    return arg == NULL || arg->default_text == NULL ? NULL : value_string(call->arena, arg->default_text);
}

const char *action_arg_text(const struct action_call *call, const char *name)
{
    const struct value *value = action_arg(call, name);

    return value == NULL ? NULL : value_to_text(call->arena, value);
}

bool action_arg_true(const struct action_call *call, const char *name)
{
    const struct arg_spec *arg = arg_find(call->table, name);
    enum arg_tri tri = ARG_UNSET;
    bool flag = false;

    if (arg != NULL && arg->type == ARG_TRI)
        memcpy(&tri, (const char *)call->bound + arg->offset, sizeof(tri));
    else if (arg != NULL && arg->type == ARG_BOOL)
        memcpy(&flag, (const char *)call->bound + arg->offset, sizeof(flag));
    return flag || tri == ARG_TRUE;
}

const struct value *action_raw_arg(const struct action_call *call, const char *name)
{
    return value_map_get(call->task->args, name);
}
