/* SPDX-License-Identifier: Apache-2.0 */
/* The last steps of every module that edits a text file. Decides nothing about the content. */
#include "agent/task/replace_content.h"

#include "agent/system/file/file_replace.h"
#include "agent/system/file/file_tree.h"
#include "agent/task/file_validate.h"
#include "common/base/fd.h"
#include "common/base/path.h"

#define FILE_MAX ((size_t)512 * 1024 * 1024)

bool replace_content_read(struct task_context *task, const char *path, char **data_out, size_t *length_out,
                          struct error *err)
{
    *data_out = arena_copy(task->scratch, "");
    *length_out = 0;
    return !path_exists(path) || file_read(task->scratch, path, FILE_MAX, data_out, length_out, err);
}

/* *valid_out: no validate command, or it accepted the file. */
static bool run_validate(struct task_context *task, const char *command, const char *temp, bool *valid_out,
                         struct error *err)
{
    struct process_result got = { 0 };

    *valid_out = true;
    if (!command)
        return true;
    if (!file_validate(task, command, temp, &got, err))
        return false;
    *valid_out = got.status == 0;
    if (!*valid_out)
        result_fail(task, "failed to validate: rc:%d error:%s", got.status, got.errors);
    return true;
}

bool replace_content_write(struct task_context *task, const struct replace_content *content, const char **backup_out,
                           struct error *err)
{
    const struct file_replace_options options = { .unsafe = content->file->unsafe_writes };
    const char *folder = path_dirname(task->scratch, content->path);
    FILE_REPLACE_SCOPED replace = NULL;
    bool valid = false;

    if (folder[0] && !file_tree_make(task->scratch, folder, err))
        return false;
    if (content->backup && content->exists && !file_backup(task->system, task->scratch, content->path, backup_out, err))
        return false;
    if (!file_replace_begin(task->system, task->scratch, content->path, &options, &replace, err) ||
        !fd_write_all(file_replace_fd(replace), content->after, content->after_length, err))
        return error_prefix(err, "cannot write '%s'", content->path);
    if (!run_validate(task, content->validate, file_replace_temp_path(replace), &valid, err))
        return false;
    return !valid || file_replace_commit(replace, err);
}

bool replace_content_attributes(struct task_context *task, const struct replace_content *content, const char **message,
                                struct file_arguments_diff *diff, struct error *err)
{
    size_t changes = value_count(task->result->changes);

    if (!file_arguments_apply_diff(task, content->path, content->file, false, diff, err))
        return false;
    if (value_count(task->result->changes) > changes)
        *message = arena_printf(task->scratch, "%s%sownership, perms or SE linux context changed", *message,
                                (*message)[0] ? " and " : "");
    return true;
}

void replace_content_diff(struct task_context *task, const char *path, const struct file_arguments_diff *diff)
{
    struct arena *arena = task->scratch;
    struct value *map = value_map(arena);
    const char *header = arena_printf(arena, "%s (file attributes)", path);

    if (value_count(diff->before) > 0) {
        value_map_put(arena, map, "before", diff->before);
        value_map_put(arena, map, "after", diff->after);
    }
    value_map_put_string(arena, map, "before_header", header);
    value_map_put_string(arena, map, "after_header", header);
    value_list_add(arena, task->result->diff, map);
}
