/* SPDX-License-Identifier: Apache-2.0 */
/* roost nodes: who has joined, how they are, and telling them what to do. */
#include "cli/center_verb.h"

#include <stdio.h>
#include <string.h>

#include "cli/nodes_show.h"
#include "common/base/text.h"

VERB_DECLARE(nodes);

static const struct table_column layout[] = {
    { "NODE", "name", false },     { "STATE", "state", false },           { "VERDICT", "verdict", false },
    { "SEEN", "seen", true },      { "GENERATION", "generation", false }, { "AGENT", "agent", false },
    { "REASON", "reason", false },
};

static const struct table_column narrow_layout[] = {
    { "NODE", "name", false }, { "STATE", "state", false },   { "VERDICT", "verdict", false },
    { "SEEN", "seen", true },  { "REASON", "reason", false },
};

static bool list(struct center_verb *verb, struct error *err)
{
    const struct value *rows = NULL;
    bool is_narrow = center_verb_narrow(100);

    if (!center_client_list(verb->client, "/api/v1/nodes", "after", &rows, err))
        return false;
    center_verb_print(verb, rows, is_narrow ? narrow_layout : layout,
                      is_narrow ? sizeof(narrow_layout) / sizeof(narrow_layout[0]) : sizeof(layout) / sizeof(layout[0]),
                      "No node has joined yet: roost joins token");
    return true;
}

static void told_print(struct arena *arena, const char *name, const char *kind, const struct value *answer)
{
    const char *seen = value_map_text(answer, "seen");

    if (value_map_true(answer, "lost"))
        printf("%s is lost%s%s%s: it will be told when it comes back, if that is within a day: %s\n", name,
               seen == NULL ? "" : ", last seen ", seen == NULL ? "" : table_age_of(arena, seen),
               seen == NULL ? "" : " ago", kind);
    else
        printf("%s is told: %s\n", name, kind);
}

static bool tell_one(struct center_verb *verb, const char *name, const char *kind, const struct value **out,
                     struct error *err)
{
    const struct value *answer = NULL;
    struct value *body = value_map(verb->arena);

    value_map_put_string(verb->arena, body, "kind", kind);
    if (!center_client_ask(verb->client, "POST", arena_printf(verb->arena, "/api/v1/nodes/%s/work", name), body,
                           &answer, err))
        return false;
    if (!verb->json)
        told_print(verb->arena, name, kind, answer);
    value_map_put_string(verb->arena, body, "node", name);
    *out = value_merge(verb->arena, answer, body, false);
    return true;
}

/* All that can be told are told; the first that cannot is the error. */
static bool tell(struct center_verb *verb, const char *kind, struct error *err)
{
    struct value *answers = value_list(verb->arena);
    bool ok = true;

    for (size_t i = 1; i < verb->word_count; i++) {
        const struct value *answer = NULL;
        struct error refused = ERROR_INIT;

        if (tell_one(verb, verb->words[i], kind, &answer, ok ? err : &refused))
            value_list_add(verb->arena, answers, answer);
        else if (!ok)
            fprintf(stderr, "%s\n", refused.text);
        ok = ok && answer != NULL;
    }
    if (verb->json)
        center_verb_json(verb, verb->word_count == 2 && ok ? value_item(answers, 0) : answers);
    return ok;
}

static bool revoke(struct center_verb *verb, const char *name, struct error *err)
{
    const struct value *answer = NULL;

    if (!center_client_ask(verb->client, "DELETE", arena_printf(verb->arena, "/api/v1/nodes/%s", name), NULL, &answer,
                           err))
        return false;
    printf("%s is revoked: its key is worth nothing from now on\n", name);
    return true;
}

static bool forget(struct center_verb *verb, const char *name, struct error *err)
{
    const struct value *answer = NULL;

    if (!center_client_ask(verb->client, "DELETE", arena_printf(verb->arena, "/api/v1/nodes/%s?forget=true", name),
                           NULL, &answer, err))
        return false;
    printf("%s is forgotten, with its reports, runs and drift\n", name);
    return true;
}

/* What runs there moves, and nothing new comes; or the end of that. */
static bool drain(struct center_verb *verb, const char *action, const char *name, struct error *err)
{
    const struct value *answer = NULL;
    bool drains = strcmp(action, "drain") == 0;

    if (!center_client_ask(verb->client, "POST", arena_printf(verb->arena, "/api/v1/nodes/%s/%s", name, action), NULL,
                           &answer, err))
        return false;
    printf(drains ? "%s is drained: what runs there moves or ends, nothing new comes (roost ps)\n"
                  : "%s takes workloads again\n",
           name);
    return true;
}

static bool run(struct center_verb *verb, struct error *err)
{
    static const char *const actions[] = { "list",   "show",   "check", "apply",   "facts",
                                           "revoke", "remove", "drain", "undrain", NULL };
    const char *action = center_verb_word(verb, 0, actions, err);
    const char *name = NULL;
    bool tells = false;

    if (action == NULL)
        return false;
    tells = text_in(action, (const char *const[]){ "check", "apply", "facts", NULL });
    if (!tells && !center_verb_at_most(verb, strcmp(action, "list") == 0 ? 1 : 2, err))
        return false;
    if (strcmp(action, "list") == 0)
        return list(verb, err);
    name = center_verb_need(verb, 1, "the node's name", err);
    if (name == NULL)
        return false;
    if (strcmp(action, "show") == 0)
        return nodes_show(verb, name, err);
    if (strcmp(action, "remove") == 0)
        return forget(verb, name, err);
    if (text_ends(action, "drain"))
        return drain(verb, action, name, err);
    return tells ? tell(verb, action, err) : revoke(verb, name, err);
}

static const struct center_option options[] = { { NULL, false } };

static int nodes_run(int argc, char **argv)
{
    static const struct center_action action = {
        &verb_nodes,
        "\n  list            all nodes\n  show NODE       how it is, what it is to be, what it did last\n  check NODE...   look for drift now\n"
        "  apply NODE...   apply what is declared now\n  facts NODE...   tell the facts anew\n"
        "  revoke NODE     its key is worth nothing from now on\n"
        "  drain NODE      before a reboot: workloads leave it\n  undrain NODE    it takes workloads again\n"
        "  remove NODE     forget a node that is revoked or pending, with all it told\n",
        options, run
    };

    return center_verb_run(&action, argc, argv);
}

VERB_DEFINE(nodes) = {
    .name = "nodes",
    .summary = "The nodes that have joined the controller",
    .usage =
        "[list | show NODE | check NODE... | apply NODE... | facts NODE... | revoke NODE | remove NODE | drain NODE | undrain NODE] [--json]",
    .run = nodes_run
};
