/* SPDX-License-Identifier: Apache-2.0 */
/* The walk, and what git says of it. */
#include "cli/project_walk.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "common/base/command.h"
#include "common/base/path.h"
#include "common/base/text.h"

#define DEPTH_MAX 32 /* also what ends a loop of links */

/* --- git --- */

/* "a/b/" is a folder. */
static void ignored_add(struct project_walk *walk, const char *folder, const char *name, size_t length)
{
    if (length > 0 && name[length - 1] == '/')
        length--;
    if (length > 0)
        value_map_put_bool(walk->arena, walk->ignored,
                           path_join(walk->arena, folder, arena_copy_n(walk->arena, name, length)), true);
}

static bool has_git(struct arena *arena, const char *folder)
{
    for (const char *at = folder;; at = path_dirname(arena, at)) {
        if (path_exists(path_join(arena, at, ".git")))
            return true;
        if (strcmp(at, "/") == 0)
            return false;
    }
}

bool project_walk_begin(struct project_walk *walk, const char *folder, struct error *err)
{
    const char *const argv[] = { "git",         "-C", folder, "ls-files", "--others", "--ignored", "--exclude-standard",
                                 "--directory", "-z", NULL };
    struct command_output output = { 0 };
    const char *at = NULL;

    walk->folder = folder;
    walk->seen = value_map(walk->arena);
    walk->ignored = value_map(walk->arena);
    if (!has_git(walk->arena, folder))
        return true;
    if (!command_output_ok(walk->arena, argv, &output, err))
        return error_prefix(err, "cannot ask git what it ignores in '%s'", folder);
    for (at = output.output; at < output.output + output.output_length; at += strlen(at) + 1)
        ignored_add(walk, folder, at, strlen(at));
    return true;
}

/* Git names a folder and leaves out what is in it. */
bool project_walk_ignores(const struct project_walk *walk, const char *path)
{
    for (const char *at = path; path_is_inside(at, walk->folder) && strcmp(at, walk->folder) != 0;
         at = path_dirname(walk->arena, at)) {
        if (value_map_get(walk->ignored, at) != NULL)
            return true;
    }
    return false;
}

/* --- the walk --- */

void project_walk_leave_out(struct project_walk *walk, const char *path)
{
    value_map_put_bool(walk->arena, walk->seen, path, true);
}

/* Each path is met once; what is not wanted counts as met. */
static bool is_new(struct project_walk *walk, const char *path)
{
    if (value_map_get(walk->seen, path) != NULL)
        return false;
    value_map_put_bool(walk->arena, walk->seen, path, true);
    if (!project_walk_ignores(walk, path))
        return true;
    walk->ignored_count++;
    return false;
}

static bool file_take(struct project_walk *walk, const char *path, const struct stat *info, struct error *err)
{
    const struct project_found found = { .bytes = (size_t)info->st_size, .mode = info->st_mode & 0777 };

    return !is_new(walk, path) || walk->take(walk->data, path, &found, err);
}

/* Variables of groups and hosts are no part of a role, whatever a role calls its folders. */
static bool is_variables(const struct project_walk *walk, const char *path)
{
    const char *name = path_basename(path);

    return walk->skips_variables && path_is_inside(path, walk->folder) &&
           strstr(path + strlen(walk->folder), "/roles/") == NULL &&
           (strcmp(name, "group_vars") == 0 || strcmp(name, "host_vars") == 0);
}

static bool walk_into(struct project_walk *walk, const char *folder, int depth, struct error *err);

static bool entry_take(struct project_walk *walk, const char *path, int depth, struct error *err)
{
    struct stat info;

    if (stat(path, &info) != 0) /* a link that leads nowhere */
        return errno == ENOENT || errno == ELOOP || error_set_errno(err, "cannot read '%s'", path);
    if (S_ISDIR(info.st_mode))
        return strcmp(path_basename(path), ".git") == 0 || is_variables(walk, path) || !is_new(walk, path) ||
               walk_into(walk, path, depth + 1, err);
    return !S_ISREG(info.st_mode) || file_take(walk, path, &info, err);
}

static bool walk_into(struct project_walk *walk, const char *folder, int depth, struct error *err)
{
    DIR *stream = NULL;
    bool ok = true;

    if (depth > DEPTH_MAX)
        return error_set_kind(err, ERROR_LIMIT, "'%s' lies more than %d folders deep: a link in a circle?", folder,
                              DEPTH_MAX);
    stream = opendir(folder);
    if (stream == NULL)
        return error_set_errno(err, "cannot read the folder '%s'", folder);
    for (const struct dirent *entry = readdir(stream); entry != NULL && ok; entry = readdir(stream)) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            ok = entry_take(walk, path_join(walk->arena, folder, entry->d_name), depth, err);
    }
    closedir(stream);
    return ok;
}

bool project_walk_folder(struct project_walk *walk, const char *folder, struct error *err)
{
    return !path_is_folder(folder) || !is_new(walk, folder) || walk_into(walk, folder, 0, err);
}

bool project_walk_file(struct project_walk *walk, const char *path, struct error *err)
{
    struct stat info;

    if (stat(path, &info) != 0)
        return error_set_errno(err, "cannot read '%s'", path);
    return file_take(walk, path, &info, err);
}

bool project_walk_top(struct project_walk *walk, const char *folder, bool (*wanted)(const char *name),
                      struct error *err)
{
    DIR *stream = opendir(folder);
    bool ok = true;

    if (stream == NULL)
        return error_set_errno(err, "cannot read the folder '%s'", folder);
    for (const struct dirent *entry = readdir(stream); entry != NULL && ok; entry = readdir(stream)) {
        const char *path = path_join(walk->arena, folder, entry->d_name);

        if (wanted(entry->d_name) && path_is_file(path))
            ok = project_walk_file(walk, path, err);
    }
    closedir(stream);
    return ok;
}
