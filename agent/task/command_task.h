/* SPDX-License-Identifier: Apache-2.0 */
/* What the modules command, shell and raw have in common: their arguments and the run itself. */
#pragma once

#include "agent/task/module.h"

struct command_arguments {
    const char *line;         /* free form or `cmd` */
    const struct value *argv; /* list, or NULL */
    const char *chdir, *creates, *removes, *executable, *stdin_text;
    bool stdin_add_newline, strip_empty_ends, expand_argument_vars;
    bool uses_shell;
};

/* Rows for a module's argument table; `type_` has a member `struct command_arguments command`. */
#define COMMAND_ARGUMENTS(type_)                                                                                       \
    ARG_NAMED("_raw_params", type_, command.line, ARG_STRING, .aliases = ARG_NAMES("cmd"),                             \
              .help = "the command line (free form)"),                                                                 \
        ARG_NAMED("argv", type_, command.argv, ARG_VALUES,                                                             \
                  .help = "the command as a list of words, instead of a line"),                                        \
        ARG_NAMED("chdir", type_, command.chdir, ARG_PATH, .help = "folder to change to before the command runs"),     \
        ARG_NAMED("creates", type_, command.creates, ARG_PATH,                                                         \
                  .help = "a path or glob; the command does not run if it exists"),                                    \
        ARG_NAMED("removes", type_, command.removes, ARG_PATH,                                                         \
                  .help = "a path or glob; the command does not run unless it exists"),                                \
        ARG_NAMED("stdin", type_, command.stdin_text, ARG_STRING, .help = "text for the command's standard input"),    \
        ARG_NAMED("stdin_add_newline", type_, command.stdin_add_newline, ARG_BOOL, .default_text = "true",             \
                  .help = "end that text with a newline"),                                                             \
        ARG_NAMED("strip_empty_ends", type_, command.strip_empty_ends, ARG_BOOL, .default_text = "true",               \
                  .help = "take empty lines off the end of stdout and stderr")

/* Runs the command and sets Ansible's fields: cmd rc stdout stderr start end delta msg. In check mode nothing
 * runs: the task is skipped, unless `creates` or `removes` lets it be foretold. */
bool command_task_run(struct task_context *task, const struct command_arguments *arguments, struct error *err);
