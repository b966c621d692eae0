/* SPDX-License-Identifier: Apache-2.0 */
/* yum: the name dnf is known by in older playbooks; dnf does the work (agent/task/dnf_*.c). yum 3 is refused. */
#include <string.h>

#include "agent/task/dnf_request.h"
#include "agent/task/module.h"

struct yum_args {
    const char *use_backend, *use;
    struct dnf_request request;
};

static const struct arg_spec yum_args[] = {
    DNF_REQUEST_ARGUMENTS(yum_args),
    ARG(yum_args, use_backend, ARG_STRING, .default_text = "auto", .choices = ARG_NAMES("auto", "yum", "yum4", "dnf"),
        .help = "auto, yum4 and dnf are dnf; yum, which is yum 3, is refused"),
    ARG(yum_args, use, ARG_STRING, .choices = ARG_NAMES("auto", "yum", "yum4", "dnf"), .help = "as use_backend"),
    ARG_END,
};

static const struct arg_rule yum_rules[] = {
    DNF_REQUEST_RULES,
    { .kind = ARG_RULE_EXCLUSIVE, .names = ARG_NAMES("use", "use_backend") },
    { .kind = ARG_RULE_END },
};

static bool yum_run(struct task_context *task, const void *raw, struct error *err)
{
    const struct yum_args *args = raw;

    if (strcmp(args->use != NULL ? args->use : args->use_backend, "yum") == 0)
        return error_set(err, "yum 3 is not supported: use dnf");
    return dnf_request_run(task, &args->request, err);
}

MODULE_DEFINE(yum) = {
    .spec = {
        .name = "yum",
        .summary = "Install, upgrade and remove packages with dnf, by its older name",
        .args = yum_args,
        .rules = yum_rules,
        .args_size = sizeof(struct yum_args),
    },
    .order = "msg changed results rc",
    .run = yum_run,
};
