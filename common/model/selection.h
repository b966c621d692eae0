/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which files of a repository or folder are meant: the file, folder or pattern asked for, all shards of what is split,
 * and the projector (mmproj) beside it. Works on lists only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/error.h"
#include "common/value/value.h"

struct model_file {
    const char *path;   /* relative */
    int64_t size;       /* -1: not known */
    const char *sha256; /* what it must have; NULL: not known */
    const char *git;    /* git's name of the content, of small files */
    const char *url;    /* of URLs: where it is */
};

struct model_files {
    struct model_file *items;
    size_t count, capacity;
};

struct model_selector {
    const char *path;             /* "", a file, a folder, or a pattern */
    const struct value *patterns; /* further narrowing: list of texts, or NULL */
    bool projector;               /* take an mmproj beside it too */
    const char *shown;            /* for messages */
};

void model_files_add(struct arena *arena, struct model_files *files, const struct model_file *file);
const struct model_file *model_files_find(const struct model_files *files, const char *path);
/* Files of `all` in the order of their paths, the projector last. At least one, or an error that names what there is. */
bool model_select(struct arena *arena, const struct model_files *all, const struct model_selector *selector,
                  struct model_files *out, struct error *err);
