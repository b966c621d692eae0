/* SPDX-License-Identifier: Apache-2.0 */
/* roost audit: who did what at the controller. */
#include "cli/center_verb.h"

VERB_DECLARE(audit);

static const struct table_column layout[] = {
    { "ID", "id", false },     { "WHEN", "at", true },    { "WHO", "actor", false },     { "DID", "action", false },
    { "TO", "object", false }, { "FROM", "peer", false }, { "DETAIL", "detail", false },
};

static bool run(struct center_verb *verb, struct error *err)
{
    const struct value *rows = NULL;

    if (!center_verb_at_most(verb, 0, err))
        return false;
    if (!center_client_list(verb->client, "/api/v1/audit", "before", &rows, err))
        return false;
    center_verb_print(verb, rows, layout, sizeof(layout) / sizeof(layout[0]), "Nothing was done yet");
    return true;
}

static const struct center_option options[] = { { NULL, false } };

static int audit_run(int argc, char **argv)
{
    static const struct center_action action = { &verb_audit, "", options, run };

    return center_verb_run(&action, argc, argv);
}

VERB_DEFINE(audit) = {
    .name = "audit", .summary = "Who did what at the controller", .usage = "[--json]", .run = audit_run
};
