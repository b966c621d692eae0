/* SPDX-License-Identifier: Apache-2.0 */
/* The options of roost apply and check that a run through the controller takes: checked when it is asked for, bound when it begins. */
#pragma once

#include "common/spec/arg_spec.h"

struct run_choices {
    const char *limit, *start_at_task, *become_method, *become_user, *serial, *canary, *max_fail_percentage, *output;
    const struct value *tags, *skip_tags, *role_folders; /* lists of texts */
    int64_t forks, verbosity;                            /* 0: as the settings say */
    bool check, diff, become, force_handlers, step;
};

extern const struct task_spec run_choices_spec;

/* The program's end of the run's output. */
struct run_terminal {
    bool color, interactive; /* somebody can be asked */
    int64_t columns;         /* 0: no terminal */
};

extern const struct task_spec run_terminal_spec;

/* What was typed for the run. SECRET; never stored. */
struct run_secrets {
    const char *connection_password, *become_password;
    const struct value *settings; /* passwords of a settings file by key ("sudo_become_plugin.password"), or NULL */
};

extern const struct task_spec run_secrets_spec;
