/* SPDX-License-Identifier: Apache-2.0 */
/* Folders with everything in them: walking, making, removing, copying. Paths are as the kernel sees them. */
#pragma once

#include <sys/stat.h>

#include "common/base/arena.h"
#include "common/base/error.h"

struct file_tree_visitor {
    /* `info` is of the thing itself (lstat). False ends the walk. */
    bool (*visit)(void *context, const char *path, const struct stat *info, struct error *err);
    void *context;
    bool passes_over; /* what cannot be looked at or listed is no error, as for Python's os.walk */
};

/* Sorted names of a folder, without . and ..; NULL-terminated. */
bool file_tree_names(struct arena *arena, const char *folder, char ***names_out, size_t *count_out, struct error *err);
/* Everything beneath `folder`, not itself: what a folder holds first, then its folders' contents. Links are
 * not entered. */
bool file_tree_walk(struct arena *arena, const char *folder, const struct file_tree_visitor *visitor,
                    struct error *err);
/*
 * The same where somebody else may change the tree meanwhile: by descriptors, so that a folder swapped for a link is passed over, as is
 * what lies on another file system or more than FILE_TREE_DEPTH folders deep. `folder` is an open descriptor; paths are relative to it.
 */
#define FILE_TREE_DEPTH 32
bool file_tree_walk_at(struct arena *arena, int folder, const struct file_tree_visitor *visitor, struct error *err);
/* Removes a file that file_tree_walk_at has shown. False (errno): it is gone, or not to be reached without a link. */
bool file_tree_unlink_at(int folder, const char *path);
/* A file, link, or folder with all it holds; links are removed, never followed. Absent is fine. */
bool file_tree_remove(const char *path, struct error *err);
/* Makes the folder and those above it that are missing (mode 0777 less umask). */
bool file_tree_make(struct arena *arena, const char *folder, struct error *err);
/* Copies folder `from` with modes, times and extended attributes to `to`, which must not exist yet (its
 * parent must). With `keep_links` links stay links, else what they name is copied. Owner is who runs this, as
 * with Python's copytree. */
bool file_tree_copy(struct arena *arena, const char *from, const char *to, bool keep_links, struct error *err);
