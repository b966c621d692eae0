/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The drift check of `roost check` and `roost-agent check`. Its exit code must not say "in sync" of hosts that were not
 * looked at.
 */
#include "engine/command/command.h"

static bool refuse_unread(const struct command *command, struct error *err)
{
    const struct inventory *inventory = command->inventory;

    return inventory->unread_count == 0 ||
           error_set(err, "nothing was checked: the inventory '%s' could not be read as a whole", inventory->unread);
}

static bool refuse_nothing(const struct command *command, struct error *err)
{
    const struct command_options *options = &command->options;

    if (command->result_count > 0)
        return true;
    if (command->hostless_count > 0)
        return error_set(err, "nothing was checked: no host matches the 'hosts' of the plays");
    if (options->start_at_task != NULL)
        return error_set(err, "nothing was checked: there is no task '%s' to start at", options->start_at_task);
    if (options->tags.count > 0 || options->skip_tags.count > 0)
        return error_set(err, "nothing was checked: the tags leave no task");
    return error_set(err, "nothing was checked: no task was run on any host");
}

int command_check(struct command *command)
{
    const struct command_options *options = &command->options;
    bool only_lists = options->list_hosts || options->list_tasks || options->list_tags || options->syntax_check;
    struct error err = ERROR_INIT;
    int exit_code;

    command->run.wants_changes = true;
    if (!only_lists && !refuse_unread(command, &err)) {
        command_print_warnings(command);
        return command_fail(command, &err);
    }
    exit_code = command_run(command, NULL);
    if (only_lists || exit_code != RUN_OK)
        return exit_code;
    if (!refuse_nothing(command, &err))
        return command_fail(command, &err);
    return command->totals.changed > 0 ? RUN_HOSTS_FAILED : RUN_OK;
}
