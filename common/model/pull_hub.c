/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plans for a hub's repositories. A commit never changes, so its list of files is asked for once and kept; a branch
 * means for a model what it meant when it was first asked for, until an update of that model.
 */
#include <string.h>

#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/model/hub.h"
#include "common/model/pull_parts.h"

#define TREE_MAX (64 * 1024 * 1024)

static bool find_commit(struct model_plan *plan, const struct hub *hub, struct error *err)
{
    const char *known = plan->request.update ? NULL : pull_revision_known(plan);

    if (known != NULL) {
        plan->revision = known;
        return true;
    }
    return hub_commit(hub, &plan->revision, err);
}

static bool find_files(struct model_plan *plan, const struct hub *hub, struct model_files *out, struct error *err)
{
    const char *kept =
        store_path(&plan->store, arena_printf(plan->arena, "%s/trees/%s.json", plan->repository, plan->revision));
    struct error ignored = ERROR_INIT;
    char *data = NULL;
    size_t size = 0;

    if (path_is_file(kept) && file_read(plan->arena, kept, TREE_MAX, &data, &size, &ignored) &&
        hub_tree_read(plan->arena, data, size, out, &ignored))
        return true;
    *out = (struct model_files){ 0 };
    if (!hub_tree(hub, plan->revision, out, err))
        return false;
    plan->tree = hub_tree_text(plan->arena, out);
    return true;
}

bool pull_plan_hub(struct model_plan *plan, struct error *err)
{
    const struct hub hub = { plan->arena, plan->settings, &plan->source };
    const struct model_selector selector = { plan->source.path, plan->request.patterns, plan->request.projector,
                                             plan->source.shown };
    struct model_files all = { 0 };

    plan->repository = pull_repository_of(plan->arena, plan->settings, &plan->source);
    if (!find_commit(plan, &hub, err))
        return false;
    plan->folder = arena_printf(plan->arena, "%s/commits/%s", plan->repository, plan->revision);
    if (!find_files(plan, &hub, &all, err) || !model_select(plan->arena, &all, &selector, &plan->files, err) ||
        !pull_apply_checksums(plan, err))
        return false;
    pull_look_in_store(plan);
    for (size_t i = 0; i < plan->files.count && plan->settings->offline; i++) {
        if (!plan->steps[i].is_there && !plan->steps[i].has_blob)
            return error_set(err, "'%s' is not in the store, and HF_HUB_OFFLINE forbids to ask the hub",
                             plan->files.items[i].path);
    }
    return true;
}
