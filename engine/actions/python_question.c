/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The task as ansible-core's own classes want it. Variables go as they are written, templates among them: the plugin templates
 * what it uses. Text that is not to be templated although it looks like it says so.
 */
#include "engine/actions/python_question.h"

#include <string.h>

#include "common/base/path.h"
#include "common/base/text.h"
#include "common/value/value_python.h"
#include "engine/actions/action_support.h"
#include "engine/foreign/foreign.h"

/* Large, or made of other hosts' variables: sent when somebody looks. */
static const char *const lazy_names[] = { "hostvars", "groups", "ansible_delegated_vars", NULL };

/* --- variables --- */

static const struct value *shipped(struct action_call *call, const struct value *value, bool is_final);

static const struct value *shipped_text(struct action_call *call, const struct value *text, bool is_final)
{
    struct error closed = ERROR_INIT;
    struct value *marked = value_map(call->arena);

    if (value_is_envelope(text)) {
        if (!template_value(call->templates, text, &text, &closed)) {
            value_map_put_string(call->arena, marked, "__roost_closed", closed.text);
            return marked;
        }
        is_final = true;
    }
    if (!value_is(text, VALUE_STRING) || (!is_final && (text->marks & VALUE_TRUSTED) != 0) ||
        !value_text_is_template(text->as.string.data, text->as.string.length))
        return text;
    value_map_put(call->arena, marked, "__ansible_unsafe", text);
    return marked;
}

static const struct value *shipped_map(struct action_call *call, const struct value *map, bool is_final)
{
    struct value *copy = value_map(call->arena);

    for (size_t i = 0; i < value_count(map); i++)
        value_map_put_value(call->arena, copy, value_pair_at(map, i)->key,
                            shipped(call, value_pair_at(map, i)->item, is_final));
    return copy;
}

static const struct value *shipped(struct action_call *call, const struct value *value, bool is_final)
{
    struct value *copy;

    switch ((enum value_kind)value->kind) {
    case VALUE_STRING:
        return shipped_text(call, value, is_final);
    case VALUE_MAP:
        return shipped_map(call, value, is_final);
    case VALUE_LIST:
        copy = value_list(call->arena);
        for (size_t i = 0; i < value_count(value); i++)
            value_list_add(call->arena, copy, shipped(call, value_item(value, i), is_final));
        return copy;
    case VALUE_OBJECT:
    case VALUE_UNDEFINED:
        return value_null();
    case VALUE_NULL:
    case VALUE_BOOL:
    case VALUE_INT:
    case VALUE_BIG:
    case VALUE_REAL:
        break;
    }
    return value;
}

static void put_variables(struct action_call *call, struct value *question)
{
    const struct value *names = vars_scope_names(call->scope, call->arena);
    struct value *map = value_map(call->arena), *lazy = value_list(call->arena);

    for (size_t i = 0; i < value_count(names); i++) {
        const char *name = value_text(value_item(names, i));
        bool is_final = false;
        const struct value *raw = name == NULL || strcmp(name, "vars") == 0
                                      ? NULL
                                      : vars_scope_raw(call->scope, name, strlen(name), &is_final);

        if (raw == NULL)
            continue;
        if (text_in(name, lazy_names))
            value_list_add(call->arena, lazy, value_item(names, i));
        else if (!value_is(raw, VALUE_OBJECT))
            value_map_put(call->arena, map, name, shipped(call, raw, is_final));
    }
    value_map_put(call->arena, question, "vars", map);
    value_map_put(call->arena, question, "lazy", lazy);
}

static const struct value *member(struct action_call *call, const struct value *of, const struct value *key)
{
    if (!value_is(of, VALUE_OBJECT))
        return value_map_get_value(of, key);
    return of->as.object.ops->get(of->as.object.data, call->arena, key->as.string.data, key->as.string.length);
}

/* An object as a map; `deep`: with what its members are, else their names. */
static const struct value *listed(struct action_call *call, const struct value *object, bool deep)
{
    const struct value *keys = object->as.object.ops->keys(object->as.object.data, call->arena);
    struct value *map = value_map(call->arena);

    for (size_t i = 0; i < value_count(keys); i++) {
        const struct value *key = value_item(keys, i);
        const struct value *item = !deep || !value_is(key, VALUE_STRING) ? NULL : member(call, object, key);

        value_map_put_value(call->arena, map, key, item == NULL ? value_null() : shipped(call, item, true));
    }
    return map;
}

bool python_variable(struct action_call *call, const struct value *path, const struct value **out, struct error *err)
{
    const char *name = value_text(value_item(path, 0));
    const struct value *inner = value_count(path) > 1 ? value_item(path, 1) : NULL, *value = NULL;

    if (name == NULL || !text_in(name, lazy_names) || (inner != NULL && !value_is(inner, VALUE_STRING)))
        return error_set(err, "no such variable");
    if (!vars_scope_get(call->scope, call->arena, name, &value, err))
        return false;
    if (value != NULL && inner != NULL)
        value = member(call, value, inner);
    if (value == NULL)
        *out = value_map(call->arena);
    else
        *out = value_is(value, VALUE_OBJECT) ? listed(call, value, inner != NULL) : shipped(call, value, true);
    return true;
}

/* --- the task --- */

static bool put_keyword(struct action_call *call, struct value *map, const char *name, enum keyword keyword,
                        struct error *err)
{
    const struct value *written = node_keyword(call->task, keyword), *made = NULL;

    if (written == NULL)
        return true;
    if (!template_value(call->templates, written, &made, err))
        return error_prefix(err, "%s", name);
    value_map_put(call->arena, map, name, made);
    return true;
}

static const struct value *written_args(struct action_call *call)
{
    struct value *args = value_map(call->arena);

    for (size_t i = 0; i < value_count(call->args); i++)
        value_map_put_value(call->arena, args, value_pair_at(call->args, i)->key,
                            shipped(call, value_pair_at(call->args, i)->item, true));
    return args;
}

static bool task_attributes(struct action_call *call, struct value **out, struct error *err)
{
    static const struct {
        const char *name;
        enum keyword keyword;
    } taken[] = { { "async_val", KEYWORD_ASYNC },   { "poll", KEYWORD_POLL },
                  { "run_once", KEYWORD_RUN_ONCE }, { "delegate_to", KEYWORD_DELEGATE_TO },
                  { "delay", KEYWORD_DELAY },       { "delegate_facts", KEYWORD_DELEGATE_FACTS },
                  { "throttle", KEYWORD_THROTTLE }, { "timeout", KEYWORD_TIMEOUT },
                  { "retries", KEYWORD_RETRIES },   { "ignore_errors", KEYWORD_IGNORE_ERRORS } };
    struct value *set = value_map(call->arena), *environment = value_list(call->arena);
    const struct node *task = call->task;

    for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
        if (!put_keyword(call, set, taken[i].name, taken[i].keyword, err))
            return false;
    if (call->module.environment != NULL)
        value_list_add(call->arena, environment, shipped(call, call->module.environment, true));
    value_map_put_string(call->arena, set, "action", task->action_text);
    value_map_put(call->arena, set, "args", written_args(call));
    value_map_put_bool(call->arena, set, "check_mode", call->check_mode);
    value_map_put_bool(call->arena, set, "diff", call->diff_mode);
    value_map_put_bool(call->arena, set, "no_log", call->module.no_log);
    value_map_put(call->arena, set, "environment", environment);
    value_map_put_string(call->arena, set, "name", task->name == NULL ? "" : task->name);
    if (task->collections != NULL)
        value_map_put(call->arena, set, "collections", task->collections);
    if (value_is(task->keywords[KEYWORD_REGISTER], VALUE_STRING))
        value_map_put(call->arena, set, "register", task->keywords[KEYWORD_REGISTER]);
    if (node_tags(call->arena, task) != NULL)
        value_map_put(call->arena, set, "tags", node_tags(call->arena, task));
    *out = set;
    return true;
}

/* Where ansible-core's classes look for files and templates of the task. */
static struct value *search_path(struct action_call *call)
{
    struct value *list = value_list(call->arena);

    for (const struct role *role = call->task->role; role != NULL; role = role->parent)
        value_list_add(call->arena, list, value_string(call->arena, path_absolute(call->arena, role->path)));
    if (call->task->include_path_folder != NULL)
        value_list_add(call->arena, list,
                       value_string(call->arena, path_absolute(call->arena, call->task->include_path_folder)));
    return list;
}

static bool put_task(struct action_call *call, struct value *question, struct error *err)
{
    const struct node *task = call->task;
    struct value *map = value_map(call->arena), *set = NULL;
    const struct role *role = task->role;

    if (!task_attributes(call, &set, err))
        return false;
    value_map_put_string(call->arena, map, "name", task->action);
    value_map_put_string(call->arena, map, "play", task->play->name);
    value_map_put_string(call->arena, map, "role", role == NULL ? NULL : role->name);
    value_map_put_string(call->arena, map, "role_path", role == NULL ? NULL : path_absolute(call->arena, role->path));
    value_map_put_string(call->arena, map, "path",
                         arena_printf(call->arena, "%s:%d", task->at.path == NULL ? "" : task->at.path, task->at.line));
    value_map_put(call->arena, map, "search", search_path(call));
    value_map_put(call->arena, map, "set", set);
    value_map_put(call->arena, question, "task", map);
    return true;
}

/* --- where --- */

static struct value *become_map(struct action_call *call, const struct become *become)
{
    struct value *map = value_map(call->arena);

    value_map_put_string(call->arena, map, "become_method", become->method);
    value_map_put_string(call->arena, map, "become_user", become->user);
    value_map_put_string(call->arena, map, "become_flags", become->flags);
    value_map_put_string(call->arena, map, "become_exe", become->exe);
    return map;
}

static void put_connection(struct action_call *call, struct value *question, const struct connection_target *target)
{
    struct arena *arena = call->arena;
    struct value *map = value_map(arena), *options = value_map(arena);

    value_map_put_string(arena, options, "remote_addr", target->address);
    value_map_put_string(arena, options, "host", target->address);
    value_map_put_string(arena, options, "remote_user", target->user);
    value_map_put(arena, options, "port", target->port > 0 ? value_int(arena, target->port) : value_null());
    value_map_put_bool(arena, options, "pipelining", false);
    value_map_put_string(arena, map, "transport", target->kind);
    value_map_put(arena, map, "options", options);
    value_map_put(arena, question, "connection", map);
}

/* ansible_shell_type: which of ansible-core's shells words the commands. */
static bool shell_type(struct action_call *call, const struct value **out, struct error *err)
{
    return action_target_variable(call, "ansible_shell_type", out, err);
}

static bool put_context(struct action_call *call, struct value *question, const struct connection_target *target,
                        const struct become *become, struct error *err)
{
    const struct value *shell = NULL;
    struct arena *arena = call->arena;
    struct value *map = value_map(arena);

    value_map_put_string(arena, map, "connection", target->kind);
    value_map_put_string(arena, map, "remote_addr", target->address);
    value_map_put_string(arena, map, "remote_user", target->user);
    if (target->port > 0)
        value_map_put_int(arena, map, "port", target->port);
    value_map_put_bool(arena, map, "become", become->active);
    value_map_put_string(arena, map, "become_method", become->method);
    value_map_put_string(arena, map, "become_user", become->user);
    value_map_put_bool(arena, map, "check_mode", call->check_mode);
    value_map_put_bool(arena, map, "diff", call->diff_mode);
    value_map_put_bool(arena, map, "no_log", call->module.no_log);
    value_map_put_string(arena, map, "executable", "/bin/sh");
    if (!shell_type(call, &shell, err))
        return false;
    if (value_is(shell, VALUE_STRING))
        value_map_put(arena, map, "shell", shell);
    value_map_put(arena, question, "context", map);
    value_map_put(arena, question, "become", become->active ? become_map(call, become) : value_null());
    return true;
}

static struct value *absolute_list(struct arena *arena, const struct value *list)
{
    struct value *all = value_list(arena);

    for (size_t i = 0; i < value_count(list); i++)
        value_list_add(arena, all, value_string(arena, path_absolute(arena, value_text(value_item(list, i)))));
    return all;
}

static void put_places(struct action_call *call, struct value *question)
{
    struct arena *arena = call->arena;
    struct playbook_places places = playbook_places(call->loader);
    struct value *folders = absolute_list(arena, places.playbooks), *utils = value_list(arena);
    const struct value *roles = absolute_list(arena, places.roles);

    value_map_put(arena, question, "playbooks", absolute_list(arena, places.playbooks));
    for (size_t i = 0; i < value_count(roles); i++)
        value_list_add(arena, folders, value_item(roles, i));
    for (size_t i = 0; places.utils != NULL && places.utils[i] != NULL; i++)
        value_list_add(arena, utils, value_string(arena, path_absolute(arena, places.utils[i])));
    value_map_put(arena, question, "folders", folders);
    value_map_put(arena, question, "utils", utils);
    value_map_put_string(arena, question, "basedir",
                         path_absolute(arena, call->task->play->folder == NULL ? "." : call->task->play->folder));
}

bool python_question(struct action_call *call, struct value **out, struct error *err)
{
    const struct foreign_module *plugin = call->task->foreign;
    const struct connection_target *target = NULL;
    const struct become *become = NULL;
    struct value *question = value_map(call->arena);

    if (!action_target(call, &target, err) || !action_become(call, &become, err) || !put_task(call, question, err))
        return false;
    value_map_put_string(call->arena, question, "name", plugin->name);
    value_map_put_string(call->arena, question, "plugin", path_absolute(call->arena, plugin->path));
    value_map_put_bool(call->arena, question, "is_file", strstr(plugin->path, "/ansible_collections/") == NULL);
    value_map_put_int(call->arena, question, "verbosity", call->verbosity);
    put_connection(call, question, target);
    if (!put_context(call, question, target, become, err))
        return false;
    put_places(call, question);
    put_variables(call, question);
    *out = question;
    return true;
}
