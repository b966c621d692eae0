/* SPDX-License-Identifier: Apache-2.0 */
/* template: renders a template at the centre and puts the text in place on the node (module copy). */
#include <string.h>
#include <strings.h>

#include "common/base/fd.h"
#include "common/base/limits.h"
#include "common/base/path.h"
#include "engine/actions/action_support.h"
#include "engine/run/action_content.h"
#include "engine/template/encoding.h"
#include "engine/template/file_vars.h"
#include "engine/vault/vault.h"

struct template_args {
    const char *src, *dest, *mode, *newline_sequence, *output_encoding;
    const char *variable_start_string, *variable_end_string, *block_start_string, *block_end_string;
    const char *comment_start_string, *comment_end_string;
    const char *owner, *group, *attributes, *seuser, *serole, *setype, *selevel, *validate;
    bool trim_blocks, lstrip_blocks, backup, follow, force, unsafe_writes;
};

static const struct arg_spec template_spec[] = {
    ARG(template_args, src, ARG_STRING, .required = true,
        .help = "template file, searched in templates/ of the role and the play"),
    ARG(template_args, dest, ARG_STRING, .required = true, .help = "where the text goes on the node"),
    ARG(template_args, newline_sequence, ARG_STRING, .default_text = "\n", .help = "line ends: \\n, \\r or \\r\\n"),
    ARG(template_args, variable_start_string, ARG_STRING, .help = "instead of {{"),
    ARG(template_args, variable_end_string, ARG_STRING, .help = "instead of }}"),
    ARG(template_args, block_start_string, ARG_STRING, .help = "instead of {%"),
    ARG(template_args, block_end_string, ARG_STRING, .help = "instead of %}"),
    ARG(template_args, comment_start_string, ARG_STRING, .help = "instead of {#"),
    ARG(template_args, comment_end_string, ARG_STRING, .help = "instead of #}"),
    ARG(template_args, trim_blocks, ARG_BOOL, .default_text = "true", .help = "drop the newline behind a block"),
    ARG(template_args, lstrip_blocks, ARG_BOOL, .default_text = "false", .help = "drop blanks before a block"),
    ARG(template_args, output_encoding, ARG_STRING, .default_text = "utf-8",
        .help = "encoding of the file, as Python names it"),
    ARG(template_args, mode, ARG_MODE, .help = "permissions, or preserve for those of the template"),
    ARG(template_args, owner, ARG_STRING, .help = "user that owns the file"),
    ARG(template_args, group, ARG_STRING, .help = "group that owns the file"),
    ARG(template_args, attributes, ARG_STRING, .aliases = ARG_NAMES("attr"), .help = "attributes as chattr takes them"),
    ARG(template_args, seuser, ARG_STRING, .help = "SELinux user"),
    ARG(template_args, serole, ARG_STRING, .help = "SELinux role"),
    ARG(template_args, setype, ARG_STRING, .help = "SELinux type"),
    ARG(template_args, selevel, ARG_STRING, .help = "SELinux level"),
    ARG(template_args, validate, ARG_STRING, .help = "command that checks the new file (%s) before it is put in place"),
    ARG(template_args, backup, ARG_BOOL, .default_text = "false", .help = "keep a copy of the old file"),
    ARG(template_args, follow, ARG_BOOL, .default_text = "false", .help = "follow a link at dest"),
    ARG(template_args, force, ARG_BOOL, .default_text = "true", .help = "replace a file that is there"),
    ARG(template_args, unsafe_writes, ARG_BOOL, .default_text = "false",
        .help = "write in place where the file cannot be replaced"),
    ARG_END,
};

static const char *const own_args[] = { "src",
                                        "newline_sequence",
                                        "variable_start_string",
                                        "variable_end_string",
                                        "block_start_string",
                                        "block_end_string",
                                        "comment_start_string",
                                        "comment_end_string",
                                        "trim_blocks",
                                        "lstrip_blocks",
                                        "output_encoding",
                                        NULL };

static const char *newline_of(const char *text)
{
    if (strcmp(text, "\\n") == 0)
        return "\n";
    if (strcmp(text, "\\r") == 0)
        return "\r";
    return strcmp(text, "\\r\\n") == 0 ? "\r\n" : text;
}

/* Only this task sees them. */
static bool put_variables(struct action_call *call, const char *path, struct error *err)
{
    const struct template_args *args = call->bound;
    const struct template_file file = { args->src, path, args->dest };
    const struct value *vars = NULL;

    if (!template_file_vars(call->templates, &file, &vars, err))
        return false;
    for (size_t i = 0; i < value_map_count(vars); i++)
        vars_scope_put(call->scope, value_text(value_pair_at(vars, i)->key), value_pair_at(vars, i)->item);
    return true;
}

static bool render(struct action_call *call, const char *path, const struct value **out, struct error *err)
{
    const struct template_args *args = call->bound;
    struct template_file_options options = TEMPLATE_FILE_OPTIONS;
    struct action_content content = { .path = path };
    char *data = NULL;

    options.path = path;
    options.trim_blocks = args->trim_blocks;
    options.lstrip_blocks = args->lstrip_blocks;
    options.newline_sequence = newline_of(args->newline_sequence);
    options.variable_start = args->variable_start_string;
    options.variable_end = args->variable_end_string;
    options.block_start = args->block_start_string;
    options.block_end = args->block_end_string;
    options.comment_start = args->comment_start_string;
    options.comment_end = args->comment_end_string;
    if (!action_content_open(call, &content, true, err))
        return false;
    if (content.path != NULL) {
        if (!file_read(call->arena, path, LIMIT_SOURCE_FILE, &data, &content.length, err))
            return false;
        content.data = data;
    }
    if (!put_variables(call, path, err) ||
        !template_text(call->templates, content.data, content.length, &options, out, err))
        return false;
    call->sends_secrets = call->sends_secrets || ((*out)->marks & VALUE_SECRET) != 0;
    if ((content.path == NULL || ((*out)->marks & VALUE_SECRET) != 0) && call->templates->decrypt == vault_decrypt &&
        call->templates->decrypt_context != NULL)
        vault_hide(call->templates->decrypt_context, (*out)->as.string.data, (*out)->as.string.length); /* in diffs */
    return true;
}

static bool check_arguments(struct action_call *call, enum action_next *next, bool *bad)
{
    const struct template_args *args = call->bound;
    const char *newline = newline_of(args->newline_sequence);

    *bad = true;
    if (value_map_get(call->args, "state") != NULL)
        return call_fail(call, next, "'state' cannot be specified on a template");
    if (strcmp(newline, "\n") != 0 && strcmp(newline, "\r") != 0 && strcmp(newline, "\r\n") != 0)
        return call_fail(call, next, "newline_sequence needs to be one of: \n, \r or \r\n");
    *bad = false;
    return true;
}

static bool encode(struct action_call *call, const char *name, const struct value *text, struct action_content *content,
                   struct error *err)
{
    struct text out = text_new(call->arena);
    const char *encoding = NULL;

    content->data = text->as.string.data;
    content->length = text->as.string.length;
    if (!encoding_find(call->arena, name, &encoding, err))
        return false;
    if (encoding == NULL)
        return true;
    if (!encoding_convert(encoding, "UTF-8", content->data, content->length, &out, err))
        return false;
    content->data = out.data;
    content->length = out.length;
    return true;
}

static bool template_send(struct action_call *call, enum action_next *next, struct error *err)
{
    const struct template_args *args = call->bound;
    const char *path = action_find_file(call, "templates", args->src, err);
    struct value *sent = action_args_without(call, own_args);
    struct action_content content = { 0 };
    const struct value *text = NULL;

    if (path == NULL || !render(call, path, &text, err)) {
        bool is_undefined = err->kind == ERROR_UNDEFINED;
        const char *class_name = is_undefined ? "AnsibleUndefinedVariable: " : "AnsibleError: ";

        if (err->raised[0] != '\0') {
            action_result_raised(call->arena, call->result, err);
            return call_fail(call, next, "%s: %s", err->raised, err->text);
        }
        return call_fail_error(call, next, path == NULL ? "" : class_name, err);
    }
    if (args->mode != NULL && strcmp(args->mode, "preserve") == 0)
        value_map_put_string(call->arena, sent, "mode", action_file_mode(call->arena, path));
    if (!encode(call, args->output_encoding, text, &content, err))
        return call_fail_error(call, next, "output_encoding: ", err);
    content.name = path_basename(path);
    return action_content_send(call, next, "copy", sent, &content, err);
}

static bool template_step(struct action_call *call, enum action_next *next, struct error *err)
{
    bool bad = false;

    if (call->step == 0)
        return check_arguments(call, next, &bad) && (bad || template_send(call, next, err));
    action_take_copy(call);
    *next = ACTION_DONE;
    return true;
}

ACTION_DEFINE(template) = { .spec = { .name = "template",
                                      .summary = "Render a template to a file on the node",
                                      .args = template_spec,
                                      .args_size = sizeof(struct template_args) },
                            .module = "copy",
                            .step = template_step };
