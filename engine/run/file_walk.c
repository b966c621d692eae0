/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walking a folder at the centre. Sockets and devices are refused by name. What links lead to stands in their place, unless it is
 * not there, or is a folder they are in.
 */
#include "engine/run/file_walk.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/limits.h"
#include "common/base/path.h"

/* A folder that what is walked is in. */
struct parent {
    dev_t device;
    ino_t inode;
    const struct parent *next;
};

struct walker {
    struct arena *arena;
    struct file_walk *walk;
    bool follow;
};

/* More than this is no folder that somebody wants to copy: a wrong path, or a file system that makes entries up. */
static bool too_many(const char *path, struct error *err)
{
    return error_set_kind(err, ERROR_LIMIT, "more than %d files and folders to copy, found at '%s'", LIMIT_COPY_ENTRIES,
                          path);
}

static bool add(struct walker *walker, struct file_entry entry, struct error *err)
{
    struct file_walk *walk = walker->walk;

    if (walk->count >= LIMIT_COPY_ENTRIES)
        return too_many(entry.path, err);

    if (walk->count == walk->capacity) {
        size_t capacity = walk->capacity == 0 ? 16 : walk->capacity * 2;

        walk->entries = arena_grow(walker->arena, walk->entries, walk->capacity * sizeof(*walk->entries),
                                   capacity * sizeof(*walk->entries));
        walk->capacity = capacity;
    }
    walk->entries[walk->count++] = entry;
    return true;
}

/* --- one folder's names --- */

struct name {
    const char *text;
    unsigned char type; /* DT_* */
};

struct names {
    struct arena *arena;
    struct name *items;
    size_t count, capacity;
};

static void name_add(struct names *names, const struct dirent *entry)
{
    if (names->count == names->capacity) {
        size_t capacity = names->capacity == 0 ? 32 : names->capacity * 2;

        names->items = arena_grow(names->arena, names->items, names->capacity * sizeof(*names->items),
                                  capacity * sizeof(*names->items));
        names->capacity = capacity;
    }
    names->items[names->count++] = (struct name){ arena_copy(names->arena, entry->d_name), entry->d_type };
}

static int name_compare(const void *a, const void *b)
{
    return strcmp(((const struct name *)a)->text, ((const struct name *)b)->text);
}

/* Sorted. Reading stops where the bound of the whole walk would be passed. */
static bool names_read(struct names *names, size_t room, const char *path, struct error *err)
{
    DIR *folder = opendir(path);
    const struct dirent *entry;
    int code = 0;

    if (folder == NULL)
        return error_set_errno(err, "cannot read folder '%s'", path);
    for (errno = 0; names->count <= room && (entry = readdir(folder)) != NULL; errno = 0)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            name_add(names, entry);
    code = names->count > room ? 0 : errno;
    (void)closedir(folder);
    errno = code;
    if (code != 0)
        return error_set_errno(err, "cannot read folder '%s'", path);
    if (names->count > room)
        return too_many(path, err);
    if (names->count > 0)
        qsort(names->items, names->count, sizeof(*names->items), name_compare);
    return true;
}

static bool walk_folder(struct walker *walker, const char *path, const char *name, int depth,
                        const struct parent *parents, struct error *err);

static bool is_parent(const struct parent *parents, const struct stat *info)
{
    for (; parents != NULL; parents = parents->next) {
        if (parents->device == info->st_dev && parents->inode == info->st_ino)
            return true;
    }
    return false;
}

static const struct parent *parent_new(struct walker *walker, const struct stat *info, const struct parent *next)
{
    struct parent *parent = arena_new_of(walker->arena, struct parent);

    *parent = (struct parent){ info->st_dev, info->st_ino, next };
    return parent;
}

/* `parents` and the folders above `path`, up to the first that is one of them. */
static bool parents_above(struct walker *walker, const char *path, const struct parent **parents, struct error *err)
{
    const struct parent *known = *parents;
    const char *folder = path, *below;
    struct stat info;

    do {
        below = folder;
        folder = path_dirname(walker->arena, below);
        if (stat(folder, &info) != 0)
            return error_set_errno(err, "cannot read folder '%s'", folder);
        if (is_parent(known, &info))
            return true;
        *parents = parent_new(walker, &info, *parents);
    } while (strcmp(folder, below) != 0);
    return true;
}

static bool add_link(struct walker *walker, const char *path, const char *name, struct error *err)
{
    char link[LIMIT_PATH + 1] = "";

    if (readlink(path, link, LIMIT_PATH) < 0)
        return error_set_errno(err, "cannot read link '%s'", path);
    return add(walker, (struct file_entry){ FILE_ENTRY_LINK, name, path, arena_copy(walker->arena, link) }, err);
}

/* A link that leads to no file or folder, or to a folder that it is in, stays a link. */
static bool follow_link(struct walker *walker, const char *path, const char *name, int depth,
                        const struct parent *parents, struct error *err)
{
    char real[PATH_MAX];
    struct stat info;

    if (realpath(path, real) == NULL || stat(real, &info) != 0)
        return add_link(walker, path, name, err);
    if (S_ISREG(info.st_mode))
        return add(walker, (struct file_entry){ FILE_ENTRY_FILE, name, path, NULL }, err);
    if (!S_ISDIR(info.st_mode))
        return add_link(walker, path, name, err);
    if (!parents_above(walker, path, &parents, err))
        return false;
    if (is_parent(parents, &info))
        return add_link(walker, path, name, err);
    return walk_folder(walker, arena_copy(walker->arena, real), name, depth + 1, parents, err);
}

static bool walk_entry(struct walker *walker, const char *path, const char *name, int depth,
                       const struct parent *parents, struct error *err)
{
    struct stat info;

    if (lstat(path, &info) != 0)
        return error_set_errno(err, "cannot read '%s'", path);
    if (S_ISLNK(info.st_mode))
        return walker->follow ? follow_link(walker, path, name, depth, parents, err)
                              : add_link(walker, path, name, err);
    if (S_ISDIR(info.st_mode))
        return walk_folder(walker, path, name, depth + 1, parents, err);
    if (!S_ISREG(info.st_mode))
        return error_set(err, "'%s' is neither file, folder nor link: it cannot be copied", path);
    return add(walker, (struct file_entry){ FILE_ENTRY_FILE, name, path, NULL }, err);
}

static bool is_folder(const char *path, const struct name *name)
{
    return name->type == DT_DIR || (name->type != DT_REG && path_is_folder(path));
}

static bool walk_folder(struct walker *walker, const char *path, const char *name, int depth,
                        const struct parent *parents, struct error *err)
{
    ARENA_SCOPED scratch = arena_new();
    struct names names = { .arena = scratch };
    bool ok = true;

    if (!names_read(&names, LIMIT_COPY_ENTRIES - walker->walk->count, path, err))
        return false;
    if (depth > LIMIT_INCLUDE_DEPTH)
        return error_set(err, "folders nest too deep at '%s'", path);
    if (*name != '\0' && !add(walker, (struct file_entry){ FILE_ENTRY_FOLDER, name, path, NULL }, err))
        return false;
    for (int pass = 0; pass < 2; pass++) { /* files before folders */
        for (size_t i = 0; ok && i < names.count; i++) {
            const char *child = path_join(walker->arena, path, names.items[i].text);

            if (is_folder(child, &names.items[i]) == (pass == 1))
                ok =
                    walk_entry(walker, child, path_join(walker->arena, name, names.items[i].text), depth, parents, err);
        }
    }
    return ok;
}

bool file_walk_make(struct arena *arena, const char *folder, bool whole, bool follow, struct file_walk *out,
                    struct error *err)
{
    struct walker walker = { arena, out, follow };
    const char *path = path_normalize(arena, folder);
    struct stat info;

    if (stat(path, &info) != 0)
        return error_set_errno(err, "cannot read folder '%s'", path);
    return walk_folder(&walker, path, whole ? path_basename(path) : "", 0, parent_new(&walker, &info, NULL), err);
}
