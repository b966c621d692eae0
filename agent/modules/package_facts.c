/* SPDX-License-Identifier: Apache-2.0 */
/*
 * package_facts: what is installed, as the fact `packages`: name -> list of installed versions. Follows
 * ansible.builtin.package_facts for apt and rpm; other managers are refused by name.
 */
#include <string.h>

#include "agent/system/package/package_list.h"
#include "agent/task/module.h"
#include "common/base/text.h"

struct package_facts_args {
    const struct value *manager;
    const char *strategy;
};

static const struct arg_spec package_facts_args[] = {
    ARG(package_facts_args, manager, ARG_LIST, .default_text = "auto", .help = "auto, apt or rpm; several in order"),
    ARG(package_facts_args, strategy, ARG_STRING, .default_text = "first", .choices = ARG_NAMES("first", "all"),
        .help = "the first manager that is there, or all of them"),
    ARG_END,
};

static const char *const known[] = { "apt", "rpm", NULL };

/* `auto` stands for all that are known, behind what is named. */
static bool managers_find(struct task_context *task, const struct value *asked, struct value *out, struct error *err)
{
    struct text unsupported = text_new(task->scratch);
    bool is_auto = false;

    for (size_t i = 0; i < value_count(asked); i++) {
        const char *name = value_text(value_item(asked, i));

        if (strcmp(name, "auto") == 0)
            is_auto = true;
        else if (text_in(name, known))
            value_list_add(task->scratch, out, value_item(asked, i));
        else
            text_printf(&unsupported, "%s%s", unsupported.length > 0 ? ", " : "", name);
    }
    if (unsupported.length > 0)
        return error_set(err, "Unsupported package managers requested: %s", unsupported.data);
    for (size_t i = 0; is_auto && known[i] != NULL; i++)
        value_list_add(task->scratch, out, value_string(task->scratch, known[i]));
    return true;
}

static bool was_named(const struct value *asked, const char *name)
{
    for (size_t i = 0; i < value_count(asked); i++) {
        if (strcmp(value_text(value_item(asked, i)), name) == 0)
            return true;
    }
    return false;
}

static bool package_facts_run(struct task_context *task, const void *raw, struct error *err)
{
    const struct package_facts_args *args = raw;
    struct value *managers = value_list(task->scratch), *packages = value_map(task->scratch);
    struct value *facts = value_map(task->scratch), *seen = value_map(task->scratch);
    size_t found = 0;

    if (!managers_find(task, args->manager, managers, err))
        return false;
    for (size_t i = 0; i < value_count(managers) && (found == 0 || strcmp(args->strategy, "all") == 0); i++) {
        const char *name = value_text(value_item(managers, i));
        bool is_there = package_list_available(task->system, task->scratch, name);

        if (value_map_get(seen, name) != NULL)
            continue;
        value_map_put_bool(task->scratch, seen, name, true);
        if (!is_there && was_named(args->manager, name))
            result_warn(task, "Requested package manager %s was not usable by this module: it is not on this node",
                        name);
        if (!is_there)
            continue;
        if (!package_list_read(task->system, task->scratch, name, packages, err))
            return error_prefix(err, "reading the packages of %s", name);
        found++;
    }
    if (found == 0)
        return error_set(err, "Could not detect a supported package manager: only apt and rpm are supported");
    value_map_put(task->scratch, facts, "packages", packages);
    result_set(task, "ansible_facts", facts);
    return true;
}

MODULE_DEFINE(package_facts) = {
    .spec = {
        .name = "package_facts",
        .summary = "Installed packages as facts",
        .args = package_facts_args,
        .args_size = sizeof(struct package_facts_args),
    },
    .is_info = true,
    .order = "ansible_facts",
    .run = package_facts_run,
};
