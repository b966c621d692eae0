/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a model comes from, as users write it:
 *   hf://ORG/REPO[/FILE, FOLDER or PATTERN][@REVISION]   (also ORG/REPO@REVISION/FILE)
 *   https://HOST/PATH, http://HOST/PATH                   file:///PATH
 * Only text is looked at here, nothing is asked.
 */
#pragma once

#include <stdbool.h>

#include "common/base/arena.h"
#include "common/base/error.h"

enum model_source_kind { MODEL_SOURCE_HUB, MODEL_SOURCE_URL, MODEL_SOURCE_FILE };

struct model_source {
    enum model_source_kind kind;
    const char *shown; /* without user, password and query */
    const char *organisation, *repository;
    const char *path;     /* in the repository; "": all of it */
    const char *revision; /* branch, tag or commit; "main" when none is given */
    const char *url;      /* the URL; of files: the absolute path */
};

bool model_source_parse(struct arena *arena, const char *text, struct model_source *out, struct error *err);
bool model_source_is_pattern(const char *path);

/* A path that may be used below a folder of ours: relative, no "..", no empty part, nothing unprintable. */
bool model_path_is_safe(const char *path);

/* One part of a split GGUF file: STEM-00001-of-00003.gguf. */
struct model_shard {
    const char *stem;
    int number, count;
};
bool model_shard_parse(struct arena *arena, const char *path, struct model_shard *out);
char *model_shard_path(struct arena *arena, const struct model_shard *shard, int number);
bool model_path_is_projector(const char *path); /* mmproj-*.gguf: the picture half of a model */
bool model_path_is_gguf(const char *path);
