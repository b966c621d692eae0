/* SPDX-License-Identifier: Apache-2.0 */
/* roost joins: join strings for nodes, and those who wait to be let in. */
#include "cli/center_verb.h"

#include <string.h>

#include "common/base/text.h"

VERB_DECLARE(joins);

static const struct table_column layout[] = {
    { "ID", "id", false },           { "NODE", "name", false }, { "STATE", "state", false },
    { "ASKED", "asked", true },      { "FROM", "peer", false }, { "DECIDED BY", "decided_by", false },
    { "KEY", "fingerprint", false },
};

static const struct table_column token_layout[] = {
    { "ID", "id", false },       { "FOR", "name", false },           { "APPROVAL", "approval", false },
    { "MADE", "created", true }, { "MADE BY", "created_by", false }, { "ENDS", "expires", true },
};

static bool list(struct center_verb *verb, struct error *err)
{
    const char *state = center_verb_option(verb, "state"), *path = "/api/v1/joins", *none = "Nobody has asked to join";
    const struct value *rows = NULL;

    if (state != NULL) {
        path = arena_printf(verb->arena, "%s?state=%s", path, state);
        none = arena_printf(verb->arena, "Nobody is %s; roost joins without --state shows all", state);
    }
    if (!center_client_list(verb->client, path, "before", &rows, err))
        return false;
    center_verb_print(verb, rows, layout, sizeof(layout) / sizeof(layout[0]), none);
    return true;
}

static const struct value *tokens_rows(struct arena *arena, const struct value *rows)
{
    struct value *out = value_list(arena);

    for (size_t i = 0; i < value_count(rows); i++) {
        struct value *over = value_map(arena);

        value_map_put_string(arena, over, "approval", value_map_true(value_item(rows, i), "approval") ? "yes" : "no");
        value_list_add(arena, out, value_merge(arena, value_item(rows, i), over, false));
    }
    return out;
}

/* Join strings that still bring a node in. */
static bool tokens(struct center_verb *verb, struct error *err)
{
    const struct value *rows = NULL;

    if (!center_client_list(verb->client, "/api/v1/join-tokens?usable=true", "after", &rows, err))
        return false;
    center_verb_print(verb, verb->json ? rows : tokens_rows(verb->arena, rows), token_layout,
                      sizeof(token_layout) / sizeof(token_layout[0]), "No join string is waiting to be used");
    return true;
}

static bool take_back(struct center_verb *verb, struct error *err)
{
    const char *id = center_verb_need(verb, 1, "the join string's id (roost joins tokens)", err);
    const struct value *answer = NULL;

    if (id == NULL || !center_client_ask(verb->client, "DELETE",
                                         arena_printf(verb->arena, "/api/v1/join-tokens/%s", id), NULL, &answer, err))
        return false;
    printf("join string %s brings nobody in any more\n", id);
    return true;
}

static bool token(struct center_verb *verb, struct error *err)
{
    const char *name = center_verb_option(verb, "name"), *ttl = center_verb_option(verb, "ttl");
    struct value *body = value_map(verb->arena);
    const struct value *answer = NULL;

    if (name != NULL)
        value_map_put_string(verb->arena, body, "name", name);
    if (ttl != NULL)
        value_map_put_string(verb->arena, body, "ttl_s", ttl);
    value_map_put_bool(verb->arena, body, "approval", center_verb_option(verb, "approval") != NULL);
    if (!center_client_ask(verb->client, "POST", "/api/v1/join-tokens", body, &answer, err))
        return false;
    if (verb->json)
        center_verb_json(verb, answer);
    else
        printf("%s\n", value_map_text(answer, "join"));
    return true;
}

static bool decide(struct center_verb *verb, const char *action, struct error *err)
{
    const char *id = center_verb_need(verb, 1, "the request's id", err);
    const struct value *answer = NULL;

    if (id == NULL ||
        !center_client_ask(verb->client, "POST", arena_printf(verb->arena, "/api/v1/joins/%s/%s", id, action), NULL,
                           &answer, err))
        return false;
    printf("%s: %s\n", value_map_text(answer, "name"), value_map_text(answer, "state"));
    return true;
}

static bool run(struct center_verb *verb, struct error *err)
{
    static const char *const actions[] = { "list", "token", "approve", "refuse", "tokens", "take-back", NULL };
    const char *action = center_verb_word(verb, 0, actions, err);
    bool is_alone = action != NULL && text_in(action, (const char *const[]){ "list", "token", "tokens", NULL });

    if (action == NULL || !center_verb_at_most(verb, is_alone ? 1 : 2, err))
        return false;
    if (strcmp(action, "list") == 0)
        return list(verb, err);
    if (strcmp(action, "tokens") == 0)
        return tokens(verb, err);
    if (strcmp(action, "take-back") == 0)
        return take_back(verb, err);
    return strcmp(action, "token") == 0 ? token(verb, err) : decide(verb, action, err);
}

static const struct center_option options[] = {
    { "name", false }, { "ttl", false }, { "approval", true }, { "state", false }, { NULL, false }
};

static int joins_run(int argc, char **argv)
{
    static const struct center_action action = {
        &verb_joins,
        "\n  list            who asked to join\n  token           make a join string for one node; printed this once\n"
        "  approve ID      let a waiting node in, after comparing its key's fingerprint\n"
        "  refuse ID       turn it away\n  tokens          join strings that were not used yet\n"
        "  take-back ID    such a string brings nobody in any more\n\n"
        "  --state STATE   list: only those that are pending, approved or refused\n"
        "  --name NAME     the join string is for this node (or ai-*)\n  --ttl SECONDS   until it ends (3600)\n"
        "  --approval      the node waits until it is approved\n",
        options, run
    };

    return center_verb_run(&action, argc, argv);
}

VERB_DEFINE(joins) = {
    .name = "joins",
    .summary = "Join strings, and the nodes that wait to be let in",
    .usage =
        "[list | token [--name NAME] [--ttl SECONDS] [--approval] | approve ID | refuse ID | tokens | take-back ID] [--json]",
    .run = joins_run
};
