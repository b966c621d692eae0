/* SPDX-License-Identifier: Apache-2.0 */
/* Which files make a project, and where they go in the tree. */
#include "cli/project.h"

#include <stdlib.h>
#include <string.h>

#include "cli/project_walk.h"
#include "common/base/hash.h"
#include "common/base/path.h"
#include "common/base/text.h"

static const char *const content_folders[] = { "playbooks", "roles", "files",    "templates", "tasks",
                                               "handlers",  "vars",  "defaults", "meta",      NULL };
static const char *const variable_folders[] = { "group_vars", "host_vars", NULL };

/* --- the tree --- */

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

static bool found_add(void *data, const char *source, const struct project_found *found, struct error *err)
{
    struct project *project = data;
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

/* --- where the project is --- */

static const char *folder_of(struct arena *arena, const struct project_options *options, const char *playbook)
{
    const char *folder = path_dirname(arena, playbook);
    const char *config =
        options->config_file == NULL ? NULL : path_dirname(arena, path_absolute(arena, options->config_file));

    if (config != NULL && path_is_inside(playbook, config))
        return config;
    return strcmp(path_basename(folder), "playbooks") == 0 ? path_dirname(arena, folder) : folder;
}

static bool place_add(struct project *project, const char *from, const char *to, struct error *err)
{
    if (project->place_count == PROJECT_PLACES)
        return error_set_kind(err, ERROR_LIMIT, "more than %d folders beside the project's", PROJECT_PLACES);
    project->places[project->place_count++] = (struct project_place){ from, to };
    return true;
}

/* --- what is taken --- */

static bool is_top_file(const char *name)
{
    static const char *const extensions[] = { ".yml", ".yaml", ".json", ".j2", NULL };

    return name[0] != '.' && text_in(path_extension(name), extensions);
}

static bool folders_take(struct project_walk *walk, const char *folder, const char *const *names, struct error *err)
{
    for (; *names != NULL; names++) {
        if (!project_walk_folder(walk, path_join(walk->arena, folder, *names), err))
            return false;
    }
    return true;
}

/* One folder in which a project may have its things: once. */
static bool base_take(struct project_walk *walk, const struct project_options *options, const char *folder,
                      struct error *err)
{
    return project_walk_top(walk, folder, is_top_file, err) && folders_take(walk, folder, content_folders, err) &&
           (!options->with_inventory || folders_take(walk, folder, variable_folders, err));
}

static bool playbooks_take(struct project_walk *walk, const struct project_options *options, struct error *err)
{
    struct project *project = walk->data;

    for (const char *const *playbook = options->playbooks; *playbook != NULL; playbook++) {
        const char *path = path_absolute(walk->arena, *playbook);

        if (!path_is_file(path))
            return error_set(err, "there is no playbook '%s'", *playbook);
        if (!path_is_inside(path, project->folder))
            return error_set(err, "the playbook '%s' is not below '%s', the folder of the first one's project",
                             *playbook, project->folder);
        if (project_walk_ignores(walk, path))
            return error_set(err, "git ignores the playbook '%s', and what git ignores is not sent", *playbook);
        if (!base_take(walk, options, path_dirname(walk->arena, path), err) || !project_walk_file(walk, path, err))
            return false;
    }
    return true;
}

static bool roles_take(struct project_walk *walk, const struct project_options *options, struct error *err)
{
    struct project *project = walk->data;
    int number = 0;

    for (const char *const *folder = options->role_folders; folder != NULL && *folder != NULL; folder++) {
        const char *path = path_normalize(walk->arena, *folder);

        if (!path_is_folder(path) ||
            (project_path(walk->arena, project, path) != NULL && strcmp(path, project->folder) == 0))
            continue;
        if (project_path(walk->arena, project, path) == NULL &&
            !place_add(project, path, arena_printf(walk->arena, "roles.%d", ++number), err))
            return false;
        if (!project_walk_folder(walk, path, err))
            return false;
    }
    return true;
}

/* A source that is a file brings the variables beside it. */
static bool inventory_take(struct project_walk *walk, const char *path, int number, struct error *err)
{
    struct project *project = walk->data;
    const char *folder = path_is_folder(path) ? path : path_dirname(walk->arena, path);

    if (project_path(walk->arena, project, folder) == NULL &&
        !place_add(project, folder, arena_printf(walk->arena, "inventory.%d", number), err))
        return false;
    if (folder == path)
        return project_walk_folder(walk, path, err);
    return project_walk_file(walk, path, err) && folders_take(walk, folder, variable_folders, err);
}

static bool inventories_take(struct project_walk *walk, const struct project_options *options, struct error *err)
{
    for (size_t i = 0; i < value_count(options->inventories); i++) {
        const char *source = value_text(value_item(options->inventories, i));
        const char *path = strchr(source, ',') != NULL ? NULL : path_normalize(walk->arena, source);

        if (path == NULL || !path_exists(path)) /* "a,b," */
            continue;
        if (!options->with_inventory)
            project_walk_leave_out(walk, path);
        else if (!inventory_take(walk, path, (int)i + 1, err))
            return false;
    }
    return true;
}

static int file_order(const void *a, const void *b)
{
    return strcmp(((const struct project_file *)a)->path, ((const struct project_file *)b)->path);
}

bool project_collect(struct arena *arena, const struct project_options *options, struct project **out,
                     struct error *err)
{
    struct project *project = arena_new_of(arena, struct project);
    struct project_walk walk = { .arena = arena, .take = found_add, .data = project };

    project->arena = arena;
    project->folder = folder_of(arena, options, path_absolute(arena, options->playbooks[0]));
    walk.skips_variables = !options->with_inventory;
    if (!place_add(project, project->folder, "", err) || !project_walk_begin(&walk, project->folder, err))
        return false;
    if (!inventories_take(&walk, options, err) || !base_take(&walk, options, project->folder, err) ||
        !playbooks_take(&walk, options, err) || !roles_take(&walk, options, err))
        return error_prefix(err, "project");
    qsort(project->files, project->count, sizeof(*project->files), file_order);
    project->ignored = walk.ignored_count;
    *out = project;
    return true;
}
