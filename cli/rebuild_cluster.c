/* SPDX-License-Identifier: Apache-2.0 */
/* Workloads until they serve. */
#include "cli/rebuild_cluster.h"

#include <string.h>

#include "cli/rebuild_accept.h"
#include "cli/rebuild_center.h"
#include "cli/rebuild_progress.h"
#include "common/base/clock.h"
#include "controller/workload/workload.h"

#define STALL_S 600  /* nothing has changed for so long: it will not serve */
#define SERVED_S 900 /* what served before serves again */

/* --- waiting until they serve --- */

struct serving {
    const struct value *names; /* list of texts */
    struct text last;          /* states and sentences of the look before */
    int64_t changed_ms, stall_s;
};

static const struct value *workload_named(const struct value *answer, const char *name)
{
    const struct value *items = value_map_get(answer, "items");

    for (size_t i = 0; i < value_count(items); i++) {
        if (text_equal(value_map_text(value_item(items, i), "name"), name))
            return value_item(items, i);
    }
    return NULL;
}

static bool is_stalled(struct serving *serving, const char *told)
{
    if (!text_equal(serving->last.data, told)) {
        text_truncate(&serving->last, 0);
        text_add(&serving->last, told);
        serving->changed_ms = clock_monotonic_ms();
    }
    return clock_monotonic_ms() - serving->changed_ms > serving->stall_s * 1000;
}

static bool are_serving(struct rebuild_call *call, void *data, const struct value *answer, bool *done_out,
                        struct error *err)
{
    struct serving *serving = data;
    struct text told = text_new(call->arena);

    for (size_t i = 0; i < value_count(serving->names); i++) {
        const char *name = value_text(value_item(serving->names, i));
        const struct value *workload = workload_named(answer, name);
        const char *state = value_map_text(workload, "state"), *sentence = value_map_text(workload, "sentence");

        if (text_equal(state, "serving"))
            continue;
        text_printf(&told, "%s%s: %s%s%s", told.length > 0 ? "; " : "", name, state == NULL ? "is gone" : state,
                    sentence == NULL || *sentence == '\0' ? "" : ", ", sentence == NULL ? "" : sentence);
        if (text_equal(state, "failed"))
            return error_set(err, "%s", told.data);
    }
    *done_out = told.length == 0;
    rebuild_progress_say(call, true, "%s", told.length == 0 ? "all serve" : told.data);
    return !is_stalled(serving, told.data) ||
           error_set(err, "nothing has moved for %lld s: %s", (long long)serving->stall_s, told.data);
}

static bool serving_wait(struct rebuild_call *call, const struct value *names, int64_t stall_s, struct error *err)
{
    struct serving serving = {
        .names = names, .last = text_new(call->rebuild->arena), .changed_ms = clock_monotonic_ms(), .stall_s = stall_s
    };

    return rebuild_center_wait(call,
                               &(struct rebuild_wait){ .path = "/api/v1/workloads",
                                                       .look = are_serving,
                                                       .data = &serving,
                                                       .timeout_s = 7 * 86400,
                                                       .what = "it does not serve" },
                               err);
}

/* --- what served before --- */

bool rebuild_served_note(struct rebuild *rebuild, struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    struct rebuild_call call = { .rebuild = rebuild, .node = &rebuild->cluster, .arena = arena };
    struct value *served = value_list(rebuild->journal_arena);
    const struct value *answer = NULL, *items = NULL;

    if (!rebuild_center_ask(&call, &(struct rebuild_ask){ .path = "/api/v1/workloads", .not_found = 404 }, &answer,
                            err))
        return false;
    items = value_map_get(answer, "items");
    for (size_t i = 0; i < value_count(items); i++) {
        const struct value *item = value_item(items, i);

        if (text_equal(value_map_text(item, "state"), "serving"))
            value_list_add(rebuild->journal_arena, served,
                           value_string(rebuild->journal_arena, value_map_text(item, "name")));
    }
    rebuild->served = served;
    return true;
}

bool rebuild_served_wait(struct rebuild_call *call, struct error *err)
{
    return value_count(call->rebuild->served) == 0 || serving_wait(call, call->rebuild->served, SERVED_S, err) ||
           error_prefix(err, "what served before does not serve again after this batch");
}

/* --- launching --- */

static bool launch_one(struct rebuild_call *call, const struct workload *workload, struct error *err)
{
    const char *path = arena_printf(call->arena, "/api/v1/workloads/%s", workload->name);
    const struct rebuild_ask put = { .method = "PUT", .path = path, .body = workload_value(call->arena, workload) };
    const struct rebuild_ask start = { .method = "POST", .path = arena_printf(call->arena, "%s/start", path) };

    return (rebuild_center_ask(call, &put, NULL, err) && rebuild_center_ask(call, &start, NULL, err)) ||
           error_prefix(err, "%s", workload->name);
}

static bool launch(struct rebuild_call *call, struct error *err)
{
    const struct workload_files *files = &call->rebuild->workloads;
    struct value *names = value_list(call->rebuild->arena);
    int64_t stall_s = STALL_S;

    for (size_t i = 0; i < files->count; i++) {
        const struct workload *workload = &files->workloads[i];

        if (!launch_one(call, workload, err))
            return false;
        if (workload->kind != WORKLOAD_INFERENCE)
            continue;
        value_list_add(call->rebuild->arena, names, value_string(call->rebuild->arena, workload->name));
        if (workload->health.start_timeout_s > stall_s)
            stall_s = workload->health.start_timeout_s;
    }
    if (files->count == 0)
        rebuild_tell(call, "no workloads are declared in %s", files->folder);
    else
        rebuild_tell(call, "%zu launched, %zu serve", files->count, value_count(names));
    return value_count(names) == 0 || serving_wait(call, names, stall_s, err);
}

const struct rebuild_step rebuild_cluster_steps[] = {
    { "launch", launch },
    { "accept", rebuild_accept },
    { "record", rebuild_record },
};
const size_t rebuild_cluster_steps_count = sizeof(rebuild_cluster_steps) / sizeof(rebuild_cluster_steps[0]);
