/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One entry of a task list: a module's task, a meta, an include, or an import that is expanded on the spot.
 */
#include <string.h>

#include "common/base/text.h"
#include "engine/playbook/collection.h"
#include "engine/playbook/task_action.h"
#include "engine/template/template_plugin.h"

static const char *owner_name(const struct load_scope *scope)
{
    return scope->handlers ? "Handler" : "Task";
}

static bool with_unknown(const struct load_scope *scope, const char *lookup, const struct source_position *at,
                         struct error *err)
{
    const char *near = template_lookup_nearest(lookup);

    return error_set_at(err, at, "'with_%s' is not a valid attribute for a %s; there is no lookup named '%s'%s%s%s",
                        lookup, owner_name(scope), lookup, near == NULL ? "" : ", did you mean 'with_",
                        near == NULL ? "" : near, near == NULL ? "" : "'?");
}

/* with_<lookup>: the loop's source is that lookup's result. */
static bool with_loop(const struct load_scope *scope, struct node *node, const struct value_pair *pair,
                      struct error *err)
{
    const char *key = value_text(pair->key);
    const char *lookup = key + strlen("with_"), *why = NULL;
    struct source_position at = value_position(pair->key);

    if (!template_lookup_known(scope->loader->config.templates, lookup, &why))
        return why != NULL ? error_set_at(err, &at, "'%s': the lookup %s", key, why)
                           : with_unknown(scope, lookup, &at, err);
    if (node->keywords[KEYWORD_LOOP] != NULL)
        return error_set_plain_at(err, &at, "duplicate loop in task: %s", lookup);
    if (value_is(pair->item, VALUE_NULL))
        return error_set_plain_at(err, &at, "you must specify a value when using %s", key);
    node->keywords[KEYWORD_LOOP] = pair->item;
    node->loop_lookup = lookup;
    return true;
}

static bool task_keyword(const struct load_scope *scope, struct node *node, const struct value_pair *pair,
                         struct error *err)
{
    unsigned place = scope->handlers ? IN_HANDLER : IN_TASK;
    const char *key = value_text(pair->key);
    struct source_position at = value_position(pair->key);
    enum keyword keyword;

    if (text_starts(key, "with_"))
        return with_loop(scope, node, pair, err);
    if (!keyword_find(key, IN_TASK | IN_HANDLER, &keyword))
        return true; /* the module itself */
    if (!keyword_find(key, place, &keyword))
        return load_keyword_unknown(pair->key, place, owner_name(scope), err);
    if (keyword == KEYWORD_ACTION || keyword == KEYWORD_LOCAL_ACTION || keyword == KEYWORD_ARGS)
        return true;
    if (keyword == KEYWORD_LOOP && node->keywords[KEYWORD_LOOP] != NULL)
        return error_set_plain_at(err, &at, "duplicate loop in task: loop");
    return load_keyword_put(scope, node->keywords, keyword, pair->item, owner_name(scope), err);
}

static bool task_keywords(const struct load_scope *scope, struct node *node, const struct value *task,
                          struct error *err)
{
    struct error first = ERROR_INIT;
    bool ok = true;

    for (size_t i = 0; i < value_count(task); i++) {
        struct error *to = ok ? &first : err;

        if (!task_keyword(scope, node, value_pair_at(task, i), to))
            ok = false;
        if (!ok && !load_keyword_is_form_error(&first))
            break;
    }
    if (!ok && !(load_keyword_is_form_error(&first) && load_failure_is_expected(node))) {
        *err = first;
        return false;
    }
    if (!ok) {
        node->is_unresolved = true;
        node->unresolved_text = arena_copy(scope->loader->arena, first.text);
    }
    if (value_is(node->keywords[KEYWORD_NAME], VALUE_STRING))
        node->name = value_text(node->keywords[KEYWORD_NAME]);
    else if (node->keywords[KEYWORD_NAME] != NULL)
        node->name = arena_printf(scope->loader->arena, "%lld", (long long)node->keywords[KEYWORD_NAME]->as.integer);
    return true;
}

static bool meta_check(const struct node *node, struct error *err)
{
    static const char *const names[] = { "flush_handlers", "reset_connection", "end_play",
                                         "end_host",       "clear_facts",      "clear_host_errors",
                                         "end_batch",      "end_role",         "refresh_inventory",
                                         "noop",           "end_role",         NULL };
    const struct value *raw = value_map_get(node->args, "_raw_params");
    const char *name = value_text(raw), *near;

    if (name == NULL)
        return error_set_at(err, &node->at, "meta needs the name of what to do, for instance 'meta: flush_handlers'");
    if (text_in(name, names) || value_text_is_template(name, raw->as.string.length))
        return true;
    near = text_nearest(name, names, sizeof(names) / sizeof(names[0]) - 1);
    return error_set_at(err, &node->at, "invalid meta action requested: %s%s%s%s", name,
                        near == NULL ? "" : "; did you mean '", near == NULL ? "" : near, near == NULL ? "" : "'?");
}

/* Keywords that a dynamic include takes; the others would have no effect on what it brings. */
static bool include_keywords_check(const struct load_scope *scope, const struct node *node, struct error *err)
{
    static const unsigned char allowed[] = {
        KEYWORD_ACTION,   KEYWORD_ARGS,         KEYWORD_COLLECTIONS, KEYWORD_DEBUGGER, KEYWORD_IGNORE_ERRORS,
        KEYWORD_LOOP,     KEYWORD_LOOP_CONTROL, KEYWORD_NAME,        KEYWORD_NO_LOG,   KEYWORD_REGISTER,
        KEYWORD_RUN_ONCE, KEYWORD_TAGS,         KEYWORD_TIMEOUT,     KEYWORD_VARS,     KEYWORD_WHEN,
    };
    const char *kind = node->task_kind == TASK_INCLUDE_ROLE ? "IncludeRole"
                       : scope->handlers                    ? "HandlerTaskInclude"
                                                            : "TaskInclude";

    for (int i = 0; i < KEYWORD_COUNT; i++) {
        struct source_position at;

        if (node->keywords[i] == NULL || memchr(allowed, i, sizeof(allowed)) != NULL ||
            (i == KEYWORD_LISTEN && scope->handlers))
            continue;
        at = value_position(node->keywords[i]);
        return error_set_at(err, &at, "'%s' is not a valid attribute for a %s", keyword_name((enum keyword)i), kind);
    }
    return true;
}

static bool args_names_check(const struct node *node, const char *const *names, struct error *err)
{
    for (size_t i = 0; i < value_count(node->args); i++) {
        const char *key = value_text(value_pair_at(node->args, i)->key);

        if (!text_in(key == NULL ? "" : key, names))
            return error_set_at(err, &node->at, "Invalid options for %s: %s", node->action_text,
                                key == NULL ? "" : key);
    }
    return true;
}

static bool apply_check(const struct node *node, bool is_dynamic, struct error *err)
{
    const struct value *apply = value_map_get(node->args, "apply");

    if (apply == NULL || value_is(apply, VALUE_NULL))
        return true;
    if (!is_dynamic)
        return error_set_at(err, &node->at, "Invalid options for %s: apply", node->action_text);
    if (!value_is(apply, VALUE_MAP))
        return error_set_at(err, &node->at, "Expected a dict for apply but got %s instead", value_kind_text(apply));
    return true;
}

/* Where an include_tasks or import_tasks points; the name ends up in _raw_params. */
static const struct value *include_file(const struct load_scope *scope, struct node *node, struct error *err)
{
    const struct value *raw = value_map_get(node->args, "_raw_params");
    const struct value *file = value_map_get(node->args, "file");
    struct arena *arena = scope->loader->arena;
    struct value *args;

    if (value_is(raw, VALUE_STRING) && raw->as.string.length > 0)
        return raw;
    if (!value_is(file, VALUE_STRING) || file->as.string.length == 0) {
        error_set_at(err, &node->at, "No file specified for %s", node->action_text);
        return NULL;
    }
    args = value_map(arena);
    value_map_put(arena, args, "_raw_params", file);
    if (value_map_get(node->args, "apply") != NULL)
        value_map_put(arena, args, "apply", value_map_get(node->args, "apply"));
    node->args = args;
    return file;
}

static bool load_include_tasks(const struct load_scope *scope, struct node *node, struct node_list *out,
                               struct error *err)
{
    static const char *const names[] = { "file", "_raw_params", "apply", NULL };
    bool is_dynamic = strcmp(node->action, "include_tasks") == 0;
    const struct value *file;

    node->task_kind = TASK_INCLUDE_TASKS;
    if (!args_names_check(node, names, err) || !apply_check(node, is_dynamic, err))
        return false;
    file = include_file(scope, node, err);
    if (file == NULL)
        return false;
    if (!is_dynamic)
        return load_import_tasks(scope, node, file, out, err);
    if (!include_keywords_check(scope, node, err) || !load_check_task(scope, node, err))
        return false;
    load_list_add(scope->loader->arena, out, node);
    return true;
}

/* The old `include`: static unless its name is a template or it loops; other arguments are variables. */
static bool load_old_include(const struct load_scope *scope, struct node *node, struct node_list *out,
                             struct error *err)
{
    struct arena *arena = scope->loader->arena;
    const struct value *file = include_file(scope, node, err);
    struct value *args = value_map(arena), *vars = value_map(arena);

    if (file == NULL)
        return false;
    load_warn_once(scope->loader, "[DEPRECATION WARNING]: \"include\" is deprecated, use include_tasks/import_tasks "
                                  "instead. See https://docs.ansible.com/ansible-core/2.14/user_guide/"
                                  "playbooks_reuse_includes.html for details. This feature will be removed in "
                                  "version 2.16. Deprecation warnings can be "
                                  "disabled by setting deprecation_warnings=False in ansible.cfg.");
    for (size_t i = 0; i < value_count(node->args); i++) {
        const struct value_pair *pair = value_pair_at(node->args, i);

        if (!text_equal(value_text(pair->key), "_raw_params") && !text_equal(value_text(pair->key), "apply"))
            value_map_put_value(arena, vars, pair->key, pair->item);
    }
    if (value_count(vars) > 0)
        node->keywords[KEYWORD_VARS] =
            node->keywords[KEYWORD_VARS] == NULL ? vars : value_merge(arena, node->keywords[KEYWORD_VARS], vars, false);
    value_map_put(arena, args, "_raw_params", file);
    node->args = args;
    node->gives_params = true;
    node->action =
        node->keywords[KEYWORD_LOOP] != NULL || value_text_is_template(file->as.string.data, file->as.string.length)
            ? "include_tasks"
            : "import_tasks";
    return load_include_tasks(scope, node, out, err);
}

static bool role_from_check(const struct node *node, struct error *err)
{
    static const char *const keys[] = { "tasks_from", "vars_from", "defaults_from", "handlers_from" };

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        const struct value *from = value_map_get(node->args, keys[i]);

        if (from != NULL && !value_is(from, VALUE_STRING))
            return error_set_at(err, &node->at, "Expected a string for %s but got a %s instead", keys[i],
                                value_kind_text(from));
    }
    return true;
}

static bool load_include_role(const struct load_scope *scope, struct node *node, struct node_list *out,
                              struct error *err)
{
    static const char *const names[] = { "name",
                                         "role",
                                         "tasks_from",
                                         "vars_from",
                                         "defaults_from",
                                         "handlers_from",
                                         "apply",
                                         "public",
                                         "allow_duplicates",
                                         "rolespec_validate",
                                         NULL };
    bool is_dynamic = strcmp(node->action, "include_role") == 0;

    node->task_kind = TASK_INCLUDE_ROLE;
    if (scope->handlers)
        return error_set_at(err, &node->at, "Using '%s' as a handler is not supported.", node->action_text);
    if (value_map_get(node->args, "name") == NULL && value_map_get(node->args, "role") == NULL)
        return error_set_at(err, &node->at, "'name' is a required field for %s.", node->action_text);
    if (!is_dynamic && value_map_get(node->args, "public") != NULL)
        return error_set_at(err, &node->at, "Invalid options for %s: public", node->action_text);
    if (!args_names_check(node, names, err) || !apply_check(node, is_dynamic, err) || !role_from_check(node, err))
        return false;
    if (!is_dynamic)
        return load_import_role(scope, node, out, err);
    if (!include_keywords_check(scope, node, err) || !load_check_task(scope, node, err))
        return false;
    load_list_add(scope->loader->arena, out, node);
    return true;
}

static bool load_plain(const struct load_scope *scope, struct node *node, struct node_list *out, struct error *err)
{
    if (strcmp(node->action, "meta") == 0) {
        node->task_kind = TASK_META;
        if (!meta_check(node, err))
            return false;
    } else {
        if (!load_resolve(scope, node, node->action, err))
            return false;
    }
    if (!load_check_task(scope, node, err))
        return false;
    load_list_add(scope->loader->arena, out, node);
    return true;
}

/* action: "{{ name }}": with what is known now, else for each host when the task is reached (playbook_action). */
static void action_evaluate(const struct load_scope *scope, struct node *node, struct task_action *action)
{
    struct value *text = value_string(scope->loader->arena, action->text);
    struct error ignored = ERROR_INIT;
    const struct value *made = NULL;

    if (!value_text_is_template(action->text, strlen(action->text)))
        return;
    text->marks = VALUE_TRUSTED;
    if (load_static_value(scope, node, text, &made, &ignored) && value_is(made, VALUE_STRING)) {
        action->text = value_text(made);
        action->name = task_action_short(action->text);
        return;
    }
    node->is_unresolved = true;
    node->unresolved_text = action->text;
}

bool load_task(const struct load_scope *scope, const struct value *task, struct node_list *out, struct error *err)
{
    struct source_position at = value_position(task);
    struct node *node = load_node_new(scope, NODE_TASK, &at);
    struct task_action action = { 0 };

    if (!task_action_read(scope->loader->arena, task, &action, err) || !task_keywords(scope, node, task, err))
        return error_locate(err, &at);
    action_evaluate(scope, node, &action);
    node->action = action.name;
    node->action_text = action.text;
    node->action_at = action.key != NULL && action.key->line > 0 ? value_position(action.key) : at;
    node->args = action.args;
    node->collections = collection_keyword(scope, node->keywords[KEYWORD_COLLECTIONS]);
    if (action.is_local)
        node->keywords[KEYWORD_DELEGATE_TO] = value_string(scope->loader->arena, "localhost");
    if (node->is_unresolved) {
        load_list_add(scope->loader->arena, out, node);
        return true;
    }
    if (strcmp(action.name, "include") == 0)
        return load_old_include(scope, node, out, err);
    if (strcmp(action.name, "include_tasks") == 0 || strcmp(action.name, "import_tasks") == 0)
        return load_include_tasks(scope, node, out, err);
    if (strcmp(action.name, "include_role") == 0 || strcmp(action.name, "import_role") == 0)
        return load_include_role(scope, node, out, err);
    return load_plain(scope, node, out, err);
}
