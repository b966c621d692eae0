/* SPDX-License-Identifier: Apache-2.0 */
/* What the module pip was asked for, and the whole of its work. */
#pragma once

#include "agent/task/module.h"

struct pip_arguments {
    const struct value *name; /* list of texts, or NULL */
    const char *version, *requirements, *state, *extra_args, *chdir, *executable, *umask;
    const char *virtualenv, *virtualenv_command, *virtualenv_python;
    bool virtualenv_site_packages, editable, break_system_packages;
};

bool pip_task_run(struct task_context *task, const struct pip_arguments *args, struct error *err);
