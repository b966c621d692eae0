/* SPDX-License-Identifier: Apache-2.0 */
/* unarchive: offers an archive of the centre to the module of the same name; with remote_src the module finds it itself. */
#include "common/base/path.h"
#include "engine/actions/action_support.h"
#include "engine/run/action_content.h"

struct unarchive_args {
    const char *src, *dest;
    bool remote_src, decrypt;
    enum arg_tri copy;
};

static const struct arg_spec unarchive_spec[] = {
    ARG(unarchive_args, src, ARG_STRING, .required = true,
        .help = "archive of the centre, searched in files/; with remote_src of the node, or a URL"),
    ARG(unarchive_args, dest, ARG_STRING, .required = true, .help = "existing folder on the node"),
    ARG(unarchive_args, remote_src, ARG_BOOL, .default_text = "false", .help = "src is on the node already, or a URL"),
    ARG(unarchive_args, copy, ARG_TRI, .help = "old name for the opposite of remote_src"),
    ARG(unarchive_args, decrypt, ARG_BOOL, .default_text = "true", .help = "decrypt a vaulted archive"),
    ARG_END,
};

static bool unarchive_send(struct action_call *call, enum action_next *next, struct error *err)
{
    static const char *const not_sent[] = { "copy", "remote_src", "decrypt", NULL };
    const struct unarchive_args *args = call->bound;
    bool is_remote = args->remote_src || args->copy == ARG_FALSE;
    struct value *sent = action_args_without(call, not_sent);
    struct action_content content = { 0 };

    if (args->copy != ARG_UNSET && value_map_get(call->args, "remote_src") != NULL)
        return call_fail(call, next, "parameters are mutually exclusive: ('copy', 'remote_src')");
    if (is_remote) {
        value_map_put_bool(call->arena, sent, "remote_src", true);
        return action_submit(call, next, "unarchive", sent);
    }
    content.path = action_find_file(call, "files", args->src, err);
    if (content.path == NULL)
        return call_fail(call, next, "%s", err->text);
    content.name = path_basename(content.path);
    value_map_put_string(call->arena, sent, "src", content.path);
    if (!action_content_open(call, &content, args->decrypt, err))
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

ACTION_DEFINE(unarchive) = { .spec = { .name = "unarchive",
                                       .summary = "Unpack an archive on the node",
                                       .args = unarchive_spec,
                                       .args_size = sizeof(struct unarchive_args),
                                       .any_args = true },
                             .module = "unarchive",
                             .step = unarchive_step };
