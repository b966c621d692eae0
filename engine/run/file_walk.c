/* SPDX-License-Identifier: Apache-2.0 */
/* Walking a folder at the centre. Sockets, devices and broken links that would have to be followed are refused by name. */
#include "engine/run/file_walk.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/limits.h"
#include "common/base/path.h"

struct walker {
    struct arena *arena;
    struct file_walk *walk;
    bool follow;
};

static void add(struct walker *walker, struct file_entry entry)
{
    struct file_walk *walk = walker->walk;

    if (walk->count == walk->capacity) {
        size_t capacity = walk->capacity == 0 ? 16 : walk->capacity * 2;

        walk->entries = arena_grow(walker->arena, walk->entries, walk->capacity * sizeof(*walk->entries),
                                   capacity * sizeof(*walk->entries));
        walk->capacity = capacity;
    }
    walk->entries[walk->count++] = entry;
}

static int is_named(const struct dirent *entry)
{
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static bool walk_folder(struct walker *walker, const char *path, const char *name, int depth, struct error *err);

static bool walk_entry(struct walker *walker, const char *path, const char *name, int depth, struct error *err)
{
    char link[LIMIT_PATH + 1] = "";
    struct stat info;

    if ((walker->follow ? stat(path, &info) : lstat(path, &info)) != 0)
        return error_set_errno(err, "cannot read '%s'", path);
    if (S_ISDIR(info.st_mode))
        return walk_folder(walker, path, name, depth + 1, err);
    if (S_ISREG(info.st_mode)) {
        add(walker, (struct file_entry){ FILE_ENTRY_FILE, name, path, NULL });
        return true;
    }
    if (!S_ISLNK(info.st_mode))
        return error_set(err, "'%s' is neither file, folder nor link: it cannot be copied", path);
    if (readlink(path, link, LIMIT_PATH) < 0)
        return error_set_errno(err, "cannot read link '%s'", path);
    add(walker, (struct file_entry){ FILE_ENTRY_LINK, name, path, arena_copy(walker->arena, link) });
    return true;
}

static bool walk_folder(struct walker *walker, const char *path, const char *name, int depth, struct error *err)
{
    struct dirent **list = NULL;
    int count = scandir(path, &list, is_named, alphasort);
    bool ok = true;

    if (count < 0)
        return error_set_errno(err, "cannot read folder '%s'", path);
    if (depth > LIMIT_INCLUDE_DEPTH)
        ok = error_set(err, "folders nest too deep at '%s'", path);
    if (ok && *name != '\0')
        add(walker, (struct file_entry){ FILE_ENTRY_FOLDER, name, path, NULL });
    for (int i = 0; i < count; i++) {
        if (ok)
            ok = walk_entry(walker, path_join(walker->arena, path, list[i]->d_name),
                            *name == '\0' ? arena_copy(walker->arena, list[i]->d_name)
                                          : path_join(walker->arena, name, list[i]->d_name),
                            depth, err);
        free(list[i]);
    }
    free(list);
    return ok;
}

bool file_walk_make(struct arena *arena, const char *folder, bool whole, bool follow, struct file_walk *out,
                    struct error *err)
{
    struct walker walker = { arena, out, follow };
    const char *path = path_normalize(arena, folder);

    return walk_folder(&walker, path, whole ? path_basename(path) : "", 0, err);
}
