/* SPDX-License-Identifier: Apache-2.0 */
/* roost plan [WORKLOAD...]: the memory of each node, with what is there; and with workloads, where they would go. Nothing is done. */
#include "cli/center_verb.h"
#include "cli/plan_ask.h"
#include "cli/plan_print.h"
#include "cli/workload_files.h"
#include "engine/command/output.h"

VERB_DECLARE(plan);

static const struct center_option options[] = {
    { "all", true }, { "folder", false }, { "inventory", false }, { NULL, false }
};

/* Those that are named, or all; as a list for the controller. */
static bool wanted(struct center_verb *verb, const struct value **out, struct error *err)
{
    struct workload_files files;
    struct value *list = value_list(verb->arena);
    bool all = center_verb_option(verb, "all") != NULL;

    if (all && verb->word_count > 0)
        return error_set_kind(err, ERROR_OPTIONS, "--all and names of workloads do not go together");
    if (!workload_files_read(verb->arena, center_verb_option(verb, "folder"), center_verb_option(verb, "inventory"),
                             &files, err))
        return false;
    for (size_t i = 0; all && i < files.count; i++)
        value_list_add(verb->arena, list, workload_value(verb->arena, &files.workloads[i]));
    for (size_t i = 0; i < verb->word_count; i++) {
        const struct workload *workload = NULL;

        if (!workload_files_find(&files, verb->words[i], &workload, err))
            return false;
        value_list_add(verb->arena, list, workload_value(verb->arena, workload));
    }
    *out = list;
    return true;
}

static bool run(struct center_verb *verb, struct error *err)
{
    bool asks = verb->word_count > 0 || center_verb_option(verb, "all") != NULL;
    const struct value *list = NULL, *answer = NULL;
    int columns = output_columns(stdout);

    if (asks && !wanted(verb, &list, err))
        return false;
    if (asks ? !plan_ask(verb, list, &answer, err)
             : !center_client_ask(verb->client, "GET", "/api/v1/plan", NULL, &answer, err))
        return false;
    if (verb->json) {
        center_verb_json(verb, answer);
        return true;
    }
    if (asks && !plan_print_places(verb->arena, stdout, value_map_get(answer, "places"), columns))
        verb->exit_code = 2;
    if (asks)
        printf("\n");
    if (value_count(value_map_get(answer, "nodes")) == 0)
        printf("The controller knows no node\n");
    plan_print_nodes(verb->arena, stdout, value_map_get(answer, "nodes"), columns);
    return true;
}

static int plan_run(int argc, char **argv)
{
    static const struct center_action action = {
        .verb = &verb_plan,
        .help = "\n  --all                 all workloads that are declared\n"
                "  -i, --inventory PATH  they are in the folder workloads beside it\n"
                "  --folder PATH         they are in this folder or file\n\n"
                "Exit codes: 0 all have a place, 2 some have none, 1 and 5 errors.\n",
        .options = options,
        .run = run,
    };

    return center_verb_run(&action, argc, argv);
}

VERB_DEFINE(plan) = { .name = "plan",
                      .summary = "What the nodes' memory is taken by, and where workloads would go",
                      .usage = "[WORKLOAD... | --all] [--json]",
                      .run = plan_run };
