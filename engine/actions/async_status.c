/* SPDX-License-Identifier: Apache-2.0 */
/* async_status: the module of the same name, told where the node keeps its job files. */
#include "engine/actions/action_support.h"
#include "engine/foreign/foreign.h"
#include "engine/run/action_content.h"

static bool async_status_step(struct action_call *call, enum action_next *next, struct error *err)
{
    static const char *const none[] = { NULL };
    struct value *args;
    struct foreign_output output;
    const char *folder = NULL;

    if (call->step > 0) {
        if (foreign_output_of(call->reply, &output))
            action_take_foreign(call, &output);
        else
            action_take_reply(call);
        *next = ACTION_DONE;
        return true;
    }
    if (!action_async_folder(call, &folder, err))
        return false;
    args = action_args_without(call, none);
    value_map_put_string(call->arena, args, "_async_dir", folder);
    return action_submit(call, next, "async_status", args);
}

ACTION_DEFINE(async_status) = { .spec = { .name = "async_status",
                                          .summary = "See what has become of a task that was started with async" },
                                .module = "async_status",
                                .step = async_status_step };
