/* SPDX-License-Identifier: Apache-2.0 */
/*
 * service: services by whatever manages them on the node: systemd, or init scripts where systemd does not run.
 * The work is in agent/task/unit_task.c, shared with `systemd`.
 */
#include <string.h>

#include "agent/task/module.h"
#include "agent/task/unit_request.h"
#include "common/base/text.h"

struct service_args {
    const char *use, *pattern, *runlevel, *arguments;
    int64_t sleep;
    struct unit_request request;
};

static const struct arg_spec service_args[] = {
    ARG_NAMED("name", service_args, request.name, ARG_STRING,
              .help = "name of the service; may be left out with daemon_reload alone"),
    UNIT_REQUEST_ARGUMENTS(service_args),
    ARG(service_args, use, ARG_STRING, .default_text = "auto",
        .help = "service manager: auto, systemd, service or sysvinit"),
    ARG(service_args, sleep, ARG_INT, .help = "seconds between stop and start; ignored: systemd waits by itself"),
    ARG(service_args, pattern, ARG_STRING, .help = "ignored: systemd knows whether a service runs"),
    ARG(service_args, runlevel, ARG_STRING, .help = "ignored: meant for OpenRC"),
    ARG(service_args, arguments, ARG_STRING, .aliases = ARG_NAMES("args"),
        .help = "ignored: units have their own arguments"),
    ARG_END,
};

static void warn_ignored(struct task_context *task, const char *name, bool is_given)
{
    if (is_given)
        result_warn(task, "Ignoring \"%s\" as it is not used in \"systemd\"", name);
}

static bool service_run(struct task_context *task, const void *raw, struct error *err)
{
    static const char *const supported[] = { "auto", "systemd", "service", "sysvinit", NULL };
    const struct service_args *args = raw;

    if (!text_in(args->use, supported))
        return error_set(err, "service manager '%s' is not supported, only systemd and init scripts are", args->use);
    warn_ignored(task, "pattern", args->pattern != NULL);
    warn_ignored(task, "runlevel", args->runlevel != NULL);
    warn_ignored(task, "sleep", args->sleep != ARG_INT_UNSET);
    warn_ignored(task, "arguments", args->arguments != NULL);
    return unit_task_run(task, &args->request, err);
}

MODULE_DEFINE(service) = {
    .spec = {
        .name = "service",
        .summary = "Start, stop and enable services",
        .args = service_args,
        .args_size = sizeof(struct service_args),
    },
    .order = "name changed status enabled state",
    .run = service_run,
};
