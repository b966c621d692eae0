/* SPDX-License-Identifier: Apache-2.0 */
/* assemble: a file made of all files of a folder of this node. With remote_src: false the engine sends the file (copy). */
#include <string.h>

#include "agent/task/file_arguments.h"
#include "agent/task/file_validate.h"
#include "agent/task/module.h"
#include "agent/task/replace_content.h"
#include "common/base/fragments.h"
#include "common/base/hash.h"
#include "common/base/path.h"
#include "common/regex/regex.h"

struct assemble_args {
    const char *src, *dest, *delimiter, *regexp, *validate;
    bool backup, remote_src, ignore_hidden, decrypt, follow;
    struct file_arguments file;
};

static const struct arg_spec assemble_spec[] = {
    ARG(assemble_args, src, ARG_PATH, .required = true, .help = "folder whose files are put together, by name"),
    ARG(assemble_args, dest, ARG_PATH, .required = true, .help = "file that they make"),
    ARG(assemble_args, delimiter, ARG_STRING, .help = "line between the files"),
    ARG(assemble_args, regexp, ARG_STRING, .help = "only files whose name this Python expression finds"),
    ARG(assemble_args, ignore_hidden, ARG_BOOL, .default_text = "no", .help = "not files whose name begins with a dot"),
    ARG(assemble_args, remote_src, ARG_BOOL, .default_text = "yes", .help = "src is on the node, not at the centre"),
    ARG(assemble_args, backup, ARG_BOOL, .default_text = "no", .help = "keep a copy of the file as it was"),
    ARG(assemble_args, validate, ARG_STRING, .help = "command with %s that must accept the new file"),
    ARG(assemble_args, decrypt, ARG_BOOL, .default_text = "yes", .help = "decrypt vaulted files of the centre"),
    ARG(assemble_args, follow, ARG_BOOL, .default_text = "no", .help = "write to what a link at dest names"),
    FILE_ARGUMENTS(assemble_args),
    ARG_END,
};

static bool wants(void *context, const char *name, bool *out, struct error *err)
{
    return regex_search(context, name, strlen(name), NULL, out, err);
}

/* True when the task ends here, with its failure. */
static bool is_over(struct task_context *task, const struct assemble_args *args)
{
    if (!path_exists(args->src))
        return result_fail(task, "Source (%s) does not exist", args->src);
    if (!path_is_folder(args->src))
        return result_fail(task, "Source (%s) is not a directory", args->src);
    if (args->validate != NULL && strstr(args->validate, "%s") == NULL)
        return result_fail(task, "validate must contain %%s: %s", args->validate);
    return false;
}

static bool read_before(struct task_context *task, const char *path, struct text *out, struct error *err)
{
    char *data = NULL;
    size_t length = 0;

    if (!path_exists(path))
        return true;
    if (!replace_content_read(task, path, &data, &length, err))
        return false;
    text_add_n(out, data, length);
    return true;
}

static bool place(struct task_context *task, const struct assemble_args *args, const struct text *made,
                  struct error *err)
{
    struct replace_content content = { .path = args->dest,
                                       .after = made->data,
                                       .after_length = made->length,
                                       .exists = path_exists(args->dest),
                                       .backup = args->backup,
                                       .validate = args->validate,
                                       .file = &args->file };
    struct text before = text_new(task->scratch);
    const char *message = "", *backup = NULL;

    if (!read_before(task, args->dest, &before, err))
        return false;
    bool same = content.exists && before.length == made->length && memcmp(before.data, made->data, made->length) == 0;
    if (!same && change_wanted(task, "put together '%s' from '%s'", args->dest, args->src)) {
        bool written = replace_content_write(task, &content, &backup, err);
        if (!written || task->result->failed)
            return written;
    }
    if (backup != NULL)
        result_set_string(task, "backup_file", backup);
    if (!replace_content_attributes(task, &content, &message, NULL, err))
        return false;
    result_message(task, "OK");
    return file_arguments_describe(task, args->dest, err);
}

static bool assemble_run(struct task_context *task, const void *raw, struct error *err)
{
    const struct assemble_args *args = raw;
    struct fragments_request request = { .folder = args->src,
                                         .delimiter = args->delimiter,
                                         .ignore_hidden = args->ignore_hidden };
    struct text made = text_new(task->scratch);
    struct regex *regex = NULL;
    char sum[HASH_HEX_MAX];

    if (!args->remote_src)
        return error_set(err, "with remote_src: false the engine sends the file");
    if (is_over(task, args))
        return true;
    if (args->regexp != NULL) {
        if (!regex_compile(task->scratch, args->regexp, strlen(args->regexp), REGEX_TEXT, &regex, err))
            return result_fail(task, "Invalid Regexp (%s) in \"%s\"", err->text, args->regexp);
        request.wants = wants;
        request.context = regex;
    }
    if (!fragments_assemble(&request, &made, err))
        return false;
    text_add_n(&made, "", 0);
    if (!place(task, args, &made, err) || task->result->failed)
        return task->result->failed;
    result_set_string(task, "src", args->src);
    result_set_string(task, "dest", args->dest);
    result_set_string(task, "checksum", hash_hex_of(HASH_SHA1, made.data, made.length, sum));
    result_set_string(task, "md5sum", hash_hex_of(HASH_MD5, made.data, made.length, sum));
    return true;
}

MODULE_DEFINE(assemble) = {
    .spec = { .name = "assemble",
              .summary = "Make a file of all files of a folder",
              .args = assemble_spec,
              .args_size = sizeof(struct assemble_args) },
    .check_mode = MODULE_CHECK_SKIP,
    .order = "src dest checksum md5sum changed backup_file msg",
    .run = assemble_run,
};
