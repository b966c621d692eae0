/* SPDX-License-Identifier: Apache-2.0 */
/* Walking folders as Python's os.walk does: one folder after the other, its files first, then its folders. */
#pragma once

#include "common/base/arena.h"
#include "common/base/error.h"

/* What one folder holds. Names are sorted; links to folders count as folders. */
struct find_folder {
    const char *path;
    char **files, **folders;
    size_t file_count, folder_count;
    bool enter; /* set to false by `visit`: what is beneath is not walked */
};

struct find_visitor {
    bool (*visit)(void *context, struct find_folder *folder, struct error *err);
    void *context;
    bool follow; /* enter links to folders too */
};

/* False: a folder could not be read, or `visit` said so. */
bool find_tree(struct arena *arena, const char *root, const struct find_visitor *visitor, struct error *err);
