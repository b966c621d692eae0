/* SPDX-License-Identifier: Apache-2.0 */
/* systemd: units. The work is in agent/task/unit_task.c, shared with `service`. */
#include "agent/task/module.h"
#include "agent/task/unit_request.h"

struct systemd_args {
    struct unit_request request;
};

static const struct arg_spec systemd_args[] = {
    ARG_NAMED("name", systemd_args, request.name, ARG_STRING, .aliases = ARG_NAMES("service", "unit"),
              .help = "name of the unit; .service is added when it has no suffix"),
    UNIT_REQUEST_ARGUMENTS(systemd_args),
    ARG_END,
};

static const struct arg_rule systemd_rules[] = {
    { .kind = ARG_RULE_REQUIRED_BY, .key = "state", .names = ARG_NAMES("name") },
    { .kind = ARG_RULE_REQUIRED_BY, .key = "enabled", .names = ARG_NAMES("name") },
    { .kind = ARG_RULE_REQUIRED_BY, .key = "masked", .names = ARG_NAMES("name") },
    { .kind = ARG_RULE_END },
};

static bool systemd_run(struct task_context *task, const void *raw, struct error *err)
{
    const struct systemd_args *args = raw;

    return unit_task_run(task, &args->request, err);
}

MODULE_DEFINE(systemd) = {
    .spec = {
        .name = "systemd",
        .aliases = ARG_NAMES("systemd_service"),
        .summary = "Start, stop, enable and mask systemd units",
        .args = systemd_args,
        .rules = systemd_rules,
        .args_size = sizeof(struct systemd_args),
    },
    .order = "name changed status enabled state",
    .run = systemd_run,
};
