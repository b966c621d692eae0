/* SPDX-License-Identifier: Apache-2.0 */
/*
 * debconf: the module, whose answer holds the value that was set. That of a password is a secret wherever the answer is shown or
 * written down; as a registered variable it is what it is.
 */
#include <string.h>

#include "engine/actions/action_support.h"

static const struct value *hidden(struct arena *arena, const struct value *value, const char *secret)
{
    struct value *copy;

    if (value_is(value, VALUE_STRING))
        return strstr(value_text(value), secret) != NULL ? value_mark(arena, value, VALUE_SECRET, 0) : value;
    if (value_is(value, VALUE_LIST)) {
        copy = value_list(arena);
        for (size_t i = 0; i < value_count(value); i++)
            value_list_add(arena, copy, hidden(arena, value_item(value, i), secret));
        return copy;
    }
    if (!value_is(value, VALUE_MAP))
        return value;
    copy = value_map(arena);
    for (size_t i = 0; i < value_count(value); i++) {
        const struct value_pair *pair = value_pair_at(value, i);

        value_map_put_value(arena, copy, pair->key, hidden(arena, pair->item, secret));
    }
    return copy;
}

static bool debconf_step(struct action_call *call, enum action_next *next, struct error *err)
{
    const char *value = action_arg_text(call, "value");

    (void)err;
    if (call->step == 0)
        return action_submit(call, next, "debconf", call->args);
    if (value != NULL && *value != '\0' && text_equal(action_arg_text(call, "vtype"), "password"))
        call->reply = hidden(call->arena, call->reply, value);
    *next = ACTION_DONE;
    action_take_reply(call);
    return true;
}

ACTION_DEFINE(debconf) = { .spec = { .name = "debconf", .summary = "Answer the questions of a Debian package" },
                           .module = "debconf",
                           .supports_async = true,
                           .step = debconf_step };
