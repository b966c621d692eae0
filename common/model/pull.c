/* SPDX-License-Identifier: Apache-2.0 */
/* Carrying out a plan. */
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
    if (plan->request.name == NULL)
        return true;
    const struct store_link link = pull_link_of(plan);
    return store_link_write(&plan->store, plan->request.name, &link, err);
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
