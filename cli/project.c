/* SPDX-License-Identifier: Apache-2.0 */
/* The tree: files, their digests, and where they are in it. What is taken is project_collect.c's. */
#include "cli/project.h"

#include <string.h>

#include "cli/project_internal.h"
#include "common/base/hash.h"
#include "common/base/path.h"
#include "common/base/text.h"

static bool file_fits(const struct project *project, const char *path, size_t bytes, struct error *err)
{
    if (strlen(path) > LIMIT_BUNDLE_PATH || !text_utf8_valid(path, strlen(path)))
        return error_set(err, "'%s' is no path for a project: expected UTF-8 of at most %d bytes", path,
                         LIMIT_BUNDLE_PATH);
    for (const char *at = path; *at != '\0'; at++) {
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            return error_set(err, "the name '%s' holds a control character", path);
    }
    if (bytes > PROJECT_FILE_MAX)
        return error_set_kind(err, ERROR_LIMIT, "'%s' has %zu bytes, a file of a project may have %zu", path, bytes,
                              PROJECT_FILE_MAX);
    if (project->count >= LIMIT_BUNDLE_FILES || project->bytes + bytes > LIMIT_BUNDLE_BYTES)
        return error_set_kind(err, ERROR_LIMIT,
                              "'%s' has more than %d files or %d MiB of them: a playbook wants a folder of its own",
                              project->folder, LIMIT_BUNDLE_FILES, LIMIT_BUNDLE_BYTES >> 20);
    return true;
}

static void file_put(struct project *project, const struct project_file *file)
{
    if (project->count == project->capacity) {
        size_t wider = project->capacity == 0 ? 128 : 2 * project->capacity;

        project->files = arena_grow(project->arena, project->files, project->capacity * sizeof(*project->files),
                                    wider * sizeof(*project->files));
        project->capacity = wider;
    }
    project->files[project->count++] = *file;
    project->bytes += file->bytes;
}

struct project *project_empty(struct arena *arena)
{
    struct project *project = arena_new_of(arena, struct project);

    project->arena = arena;
    project->folder = "";
    return project;
}

bool project_add(struct project *project, const char *path, const char *data, size_t length, unsigned mode,
                 struct error *err)
{
    char hex[HASH_HEX_MAX];
    const struct project_file file = { .path = arena_copy(project->arena, path),
                                       .data = data,
                                       .bytes = length,
                                       .sha256 =
                                           arena_copy(project->arena, hash_hex_of(HASH_SHA256, data, length, hex)),
                                       .mode = mode };

    if (!file_fits(project, path, length, err))
        return false;
    file_put(project, &file);
    return true;
}

bool project_file_add(struct project *project, const char *source, const struct project_found *found, struct error *err)
{
    struct project_file file = { .path = project_path(project->arena, project, source),
                                 .source = arena_copy(project->arena, source),
                                 .bytes = found->bytes,
                                 .mode = found->mode };
    char hex[HASH_HEX_MAX];

    if (!file_fits(project, file.path, file.bytes, err) || !hash_hex_of_file(HASH_SHA256, source, hex, err))
        return false;
    file.sha256 = arena_copy(project->arena, hex);
    file_put(project, &file);
    return true;
}

const char *project_path(struct arena *arena, const struct project *project, const char *path)
{
    const char *normal = path_absolute(arena, path);
    const struct project_place *best = NULL;

    for (size_t i = 0; i < project->place_count; i++) {
        const struct project_place *place = &project->places[i];

        if (path_is_inside(normal, place->from) && (best == NULL || strlen(place->from) > strlen(best->from)))
            best = place;
    }
    if (best == NULL)
        return NULL;
    normal += strlen(best->from);
    normal += *normal == '/';
    if (*normal == '\0')
        return *best->to == '\0' ? "." : best->to;
    return *best->to == '\0' ? arena_copy(arena, normal) : path_join(arena, best->to, normal);
}

const struct value *project_tree(struct arena *arena, const struct project *project)
{
    struct value *list = value_list(arena);

    for (size_t i = 0; i < project->count; i++) {
        const struct project_file *file = &project->files[i];
        struct value *map = value_map(arena);

        value_map_put_string(arena, map, "path",
                             project->prefix == NULL ? file->path : path_join(arena, project->prefix, file->path));
        value_map_put_string(arena, map, "sha256", file->sha256);
        value_map_put_int(arena, map, "bytes", (int64_t)file->bytes);
        value_map_put_int(arena, map, "mode", file->mode);
        value_list_add(arena, list, map);
    }
    return list;
}

bool project_place_add(struct project *project, const char *from, const char *to, struct error *err)
{
    if (project->place_count == PROJECT_PLACES)
        return error_set_kind(err, ERROR_LIMIT, "more than %d folders beside the project's", PROJECT_PLACES);
    project->places[project->place_count++] = (struct project_place){ from, to };
    return true;
}
