/* SPDX-License-Identifier: Apache-2.0 */
/* roost stop WORKLOAD...: ends what runs; with --forget its declaration goes from the controller too. */
#include <time.h>

#include "cli/center_verb.h"
#include "common/base/clock.h"
#include "common/base/text.h"

VERB_DECLARE(stop);

#define STOP_WAIT_MS 60000

/* True: no replica of it runs any more; to be forgotten, no node may have anything of it either. */
static bool is_stopped(struct center_verb *verb, const char *name, bool *out, struct error *err)
{
    const struct value *workload = NULL, *instances;

    if (!center_client_ask(verb->client, "GET", arena_printf(verb->arena, "/api/v1/workloads/%s", name), NULL,
                           &workload, err))
        return false;
    instances = value_map_get(workload, "instances");
    *out = center_verb_option(verb, "forget") == NULL || value_map_text(workload, "runs_on") == NULL;
    for (size_t i = 0; i < value_count(instances) && *out; i++)
        *out = text_in(value_map_text(value_item(instances, i), "state"),
                       (const char *const[]){ "stopped", "done", "failed", NULL });
    return true;
}

static bool wait_for(struct center_verb *verb, const char *name, struct error *err)
{
    int64_t until_ms = clock_monotonic_ms() + STOP_WAIT_MS;
    bool stopped = false;

    while (clock_monotonic_ms() < until_ms) {
        if (!is_stopped(verb, name, &stopped, err))
            return false;
        if (stopped)
            return true;
        nanosleep(&(struct timespec){ .tv_nsec = 200000000 }, NULL);
    }
    printf("%s: it is not wanted any more, but a node has not told yet that it has ended it (roost ps %s)\n", name,
           name);
    verb->exit_code = 2;
    return true;
}

static bool stop_one(struct center_verb *verb, const char *name, struct error *err)
{
    const char *path = arena_printf(verb->arena, "/api/v1/workloads/%s", name);
    const struct value *answer = NULL;
    bool forgets = center_verb_option(verb, "forget") != NULL;

    if (!center_client_ask(verb->client, "POST", arena_printf(verb->arena, "%s/stop", path), NULL, &answer, err))
        return false;
    if ((center_verb_option(verb, "no-wait") == NULL && !wait_for(verb, name, err)) ||
        (forgets && verb->exit_code == 0 && !center_client_ask(verb->client, "DELETE", path, NULL, &answer, err)))
        return false;
    if (verb->exit_code == 0)
        printf("%s is %s\n", name, forgets ? "stopped and forgotten" : "stopped");
    return true;
}

static bool run(struct center_verb *verb, struct error *err)
{
    if (center_verb_need(verb, 0, "a workload's name", err) == NULL)
        return false;
    for (size_t i = 0; i < verb->word_count; i++) {
        if (!stop_one(verb, verb->words[i], err))
            return false;
    }
    return true;
}

static const struct center_option options[] = { { "forget", true }, { "no-wait", true }, { NULL, false } };

static int stop_run(int argc, char **argv)
{
    static const struct center_action action = {
        &verb_stop,
        "\n  --forget    the controller forgets it, too\n  --no-wait   do not wait until the nodes have ended it\n\n"
        "Exit codes: 0 ended, 2 not told by all nodes within a minute, 1 and 5 errors.\n",
        options, run
    };

    return center_verb_run(&action, argc, argv);
}

VERB_DEFINE(stop) = { .name = "stop",
                      .summary = "End workloads on the nodes",
                      .usage = "WORKLOAD... [--forget] [--no-wait]",
                      .run = stop_run };
