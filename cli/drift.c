/* SPDX-License-Identifier: Apache-2.0 */
/* roost drift [NODE]: where nodes are not as declared, since when, and why. */
#include "cli/center_verb.h"

#include "common/base/text.h"

VERB_DECLARE(drift);

static const struct table_column layout[] = {
    { "NODE", "node", false },       { "RESOURCE", "resource", false }, { "CAUSE", "cause", false },
    { "SINCE", "first_seen", true }, { "SEEN", "last_seen", true },     { "TIMES", "count", false },
    { "WHY", "reason", false },
};

static void print_diffs(const struct value *rows)
{
    for (size_t i = 0; i < value_count(rows); i++) {
        const char *diff = value_map_text(value_item(rows, i), "diff");

        if (diff != NULL)
            printf("\n%s: %s\n%s%s", value_map_text(value_item(rows, i), "node"),
                   value_map_text(value_item(rows, i), "resource"), diff, text_ends(diff, "\n") ? "" : "\n");
    }
}

static bool run(struct center_verb *verb, struct error *err)
{
    const char *path = arena_printf(verb->arena, "/api/v1/drift?resolved=%s",
                                    center_verb_option(verb, "all") != NULL ? "true" : "false");
    const struct value *rows = NULL;

    if (!center_verb_at_most(verb, 1, err))
        return false;
    if (verb->word_count == 1)
        path = arena_printf(verb->arena, "%s&node=%s", path, verb->words[0]);
    if (!center_client_list(verb->client, path, "before", &rows, err))
        return false;
    center_verb_print(verb, rows, layout, sizeof(layout) / sizeof(layout[0]), "No drift is known");
    if (!verb->json && verb->word_count == 1)
        print_diffs(rows);
    return true;
}

static const struct center_option options[] = { { "all", true }, { NULL, false } };

static int drift_run(int argc, char **argv)
{
    static const struct center_action action = {
        &verb_drift, "\n  --all      what is in order again, too\n\nWith a node, the diffs are shown.\n", options, run
    };

    return center_verb_run(&action, argc, argv);
}

VERB_DEFINE(drift) = { .name = "drift",
                       .summary = "Where nodes are not as declared, since when, and why",
                       .usage = "[NODE] [--all] [--json]",
                       .run = drift_run };
