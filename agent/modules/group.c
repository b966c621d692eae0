/* SPDX-License-Identifier: Apache-2.0 */
/* group: groups of users, with shadow's groupadd, groupmod and groupdel (libuser's with `local`). */
#include <string.h>

#include "agent/system/account/account_user.h"
#include "agent/task/module.h"
#include "common/base/text.h"

struct group_args {
    const char *name, *state;
    int64_t gid;
    bool system, local, non_unique;
};

static const struct arg_spec group_args[] = {
    ARG(group_args, name, ARG_STRING, .required = true, .help = "name of the group"),
    ARG(group_args, state, ARG_STRING, .default_text = "present", .choices = ARG_NAMES("absent", "present"),
        .help = "whether the group exists"),
    ARG(group_args, gid, ARG_INT, .help = "number of the group"),
    ARG(group_args, system, ARG_BOOL, .default_text = "no", .help = "a new group gets a number from the system range"),
    ARG(group_args, local, ARG_BOOL, .default_text = "no",
        .help = "use libuser's programs, for nodes with directory accounts"),
    ARG(group_args, non_unique, ARG_BOOL, .default_text = "no", .help = "the number may be taken already; needs gid"),
    ARG_END,
};

static const struct arg_rule group_rules[] = {
    { .kind = ARG_RULE_REQUIRED_IF, .key = "non_unique", .equals = "true", .names = ARG_NAMES("gid") },
    { .kind = ARG_RULE_END },
};

static bool group_change(struct task_context *task, const struct group_args *args, const char *const *argv,
                         struct error *err)
{
    struct account_commands commands = { .count = 0 };
    struct account_outcome outcome;

    account_commands_add(task->scratch, &commands, argv);
    if (!account_commands_run(task->system, task->scratch, &commands, &outcome, err))
        return false;
    if (outcome.status != 0) {
        result_set_string(task, "name", args->name);
        return result_fail(task, "%s", outcome.errors);
    }
    if (outcome.output[0] != '\0')
        result_set_string(task, "stdout", outcome.output);
    if (outcome.errors[0] != '\0')
        result_set_string(task, "stderr", outcome.errors);
    return true;
}

static bool group_remove(struct task_context *task, const struct group_args *args, struct error *err)
{
    if (!change_wanted(task, "remove group '%s'", args->name))
        return true;
    return group_change(task, args, (const char *[]){ args->local ? "lgroupdel" : "groupdel", args->name, NULL }, err);
}

static bool group_set(struct task_context *task, const struct group_args *args, bool exists, struct error *err)
{
    const char *argv[8] = { exists ? (args->local ? "lgroupmod" : "groupmod")
                                   : (args->local ? "lgroupadd" : "groupadd") };
    size_t at = 1;

    if (args->gid != ARG_INT_UNSET) {
        argv[at++] = "-g";
        argv[at++] = arena_printf(task->scratch, "%lld", (long long)args->gid);
        if (args->non_unique)
            argv[at++] = "-o";
    }
    if (!exists && args->system)
        argv[at++] = "-r";
    argv[at++] = args->name;
    if (!change_wanted(task, "%s group '%s'", exists ? "renumber" : "create", args->name))
        return true;
    return group_change(task, args, argv, err);
}

static bool local_number_is_free(const struct account_database *database, const struct group_args *args,
                                 struct error *err)
{
    for (size_t i = 0; args->local && args->gid > 0 && i < database->group_count; i++) {
        const struct account_group *group = &database->groups[i];

        if (group->gid == args->gid && strcmp(group->name, args->name) != 0)
            return error_set(err, "GID '%lld' already exists with group '%s'", (long long)args->gid, group->name);
    }
    return true;
}

/* What Ansible reports of a group that exists after the task. */
static bool group_describe(struct task_context *task, const struct group_args *args, struct error *err)
{
    struct account_database database;

    if (!account_database_read(task->system, task->scratch, &database, err))
        return false;
    const struct account_group *group = account_group_by_name(&database, args->name);
    if (group != NULL) {
        result_set_bool(task, "system", args->system);
        result_set_int(task, "gid", group->gid);
    }
    return true;
}

static bool group_run(struct task_context *task, const void *raw, struct error *err)
{
    const struct group_args *args = raw;
    struct account_database database;
    bool is_absent = strcmp(args->state, "absent") == 0, ok = true;

    if (!account_database_read(task->system, task->scratch, &database, err))
        return false;
    const struct account_group *group = account_group_by_name(&database, args->name);
    if (args->local && group == NULL)
        result_warn(
            task, "'local: true' specified and group was not found in /etc/group. The local group may already exist if "
                  "the local group database exists somewhere other than /etc/group.");
    if (!is_absent && !local_number_is_free(&database, args, err))
        return false;
    if (is_absent)
        ok = group == NULL || group_remove(task, args, err);
    else if (group == NULL || (args->gid != ARG_INT_UNSET && args->gid != group->gid))
        ok = group_set(task, args, group != NULL, err);
    if (!ok || task->result->failed)
        return ok;
    if (task->check_mode && (group != NULL) == is_absent)
        return true;
    result_set_string(task, "name", args->name);
    result_set_string(task, "state", args->state);
    return group_describe(task, args, err);
}

MODULE_DEFINE(group) = {
    .spec = {
        .name = "group",
        .summary = "Manage groups of users",
        .args = group_args,
        .rules = group_rules,
        .args_size = sizeof(struct group_args),
    },
    .order = "name state changed stdout stderr system gid",
    .run = group_run,
};
