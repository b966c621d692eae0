/* SPDX-License-Identifier: Apache-2.0 */
/* roost audit: who did what at the controller. */
#include "cli/center_verb.h"

#include <string.h>

#include "cli/center_words.h"

VERB_DECLARE(audit);

static const struct table_column layout[] = {
    { "ID", "id", false },     { "WHEN", "at", true },    { "WHO", "actor", false },    { "DID", "action", false },
    { "TO", "object", false }, { "FROM", "peer", false }, { "DETAIL", "words", false },
};

static bool verify(struct center_verb *verb, struct error *err)
{
    const struct value *answer = NULL, *rows = NULL, *whole = NULL;

    if (!center_client_ask(verb->client, NULL, "/api/v1/audit/verify", NULL, &answer, err))
        return false;
    rows = value_map_get(answer, "rows");
    whole = value_map_get(answer, "whole");
    if (!value_is(rows, VALUE_INT) || !value_is(whole, VALUE_BOOL))
        return error_set(err, "the controller's answer makes no sense");
    if (verb->json)
        center_verb_json(verb, answer);
    if (!whole->as.boolean)
        return error_set(err, "the audit log is not whole: %lld rows are sound, then: %s", (long long)rows->as.integer,
                         value_map_text(answer, "reason"));
    if (!verb->json)
        printf("The audit log is whole: %lld rows, the hash of the last is\n%s\n"
               "Whoever keeps both sees when rows are cut off at the end.\n",
               (long long)rows->as.integer, value_map_text(answer, "hash"));
    return true;
}

static bool run(struct center_verb *verb, struct error *err)
{
    static const char *const actions[] = { "list", "verify", NULL };
    const char *action = center_verb_word(verb, 0, actions, err);
    const struct value *rows = NULL;

    if (action == NULL || !center_verb_at_most(verb, 1, err))
        return false;
    if (strcmp(action, "verify") == 0)
        return verify(verb, err);
    if (!center_client_list(verb->client, "/api/v1/audit", "before", &rows, err))
        return false;
    center_verb_print(verb, verb->json ? rows : center_words_rows(verb->arena, rows), layout,
                      sizeof(layout) / sizeof(layout[0]), "Nothing was done yet");
    return true;
}

static const struct center_option options[] = { { NULL, false } };

static int audit_run(int argc, char **argv)
{
    static const struct center_action action = {
        &verb_audit,
        "\n  list      what was done, newest first\n  verify    every row follows the one before, unchanged\n", options,
        run
    };

    return center_verb_run(&action, argc, argv);
}

VERB_DEFINE(audit) = {
    .name = "audit", .summary = "Who did what at the controller", .usage = "[list | verify] [--json]", .run = audit_run
};
