/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding the action of a task. Does not know which modules exist: that is checked by the task loader.
 */
#include <string.h>

#include "common/base/text.h"
#include "engine/playbook/args_text.h"
#include "engine/playbook/keyword.h"
#include "engine/playbook/task_action.h"

/* Modules whose one-line text is a command. */
static const char *const free_form_names[] = { "command", "shell", "script", "raw", "win_command", "win_shell", NULL };
/* Modules that take a text beside key=value. */
static const char *const raw_names[] = { "command",      "shell",       "script",       "raw",           "win_command",
                                         "win_shell",    "include",     "include_vars", "include_tasks", "include_role",
                                         "import_tasks", "import_role", "add_host",     "group_by",      "set_fact",
                                         "meta",         NULL };
static const char *const cmd_names[] = { "command", "shell", "script", "win_command", "win_shell", NULL };

struct action_read {
    struct arena *arena;
    const struct value *task;
    const struct value *extra; /* the map of args:, or NULL */
    struct task_action found;
    struct error *err;
};

const char *task_action_short(const char *name)
{
    if (text_starts(name, "ansible.builtin."))
        return name + strlen("ansible.builtin.");
    if (text_starts(name, "ansible.legacy."))
        return name + strlen("ansible.legacy.");
    return name;
}

static bool action_error(struct action_read *read, const char *text)
{
    struct source_position at = value_position(read->task);

    return error_set_at(read->err, &at, "%s", text);
}

/* `over` on top of args:; either may be NULL. */
static const struct value *args_overlay(struct action_read *read, const struct value *over)
{
    struct value *merged;

    if (read->extra == NULL)
        return over == NULL ? value_map(read->arena) : over;
    if (over == NULL || value_count(over) == 0)
        return read->extra;
    merged = value_map(read->arena);
    merged->path = over->path;
    merged->line = over->line;
    merged->column = over->column;
    for (size_t i = 0; i < value_count(read->extra); i++)
        value_map_put_value(read->arena, merged, value_pair_at(read->extra, i)->key,
                            value_pair_at(read->extra, i)->item);
    for (size_t i = 0; i < value_count(over); i++)
        value_map_put_value(read->arena, merged, value_pair_at(over, i)->key, value_pair_at(over, i)->item);
    return merged;
}

/* args: may be a map or one template that gives a map. */
static bool extra_read(struct action_read *read)
{
    const struct value *args = value_map_get(read->task, "args");
    struct value *map;

    if (args == NULL || value_is(args, VALUE_NULL))
        return true;
    if (value_is(args, VALUE_MAP)) {
        read->extra = args;
        return true;
    }
    if (!value_is(args, VALUE_STRING))
        return action_error(read, "Complex args must be a dictionary or variable string (\"{{var}}\").");
    if (!value_text_is_template(args->as.string.data, args->as.string.length))
        return action_error(read, "Complex args containing variables cannot use bare variables (without Jinja2 "
                                  "delimiters), and must use the full variable style ('{{var_name}}')");
    map = value_map(read->arena);
    value_map_put(read->arena, map, "_template", args);
    read->extra = map;
    return true;
}

static struct value *map_without(struct arena *arena, const struct value *map, const char *key)
{
    struct value *copy = value_map(arena);

    copy->path = map->path;
    copy->line = map->line;
    copy->column = map->column;
    for (size_t i = 0; i < value_count(map); i++) {
        const struct value_pair *pair = value_pair_at(map, i);

        if (!text_equal(value_text(pair->key), key))
            value_map_put_value(arena, copy, pair->key, pair->item);
    }
    return copy;
}

/* `add_host: "{{ map }}"`: all arguments from one template, for modules that do not take such words themselves. */
static struct value *whole_template(struct action_read *read, struct value *map, const char *name)
{
    static const char *const takes_words[] = {
        "include_vars", "include_tasks", "include_role", "import_tasks", "import_role",
        "include",      "group_by",      "set_fact",     "meta",         NULL
    };
    const struct value *words = value_map_get(map, "_raw_params");

    if (words == NULL || text_in(name, free_form_names) || text_in(name, takes_words) ||
        !value_is(words, VALUE_STRING) || !text_starts(words->as.string.data, "{{") ||
        !text_ends(words->as.string.data, "}}"))
        return map;
    map = map_without(read->arena, map, "_raw_params");
    value_map_put(read->arena, map, "_template", words);
    return map;
}

static bool text_args(struct action_read *read, const struct value *text, const char *name, const struct value **out)
{
    struct value *map = NULL;
    struct source_position at = value_position(text);

    if (!args_parse(read->arena, text, text_in(task_action_short(name), free_form_names), &map, read->err))
        return error_locate(read->err, &at);
    *out = whole_template(read, map, task_action_short(name));
    return true;
}

/* `copy: ...`: the key names the module. */
static bool new_style(struct action_read *read, const char *name, const struct value *thing)
{
    const struct value *args = NULL;

    if (value_is(thing, VALUE_STRING)) {
        if (!text_args(read, thing, name, &args))
            return false;
    } else if (value_is(thing, VALUE_MAP)) {
        args = thing;
    } else if (!value_is(thing, VALUE_NULL)) {
        const char *near = keyword_nearest(name, IN_TASK);

        return action_error(read, arena_printf(read->arena, "unexpected parameter type in action: %s ('%s: ...'%s%s%s)",
                                               value_kind_text(thing), name, near == NULL ? "" : ", did you mean '",
                                               near == NULL ? "" : near, near == NULL ? "" : "'?"));
    }
    read->found.text = name;
    read->found.args = args_overlay(read, args);
    return true;
}

/* The arguments of `action: {module: "copy src=a", args: {...}, dest: b}`. */
static bool old_style_map(struct action_read *read, const struct value *thing)
{
    const struct value *module = value_map_get(thing, "module");
    const struct value *rest = NULL, *inner, *parsed = NULL;
    struct value *args;

    if (!value_is(module, VALUE_STRING))
        return action_error(read, "no module/action detected in task.");
    if (!args_split_action(read->arena, module, &read->found.text, &rest, read->err) ||
        !text_args(read, rest, read->found.text, &parsed))
        return false;
    args = map_without(read->arena, thing, "module");
    for (size_t i = 0; i < value_count(parsed); i++)
        value_map_put_value(read->arena, args, value_pair_at(parsed, i)->key, value_pair_at(parsed, i)->item);
    inner = value_map_get(args, "args");
    if (inner != NULL) {
        args = map_without(read->arena, args, "args");
        if (value_is(inner, VALUE_STRING) && !text_args(read, inner, "", &inner))
            return false;
        for (size_t i = 0; i < value_count(inner); i++)
            value_map_put_value(read->arena, args, value_pair_at(inner, i)->key, value_pair_at(inner, i)->item);
    }
    read->found.args = args_overlay(read, args);
    return true;
}

static bool old_style(struct action_read *read, const struct value *thing)
{
    const struct value *rest = NULL, *args = NULL;

    if (value_is(thing, VALUE_MAP))
        return old_style_map(read, thing);
    if (!value_is(thing, VALUE_STRING))
        return action_error(
            read, arena_printf(read->arena, "unexpected parameter type in action: %s", value_kind_text(thing)));
    if (!args_split_action(read->arena, thing, &read->found.text, &rest, read->err) ||
        !text_args(read, rest, read->found.text, &args))
        return false;
    read->found.args = args_overlay(read, args);
    return true;
}

static bool conflict(struct action_read *read, const struct value *key)
{
    const char *first = read->found.text, *second = value_text(key);
    const char *near = keyword_nearest(second, IN_TASK);
    struct source_position at = value_position(key);
    const char *text;

    if (near == NULL) {
        near = keyword_nearest(first, IN_TASK);
        if (near != NULL && read->found.key != NULL)
            at = value_position(read->found.key);
    }
    text = arena_printf(read->arena, "conflicting action statements: %s, %s", first, second);
    if (near != NULL)
        text = arena_printf(read->arena, "%s; did you mean the keyword '%s'?", text, near);
    return error_set_at(read->err, &at, "%s", text);
}

static bool keys_scan(struct action_read *read)
{
    for (size_t i = 0; i < value_count(read->task); i++) {
        const struct value_pair *pair = value_pair_at(read->task, i);
        const char *key = value_text(pair->key);
        enum keyword keyword;

        if (key == NULL)
            return action_error(read, "the keys of a task must be strings");
        if (keyword_find(key, IN_TASK | IN_HANDLER, &keyword) || text_starts(key, "with_"))
            continue;
        if (read->found.text != NULL)
            return conflict(read, pair->key);
        if (!new_style(read, key, pair->item))
            return false;
        read->found.key = pair->key;
    }
    return true;
}

/* cmd: of the command family is its free form text. */
static bool cmd_to_raw(struct action_read *read)
{
    const struct value *cmd = value_map_get(read->found.args, "cmd");
    const struct value *raw = value_map_get(read->found.args, "_raw_params");
    struct value *args;

    if (cmd == NULL || !text_in(read->found.name, cmd_names))
        return true;
    if (raw != NULL && !(value_is(raw, VALUE_STRING) && raw->as.string.length == 0))
        return action_error(read, "The 'cmd' argument cannot be used when other raw parameters are specified. "
                                  "Please put everything in one or the other place.");
    args = map_without(read->arena, read->found.args, "cmd");
    value_map_put(read->arena, args, "_raw_params", cmd);
    read->found.args = args;
    return true;
}

/* Text left over from key=value is only meant for some modules; a template there stands for a map of arguments. */
static bool raw_check(struct action_read *read)
{
    const struct value *raw = value_map_get(read->found.args, "_raw_params");
    struct value *args;

    if (!value_is(raw, VALUE_STRING) || raw->as.string.length == 0 || text_in(read->found.name, raw_names))
        return cmd_to_raw(read);
    if (!value_text_is_template(raw->as.string.data, raw->as.string.length))
        return action_error(read,
                            arena_printf(read->arena,
                                         "this task '%s' has extra params, which is only allowed in the following "
                                         "modules: command, shell, script, raw, include_vars, include_tasks, "
                                         "include_role, import_tasks, import_role, add_host, group_by, set_fact, "
                                         "meta",
                                         read->found.text));
    args = map_without(read->arena, read->found.args, "_raw_params");
    value_map_put(read->arena, args, "_template", raw);
    read->found.args = args;
    return true;
}

/* Names that begin with _ansible_ are internal. */
static bool names_check(struct action_read *read)
{
    if (text_in(read->found.name, free_form_names))
        return true;
    for (size_t i = 0; i < value_count(read->found.args); i++) {
        const char *key = value_text(value_pair_at(read->found.args, i)->key);

        if (key != NULL && text_starts(key, "_ansible_"))
            return action_error(read, arena_printf(read->arena, "invalid parameter specified for action '%s': '%s'",
                                                   read->found.text, key));
    }
    return true;
}

bool task_action_read(struct arena *arena, const struct value *task, struct task_action *out, struct error *err)
{
    struct action_read read = { .arena = arena, .task = task, .err = err };
    const struct value *action = value_map_get(task, "action");
    const struct value *local = value_map_get(task, "local_action");

    if (!extra_read(&read))
        return false;
    if (action != NULL && !old_style(&read, action))
        return false;
    if (local != NULL) {
        if (read.found.text != NULL)
            return action_error(&read, "action and local_action are mutually exclusive");
        if (!old_style(&read, local))
            return false;
        read.found.is_local = true;
    }
    if (!keys_scan(&read))
        return false;
    if (read.found.text == NULL)
        return action_error(&read, "no module/action detected in task.");
    read.found.name = task_action_short(read.found.text);
    if (!names_check(&read) || !raw_check(&read))
        return false;
    *out = read.found;
    return true;
}
