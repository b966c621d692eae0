/* SPDX-License-Identifier: Apache-2.0 */
/* roost ps: workloads and how they are. */
#include "cli/center_verb.h"
#include "cli/workload_rows.h"
#include "engine/command/output.h"

VERB_DECLARE(ps);

static bool run(struct center_verb *verb, struct error *err)
{
    const struct value *items = NULL, *rows = NULL;
    struct value *names = NULL;
    const char *nearest = NULL;

    if (!center_client_list(verb->client, "/api/v1/workloads", "after", &items, err))
        return false;
    if (verb->word_count > 0)
        names = value_list(verb->arena);
    for (size_t i = 0; i < verb->word_count; i++) {
        if (!workload_is_among(verb->arena, items, verb->words[i], false, &nearest))
            return error_set(err, "there is no workload '%s'%s%s%s", verb->words[i],
                             nearest != NULL ? "; the nearest is '" : "", nearest != NULL ? nearest : "",
                             nearest != NULL ? "'" : "");
        value_list_add(verb->arena, names, value_string(verb->arena, verb->words[i]));
    }
    if (verb->json) {
        center_verb_json(verb, items);
        return true;
    }
    rows = workload_rows(verb->arena, items, names);
    if (value_count(rows) == 0)
        printf("No workloads. roost launch starts those that are declared in inventory/workloads\n");
    else
        workload_rows_print(verb->arena, stdout, rows, output_columns(stdout));
    return true;
}

static const struct center_option options[] = { { NULL, false } };

static int ps_run(int argc, char **argv)
{
    static const struct center_action action = {
        &verb_ps, "\nOne row for each replica; docs/workloads-running.md tells the states.\n", options, run
    };

    return center_verb_run(&action, argc, argv);
}

VERB_DEFINE(ps) = {
    .name = "ps", .summary = "Workloads and how they are", .usage = "[WORKLOAD...] [--json]", .run = ps_run
};
