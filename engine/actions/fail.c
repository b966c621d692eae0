/* SPDX-License-Identifier: Apache-2.0 */
/* fail: fails with a message. */
#include "engine/actions/action_support.h"

struct fail_args {
    const struct value *msg;
};

static const struct arg_spec fail_spec[] = {
    ARG(fail_args, msg, ARG_RAW, .help = "what is wrong"),
    ARG_END,
};

static bool fail_step(struct action_call *call, enum action_next *next, struct error *err)
{
    const struct fail_args *args = call->bound;

    (void)err;
    *next = ACTION_DONE;
    action_put_bool(call, "failed", true);
    if (args->msg != NULL)
        action_put(call, "msg", args->msg);
    else
        action_put_text(call, "msg", "Failed as requested from task");
    return true;
}

ACTION_DEFINE(fail) = { .spec = { .name = "fail",
                                  .summary = "Fail with a message",
                                  .args = fail_spec,
                                  .args_size = sizeof(struct fail_args) },
                        .step = fail_step };
