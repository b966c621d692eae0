/* SPDX-License-Identifier: Apache-2.0 */
/* replace: replaces every match of an expression in a text file. */
#include <string.h>

#include "agent/task/module.h"
#include "agent/task/replace_content.h"
#include "agent/task/replace_encoding.h"
#include "agent/task/replace_text.h"
#include "common/base/path.h"

struct replace_args {
    const char *path, *regexp, *replace, *after, *before, *validate, *encoding;
    bool backup;
    struct file_arguments file;
};

static const struct arg_spec replace_spec[] = {
    ARG(replace_args, path, ARG_PATH, .required = true, .aliases = ARG_NAMES("dest", "destfile", "name"),
        .help = "file to edit"),
    ARG(replace_args, regexp, ARG_STRING, .required = true,
        .help = "Python regular expression; ^ and $ match at every line"),
    ARG(replace_args, replace, ARG_STRING, .default_text = "",
        .help = "what stands for each match; \\1 and \\g<name> are groups"),
    ARG(replace_args, after, ARG_STRING, .help = "only what follows the first match of this expression"),
    ARG(replace_args, before, ARG_STRING, .help = "only what comes before a match of this expression"),
    ARG(replace_args, encoding, ARG_STRING, .default_text = "utf-8",
        .help = "of the file: utf-8, ascii, latin-1, utf-16, utf-16-le or utf-16-be"),
    ARG(replace_args, backup, ARG_BOOL, .default_text = "no", .help = "keep a copy of the file as it was"),
    ARG(replace_args, validate, ARG_STRING, .help = "command with %s that must accept the new file"),
    FILE_ARGUMENTS(replace_args),
    ARG_END,
};

/* Says what ends the task before the file is looked into. */
static bool is_over(struct task_context *task, const struct replace_args *args)
{
    if (path_is_folder(args->path)) {
        result_set_int(task, "rc", 256);
        return result_fail(task, "Path %s is a directory !", args->path);
    }
    if (!path_exists(args->path)) {
        result_set_int(task, "rc", 257);
        return result_fail(task, "Path %s does not exist !", args->path);
    }
    return false;
}

static bool read_text(struct task_context *task, const struct replace_args *args, enum replace_encoding *encoding_out,
                      struct text *out, struct error *err)
{
    char *data = NULL;
    size_t length = 0;

    if (!replace_encoding_find(args->encoding, encoding_out))
        return error_set(err, "encoding '%s' is not supported: utf-8, ascii, latin-1, utf-16, utf-16-le, utf-16-be are",
                         args->encoding);
    if (!replace_content_read(task, args->path, &data, &length, err))
        return error_prefix(err, "Unable to read the contents of %s", args->path);
    text_add_n(out, "", 0);
    return replace_encoding_read(*encoding_out, data, length, out, err) ||
           error_prefix(err, "'%s' cannot be read as %s", args->path, args->encoding);
}

static bool write_text(struct task_context *task, struct replace_content *content, enum replace_encoding encoding,
                       const struct replace_outcome *outcome, struct error *err)
{
    struct text encoded = text_new(task->scratch);
    const char *backup = NULL;

    if (!replace_encoding_write(encoding, outcome->data, outcome->length, &encoded, err))
        return false;
    content->after = encoded.data ? encoded.data : "";
    content->after_length = encoded.length;
    if (!change_wanted(task, "%zu replacements in '%s'", outcome->count, content->path))
        return true;
    if (!replace_content_write(task, content, &backup, err))
        return false;
    if (backup)
        result_set_string(task, "backup_file", backup);
    return true;
}

static bool replace_run(struct task_context *task, const void *raw, struct error *err)
{
    const struct replace_args *args = raw;
    const struct replace_request request = { args->regexp, args->replace, args->after, args->before };
    struct replace_content content = {
        .path = args->path, .exists = true, .backup = args->backup, .validate = args->validate, .file = &args->file
    };
    struct replace_outcome outcome = { 0 };
    struct text text = text_new(task->scratch);
    enum replace_encoding encoding = REPLACE_UTF8;
    const char *message = "";

    if (is_over(task, args))
        return true;
    if (!read_text(task, args, &encoding, &text, err) ||
        !replace_text(task->scratch, text.data, text.length, &request, &outcome, err))
        return false;
    result_set_int(task, "rc", 0);
    if (outcome.missing) {
        result_message(task, "Pattern for before/after params did not match the given file: %s", outcome.missing);
        return true;
    }
    if (outcome.length != text.length || memcmp(outcome.data, text.data, text.length) != 0) {
        message = arena_printf(task->scratch, "%zu replacements made", outcome.count);
        result_diff(task, text.data, outcome.data, args->path, args->path);
        if (!write_text(task, &content, encoding, &outcome, err) || task->result->failed)
            return task->result->failed;
    }
    if (!replace_content_attributes(task, &content, &message, NULL, err))
        return false;
    result_message(task, "%s", message);
    return true;
}

MODULE_DEFINE(replace) = {
    .spec = { .name = "replace",
              .summary = "Replace every match of an expression in a text file",
              .args = replace_spec,
              .args_size = sizeof(struct replace_args) },
    .order = "rc diff backup_file msg changed",
    .run = replace_run,
};
