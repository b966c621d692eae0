/* SPDX-License-Identifier: Apache-2.0 */
/*
 * raw: hands a line to the user's login shell and reports what came of it. The task's environment is left out, as
 * Ansible leaves it out; check mode skips.
 */
#include <pwd.h>
#include <unistd.h>

#include "agent/system/process/process.h"
#include "agent/task/module.h"

struct raw_args {
    const char *line, *executable;
};

static const struct arg_spec raw_spec[] = {
    ARG_NAMED("_raw_params", raw_args, line, ARG_STRING, .aliases = ARG_NAMES("cmd"), .required = true,
              .help = "the command line (free form)"),
    ARG(raw_args, executable, ARG_PATH, .help = "absolute path of the shell, instead of the login shell"),
    ARG_END,
};

static const char *login_shell(void)
{
    const struct passwd *account = getpwuid(geteuid());

    return account && account->pw_shell && account->pw_shell[0] == '/' ? account->pw_shell : "/bin/sh";
}

static bool raw_run(struct task_context *task, const void *raw, struct error *err)
{
    const struct raw_args *args = raw;
    const char *shell = args->executable ? args->executable : login_shell();
    struct system bare = *task->system;
    struct process_request request = { .argv = PROCESS_ARGV(shell, "-c", args->line), .umask_bits = -1 };
    struct process_result result;

    bare.environment = NULL;
    if (!process_run(&bare, task->scratch, &request, &result, err))
        return false;
    result_set_string(task, "stdout", result.output);
    result_set_string(task, "stderr", result.errors);
    result_set_int(task, "rc", result.signal > 0 ? -result.signal : result.status);
    if (result.status != 0)
        result_fail(task, "non-zero return code");
    result_changed(task); /* also when it failed: it ran */
    return true;
}

MODULE_DEFINE(raw) = {
    .spec = { .name = "raw",
              .summary = "Run a line through the login shell, with nothing around it",
              .args = raw_spec,
              .args_size = sizeof(struct raw_args),
              .free_form = true },
    .check_mode = MODULE_CHECK_SKIP,
    .order = "rc stdout stderr changed",
    .run = raw_run,
};
