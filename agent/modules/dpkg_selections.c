/* SPDX-License-Identifier: Apache-2.0 */
/* dpkg_selections: what dpkg is to do with a package: keep it as it is (hold), install it, remove it. */
#include <string.h>

#include "agent/system/process/process.h"
#include "agent/task/module.h"
#include "common/base/text.h"

struct dpkg_selections_args {
    const char *name, *selection;
};

static const struct arg_spec dpkg_selections_spec[] = {
    ARG(dpkg_selections_args, name, ARG_STRING, .required = true, .help = "package"),
    ARG(dpkg_selections_args, selection, ARG_STRING, .required = true,
        .choices = ARG_NAMES("install", "hold", "deinstall", "purge"), .help = "what dpkg is to do with it"),
    ARG_END,
};

/* The second word of "package<TAB>selection". */
static const char *selection_read(struct arena *arena, const struct process_result *shown)
{
    const char *at = shown->output + strcspn(shown->output, " \t\n");

    at += strspn(at, " \t\n");
    return *at == '\0' ? "not present" : arena_copy_n(arena, at, strcspn(at, " \t\n"));
}

static bool dpkg_selections_run(struct task_context *task, const void *raw, struct error *err)
{
    const struct dpkg_selections_args *args = raw;
    struct process_request ask = PROCESS("dpkg", "--get-selections", args->name);
    struct process_request set = PROCESS("dpkg", "--set-selections");
    struct process_result shown, done;
    const char *current;

    if (process_require(task->system, task->scratch, "dpkg", err) == NULL)
        return false;
    if (!process_run_ok(task->system, task->scratch, &ask, &shown, err))
        return false;
    current = selection_read(task->scratch, &shown);
    set.input = arena_printf(task->scratch, "%s %s", args->name, args->selection);
    set.input_length = strlen(set.input);
    if (strcmp(current, args->selection) != 0 &&
        change_wanted(task, "set '%s' to %s (was %s)", args->name, args->selection, current) &&
        !process_run_ok(task->system, task->scratch, &set, &done, err))
        return false;
    result_set_string(task, "before", current);
    result_set_string(task, "after", args->selection);
    return true;
}

MODULE_DEFINE(dpkg_selections) = {
    .spec = { .name = "dpkg_selections",
              .summary = "Say what dpkg is to do with a package: hold, install, remove it",
              .args = dpkg_selections_spec,
              .args_size = sizeof(struct dpkg_selections_args) },
    .run = dpkg_selections_run,
};
