/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of what a run takes. */
#include "controller/runs/run_choices.h"

static const struct arg_spec choices_args[] = {
    ARG(run_choices, limit, ARG_STRING, .help = "only these hosts of the pattern"),
    ARG(run_choices, start_at_task, ARG_STRING, .help = "begin at the task of this name"),
    ARG(run_choices, become_method, ARG_STRING, .help = "sudo, su or doas"),
    ARG(run_choices, become_user, ARG_STRING, .help = "run as this user"),
    ARG(run_choices, serial, ARG_STRING, .help = "so many hosts at a time, as a number or a percentage"),
    ARG(run_choices, canary, ARG_STRING, .help = "so many hosts, or this one, go first"),
    ARG(run_choices, max_fail_percentage, ARG_STRING, .help = "stop when more than this have failed"),
    ARG(run_choices, output, ARG_STRING, .help = "style of the output",
        .choices = ARG_NAMES("console", "minimal", "oneline", "jsonl")),
    ARG(run_choices, tags, ARG_LIST, .help = "only plays and tasks with these tags"),
    ARG(run_choices, skip_tags, ARG_LIST, .help = "not the plays and tasks with these tags"),
    ARG(run_choices, role_folders, ARG_LIST, .help = "folders of roles in the project"),
    ARG(run_choices, forks, ARG_INT, .default_text = "0", .help = "hosts worked on at once; 0: as the settings say"),
    ARG(run_choices, verbosity, ARG_INT, .default_text = "0", .help = "more output"),
    ARG(run_choices, check, ARG_BOOL, .help = "change nothing, say what would change"),
    ARG(run_choices, diff, ARG_BOOL, .help = "show the differences of changed files"),
    ARG(run_choices, become, ARG_BOOL, .help = "run as another user"),
    ARG(run_choices, force_handlers, ARG_BOOL, .help = "run handlers even if a task fails"),
    ARG(run_choices, step, ARG_BOOL, .help = "ask before each task"),
    ARG_END,
};
const struct task_spec run_choices_spec = { .name = "options",
                                            .args = choices_args,
                                            .args_size = sizeof(struct run_choices) };

static const struct arg_spec terminal_args[] = {
    ARG(run_terminal, color, ARG_BOOL, .help = "it shows colours"),
    ARG(run_terminal, interactive, ARG_BOOL, .help = "questions are answered there"),
    ARG(run_terminal, columns, ARG_INT, .default_text = "0", .help = "its width; 0: it is none"),
    ARG_END,
};
const struct task_spec run_terminal_spec = { .name = "terminal",
                                             .args = terminal_args,
                                             .args_size = sizeof(struct run_terminal) };

static const struct arg_spec secrets_args[] = {
    ARG(run_secrets, connection_password, ARG_STRING, .no_log = true, .help = "asked by -k"),
    ARG(run_secrets, become_password, ARG_STRING, .no_log = true, .help = "asked by -K"),
    ARG(run_secrets, settings, ARG_MAP, .no_log = true,
        .help = "settings that are passwords, as sudo_become_plugin.password"),
    ARG_END,
};
const struct task_spec run_secrets_spec = { .name = "secrets",
                                            .args = secrets_args,
                                            .args_size = sizeof(struct run_secrets) };
