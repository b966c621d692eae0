/* SPDX-License-Identifier: Apache-2.0 */
/* apt: packages on Debian and its kin. The work is in agent/task/apt_*.c, shared with `package`. */
#include "agent/task/module.h"
#include "agent/task/package_request.h"

struct apt_args {
    struct package_request request;
};

static const struct arg_spec apt_args[] = {
    ARG_NAMED("state", apt_args, request.state, ARG_STRING, .default_text = "present",
              .choices = ARG_NAMES("absent", "build-dep", "fixed", "latest", "present"),
              .help = "what the packages should be"),
    PACKAGE_REQUEST_ARGUMENTS(apt_args),
    ARG_END,
};

static const struct arg_rule apt_rules[] = {
    PACKAGE_REQUEST_RULES,
    { .kind = ARG_RULE_END },
};

static bool apt_run_task(struct task_context *task, const void *raw, struct error *err)
{
    const struct apt_args *args = raw;

    return apt_task_run(task, &args->request, err);
}

MODULE_DEFINE(apt) = {
    .spec = {
        .name = "apt",
        .summary = "Install, upgrade and remove packages with apt",
        .args = apt_args,
        .rules = apt_rules,
        .args_size = sizeof(struct apt_args),
    },
    .order = "changed msg stdout stderr diff cache_updated cache_update_time",
    .run = apt_run_task,
};
