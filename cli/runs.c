/* SPDX-License-Identifier: Apache-2.0 */
/* roost runs: what was run, and what happened in it. */
#include "cli/center_verb.h"

#include <string.h>

VERB_DECLARE(runs);

static const struct table_column layout[] = {
    { "RUN", "id", false },     { "KIND", "kind", false },     { "PLAYBOOK", "title", false },
    { "BY", "actor", false },   { "STATE", "state", false },   { "STARTED", "started", true },
    { "ENDED", "ended", true }, { "REASON", "reason", false },
};

static const struct table_column hosts[] = {
    { "HOST", "host", false },       { "STATE", "state", false },   { "OK", "ok", false },
    { "CHANGED", "changed", false }, { "FAILED", "failed", false }, { "SKIPPED", "skipped", false },
};

static bool list(struct center_verb *verb, struct error *err)
{
    const struct value *page = NULL;

    if (!center_client_ask(verb->client, NULL, "/api/v1/runs", NULL, &page, err))
        return false;
    center_verb_print(verb, value_map_get(page, "items"), layout, sizeof(layout) / sizeof(layout[0]),
                      "Nothing was run yet");
    return true;
}

static bool show(struct center_verb *verb, const char *id, struct error *err)
{
    const struct value *run = NULL;
    struct value *one = value_list(verb->arena);

    if (!center_client_ask(verb->client, NULL, arena_printf(verb->arena, "/api/v1/runs/%s", id), NULL, &run, err))
        return false;
    if (verb->json) {
        center_verb_json(verb, run);
        return true;
    }
    value_list_add(verb->arena, one, run);
    center_verb_print(verb, one, layout, sizeof(layout) / sizeof(layout[0]), "");
    printf("\n");
    center_verb_print(verb, value_map_get(run, "hosts"), hosts, sizeof(hosts) / sizeof(hosts[0]),
                      "No host has ended its part yet");
    return true;
}

static bool run(struct center_verb *verb, struct error *err)
{
    static const char *const actions[] = { "list", "show", NULL };
    const char *action = center_verb_word(verb, 0, actions, err);
    const char *id = NULL;

    if (action == NULL || !center_verb_at_most(verb, strcmp(action, "list") == 0 ? 1 : 2, err))
        return false;
    if (strcmp(action, "list") == 0)
        return list(verb, err);
    id = center_verb_need(verb, 1, "the run's number", err);
    return id != NULL && show(verb, id, err);
}

static const struct center_option options[] = { { NULL, false } };

static int runs_run(int argc, char **argv)
{
    static const struct center_action action = {
        &verb_runs, "\n  list       the last hundred runs\n  show RUN   one, and what became of its hosts\n", options,
        run
    };

    return center_verb_run(&action, argc, argv);
}

VERB_DEFINE(runs) = { .name = "runs",
                      .summary = "What was run, and what became of it",
                      .usage = "[list | show RUN] [--json]",
                      .run = runs_run };
