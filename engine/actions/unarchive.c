/* SPDX-License-Identifier: Apache-2.0 */
/* unarchive: offers an archive of the centre to the module of the same name; with remote_src the module finds it itself. */
#include "common/base/path.h"
#include "engine/actions/action_support.h"
#include "engine/run/action_content.h"

static bool unarchive_send(struct action_call *call, enum action_next *next, struct error *err)
{
    static const char *const not_sent[] = { "copy", "remote_src", "decrypt", NULL };
    bool has_copy = action_arg(call, "copy") != NULL;
    bool is_remote = has_copy ? !action_arg_true(call, "copy") : action_arg_true(call, "remote_src");
    struct value *sent = action_args_without(call, not_sent);
    struct action_content content = { 0 };

    if (has_copy && value_map_get(call->args, "remote_src") != NULL)
        return call_fail(call, next, "parameters are mutually exclusive: ('copy', 'remote_src')");
    if (is_remote) {
        value_map_put_bool(call->arena, sent, "remote_src", true);
        return action_submit(call, next, "unarchive", sent);
    }
    content.path = action_find_file(call, "files", action_arg_text(call, "src"), err);
    if (content.path == NULL)
        return call_fail(call, next, "%s", err->text);
    content.name = path_basename(content.path);
    value_map_put_string(call->arena, sent, "src", content.path);
    if (!action_content_open(call, &content, action_arg_true(call, "decrypt"), err))
        return call_fail(call, next, "%s", err->text);
    return action_content_send(call, next, "unarchive", sent, &content, err);
}

static bool unarchive_step(struct action_call *call, enum action_next *next, struct error *err)
{
    if (call->step == 0)
        return unarchive_send(call, next, err);
    action_take_reply(call);
    *next = ACTION_DONE;
    return true;
}

ACTION_DEFINE(unarchive) = { .spec = { .name = "unarchive", .summary = "Unpack an archive on the node" },
                             .module = "unarchive",
                             .step = unarchive_step };
