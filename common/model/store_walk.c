/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the store's folders: what names there are, and which blobs they mean. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/base/path.h"
#include "common/base/text.h"
#include "common/model/store.h"

#define WALK_DEPTH 64

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void dir_end(DIR **dir)
{
    if (*dir != NULL)
        closedir(*dir);
}

bool store_entries(const struct model_store *store, const char *folder, char ***out, size_t *count_out,
                   struct error *err)
{
    const char *path = store_path(store, folder);
    __attribute__((cleanup(dir_end))) DIR *dir = opendir(path);
    char **entries = NULL;
    size_t count = 0, capacity = 0;

    if (dir == NULL && errno != ENOENT)
        return error_set_errno(err, "cannot read the folder '%s'", path);
    for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (count == capacity) {
            size_t wider = capacity == 0 ? 16 : capacity * 2;

            entries = arena_grow(store->arena, entries, capacity * sizeof(*entries), wider * sizeof(*entries));
            capacity = wider;
        }
        entries[count++] = arena_copy(store->arena, entry->d_name);
    }
    if (count > 1)
        qsort(entries, count, sizeof(*entries), compare_texts);
    *out = entries;
    *count_out = count;
    return true;
}

struct walk {
    const struct model_store *store;
    struct store_name *names;
    size_t count, capacity;
};

/* Bytes of `path` that name the folder of a model: names/hf/HOST/ORG/REPO/commits/COMMIT, names/url/KEY. */
static size_t folder_length(const char *path)
{
    const char *at = path;
    int parts = text_starts(path, "names/hf/") ? 7 : 3;

    for (int i = 0; i < parts; i++) {
        at = strchr(at + (i > 0), '/');
        if (at == NULL)
            return 0;
    }
    return (size_t)(at - path);
}

char *store_folder_of(const struct model_store *store, const char *path)
{
    char *folder = arena_printf(store->arena, "%s/", path);
    size_t length = text_starts(path, "names/") ? folder_length(folder) : 0;

    folder[length] = '\0';
    return length > 0 ? folder : NULL;
}

static void walk_add(struct walk *walk, const char *path)
{
    struct arena *arena = walk->store->arena;
    size_t length = folder_length(path);
    struct store_name name = { .size = -1 };

    if (length == 0)
        return;
    name.folder = arena_copy_n(arena, path, length);
    name.path = path + length + 1;
    name.sha256 = store_name_get(walk->store, name.folder, name.path);
    if (name.sha256 == NULL)
        return;
    (void)store_has(walk->store, name.sha256, -1, &name.size);
    if (walk->count == walk->capacity) {
        size_t wider = walk->capacity == 0 ? 32 : walk->capacity * 2;

        walk->names = arena_grow(arena, walk->names, walk->capacity * sizeof(name), wider * sizeof(name));
        walk->capacity = wider;
    }
    walk->names[walk->count++] = name;
}

static bool walk_folder(struct walk *walk, const char *folder, int depth, struct error *err)
{
    char **entries = NULL;
    size_t count = 0;

    if (depth > WALK_DEPTH)
        return error_set_kind(err, ERROR_LIMIT, "folders nest deeper than %d below '%s'", WALK_DEPTH, folder);
    if (!store_entries(walk->store, folder, &entries, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        char *path = path_join(walk->store->arena, folder, entries[i]);
        struct stat info;

        if (lstat(store_path(walk->store, path), &info) != 0)
            continue;
        if (S_ISLNK(info.st_mode))
            walk_add(walk, path);
        else if (S_ISDIR(info.st_mode) && !walk_folder(walk, path, depth + 1, err))
            return false;
    }
    return true;
}

bool store_names(const struct model_store *store, const char *folder, struct store_name **out, size_t *count_out,
                 struct error *err)
{
    struct walk walk = { .store = store };

    if (!walk_folder(&walk, folder, 0, err))
        return false;
    *out = walk.names;
    *count_out = walk.count;
    return true;
}
