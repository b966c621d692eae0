/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The models that a node has (kept, or brought by the playbook) are told to the controller before workloads are planned, so that nothing
 * is fetched that is there. What workloads are declared to run here is asked for now, so that it comes while other nodes are still made;
 * what else is missing the launcher brings. Both come from neighbours before the internet.
 */
#include "cli/rebuild_models.h"

#include <stdio.h>
#include <string.h>

#include "cli/rebuild_center.h"
#include "cli/rebuild_child.h"
#include "cli/rebuild_progress.h"
#include "common/base/text.h"
#include "common/model/model_settings.h"
#include "controller/engines/engine.h"

#define TOLD_S 60
/* An agent tells its models when it starts, and now and then. */
#define LOOK                                                                                                           \
    "s=" MODEL_STORE_DEFAULT "; b=$(($(find $s/blobs/sha256 -type f -printf %s+ 2>/dev/null)0)); "                     \
    "n=$(find $s/names -lname \"*blobs/sha256/*\" 2>/dev/null | wc -l); "                                              \
    "[ $n = 0 ] || systemctl restart roost-agent; echo \"has models: $n files, $b bytes\""
#define COUNT "has models: %ld files, %lld bytes"

/* --- what is there --- */

static bool are_told(struct rebuild_call *call, void *data, const struct value *answer, bool *done_out,
                     struct error *err)
{
    const bool *are_there = data;

    (void)call, (void)err;
    *done_out = (value_count(value_map_get(answer, "items")) > 0) == *are_there;
    return true;
}

static const char *models_path(struct rebuild_call *call)
{
    return arena_printf(call->arena, "/api/v1/models?node=%s", call->node->name);
}

bool rebuild_models_before(struct rebuild_call *call, struct error *err)
{
    const struct value *answer = NULL;

    if (!rebuild_center_ask(call, &(struct rebuild_ask){ .path = models_path(call), .not_found = 404 }, &answer, err))
        return false;
    if (value_count(value_map_get(answer, "items")) > 0)
        rebuild_note(call, "models_before", "yes");
    return true;
}

static bool look(struct rebuild_call *call, struct text *told, struct error *err)
{
    const char *const words[] = { call->node->host, "-b", "-m", "shell", "-a", LOOK, NULL };
    const char *found = NULL;
    struct rebuild_child_end end;
    long long bytes = 0;
    long count = 0;
    bool are_there;

    if (!rebuild_roost(call, "run", words, &end, err))
        return false;
    found = strstr(end.output, "has models: ");
    if (end.status != 0 || found == NULL || sscanf(found, COUNT, &count, &bytes) != 2)
        return error_set(err, "%s", rebuild_child_sentence(call->arena, end.output));
    are_there = count > 0;
    if (are_there)
        text_printf(told, "%s there", model_size_text(call->arena, bytes));
    else
        text_printf(told, "none there%s",
                    rebuild_noted(call, "models_before") == NULL ? "" : ": the wipe command has not kept them");
    rebuild_note(call, "models", told->data);
    return rebuild_center_wait(call,
                               &(struct rebuild_wait){ .path = models_path(call),
                                                       .look = are_told,
                                                       .data = &are_there,
                                                       .timeout_s = TOLD_S,
                                                       .what = "it has not told its models" },
                               err);
}

/* --- what is to come --- */

bool rebuild_models_are_for(const struct workload *workload, const char *node)
{
    const struct engine *engine = engine_find(workload->engine);

    if (engine == NULL || (engine->traits & ENGINE_PULLS) != 0 || workload->spread == WORKLOAD_CLUSTER ||
        workload->nodes_count > 1)
        return false; /* over several nodes: its head alone needs them, and which one that is the planner says */
    for (size_t i = 0; i < value_count(workload->nodes); i++) {
        if (text_equal(value_text(value_item(workload->nodes, i)), node))
            return true;
    }
    return false;
}

static bool model_ask(struct rebuild_call *call, const char *source, struct error *err)
{
    struct value *body = value_map(call->arena), *nodes = value_list(call->arena);

    value_list_add(call->arena, nodes, value_string(call->arena, call->node->name));
    value_map_put_string(call->arena, body, "source", source);
    value_map_put(call->arena, body, "nodes", nodes);
    return rebuild_center_ask(call,
                              &(struct rebuild_ask){ .method = "POST", .path = "/api/v1/models/fetch", .body = body },
                              NULL, err) ||
           error_prefix(err, "%s", source);
}

static bool models_ask(struct rebuild_call *call, struct error *err)
{
    const struct workload_files *files = &call->rebuild->workloads;

    for (size_t i = 0; i < files->count; i++) {
        const struct value *models = files->workloads[i].models;

        if (!rebuild_models_are_for(&files->workloads[i], call->node->name))
            continue;
        for (size_t j = 0; j < value_count(models); j++) {
            const char *source = value_text(value_item(models, j));

            if (strstr(source, "://") != NULL && !model_ask(call, source, err))
                return false; /* a name alone is that of a model which some node has: its workload brings it */
        }
    }
    return true;
}

static bool coming_count(struct rebuild_call *call, struct text *told, struct error *err)
{
    const struct value *answer = NULL, *items = NULL;
    size_t count = 0;

    if (!rebuild_center_ask(call, &(struct rebuild_ask){ .path = "/api/v1/models/fetches" }, &answer, err))
        return false;
    items = value_map_get(answer, "items");
    for (size_t i = 0; i < value_count(items); i++) {
        const struct value *row = value_item(items, i);

        count += text_equal(value_map_text(row, "node"), call->node->name) &&
                 text_in(value_map_text(row, "state"), (const char *const[]){ "wanted", "fetching", NULL });
    }
    if (count > 0)
        text_printf(told, "; %zu on their way", count);
    return true;
}

bool rebuild_models(struct rebuild_call *call, struct error *err)
{
    struct text told = text_new(call->arena);

    if (!look(call, &told, err) || !models_ask(call, err) || !coming_count(call, &told, err))
        return false;
    rebuild_tell(call, "%s", told.data);
    return true;
}
