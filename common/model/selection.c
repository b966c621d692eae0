/* SPDX-License-Identifier: Apache-2.0 */
/* Choosing files by path, folder or pattern, and completing what was chosen. */
#include "common/model/selection.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/path.h"
#include "common/base/text.h"
#include "common/model/model_source.h"

#define LISTED_MAX 12

void model_files_add(struct arena *arena, struct model_files *files, const struct model_file *file)
{
    if (files->count == files->capacity) {
        size_t wider = files->capacity == 0 ? 16 : files->capacity * 2;

        files->items = arena_grow(arena, files->items, files->capacity * sizeof(*file), wider * sizeof(*file));
        files->capacity = wider;
    }
    files->items[files->count++] = *file;
}

const struct model_file *model_files_find(const struct model_files *files, const char *path)
{
    for (size_t i = 0; i < files->count; i++) {
        if (strcmp(files->items[i].path, path) == 0)
            return &files->items[i];
    }
    return NULL;
}

static void add_once(struct arena *arena, struct model_files *files, const struct model_file *file)
{
    if (model_files_find(files, file->path) == NULL)
        model_files_add(arena, files, file);
}

/* `name` is beneath the folder `path`, or is it, or fits it as a pattern. "" fits everything. */
static bool fits_path(const char *path, const char *name)
{
    size_t length = strlen(path);

    if (length == 0 || strcmp(path, name) == 0)
        return true;
    if (model_source_is_pattern(path))
        return fnmatch(path, name, 0) == 0;
    return strncmp(path, name, length) == 0 && name[length] == '/';
}

/* As the hub's own tools: `*` also matches slashes; a pattern without a slash may fit the file's last part. */
static bool fits_patterns(const struct value *patterns, const char *name)
{
    for (size_t i = 0; i < value_count(patterns); i++) {
        const char *pattern = value_text(value_item(patterns, i));

        if (pattern != NULL && (fnmatch(pattern, name, 0) == 0 || fnmatch(pattern, path_basename(name), 0) == 0))
            return true;
    }
    return value_count(patterns) == 0;
}

/* The model that a file belongs to: its path, but one for all shards. */
static const char *model_of(struct arena *arena, const char *path)
{
    struct model_shard shard;

    return model_shard_parse(arena, path, &shard) ? model_shard_path(arena, &shard, 1) : path;
}

static const char *list_models(struct arena *arena, const struct model_files *all, size_t *count_out)
{
    struct text text = text_new(arena);
    size_t count = 0;

    text_add(&text, "");
    for (size_t i = 0; i < all->count; i++) {
        const char *path = all->items[i].path;
        struct model_shard shard;

        if (!model_path_is_gguf(path) || model_path_is_projector(path) ||
            (model_shard_parse(arena, path, &shard) && shard.number != 1))
            continue;
        if (count < LISTED_MAX)
            text_printf(&text, "%s%s", count > 0 ? ", " : "", path);
        else if (count == LISTED_MAX)
            text_add(&text, ", ...");
        count++;
    }
    *count_out = count;
    return text.data;
}

static bool choose_only_model(struct arena *arena, const struct model_files *all, const struct model_selector *selector,
                              struct model_files *out, struct error *err)
{
    size_t count = 0;
    const char *names = list_models(arena, all, &count);

    if (count == 0)
        return error_set(err, "%s has no GGUF file: name a file, a folder or a pattern", selector->shown);
    if (count > 1)
        return error_set(err, "%s has %zu models, name one: %s", selector->shown, count, names);
    for (size_t i = 0; i < all->count; i++) {
        if (model_path_is_gguf(all->items[i].path) && !model_path_is_projector(all->items[i].path))
            model_files_add(arena, out, &all->items[i]);
    }
    return true;
}

static bool nothing_fits(struct arena *arena, const struct model_files *all, const struct model_selector *selector,
                         struct error *err)
{
    const char **names = arena_new_array(arena, const char *, all->count + 1);
    const char *nearest, *models;
    size_t count = 0;

    for (size_t i = 0; i < all->count; i++)
        names[i] = all->items[i].path;
    nearest = text_nearest(selector->path, names, all->count);
    if (nearest != NULL)
        return error_set(err, "%s: there is no such file, did you mean '%s'?", selector->shown, nearest);
    models = list_models(arena, all, &count);
    return error_set(err, "%s: no file fits%s%s", selector->shown, count > 0 ? "; there is: " : "", models);
}

/* All parts of what is split, or an error that names the one that is missing. */
static bool add_shards(struct arena *arena, const struct model_files *all, const char *path, struct model_files *out,
                       struct error *err)
{
    struct model_shard shard;

    if (!model_shard_parse(arena, path, &shard))
        return true;
    for (int number = 1; number <= shard.count; number++) {
        const char *wanted = model_shard_path(arena, &shard, number);
        const struct model_file *file = model_files_find(all, wanted);

        if (file == NULL)
            return error_set(err, "the model is split in %d files, and '%s' is not there", shard.count, wanted);
        add_once(arena, out, file);
    }
    return true;
}

/* F16 is what every backend reads; then the larger kinds. */
static int projector_rank(const char *path)
{
    const char *name = path_basename(path);

    if (strcasestr(name, "bf16") != NULL)
        return 2;
    if (strcasestr(name, "f16") != NULL)
        return 1;
    return strcasestr(name, "f32") != NULL ? 3 : 4;
}

static const struct model_file *projector_in(struct arena *arena, const struct model_files *all, const char *folder)
{
    const struct model_file *best = NULL;

    for (size_t i = 0; i < all->count; i++) {
        const struct model_file *file = &all->items[i];

        if (model_path_is_projector(file->path) && strcmp(path_dirname(arena, file->path), folder) == 0 &&
            (best == NULL || projector_rank(file->path) < projector_rank(best->path)))
            best = file;
    }
    return best;
}

static void add_projector(struct arena *arena, const struct model_files *all, struct model_files *out)
{
    const char *folder = NULL;
    const struct model_file *found;

    for (size_t i = 0; i < out->count; i++) {
        if (model_path_is_projector(out->items[i].path))
            return;
        if (folder == NULL && model_path_is_gguf(out->items[i].path))
            folder = path_dirname(arena, out->items[i].path);
    }
    if (folder == NULL)
        return;
    found = projector_in(arena, all, folder);
    if (found == NULL && folder[0] != '\0')
        found = projector_in(arena, all, "");
    if (found != NULL)
        model_files_add(arena, out, found);
}

static int compare_files(const void *a, const void *b)
{
    const struct model_file *left = a, *right = b;
    int order = model_path_is_projector(left->path) - model_path_is_projector(right->path);

    return order != 0 ? order : strcmp(left->path, right->path);
}

bool model_select(struct arena *arena, const struct model_files *all, const struct model_selector *selector,
                  struct model_files *out, struct error *err)
{
    struct model_files chosen = { 0 };

    if (selector->path[0] == '\0' && value_count(selector->patterns) == 0) {
        if (!choose_only_model(arena, all, selector, &chosen, err))
            return false;
    } else {
        for (size_t i = 0; i < all->count; i++) {
            if (fits_path(selector->path, all->items[i].path) && fits_patterns(selector->patterns, all->items[i].path))
                add_once(arena, &chosen, &all->items[i]);
        }
    }
    if (chosen.count == 0)
        return nothing_fits(arena, all, selector, err);
    for (size_t i = 0, count = chosen.count; i < count; i++) {
        if (strcmp(model_of(arena, chosen.items[i].path), chosen.items[i].path) == 0 || i == 0 ||
            strcmp(model_of(arena, chosen.items[i].path), model_of(arena, chosen.items[i - 1].path)) != 0) {
            if (!add_shards(arena, all, chosen.items[i].path, &chosen, err))
                return error_prefix(err, "%s", selector->shown);
        }
    }
    if (selector->projector)
        add_projector(arena, all, &chosen);
    qsort(chosen.items, chosen.count, sizeof(*chosen.items), compare_files);
    *out = chosen;
    return true;
}
