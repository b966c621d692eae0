/* SPDX-License-Identifier: Apache-2.0 */
/* shell: runs a line through a shell, /bin/sh unless `executable` names another. The work is in
 * agent/task/command_task.c. */
#include "agent/task/command_task.h"

struct shell_args {
    struct command_arguments command;
};

static const struct arg_spec shell_spec[] = {
    COMMAND_ARGUMENTS(shell_args),
    ARG_NAMED("executable", shell_args, command.executable, ARG_PATH, .help = "absolute path of the shell"),
    ARG_NAMED("expand_argument_vars", shell_args, command.expand_argument_vars, ARG_BOOL, .default_text = "true",
              .help = "accepted as by command; here the shell itself expands"),
    ARG_NAMED("_uses_shell", shell_args, command.uses_shell, ARG_BOOL, .default_text = "true",
              .help = "always true, whatever is given"),
    ARG_END,
};

static bool shell_run(struct task_context *task, const void *raw, struct error *err)
{
    const struct shell_args *args = raw;
    struct command_arguments command = args->command;

    command.uses_shell = true;
    return command_task_run(task, &command, err);
}

MODULE_DEFINE(shell) = {
    .spec = { .name = "shell",
              .summary = "Run a command line through a shell",
              .args = shell_spec,
              .args_size = sizeof(struct shell_args),
              .free_form = true },
    .order = "changed stdout stderr rc cmd start end delta msg",
    .run = shell_run,
};
