/* SPDX-License-Identifier: Apache-2.0 */
/* Walking folders, top down. Reads only. A loop of links ends where the kernel no longer resolves the path. */
#include "agent/system/file/find_tree.h"

#include <string.h>

#include "agent/system/file/file_state.h"
#include "agent/system/file/file_tree.h"
#include "common/base/path.h"

static bool folder_read(struct arena *arena, struct find_folder *folder, struct error *err)
{
    char **names = NULL;
    size_t count = 0;

    if (!file_tree_names(arena, folder->path, &names, &count, err))
        return false;
    folder->files = arena_new_array(arena, char *, count + 1);
    folder->folders = arena_new_array(arena, char *, count + 1);
    for (size_t i = 0; i < count; i++) {
        if (path_is_folder(path_join(arena, folder->path, names[i])))
            folder->folders[folder->folder_count++] = names[i];
        else
            folder->files[folder->file_count++] = names[i];
    }
    return true;
}

/* A stack of paths: no recursion, however deep the folders are. */
struct pending {
    char **paths;
    size_t count, capacity;
};

static void pending_push(struct arena *arena, struct pending *pending, char *path)
{
    if (pending->count == pending->capacity) {
        size_t wider = pending->capacity ? pending->capacity * 2 : 64;
        pending->paths = arena_grow(arena, pending->paths, pending->capacity * sizeof(char *), wider * sizeof(char *));
        pending->capacity = wider;
    }
    pending->paths[pending->count++] = path;
}

bool find_tree(struct arena *arena, const char *root, const struct find_visitor *visitor, struct error *err)
{
    struct pending pending = { 0 };

    pending_push(arena, &pending, arena_copy(arena, root));
    while (pending.count > 0) {
        struct find_folder folder = { .path = pending.paths[--pending.count], .enter = true };
        if (!folder_read(arena, &folder, err) || !visitor->visit(visitor->context, &folder, err))
            return false;
        for (size_t i = folder.enter ? folder.folder_count : 0; i > 0; i--) {
            char *path = path_join(arena, folder.path, folder.folders[i - 1]);
            if (visitor->follow || !file_is_link(path))
                pending_push(arena, &pending, path);
        }
    }
    return true;
}
