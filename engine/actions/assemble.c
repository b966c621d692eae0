/* SPDX-License-Identifier: Apache-2.0 */
/* assemble: on the node alone, or (remote_src: false) put together at the centre and copied. */
#include "common/base/fragments.h"

#include <string.h>

#include "common/base/fd.h"
#include "common/base/limits.h"
#include "common/base/path.h"
#include "common/regex/regex.h"
#include "engine/actions/action_support.h"
#include "engine/run/action_content.h"

/* What copy does not know. */
static const char *const own_args[] = { "src", "remote_src", "regexp", "delimiter", "ignore_hidden", "decrypt", NULL };

struct assembly {
    struct action_call *call;
    struct regex *regex;
};

static bool wants(void *context, const char *name, bool *out, struct error *err)
{
    const struct assembly *assembly = context;

    return assembly->regex == NULL || regex_search(assembly->regex, name, strlen(name), NULL, out, err);
}

static bool fragment_read(void *context, const char *path, const char **data_out, size_t *length_out, struct error *err)
{
    const struct assembly *assembly = context;
    struct action_content content = { .path = path };
    char *data = NULL;

    if (!action_content_open(assembly->call, &content, action_arg_true(assembly->call, "decrypt"), err))
        return false;
    *data_out = content.data;
    *length_out = content.length;
    if (content.path == NULL)
        return true;
    if (!file_read(assembly->call->arena, path, LIMIT_SOURCE_FILE, &data, length_out, err))
        return false;
    *data_out = data;
    return true;
}

static bool assemble_here(struct action_call *call, enum action_next *next, struct error *err)
{
    const char *src = action_find_file(call, "files", action_arg_text(call, "src"), err);
    const char *regexp = action_arg_text(call, "regexp");
    struct assembly assembly = { .call = call };
    struct fragments_request request = { .folder = src,
                                         .delimiter = action_arg_text(call, "delimiter"),
                                         .ignore_hidden = action_arg_true(call, "ignore_hidden"),
                                         .wants = wants,
                                         .read = fragment_read,
                                         .context = &assembly };
    struct text made = text_new(call->arena);
    struct action_content content = { .name = "src" };

    if (src == NULL)
        return call_fail(call, next, "%s", err->text);
    if (!path_is_folder(src))
        return call_fail(call, next, "Source (%s) is not a directory", src);
    if (regexp != NULL && !regex_compile(call->arena, regexp, strlen(regexp), REGEX_TEXT, &assembly.regex, err))
        return call_fail(call, next, "Invalid Regexp (%s) in \"%s\"", err->text, regexp);
    if (!fragments_assemble(&request, &made, err))
        return call_fail(call, next, "%s", err->text);
    text_add_n(&made, "", 0);
    content.data = made.data;
    content.length = made.length;
    return action_content_send(call, next, "copy", action_args_without(call, own_args), &content, err);
}

static bool assemble_step(struct action_call *call, enum action_next *next, struct error *err)
{
    *next = ACTION_DONE;
    if (call->step > 0) {
        action_take_reply(call);
        return true;
    }
    if (call->check_mode)
        return call_skip(call, next, "check mode is not supported for this task.");
    return action_arg_true(call, "remote_src") ? action_submit(call, next, "assemble", call->args)
                                               : assemble_here(call, next, err);
}

ACTION_DEFINE(assemble) = { .spec = { .name = "assemble", .summary = "Make a file of all files of a folder" },
                            .module = "assemble",
                            .step = assemble_step };
