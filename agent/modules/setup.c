/* SPDX-License-Identifier: Apache-2.0 */
/* setup: gathers facts and returns them with Ansible's names, ansible_ in front, filtered as asked. */
#include <fnmatch.h>

#include "agent/facts/fact_group.h"
#include "agent/task/module.h"
#include "common/base/text.h"

struct setup_args {
    const struct value *gather_subset, *filter;
    const char *fact_path, *interpreter;
    int64_t gather_timeout;
};

static const struct arg_spec setup_spec[] = {
    ARG(setup_args, gather_subset, ARG_LIST, .default_text = "all",
        .help = "groups of facts to gather; ! excludes one, min are those that are always there"),
    ARG(setup_args, gather_timeout, ARG_INT, .default_text = "10",
        .help = "accepted; what can hang has a shorter time limit of its own"),
    ARG(setup_args, filter, ARG_LIST, .default_text = "",
        .help = "patterns of the facts to return, with or without ansible_"),
    ARG(setup_args, fact_path, ARG_PATH, .default_text = "/etc/ansible/facts.d",
        .help = "folder of local facts (*.fact)"),
    ARG_NAMED("_interpreter", setup_args, interpreter, ARG_STRING, .internal = true,
              .help = "the Python that ansible_python tells about; without it the node's own"),
    ARG_END,
};

static bool is_wanted(struct arena *arena, const struct value *filter, const char *name)
{
    if (value_count(filter) == 0)
        return true;
    for (size_t i = 0; i < value_count(filter); i++) {
        const char *pattern = value_text(value_item(filter, i));
        if (!pattern || pattern[0] == '\0' || fnmatch(pattern, name, FNM_NOESCAPE) == 0)
            return true;
        bool has_prefix =
            text_starts(pattern, "ansible_") || text_starts(pattern, "facter") || text_starts(pattern, "ohai");
        if (!has_prefix && fnmatch(arena_printf(arena, "ansible_%s", pattern), name, FNM_NOESCAPE) == 0)
            return true;
    }
    return false;
}

static void warn_all(struct task_context *task, const struct value *warnings)
{
    for (size_t i = 0; i < value_count(warnings); i++)
        result_warn(task, "%s", value_text(value_item(warnings, i)));
}

static bool setup_run(struct task_context *task, const void *raw, struct error *err)
{
    const struct setup_args *args = raw;
    struct arena *arena = task->scratch;
    struct value *facts = value_map(arena), *named = value_map(arena), *warnings = value_list(arena);
    struct facts_request request = {
        .subset = args->gather_subset, .fact_path = args->fact_path, .warnings = warnings, .python = args->interpreter
    };

    if (!facts_collect_request(task->system, arena, &request, facts, err))
        return false;
    for (size_t i = 0; i < value_count(facts); i++) {
        const struct value_pair *pair = value_pair_at(facts, i);
        const char *name = arena_printf(arena, "ansible_%s", value_text(pair->key));
        if (is_wanted(arena, args->filter, name))
            value_map_put(arena, named, name, pair->item);
    }
    if (is_wanted(arena, args->filter, "gather_subset"))
        value_map_put(arena, named, "gather_subset", args->gather_subset);
    if (is_wanted(arena, args->filter, "module_setup"))
        value_map_put_bool(arena, named, "module_setup", true);
    result_set(task, "ansible_facts", named);
    warn_all(task, warnings);
    return true;
}

MODULE_DEFINE(setup) = {
    .spec = { .name = "setup",
              .aliases = ARG_NAMES("gather_facts"),
              .summary = "Gather facts about the node",
              .args = setup_spec,
              .args_size = sizeof(struct setup_args) },
    .is_info = true,
    .order = "ansible_facts",
    .run = setup_run,
};
