/* SPDX-License-Identifier: Apache-2.0 */
/* Plans for files that are on this machine: a file with its shards and projector, a pattern, or a whole folder. */
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "common/base/path.h"
#include "common/model/pull_parts.h"

static bool list_folder(struct arena *arena, const char *folder, struct model_files *out, struct error *err)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;

    if (dir == NULL)
        return error_set_errno(err, "cannot read the folder '%s'", folder);
    while ((entry = readdir(dir)) != NULL) {
        const char *path = path_join(arena, folder, entry->d_name);
        struct model_file file = { .path = arena_copy(arena, entry->d_name), .url = path };
        struct stat info;

        if (!model_path_is_safe(entry->d_name) || stat(path, &info) != 0 || !S_ISREG(info.st_mode))
            continue;
        file.size = info.st_size;
        model_files_add(arena, out, &file);
    }
    closedir(dir);
    return true;
}

/* The source is gone, but what came of it is in the store. */
static bool list_store(struct model_plan *plan, struct model_files *out)
{
    struct error ignored = ERROR_INIT;
    struct store_name *names;
    size_t count = 0;

    if (!store_names(&plan->store, plan->folder, &names, &count, &ignored))
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct model_file file = { .path = names[i].path, .size = names[i].size };

        model_files_add(plan->arena, out, &file);
    }
    return count > 0;
}

/* Time and size, in the place of what a server says. */
static void note_state(struct model_plan *plan, size_t index)
{
    struct stat info;

    if (plan->files.items[index].url != NULL && stat(plan->files.items[index].url, &info) == 0)
        plan->steps[index].modified =
            arena_printf(plan->arena, "%lld.%09ld", (long long)info.st_mtim.tv_sec, info.st_mtim.tv_nsec);
}

static void look_for_update(struct model_plan *plan, size_t index)
{
    struct model_file *file = &plan->files.items[index];
    struct model_step *step = &plan->steps[index];
    const char *linked = store_name_get(&plan->store, plan->folder, file->path);
    const char *noted = value_map_text(pull_note_of(plan, file->path), "modified");

    if (!plan->request.update || step->is_there || file->sha256 != NULL || linked == NULL || noted == NULL ||
        step->modified == NULL || strcmp(noted, step->modified) != 0 ||
        !store_has(&plan->store, linked, file->size, NULL))
        return;
    file->sha256 = linked;
    step->is_there = step->has_blob = true;
}

bool pull_plan_file(struct model_plan *plan, struct error *err)
{
    bool is_folder = path_is_folder(plan->source.url);
    const char *folder = is_folder ? plan->source.url : path_dirname(plan->arena, plan->source.url);
    const struct model_selector selector = { is_folder ? "" : plan->source.path, plan->request.patterns,
                                             plan->request.projector, plan->source.shown };
    struct model_files all = { 0 };

    plan->folder = pull_folder_of(plan->arena, &plan->source);
    if (!path_is_folder(folder) || (!is_folder && !model_source_is_pattern(plan->source.path) &&
                                    !path_exists(plan->source.url) && !plan->request.update)) {
        if (!list_store(plan, &all))
            return error_set(err, "%s: there is no such file", plan->source.shown);
    } else if (!list_folder(plan->arena, folder, &all, err)) {
        return false;
    }
    if (!model_select(plan->arena, &all, &selector, &plan->files, err) || !pull_apply_checksums(plan, err))
        return false;
    pull_look_in_store(plan);
    for (size_t i = 0; i < plan->files.count; i++) {
        note_state(plan, i);
        look_for_update(plan, i);
        if (!plan->steps[i].has_blob && plan->files.items[i].url == NULL)
            return error_set(err, "%s: there is no such file", plan->source.shown);
    }
    return true;
}
