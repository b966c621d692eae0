/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Folder trees. Removing goes by descriptors relative to the parent, so that a folder swapped for a link
 * meanwhile is never followed out of the tree.
 */
#include "agent/system/file/file_tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/system/file/file_data.h"
#include "agent/system/file/file_metadata.h"
#include "agent/system/file/file_state.h"
#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"

static void folder_guard(DIR **folder)
{
    if (*folder)
        closedir(*folder);
}
#define FOLDER_SCOPED __attribute__((cleanup(folder_guard))) DIR *

static bool is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

bool file_tree_names(struct arena *arena, const char *folder, char ***names_out, size_t *count_out, struct error *err)
{
    FOLDER_SCOPED handle = opendir(folder);
    size_t count = 0, capacity = 0;
    char **names = NULL;

    if (!handle)
        return error_set_errno(err, "cannot list '%s'", folder);
    for (struct dirent *entry; errno = 0, (entry = readdir(handle)) != NULL;) {
        if (is_dots(entry->d_name))
            continue;
        if (count + 1 >= capacity) {
            size_t wider = capacity ? capacity * 2 : 16;
            names = arena_grow(arena, names, capacity * sizeof(*names), wider * sizeof(*names));
            capacity = wider;
        }
        names[count++] = arena_copy(arena, entry->d_name);
    }
    if (errno != 0)
        return error_set_errno(err, "cannot list '%s'", folder);
    if (!names)
        names = arena_new_array(arena, char *, 1);
    qsort(names, count, sizeof(*names), compare_names);
    *names_out = names;
    *count_out = count;
    return true;
}

static bool visit_names(struct arena *arena, const char *folder, char **names, const struct file_tree_visitor *visitor,
                        struct error *err)
{
    struct stat info;

    for (; *names; names++) {
        const char *path = path_join(arena, folder, *names);
        if (lstat(path, &info) != 0) {
            if (errno == ENOENT || visitor->passes_over)
                continue; /* gone meanwhile */
            return error_set_errno(err, "cannot look at '%s'", path);
        }
        if (!visitor->visit(visitor->context, path, &info, err))
            return false;
    }
    return true;
}

bool file_tree_walk(struct arena *arena, const char *folder, const struct file_tree_visitor *visitor, struct error *err)
{
    char **names = NULL;
    size_t count = 0;
    struct stat info;

    if (!file_tree_names(arena, folder, &names, &count, err)) {
        if (!visitor->passes_over)
            return false;
        error_clear(err);
        return true;
    }
    if (!visit_names(arena, folder, names, visitor, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        const char *path = path_join(arena, folder, names[i]);
        if (lstat(path, &info) == 0 && S_ISDIR(info.st_mode) && !file_tree_walk(arena, path, visitor, err))
            return false;
    }
    return true;
}

/* --- trees that others change --- */

struct walk_at {
    struct arena *arena;
    const struct file_tree_visitor *visitor;
    dev_t device;
};

static bool is_elsewhere(int reason)
{
    return reason == ENOENT || reason == ELOOP || reason == ENOTDIR;
}

/* Takes `fd`. */
static bool walk_opened(const struct walk_at *walk, int fd, const char *path, int depth, struct error *err);

static bool walk_entry(const struct walk_at *walk, int parent, const char *folder, const char *name, int depth,
                       struct error *err)
{
    const char *path = folder[0] == '\0' ? arena_copy(walk->arena, name) : path_join(walk->arena, folder, name);
    struct stat info;
    int fd;

    if (fstatat(parent, name, &info, AT_SYMLINK_NOFOLLOW) != 0)
        return is_elsewhere(errno) || error_set_errno(err, "cannot look at '%s'", path);
    if (!walk->visitor->visit(walk->visitor->context, path, &info, err))
        return false;
    if (!S_ISDIR(info.st_mode) || depth == FILE_TREE_DEPTH)
        return true;
    fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return is_elsewhere(errno) || error_set_errno(err, "cannot enter '%s'", path);
    return walk_opened(walk, fd, path, depth + 1, err);
}

static bool walk_opened(const struct walk_at *walk, int fd, const char *path, int depth, struct error *err)
{
    FOLDER_SCOPED folder = fdopendir(fd);
    struct stat info;

    if (!folder) {
        fd_close(fd);
        return error_set_errno(err, "cannot list '%s'", path);
    }
    if (fstat(fd, &info) != 0)
        return error_set_errno(err, "cannot look at '%s'", path);
    if (info.st_dev != walk->device)
        return true;
    for (struct dirent *entry; errno = 0, (entry = readdir(folder)) != NULL;) {
        if (!is_dots(entry->d_name) && !walk_entry(walk, fd, path, entry->d_name, depth, err))
            return false;
    }
    return errno == 0 ? true : error_set_errno(err, "cannot list '%s'", path);
}

bool file_tree_walk_at(struct arena *arena, int folder, const struct file_tree_visitor *visitor, struct error *err)
{
    struct walk_at walk = { arena, visitor, 0 };
    struct stat info;
    int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0 || fstat(fd, &info) != 0) {
        fd_close(fd);
        return error_set_errno(err, "cannot enter the folder");
    }
    walk.device = info.st_dev;
    return walk_opened(&walk, fd, "", 1, err);
}

bool file_tree_unlink_at(int folder, const char *path)
{
    FD_SCOPED parent = openat(folder, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct stat first, here;
    const char *slash;

    if (parent < 0 || fstat(parent, &first) != 0)
        return false;
    for (; (slash = strchr(path, '/')) != NULL; path = slash + 1) {
        char name[NAME_MAX + 1];
        int next;

        if ((size_t)(slash - path) >= sizeof(name))
            return false;
        (void)snprintf(name, sizeof(name), "%.*s", (int)(slash - path), path);
        next = openat(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (next < 0)
            return false;
        fd_close(parent);
        parent = next;
        if (fstat(parent, &here) != 0 || here.st_dev != first.st_dev)
            return false;
    }
    return unlinkat(parent, path, 0) == 0;
}

/* --- removing --- */

#define REMOVE_ATTEMPTS 20

static bool remove_at(int parent, const char *name, const char *path, struct error *err);

static bool remove_contents(int parent, const char *name, const char *path, struct error *err)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0)
        return error_set_errno(err, "cannot enter '%s'", path);
    FOLDER_SCOPED folder = fdopendir(fd);
    if (!folder) {
        fd_close(fd);
        return error_set_errno(err, "cannot list '%s'", path);
    }
    for (struct dirent *entry; errno = 0, (entry = readdir(folder)) != NULL;) {
        if (is_dots(entry->d_name))
            continue;
        ARENA_SCOPED arena = arena_new();
        if (!remove_at(fd, entry->d_name, path_join(arena, path, entry->d_name), err))
            return false;
    }
    return errno == 0 ? true : error_set_errno(err, "cannot list '%s'", path);
}

static bool remove_at(int parent, const char *name, const char *path, struct error *err)
{
    if (unlinkat(parent, name, 0) == 0 || errno == ENOENT)
        return true;
    int reason = errno;
    struct stat info;
    if (fstatat(parent, name, &info, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISDIR(info.st_mode)) {
        errno = reason;
        return error_set_errno(err, "cannot remove '%s'", path);
    }
    for (int attempt = 0; attempt < REMOVE_ATTEMPTS; attempt++) {
        if (!remove_contents(parent, name, path, err))
            return false;
        if (unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
            return true;
        if (errno != ENOTEMPTY && errno != EEXIST)
            break; /* else somebody has put something there meanwhile */
    }
    return error_set_errno(err, "cannot remove '%s'", path);
}

bool file_tree_remove(const char *path, struct error *err)
{
    return remove_at(AT_FDCWD, path, path, err);
}

bool file_tree_make(struct arena *arena, const char *folder, struct error *err)
{
    if (path_is_folder(folder) || folder[0] == '\0')
        return true;
    size_t length = strlen(folder);
    while (length > 1 && folder[length - 1] == '/')
        length--;
    const char *name = arena_copy_n(arena, folder, length);
    if (!file_tree_make(arena, path_dirname(arena, name), err))
        return false;
    if (mkdir(name, 0777) != 0 && !path_is_folder(name))
        return error_set_errno(err, "cannot make folder '%s'", name);
    return true;
}

static bool copy_link(struct arena *arena, const char *from, const char *to, const struct stat *info, struct error *err)
{
    const char *target = file_link_target(arena, from);

    if (!target || symlink(target, to) != 0)
        return error_set_errno(err, "cannot copy the link '%s' to '%s'", from, to);
    (void)utimensat(AT_FDCWD, to, (struct timespec[]){ info->st_atim, info->st_mtim }, AT_SYMLINK_NOFOLLOW);
    return true;
}

static const unsigned copied_parts = FILE_METADATA_MODE | FILE_METADATA_TIMES | FILE_METADATA_XATTRS;

static bool copy_file(struct arena *arena, const char *from, const char *to, struct error *err)
{
    FD_SCOPED in = open(from, O_RDONLY | O_CLOEXEC);
    if (in < 0)
        return error_set_errno(err, "cannot open '%s'", from);
    FD_SCOPED out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (out < 0)
        return error_set_errno(err, "cannot create '%s'", to);
    return file_data_copy(in, out, to, err) && file_metadata_copy(arena, from, out, to, copied_parts, err);
}

static bool copy_entry(struct arena *arena, const char *from, const char *to, bool keep_links, struct error *err)
{
    struct stat info;

    if (lstat(from, &info) != 0)
        return error_set_errno(err, "cannot look at '%s'", from);
    if (S_ISLNK(info.st_mode) && keep_links)
        return copy_link(arena, from, to, &info, err);
    if (S_ISLNK(info.st_mode) && stat(from, &info) != 0)
        return error_set_errno(err, "cannot follow the link '%s'", from);
    if (S_ISDIR(info.st_mode))
        return file_tree_copy(arena, from, to, keep_links, err);
    if (!S_ISREG(info.st_mode))
        return error_set(err, "cannot copy '%s': it is neither a file, a folder nor a link", from);
    return copy_file(arena, from, to, err);
}

bool file_tree_copy(struct arena *arena, const char *from, const char *to, bool keep_links, struct error *err)
{
    char **names = NULL;
    size_t count = 0;

    /* Names first: a copy into a folder of its own must not find itself. */
    if (!file_tree_names(arena, from, &names, &count, err))
        return false;
    if (mkdir(to, 0700) != 0)
        return error_set_errno(err, "cannot make folder '%s'", to);
    for (size_t i = 0; i < count; i++) {
        if (!copy_entry(arena, path_join(arena, from, names[i]), path_join(arena, to, names[i]), keep_links, err))
            return false;
    }
    FD_SCOPED fd = open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return error_set_errno(err, "cannot open '%s'", to);
    return file_metadata_copy(arena, from, fd, to, copied_parts, err);
}
