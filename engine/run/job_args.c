/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments of a task: templated, module_defaults underneath, omitted ones left out, secret ones marked. */
#include <string.h>

#include "common/base/text.h"
#include "common/value/value_python.h"
#include "engine/run/debugger.h"
#include "engine/run/emit.h"
#include "engine/run/job_parts.h"

static bool is_omitted(const struct value *value, const void *omit)
{
    return value_is(value, VALUE_STRING) && strcmp(value->as.string.data, omit) == 0;
}

static const struct value *without_omitted(struct arena *arena, const struct value *value, const char *omit)
{
    struct value *copy;

    if (omit == NULL || value_count(value) == 0 || !value_holds(value, is_omitted, omit, SIZE_MAX))
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

/* Template of one entry of module_defaults on top of *out. */
static bool defaults_add(struct job_item *item, const struct value *entry, const struct value **out, struct error *err)
{
    struct template_call call = vars_scope_call(&item->job->scope, item->arena);
    const struct value *found = NULL;

    if (!template_value(&call, entry, &found, err))
        return keyword_undefined(KEYWORD_MODULE_DEFAULTS, err);
    if (value_is(found, VALUE_MAP))
        *out = *out == NULL ? found : value_merge(item->arena, *out, found, false);
    return true;
}

/* Groups first, then what is said of the module itself. */
static bool defaults_of(struct job_item *item, const struct value *merged, const char *action, const struct value **out,
                        struct error *err)
{
    const struct value *own = value_map_get(merged, action);

    for (size_t i = 0; i < value_count(merged); i++) {
        const char *key = value_text(value_pair_at(merged, i)->key);

        if (text_starts(key, "group/") &&
            playbook_group_has(item->job->run->options->loader, key + strlen("group/"), action) &&
            !defaults_add(item, value_pair_at(merged, i)->item, out, err))
            return false;
    }
    return own == NULL || defaults_add(item, own, out, err);
}

/* What `package` and `service` stand for on the node: `use`, else the fact. NULL: neither says. */
static const char *manager_of(const struct job_item *item, const char *fact, const struct value *args)
{
    const char *use = value_text(value_map_get(args, "use"));
    const struct value *facts = NULL;

    if (use != NULL && !text_equal(use, "auto"))
        return use;
    if (item->target_host != NULL)
        facts = vars_host_facts(item->job->run->vars, item->target_host);
    return value_text(value_map_get(facts, fact));
}

/* Defaults of the node's manager (apt, systemd) lie beneath those of `package` and `service`. */
static bool manager_defaults(struct job_item *item, const struct value *merged, const struct value *args,
                             const struct value **out, struct error *err)
{
    static const char *const packages[] = { "apt", "dnf", "yum" }, *const services[] = { "systemd", "sysvinit" };
    const char *action = item->job->task->action;
    bool is_package = text_equal(action, "package");
    const char *const *names = is_package ? packages : services, *manager;
    size_t count = is_package ? sizeof(packages) / sizeof(packages[0]) : sizeof(services) / sizeof(services[0]);

    if (!is_package && !text_equal(action, "service"))
        return true;
    manager = manager_of(item, is_package ? "ansible_pkg_mgr" : "ansible_service_mgr", args);
    if (manager != NULL)
        return text_equal(manager, action) || defaults_of(item, merged, manager, out, err);
    for (size_t i = 0; i < count; i++)
        if (value_map_get(merged, names[i]) != NULL)
            return error_set(err,
                             "module_defaults of '%s' would count for '%s' too, but what manages the node is not "
                             "known: gather facts before, or give 'use'",
                             names[i], action);
    return true;
}

/* Of levels the innermost that names a module or group counts, whole. gather_facts has those of setup beneath its own. */
static bool defaults_find(struct job_item *item, const struct value *args, const struct value **out, struct error *err)
{
    const struct node *task = item->job->task;
    const struct value *list = node_keyword_list(item->arena, task, KEYWORD_MODULE_DEFAULTS);
    const struct value *merged = NULL;
    const char *name = task->defaults_name != NULL ? task->defaults_name : task->action;

    *out = NULL;
    for (size_t i = 0; i < value_count(list); i++)
        merged = merged == NULL ? value_item(list, i) : value_merge(item->arena, merged, value_item(list, i), false);
    if (merged == NULL)
        return true;
    if (text_equal(name, "gather_facts") && !defaults_of(item, merged, "setup", out, err))
        return false;
    if (name == task->action && !manager_defaults(item, merged, args, out, err))
        return false;
    return defaults_of(item, merged, name, out, err);
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
    if (setting_bool(item->job->run, "inject_facts_as_vars", true))
        emit_message(item->job->run, EVENT_WARNING,
                     "Using a variable for a task's 'args' is unsafe in some situations (see "
                     "https://docs.ansible.com/ansible/devel/reference_appendices/faq.html#argsplat-unsafe)");
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
    if (job->changes != NULL && job->changes->args != NULL) {
        args = value_merge(item->arena, args, job->changes->args, false);
        is_static = false;
    }
    if (!is_static && !template_value(&call, args, &args, err)) {
        if (err->kind == ERROR_UNDEFINED)
            error_prefix(err, "The task includes an option with an undefined variable. The error was");
        return false;
    }
    if (!splat(item, &args, err) || !defaults_find(item, args, &defaults, err))
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
