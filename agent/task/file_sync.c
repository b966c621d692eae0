/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compares two folders name by name and copies what differs. Files are replaced in one step; equal files are
 * not touched.
 */
#include "agent/task/file_sync.h"

#include <errno.h>
#include <sys/stat.h>

#include "agent/system/file/file_data.h"
#include "agent/system/file/file_link.h"
#include "agent/system/file/file_replace.h"
#include "agent/system/file/file_state.h"
#include "agent/system/file/file_tree.h"
#include "common/base/path.h"
#include "common/base/text.h"

struct sync {
    struct task_context *task;
    bool keep_links;
};

/* Content and mode of one file; owner and so on of a file that is there stay. */
static bool copy_file(struct sync *sync, const char *from, const char *to, mode_t mode, struct error *err)
{
    const struct file_replace_options options = { .mode = mode & 07777, .replace_link = true };

    if (!file_replace_from(sync->task->system, sync->task->scratch, to, from, &options, err))
        return false;
    if (chmod(to, mode & 07777) != 0)
        return error_set_errno(err, "cannot set the mode of '%s'", to);
    return true;
}

static bool copy_link(struct sync *sync, const char *from, const char *to, struct error *err)
{
    const char *wanted = file_link_target(sync->task->scratch, from),
               *current = file_link_target(sync->task->scratch, to);
    struct stat info;

    if (text_equal(wanted, current))
        return true;
    bool exists = lstat(to, &info) == 0;
    if (exists && S_ISDIR(info.st_mode))
        return error_set(err, "cannot copy the link '%s': '%s' is a folder", from, to);
    if (!change_wanted(sync->task, "copy link '%s' to '%s'", from, to))
        return true;
    return file_link_symbolic(sync->task->scratch, wanted, to, exists, err);
}

static bool sync_file(struct sync *sync, const char *from, const char *to, mode_t mode, struct error *err)
{
    struct stat info;
    bool same = false;

    if (stat(to, &info) == 0) {
        if (!S_ISREG(info.st_mode))
            return error_set(err, "cannot copy '%s': '%s' is not a file", from, to);
        if (!file_data_equal(from, to, &same, err))
            return false;
    }
    if (same || !change_wanted(sync->task, "copy '%s' to '%s'", from, to))
        return true;
    return copy_file(sync, from, to, mode, err);
}

static bool sync_names(struct sync *sync, const char *from, const char *to, struct error *err);

static bool sync_subfolder(struct sync *sync, const char *from, const char *to, struct error *err)
{
    if (path_is_folder(to))
        return sync_names(sync, from, to, err);
    if (path_exists(to))
        return error_set(err, "cannot copy folder '%s': '%s' is not a folder", from, to);
    if (!change_wanted(sync->task, "copy folder '%s' to '%s'", from, to))
        return true;
    return file_tree_copy(sync->task->scratch, from, to, sync->keep_links, err);
}

static bool sync_entry(struct sync *sync, const char *from, const char *to, struct error *err)
{
    struct stat info;

    if (lstat(from, &info) != 0)
        return error_set_errno(err, "cannot look at '%s'", from);
    if (S_ISLNK(info.st_mode) && sync->keep_links)
        return copy_link(sync, from, to, err);
    if (S_ISLNK(info.st_mode) && stat(from, &info) != 0)
        return error_set_errno(err, "cannot follow the link '%s'", from);
    if (S_ISDIR(info.st_mode))
        return sync_subfolder(sync, from, to, err);
    if (!S_ISREG(info.st_mode))
        return error_set(err, "cannot copy '%s': it is neither a file, a folder nor a link", from);
    return sync_file(sync, from, to, info.st_mode, err);
}

static bool sync_names(struct sync *sync, const char *from, const char *to, struct error *err)
{
    char **names = NULL;
    size_t count = 0;
    struct arena *arena = sync->task->scratch;

    if (!file_tree_names(arena, from, &names, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!sync_entry(sync, path_join(arena, from, names[i]), path_join(arena, to, names[i]), err))
            return false;
    }
    return true;
}

bool file_sync_folder(struct task_context *task, const char *from, const char *to, bool keep_links, struct error *err)
{
    struct sync sync = { task, keep_links };
    return sync_subfolder(&sync, from, to, err);
}

struct owner_walk {
    struct task_context *task;
    struct file_arguments arguments;
};

static bool owner_visit(void *context, const char *path, const struct stat *info, struct error *err)
{
    struct owner_walk *walk = context;
    (void)info;

    return file_arguments_apply(walk->task, path, &walk->arguments, false, err);
}

bool file_sync_owner(struct task_context *task, const char *folder, const struct file_arguments *arguments,
                     struct error *err)
{
    struct file_arguments numbers = file_arguments_resolve(task, arguments);
    struct owner_walk walk = { task, { .owner = numbers.owner, .group = numbers.group } };
    struct file_tree_visitor visitor = { .visit = owner_visit, .context = &walk };

    if ((!arguments->owner && !arguments->group) || !path_is_folder(folder))
        return true;
    return file_arguments_apply(task, folder, &walk.arguments, false, err) &&
           file_tree_walk(task->scratch, folder, &visitor, err);
}
