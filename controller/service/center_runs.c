/* SPDX-License-Identifier: Apache-2.0 */
/* Wiring between controller/runs and controller/api. */
#include "controller/service/center_runs.h"

#include "common/base/path.h"

static void run_news(void *data, int64_t run_id)
{
    const struct center *center = data;

    if (center->server != NULL)
        api_wake(center->server, api_topic("run", run_id));
}

static void work_news(void *data, int64_t node_id)
{
    const struct center *center = data;

    if (center->server != NULL)
        api_wake(center->server, api_topic("work", node_id));
}

bool center_runs_open(struct center *center, const char *folder, struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    const struct runs_options options = { .folder = path_join(arena, folder, "runs"),
                                          .store = center->store,
                                          .news = { run_news, work_news, center } };

    return runs_open(&options, &center->runs, err);
}

void center_runs_stop(struct center *center)
{
    if (center->runs != NULL)
        runs_stop(center->runs);
}

void center_runs_free(struct center *center)
{
    runs_free(center->runs);
    center->runs = NULL;
}
