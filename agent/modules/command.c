/* SPDX-License-Identifier: Apache-2.0 */
/* command: runs a program with its words as given, without a shell. The work is in agent/task/command_task.c. */
#include "agent/task/command_task.h"

struct command_args {
    struct command_arguments command;
};

static const struct arg_spec command_spec[] = {
    COMMAND_ARGUMENTS(command_args),
    ARG_NAMED("executable", command_args, command.executable, ARG_STRING,
              .help = "not used, as in Ansible since 2.4; the module shell has it"),
    ARG_NAMED("expand_argument_vars", command_args, command.expand_argument_vars, ARG_BOOL, .default_text = "true",
              .help = "expand $NAME and ~ in the words"),
    ARG_NAMED("_uses_shell", command_args, command.uses_shell, ARG_BOOL, .default_text = "false",
              .help = "what the module shell is made of"),
    ARG_END,
};

static bool command_run(struct task_context *task, const void *raw, struct error *err)
{
    const struct command_args *args = raw;

    return command_task_run(task, &args->command, err);
}

MODULE_DEFINE(command) = {
    .spec = { .name = "command",
              .summary = "Run a command without a shell",
              .args = command_spec,
              .args_size = sizeof(struct command_args),
              .free_form = true },
    .order = "changed stdout stderr rc cmd start end delta msg",
    .run = command_run,
};
