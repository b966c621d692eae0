/* SPDX-License-Identifier: Apache-2.0 */
/* blockinfile: makes sure a block of lines between two marker lines is, or is not, in a text file. */
#include <string.h>

#include "agent/task/block_lines.h"
#include "agent/task/module.h"
#include "agent/task/replace_content.h"
#include "common/base/path.h"
#include "common/base/text.h"

struct blockinfile_args {
    const char *path, *state, *marker, *block, *insertafter, *insertbefore, *validate, *marker_begin, *marker_end;
    bool create, backup, append_newline, prepend_newline;
    struct file_arguments file;
};

static const struct arg_spec blockinfile_spec[] = {
    ARG(blockinfile_args, path, ARG_PATH, .required = true, .aliases = ARG_NAMES("dest", "destfile", "name"),
        .help = "file to edit"),
    ARG(blockinfile_args, state, ARG_STRING, .default_text = "present", .choices = ARG_NAMES("absent", "present"),
        .help = "whether the block shall be there"),
    ARG(blockinfile_args, block, ARG_STRING, .default_text = "", .aliases = ARG_NAMES("content"),
        .help = "the lines; without any the block is removed"),
    ARG(blockinfile_args, marker, ARG_STRING, .default_text = "# {mark} ANSIBLE MANAGED BLOCK",
        .help = "line before and behind the block, with {mark} in it"),
    ARG(blockinfile_args, marker_begin, ARG_STRING, .default_text = "BEGIN",
        .help = "what stands for {mark} before the block"),
    ARG(blockinfile_args, marker_end, ARG_STRING, .default_text = "END",
        .help = "what stands for {mark} behind the block"),
    ARG(blockinfile_args, insertafter, ARG_STRING,
        .help = "EOF (default), or a regular expression: a new block goes behind the last line it matches"),
    ARG(blockinfile_args, insertbefore, ARG_STRING,
        .help = "BOF, or a regular expression: a new block goes before the last line it matches"),
    ARG(blockinfile_args, append_newline, ARG_BOOL, .default_text = "no", .help = "an empty line behind the block"),
    ARG(blockinfile_args, prepend_newline, ARG_BOOL, .default_text = "no", .help = "an empty line before the block"),
    ARG(blockinfile_args, create, ARG_BOOL, .default_text = "no", .help = "create the file if it does not exist"),
    ARG(blockinfile_args, backup, ARG_BOOL, .default_text = "no", .help = "keep a copy of the file as it was"),
    ARG(blockinfile_args, validate, ARG_STRING, .help = "command with %s that must accept the new file"),
    FILE_ARGUMENTS(blockinfile_args),
    ARG_END,
};

static const struct arg_rule blockinfile_rules[] = {
    { .kind = ARG_RULE_EXCLUSIVE, .names = ARG_NAMES("insertbefore", "insertafter") },
    { .kind = ARG_RULE_END },
};

/* `marker` with `mark` for each {mark}. */
static const char *marker_line(struct arena *arena, const char *marker, const char *mark)
{
    static const char hole[] = "{mark}";
    struct text line = text_new(arena);

    for (const char *at = marker; *at;) {
        if (text_starts(at, hole)) {
            text_add(&line, mark);
            at += sizeof(hole) - 1;
        } else {
            text_add_char(&line, *at++);
        }
    }
    return line.data ? line.data : "";
}

static struct block_request request_make(struct arena *arena, const struct blockinfile_args *args)
{
    return (struct block_request){
        .begin = marker_line(arena, args->marker, args->marker_begin),
        .end = marker_line(arena, args->marker, args->marker_end),
        .block = strcmp(args->state, "present") == 0 ? args->block : NULL,
        .insertafter = args->insertafter,
        .insertbefore = args->insertbefore,
        /* As Ansible: the empty lines belong to state=present, not to the block. */
        .append_newline = args->append_newline,
        .prepend_newline = args->prepend_newline,
    };
}

static const char *message_of(const struct replace_content *content, const struct blockinfile_args *args, bool same)
{
    if (!content->exists)
        return "File created";
    if (same)
        return "";
    return strcmp(args->state, "present") == 0 && args->block[0] ? "Block inserted" : "Block removed";
}

static bool finish(struct task_context *task, const struct replace_content *content, const char *before,
                   const char *message, struct error *err)
{
    struct arena *arena = task->scratch;
    struct file_arguments_diff diff = { value_map(arena), value_map(arena) };
    const char *backup = NULL, *header = arena_printf(arena, "%s (content)", content->path);

    if (message[0] && change_wanted(task, "%s in '%s'", message, content->path)) {
        bool written = replace_content_write(task, content, &backup, err);
        if (!written || task->result->failed)
            return written;
    }
    result_diff_content(task, before, content->after, header);
    if (!task->check_mode || content->exists) {
        if (!replace_content_attributes(task, content, &message, &diff, err))
            return false;
        replace_content_diff(task, content->path, &diff);
    }
    if (backup)
        result_set_string(task, "backup_file", backup);
    result_message(task, "%s", message);
    return true;
}

/* Says what ends the task before the file is looked into. */
static bool is_over(struct task_context *task, const struct blockinfile_args *args, bool exists)
{
    if (path_is_folder(args->path)) {
        result_set_int(task, "rc", 256);
        return result_fail(task, "Path %s is a directory !", args->path);
    }
    if (!exists && !args->create) {
        result_set_int(task, "rc", 257);
        return result_fail(task, "Path %s does not exist !", args->path);
    }
    if (!exists && strcmp(args->state, "absent") == 0) {
        result_message(task, "File %s not present", args->path);
        return true;
    }
    return false;
}

static bool blockinfile_run(struct task_context *task, const void *raw, struct error *err)
{
    const struct blockinfile_args *args = raw;
    struct replace_content content = { .path = args->path,
                                       .exists = path_exists(args->path),
                                       .backup = args->backup,
                                       .validate = args->validate,
                                       .file = &args->file };
    const struct block_request request = request_make(task->scratch, args);
    struct file_lines lines;
    char *before = NULL;
    size_t length = 0;

    if (is_over(task, args, content.exists))
        return true;
    if (!replace_content_read(task, args->path, &before, &length, err))
        return false;
    file_lines_split(task->scratch, before, length, &lines);
    if (!block_apply(&lines, &request, err))
        return false;
    content.after = file_lines_join(&lines, &content.after_length);
    bool same = content.after_length == length && memcmp(content.after, before, length) == 0;
    return finish(task, &content, before, message_of(&content, args, same), err);
}

MODULE_DEFINE(blockinfile) = {
    .spec = { .name = "blockinfile",
              .summary = "Make sure that a marked block of lines is, or is not, in a text file",
              .args = blockinfile_spec,
              .rules = blockinfile_rules,
              .args_size = sizeof(struct blockinfile_args) },
    .order = "changed msg diff backup_file",
    .run = blockinfile_run,
};
