/* SPDX-License-Identifier: Apache-2.0 */
/* Finding and reading inventory/workloads. */
#include "cli/workload_files.h"

#include <string.h>

#include "common/base/path.h"
#include "common/base/text.h"
#include "controller/engines/engine.h"
#include "engine/command/settings.h"

#define FOLDER "workloads"

static const char *beside(struct arena *arena, const char *inventory)
{
    return path_join(arena, path_is_folder(inventory) ? inventory : path_dirname(arena, inventory), FOLDER);
}

/* The first that is there of those beside the configured inventories, else the first of all. */
static bool folder_find(struct arena *arena, const char **out, struct error *err)
{
    struct settings settings = { 0 };
    const char *configured, *first = NULL;
    size_t count = 0;
    char **parts;

    if (!settings_load(arena, value_list(arena), &settings, err))
        return false;
    configured = settings_text(&settings, "inventory");
    parts = text_split(arena, configured == NULL ? "inventory" : configured, ',', &count);
    for (size_t i = 0; i < count; i++) {
        const char *path = text_trim(arena, parts[i], strlen(parts[i]));
        const char *folder = beside(arena, configured == NULL ? path : settings_path(&settings, arena, path));

        if (path[0] != '\0' && (first == NULL || path_is_folder(folder)))
            first = folder;
        if (first != NULL && path_is_folder(first))
            break;
    }
    *out = first == NULL ? FOLDER : first;
    return true;
}

static bool engines_check(struct arena *arena, const struct workload_files *files, struct error *err)
{
    for (size_t i = 0; i < files->count; i++) {
        const struct value *source = files->workloads[i].source;
        struct source_position at = value_position(source);

        if (!engine_workload_check(arena, &files->workloads[i], err))
            return error_locate(err, &at);
    }
    return true;
}

bool workload_files_read(struct arena *arena, const char *folder, const char *inventory, struct workload_files *out,
                         struct error *err)
{
    struct workload_files files = { .folder = folder };
    bool ok;

    if (folder != NULL && !path_exists(folder))
        return error_set(err, "there is no file and no folder '%s'", folder);
    if (folder == NULL && inventory != NULL)
        files.folder = beside(arena, inventory);
    else if (folder == NULL && !folder_find(arena, &files.folder, err))
        return false;
    ok = path_is_file(files.folder) ? workload_file_read(arena, files.folder, &files.workloads, &files.count, err)
                                    : workload_folder_read(arena, files.folder, &files.workloads, &files.count, err);
    if (!ok || !engines_check(arena, &files, err))
        return false;
    *out = files;
    return true;
}

bool workload_files_find(const struct workload_files *files, const char *name, const struct workload **out,
                         struct error *err)
{
    const char *names[WORKLOADS_MAX], *nearest;

    for (size_t i = 0; i < files->count; i++) {
        names[i] = files->workloads[i].name;
        if (strcmp(names[i], name) == 0) {
            *out = &files->workloads[i];
            return true;
        }
    }
    nearest = text_nearest(name, names, files->count);
    if (nearest != NULL)
        return error_set(err, "there is no workload '%s' in %s; did you mean '%s'?", name, files->folder, nearest);
    return error_set(err, "there is no workload '%s' in %s%s", name, files->folder,
                     files->count == 0 ? ": nothing is declared there" : "");
}
