/* SPDX-License-Identifier: Apache-2.0 */
/* Carrying out a plan, and finding the names that a source has in the store. */
#include "common/model/pull.h"

#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"
#include "common/model/hub.h"
#include "common/model/progress.h"
#include "common/model/pull_parts.h"

/* From now on the commit is wanted, finished or not: collecting leaves alone what has come of it. */
static bool hub_begin(struct model_plan *plan, struct error *err)
{
    FD_SCOPED lock = -1;

    if (plan->repository == NULL)
        return true;
    if (!store_lock(&plan->store, &lock, err))
        return false;
    if (plan->tree != NULL &&
        !store_note_write(&plan->store, arena_printf(plan->arena, "%s/trees/%s.json", plan->repository, plan->revision),
                          plan->tree, err))
        return false;
    return pull_revision_begin(plan, err);
}

/* Under the lock: what was done first may have been removed while the rest came. */
static bool check_names(const struct model_plan *plan, struct error *err)
{
    for (size_t i = 0; i < plan->files.count; i++) {
        const struct model_file *file = &plan->files.items[i];
        const char *linked = store_name_get(&plan->store, plan->folder, file->path);

        if (linked == NULL || strcmp(linked, file->sha256) != 0 ||
            !store_has(&plan->store, file->sha256, file->size, NULL))
            return error_set(err, "'%s' was removed from the store by another process meanwhile", file->path);
    }
    return true;
}

static bool finish(struct model_plan *plan, struct error *err)
{
    FD_SCOPED lock = -1;

    if (!store_lock(&plan->store, &lock, err) || !check_names(plan, err))
        return false;
    if (plan->repository == NULL && !pull_note_write(plan, err))
        return false;
    if (plan->repository != NULL && !pull_revision_finish(plan, err))
        return false;
    return plan->request.name == NULL ||
           store_link_set(&plan->store, path_join(plan->arena, "links", plan->request.name),
                          model_plan_link_target(plan), err);
}

/* The content is there, only the name is not; or it has gone since the plan was made. */
static bool give_name(struct model_plan *plan, size_t index, bool *done_out, struct error *err)
{
    const struct model_file *file = &plan->files.items[index];
    FD_SCOPED lock = -1;

    if (!store_lock(&plan->store, &lock, err))
        return false;
    *done_out = store_has(&plan->store, file->sha256, file->size, NULL);
    return !*done_out || store_name_set(&plan->store, plan->folder, file->path, file->sha256, err);
}

bool model_plan_execute(struct model_plan *plan, struct error *err)
{
    struct progress progress;

    if (plan->is_there)
        return true;
    progress_start(&progress, plan->size_bytes < 0 ? -1 : plan->missing_bytes, 0, clock_monotonic_ms());
    if (!store_prepare(&plan->store, err) || !hub_begin(plan, err))
        return false;
    for (size_t i = 0; i < plan->files.count; i++) {
        bool done = false;

        if (plan->steps[i].has_blob && !give_name(plan, i, &done, err))
            return false;
        if (!done && !pull_fetch(plan, i, &progress, err))
            return false;
        plan->size_bytes = i == 0 ? plan->files.items[i].size : plan->size_bytes + plan->files.items[i].size;
    }
    return finish(plan, err);
}

/* --- names of a source --- */

/* The folder that a link of the user's own leads to: up to the commit or key. */
static bool folder_of_link(const struct model_store *store, const char *name, const char **out, struct error *err)
{
    char target[LIMIT_PATH];
    ssize_t length = -1;

    if (model_path_is_safe(name) && strchr(name, '/') == NULL)
        length = readlink(store_path(store, path_join(store->arena, "links", name)), target, sizeof(target) - 1);
    if (length <= 3)
        return error_set(err, "there is no model of the name '%.100s' in the store, and it is no source", name);
    target[length] = '\0';
    *out = arena_copy(store->arena, target + 3); /* behind ../ */
    return true;
}

static bool names_below(const struct model_store *store, const char *folder, const char *path, struct store_name **out,
                        size_t *count_out, struct error *err)
{
    const struct model_selector selector = { .path = path, .shown = path };
    struct model_files all = { 0 }, chosen = { 0 };
    struct error ignored = ERROR_INIT;
    struct store_name *names = NULL;
    size_t count = 0, kept = 0, models = 0;

    if (!store_names(store, folder, &names, &count, err))
        return false;
    for (size_t i = 0; i < count; i++)
        model_files_add(store->arena, &all, &(struct model_file){ .path = names[i].path });
    if (path[0] != '\0' && !model_select(store->arena, &all, &selector, &chosen, &ignored)) {
        /* shards may be incomplete: then the one that is named */
        const struct model_file *file = model_files_find(&all, path);

        if (file != NULL)
            model_files_add(store->arena, &chosen, file);
    }
    for (size_t i = 0; i < count; i++) /* models that stay */
        models += path[0] != '\0' && !model_path_is_projector(names[i].path) &&
                  model_files_find(&chosen, names[i].path) == NULL;
    for (size_t i = 0; i < count; i++) {
        bool is_left_alone = models == 0 && chosen.count > 0 && model_path_is_projector(names[i].path);

        if (path[0] == '\0' || is_left_alone || model_files_find(&chosen, names[i].path) != NULL)
            names[kept++] = names[i];
    }
    *out = names;
    *count_out = kept;
    return true;
}

/* Of every commit that the revision means for some model. */
static bool names_of_hub(const struct model_store *store, const char *repository, const struct model_source *source,
                         struct store_name **out, size_t *count_out, struct error *err)
{
    struct store_name *all = NULL, *names = NULL;
    char **commits = NULL, *only[] = { arena_copy(store->arena, source->revision) };
    size_t commit_count = 0, count = 0, total = 0;

    if (!pull_revision_commits(store, repository, source->revision, &commits, &commit_count, err))
        return false;
    if (commit_count == 0 && digest_is_git(source->revision)) {
        commits = only;
        commit_count = 1;
    }
    for (size_t i = 0; i < commit_count; i++) {
        const char *folder = arena_printf(store->arena, "%s/commits/%s", repository, commits[i]);

        if (!names_below(store, folder, source->path, &names, &count, err))
            return false;
        all = arena_grow(store->arena, all, total * sizeof(*all), (total + count + 1) * sizeof(*all));
        if (count > 0)
            memcpy(all + total, names, count * sizeof(*all));
        total += count;
    }
    *out = all;
    *count_out = total;
    return true;
}

bool model_names_of(struct arena *arena, const struct model_settings *settings, const char *text,
                    struct store_name **out, size_t *count_out, struct error *err)
{
    const struct model_store store = { arena, settings->store };
    struct model_source source;
    const char *folder = NULL;

    *count_out = 0;
    if (strstr(text, "://") == NULL)
        return folder_of_link(&store, text, &folder, err) && names_below(&store, folder, "", out, count_out, err);
    if (!model_source_parse(arena, text, &source, err))
        return false;
    if (source.kind == MODEL_SOURCE_URL)
        return names_below(&store, pull_folder_of(arena, &source), "", out, count_out, err);
    if (source.kind == MODEL_SOURCE_FILE)
        return names_below(&store, pull_folder_of(arena, &source), path_is_folder(source.url) ? "" : source.path, out,
                           count_out, err);
    return names_of_hub(&store, pull_repository_of(arena, settings, &source), &source, out, count_out, err);
}

void model_forget(struct arena *arena, const struct model_settings *settings, const char *text)
{
    const struct model_store store = { arena, settings->store };
    struct error ignored = ERROR_INIT;
    struct model_source source;

    if (strstr(text, "://") != NULL && model_source_parse(arena, text, &source, &ignored) &&
        source.kind == MODEL_SOURCE_HUB)
        pull_revision_forget(&store, pull_repository_of(arena, settings, &source), &source);
}
