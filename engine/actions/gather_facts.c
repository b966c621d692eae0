/* SPDX-License-Identifier: Apache-2.0 */
/* gather_facts: facts of the node, by module setup. */
#include "engine/actions/action_support.h"

struct gather_facts_args {
    bool parallel;
};

static const struct arg_spec gather_facts_spec[] = {
    ARG(gather_facts_args, parallel, ARG_BOOL, .help = "accepted; there is one fact module"),
    ARG_END,
};

static bool gather_facts_step(struct action_call *call, enum action_next *next, struct error *err)
{
    struct value *args;

    (void)err;
    if (call->step > 0) {
        action_take_reply(call);
        *next = ACTION_DONE;
        return true;
    }
    args = value_map(call->arena);
    for (size_t i = 0; i < value_count(call->args); i++) {
        const struct value_pair *pair = value_pair_at(call->args, i);

        if (!text_equal(value_text(pair->key), "parallel") && !value_is(pair->item, VALUE_NULL))
            value_map_put_value(call->arena, args, pair->key, pair->item);
    }
    return action_submit(call, next, "setup", args);
}

ACTION_DEFINE(gather_facts) = { .spec = { .name = "gather_facts",
                                          .summary = "Gather facts of the node",
                                          .args = gather_facts_spec,
                                          .args_size = sizeof(struct gather_facts_args),
                                          .any_args = true },
                                .module = "setup",
                                .step = gather_facts_step };
