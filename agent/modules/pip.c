/* SPDX-License-Identifier: Apache-2.0 */
/* pip: packages of Python, on the node or in a virtual environment. ansible.builtin.pip. */
#include "agent/task/pip_task.h"
#include "agent/task/result_urls.h"

static const struct arg_spec pip_args[] = {
    ARG(pip_arguments, name, ARG_LIST,
        .help = "packages: names with or without version specifiers, paths, archives, URLs, VCS URLs"),
    ARG(pip_arguments, version, ARG_STRING, .help = "version of the one package in name"),
    ARG(pip_arguments, requirements, ARG_STRING, .help = "a requirements file of the node; relative to chdir"),
    ARG(pip_arguments, virtualenv, ARG_PATH,
        .help = "folder of the virtual environment; it is made if it is not there"),
    ARG(pip_arguments, virtualenv_site_packages, ARG_BOOL, .default_text = "false",
        .help = "let a new environment see the node's packages"),
    ARG(pip_arguments, virtualenv_command, ARG_PATH, .default_text = "virtualenv",
        .help = "what makes the environment: virtualenv, or python3 -m venv"),
    ARG(pip_arguments, virtualenv_python, ARG_STRING, .help = "the environment's Python, for virtualenv"),
    ARG(pip_arguments, state, ARG_STRING, .default_text = "present",
        .choices = ARG_NAMES("absent", "forcereinstall", "latest", "present"), .help = "what is to be"),
    ARG(pip_arguments, extra_args, ARG_STRING, .help = "more arguments for pip, in one line"),
    ARG(pip_arguments, editable, ARG_BOOL, .default_text = "false", .help = "install in place, with -e"),
    ARG(pip_arguments, chdir, ARG_PATH, .help = "folder to run pip in"),
    ARG(pip_arguments, executable, ARG_PATH, .help = "the pip to use: a path, or a name such as pip3.13"),
    ARG(pip_arguments, umask, ARG_STRING, .help = "umask for what is installed, in octal digits"),
    ARG(pip_arguments, break_system_packages, ARG_BOOL, .default_text = "false",
        .help = "change a Python that the distribution manages (PEP 668) all the same"),
    ARG_END,
};

static const struct arg_rule pip_rules[] = {
    { .kind = ARG_RULE_ONE_OF, .names = ARG_NAMES("name", "requirements") },
    { .kind = ARG_RULE_EXCLUSIVE, .names = ARG_NAMES("name", "requirements") },
    { .kind = ARG_RULE_EXCLUSIVE, .names = ARG_NAMES("executable", "virtualenv") },
    { .kind = ARG_RULE_END },
};

static bool pip_run(struct task_context *task, const void *raw, struct error *err);

MODULE_DEFINE(pip) = {
    .spec = { .name = "pip",
              .summary = "Install packages of Python, on the node or in a virtual environment",
              .args = pip_args,
              .rules = pip_rules,
              .args_size = sizeof(struct pip_arguments) },
    .run = pip_run,
};

/* Indexes and repositories may carry a password in their URL. */
static bool pip_run(struct task_context *task, const void *raw, struct error *err)
{
    bool done = pip_task_run(task, raw, err);

    return result_end_urls(task, &module_pip.spec, raw, done, err);
}
