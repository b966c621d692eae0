/* SPDX-License-Identifier: Apache-2.0 */
/* ping: says pong. Shows that the way to the node and the agent on it work. */
#include <string.h>

#include "agent/task/module.h"

struct ping_args {
    const char *data;
};

static const struct arg_spec ping_spec[] = {
    ARG(ping_args, data, ARG_STRING, .default_text = "pong", .help = "what to answer; 'crash' fails the task"),
    ARG_END,
};

static bool ping_run(struct task_context *task, const void *raw, struct error *err)
{
    const struct ping_args *args = raw;

    if (strcmp(args->data, "crash") == 0)
        return error_set(err, "boom");
    result_set_string(task, "ping", args->data);
    return true;
}

MODULE_DEFINE(ping) = {
    .spec = { .name = "ping",
              .summary = "Answer pong, if the node can be reached and run tasks",
              .args = ping_spec,
              .args_size = sizeof(struct ping_args) },
    .is_info = true,
    .order = "ping",
    .run = ping_run,
};
