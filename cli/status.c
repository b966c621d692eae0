/* SPDX-License-Identifier: Apache-2.0 */
/* roost status: the controller and its nodes at a glance. */
#include "cli/center_verb.h"

VERB_DECLARE(status);

static const struct table_column layout[] = {
    { "NODES", "nodes", false },
    { "STATE", "state", false },
    { "VERDICT", "verdict", false },
};

static const char *text_or(const char *text)
{
    return text == NULL ? "-" : text;
}

static bool run(struct center_verb *verb, struct error *err)
{
    const struct value *status = NULL, *warnings = NULL;

    if (!center_verb_at_most(verb, 0, err))
        return false;
    if (!center_client_ask(verb->client, NULL, "/api/v1/status", NULL, &status, err))
        return false;
    warnings = value_map_get(status, "warnings");
    if (verb->json) {
        center_verb_json(verb, status);
        return true;
    }
    printf("controller %s\n", value_map_text(status, "version"));
    printf("authority %.16s… until %.10s, the controller's certificate until %.10s\n",
           text_or(value_map_text(status, "authority")), text_or(value_map_text(status, "authority_expires")),
           text_or(value_map_text(status, "certificate_expires")));
    for (size_t i = 0; i < value_count(warnings); i++)
        printf("WARNING: %s\n", text_or(value_text(value_item(warnings, i))));
    printf("\n");
    center_verb_print(verb, value_map_get(status, "nodes"), layout, sizeof(layout) / sizeof(layout[0]),
                      "No node has joined yet: roost joins token");
    return true;
}

static const struct center_option options[] = { { NULL, false } };

static int status_run(int argc, char **argv)
{
    static const struct center_action action = { &verb_status, "", options, run };

    return center_verb_run(&action, argc, argv);
}

VERB_DEFINE(status) = {
    .name = "status", .summary = "The controller and its nodes at a glance", .usage = "[--json]", .run = status_run
};
