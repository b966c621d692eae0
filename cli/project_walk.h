/* SPDX-License-Identifier: Apache-2.0 */
/* Walking a project's folders: each file once, without .git and what git ignores, links followed. */
#pragma once

#include "common/value/value.h"

#define PROJECT_FILE_MAX ((size_t)64 * 1024 * 1024)

struct project_found {
    size_t bytes;
    unsigned mode;
};

struct project_walk {
    struct arena *arena;
    bool (*take)(void *data, const char *path, const struct project_found *found, struct error *err);
    void *data;
    bool skips_variables;  /* folders group_vars and host_vars outside of roles */
    const char *folder;    /* internal: where the project is */
    struct value *seen;    /* internal: map of the paths that were taken or left out */
    struct value *ignored; /* internal: map of the paths that git ignores */
    size_t ignored_count;  /* of them met on the way */
};

/* Asks git about the folder, if it is in a repository. */
bool project_walk_begin(struct project_walk *walk, const char *folder, struct error *err);
bool project_walk_ignores(const struct project_walk *walk, const char *path);
/* Never to be taken, with all that is in it. */
void project_walk_leave_out(struct project_walk *walk, const char *path);
/* All beneath; one that is not there is passed over. */
bool project_walk_folder(struct project_walk *walk, const char *folder, struct error *err);
/* The files of the folder itself that `wanted` takes. */
bool project_walk_top(struct project_walk *walk, const char *folder, bool (*wanted)(const char *name),
                      struct error *err);
bool project_walk_file(struct project_walk *walk, const char *path, struct error *err);
