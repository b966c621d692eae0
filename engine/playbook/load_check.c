/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What can be known about a task before any host is touched: that its module exists, that its written-out arguments fit,
 * that its templates parse. A task that may be skipped, or whose failure somebody waits for, is left to the run: there
 * the same checks make it fail by name. A task is never passed over in silence.
 */
#include <string.h>

#include "common/base/text.h"
#include "engine/foreign/foreign.h"
#include "engine/playbook/collection.h"
#include "engine/playbook/search.h"

enum fate { FATE_ALWAYS, FATE_MAYBE, FATE_NEVER };

static enum fate condition_fate(const struct value *condition)
{
    enum fate fate = FATE_ALWAYS;
    bool truth;

    if (condition == NULL)
        return FATE_ALWAYS;
    if (value_is(condition, VALUE_BOOL))
        return condition->as.boolean ? FATE_ALWAYS : FATE_NEVER;
    if (value_is(condition, VALUE_STRING) && text_to_bool(value_text(condition), &truth))
        return truth ? FATE_ALWAYS : FATE_NEVER;
    if (!value_is(condition, VALUE_LIST))
        return FATE_MAYBE;
    for (size_t i = 0; i < value_count(condition); i++) {
        enum fate one = condition_fate(value_item(condition, i));

        fate = one > fate ? one : fate;
    }
    return fate;
}

static enum fate node_fate(const struct node *node)
{
    enum fate fate = condition_fate(node->play->import_when);

    /* a handler may never be notified */
    if (node->is_handler && fate == FATE_ALWAYS)
        fate = FATE_MAYBE;
    for (; node != NULL; node = node->parent) {
        enum fate one = condition_fate(node->keywords[KEYWORD_WHEN]);

        fate = one > fate ? one : fate;
    }
    return fate;
}

static bool is_set(const struct value *value)
{
    bool truth;

    if (value == NULL || value_is(value, VALUE_NULL))
        return false;
    if (value_is(value, VALUE_STRING) && text_to_bool(value_text(value), &truth))
        return truth;
    return value_truthy(value);
}

bool load_failure_is_expected(const struct node *node)
{
    if (node->keywords[KEYWORD_FAILED_WHEN] != NULL || is_set(node_keyword(node, KEYWORD_IGNORE_ERRORS)))
        return true;
    for (; node != NULL; node = node->parent) {
        if (node->keywords[KEYWORD_RESCUE] != NULL)
            return true;
    }
    return false;
}

static bool args_check(const struct load_scope *scope, const struct node *node, struct error *err)
{
    if (node->spec == NULL || value_map_get(node->args, "_template") != NULL ||
        node_keyword(node, KEYWORD_MODULE_DEFAULTS) != NULL)
        return true;
    const struct task_spec *table = task_catalogue_table(scope->loader->config.modules, node->spec);
    if (!arg_check(scope->loader->arena, table, node->args, err))
        return error_locate(err, &node->action_at);
    return true;
}

static bool templates_check(const struct load_scope *scope, const struct node *node, struct error *err)
{
    static const unsigned char conditions[] = { KEYWORD_WHEN, KEYWORD_CHANGED_WHEN, KEYWORD_FAILED_WHEN,
                                                KEYWORD_UNTIL };
    static const unsigned char values[] = { KEYWORD_LOOP, KEYWORD_ENVIRONMENT, KEYWORD_DELEGATE_TO,
                                            KEYWORD_LOOP_CONTROL };
    struct template_env *env = scope->loader->config.templates;

    if (env == NULL)
        return true;
    if (!template_check(env, node->args, false, err))
        return error_locate(err, &node->at);
    for (size_t i = 0; i < sizeof(conditions); i++) {
        const struct value *value = node->keywords[conditions[i]];

        if (value != NULL && !template_check(env, value, true, err))
            return error_locate(err, &node->at);
    }
    for (size_t i = 0; i < sizeof(values); i++) {
        const struct value *value = node->keywords[values[i]];

        if (value != NULL && !template_check(env, value, false, err))
            return error_locate(err, &node->at);
    }
    return true;
}

bool load_check_task(const struct load_scope *scope, struct node *node, struct error *err)
{
    if (node_fate(node) != FATE_ALWAYS || load_failure_is_expected(node))
        return true;
    if (args_check(scope, node, err) && templates_check(scope, node, err))
        return true;
    err->kind = ERROR_PARSE;
    return false;
}

/* The modules of ansible-core 2.14: a name of these is no misspelling. */
/* clang-format off */
static const char *const core_modules[] = {
    "add_host", "apt", "apt_key", "apt_repository", "assemble", "assert", "async_status", "async_wrapper",
    "blockinfile", "command", "copy", "cron", "debconf", "debug", "dnf", "dpkg_selections", "expect",
    "fail", "fetch", "file", "find", "gather_facts", "get_url", "getent", "git", "group", "group_by",
    "hostname", "include_vars", "iptables", "known_hosts", "lineinfile", "package", "package_facts",
    "pause", "ping", "pip", "raw", "reboot", "replace", "rpm_key", "script", "service", "service_facts",
    "set_fact", "set_stats", "setup", "shell", "slurp", "stat", "subversion", "systemd", "systemd_service",
    "sysvinit", "tempfile", "template", "unarchive", "uri", "user", "validate_argument_spec", "wait_for",
    "wait_for_connection", "yum", "yum_repository", NULL
};
/* clang-format on */

#define NEAR_LENGTH_MIN 4 /* shorter names are near to anything */

static const char *module_nearest(const struct load_scope *scope, const char *name)
{
    const char *dot = strrchr(name, '.'), *near = NULL;

    if (strlen(dot == NULL ? name : dot + 1) < NEAR_LENGTH_MIN)
        return NULL;
    if (scope->loader->config.modules != NULL)
        near = task_catalogue_nearest(scope->loader->config.modules, name);
    if (near == NULL && scope->loader->config.actions != NULL)
        near = task_catalogue_nearest(scope->loader->config.actions, name);
    return text_equal(near, LOAD_FOREIGN_RUNNER) || text_equal(near, LOAD_ACTION_RUNNER) ? NULL : near;
}

/* No such module: refused now, or when the task is reached if it may be skipped. */
static void module_missing(const struct load_scope *scope, struct node *node, const char *name, const char *why)
{
    const char *near = why != NULL || text_in(name, core_modules) ? NULL : module_nearest(scope, name);
    struct arena *arena = scope->loader->arena;
    const char *text = why;

    if (why == NULL && text_in(name, core_modules))
        text = arena_printf(arena, "couldn't resolve module/action '%s': Roost does not have this module yet.",
                            node->action_text);
    else if (why == NULL)
        text = arena_printf(arena,
                            "couldn't resolve module/action '%s'. This often indicates a misspelling, missing "
                            "collection, or incorrect module path.%s%s%s",
                            node->action_text, near == NULL ? "" : " Did you mean '", near == NULL ? "" : near,
                            near == NULL ? "" : "'?");
    if (node_fate(node) == FATE_ALWAYS || (near != NULL && strchr(name, '.') == NULL && node_fate(node) != FATE_NEVER))
        load_missing_add(scope->loader, node, text, near);
    node->is_unresolved = true;
    node->unresolved_text = text;
    node->task_kind = TASK_MODULE;
}

static void spec_find(const struct load_scope *scope, struct node *node, const char *name)
{
    const struct playbook_config *config = &scope->loader->config;

    if (config->actions != NULL)
        node->spec = task_catalogue_find(config->actions, name);
    node->task_kind = node->spec == NULL ? TASK_MODULE : TASK_ACTION;
    if (node->spec == NULL && config->modules != NULL)
        node->spec = task_catalogue_find(config->modules, name);
}

/* A short name that one of the node's collections sends elsewhere. */
static bool name_route(const struct load_scope *scope, const struct node *node, const char **name, struct error *err)
{
    for (size_t i = 0; i < value_count(node->collections); i++) {
        const char *collection = value_text(value_item(node->collections, i)), *full, *routed = NULL;

        full = arena_printf(scope->loader->arena, "%s.%s", collection == NULL ? "" : collection, *name);
        if (text_starts(full, "ansible.builtin.") || text_starts(full, "ansible.legacy."))
            return true;
        if (!collection_is_qualified(full))
            continue;
        if (!load_name_route(scope->loader, full, &routed, err))
            return false;
        if (strcmp(routed, full) != 0) {
            *name = routed;
            return true;
        }
    }
    return true;
}

/* `written`: what files are looked for by. *why_out NULL and no spec: there is nothing of that name. */
static bool resolve_as(const struct load_scope *scope, struct node *node, const char *name, const char *written,
                       const char **why_out, struct error *err)
{
    struct playbook_loader *loader = scope->loader;

    node->defaults_name = NULL;
    if (!load_name_route(loader, name, &name, err))
        return error_locate(err, &node->action_at);
    if (strchr(written, '.') == NULL && !name_route(scope, node, &name, err))
        return error_locate(err, &node->action_at);
    if (!search_module(loader, node, written, &node->module_path, err))
        return error_locate(err, &node->action_at);
    spec_find(scope, node, name);
    *why_out =
        load_foreign(scope, node, name,
                     node_fate(node) != FATE_NEVER && (text_in(name, core_modules) || collection_is_qualified(name)));
    if (node->foreign != NULL)
        node->action = load_full_name(loader, name, node->foreign->path);
    else if (node->spec != NULL)
        node->action = node->spec->name;
    return true;
}

bool load_resolve(const struct load_scope *scope, struct node *node, const char *name, struct error *err)
{
    const char *why = NULL, *routed = NULL;

    if (!resolve_as(scope, node, name, node->action_text, &why, err))
        return false;
    if (node->spec == NULL && why == NULL && node_fate(node) != FATE_NEVER)
        routed = load_core_route(scope->loader, name);
    if (routed != NULL && !resolve_as(scope, node, routed, routed, &why, err))
        return false;
    if (node->spec == NULL)
        module_missing(scope, node, name, why);
    return true;
}
