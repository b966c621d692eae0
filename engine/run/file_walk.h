/* SPDX-License-Identifier: Apache-2.0 */
/* The entries of a folder at the centre, folders before what is in them and behind the files beside them, sorted by name. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/base/arena.h"
#include "common/base/error.h"

enum file_entry_kind { FILE_ENTRY_FOLDER, FILE_ENTRY_FILE, FILE_ENTRY_LINK };
struct file_entry {
    enum file_entry_kind kind;
    const char *name; /* below the walk's start */
    const char *path;
    const char *link; /* FILE_ENTRY_LINK: what it points to */
};
struct file_walk {
    struct file_entry *entries;
    size_t count, capacity;
};

/* `whole`: names start with the folder's own name. `follow`: links count as what they point to; those that
 * lead nowhere or to a folder they are in stay links. */
bool file_walk_make(struct arena *arena, const char *folder, bool whole, bool follow, struct file_walk *out,
                    struct error *err);
