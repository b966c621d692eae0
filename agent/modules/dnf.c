/* SPDX-License-Identifier: Apache-2.0 */
/* dnf: packages on Fedora and its kin. The work is in agent/task/dnf_*.c, shared with `yum`. */
#include "agent/task/dnf_request.h"
#include "agent/task/module.h"

struct dnf_args {
    struct dnf_request request;
};

static const struct arg_spec dnf_args[] = {
    DNF_REQUEST_ARGUMENTS(dnf_args),
    ARG_END,
};

static const struct arg_rule dnf_rules[] = {
    DNF_REQUEST_RULES,
    { .kind = ARG_RULE_END },
};

static bool dnf_run(struct task_context *task, const void *raw, struct error *err)
{
    const struct dnf_args *args = raw;

    return dnf_request_run(task, &args->request, err);
}

MODULE_DEFINE(dnf) = {
    .spec = {
        .name = "dnf",
        .summary = "Install, upgrade and remove packages with dnf",
        .args = dnf_args,
        .rules = dnf_rules,
        .args_size = sizeof(struct dnf_args),
    },
    .order = "msg changed results rc",
    .run = dnf_run,
};
