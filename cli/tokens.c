/* SPDX-License-Identifier: Apache-2.0 */
/* roost tokens: operators' tokens. */
#include "cli/center_verb.h"

#include <string.h>

VERB_DECLARE(tokens);

static const struct table_column layout[] = {
    { "TOKEN", "name", false },     { "ROLE", "role", false },   { "MADE BY", "created_by", false },
    { "MADE", "created", true },    { "ENDS", "expires", true }, { "USED", "used", true },
    { "REVOKED", "revoked", true },
};

static bool list(struct center_verb *verb, struct error *err)
{
    const struct value *rows = NULL;

    if (!center_client_list(verb->client, "/api/v1/tokens", "after", &rows, err))
        return false;
    center_verb_print(verb, rows, layout, sizeof(layout) / sizeof(layout[0]), "There is no token");
    return true;
}

/* A token that could not be kept is worth nothing to anybody: it does not stay. */
static bool give(struct center_verb *verb, const char *path, const struct value *made, struct error *err)
{
    const char *name = value_map_text(made, "name"), *token = value_map_text(made, "token");
    const struct value *answer = NULL;
    struct error ignored = ERROR_INIT;

    if (token == NULL)
        return error_set(err, "the controller gave no token");
    if (!center_account_give(verb->client, path, token, err)) {
        if (name != NULL)
            (void)center_client_ask(verb->client, "DELETE", arena_printf(verb->arena, "/api/v1/tokens/%s", name), NULL,
                                    &answer, &ignored);
        return false;
    }
    printf("%s and %s.ca.pem: for ~/.config/roost/controller.json of who uses it (or ROOST_CONTROLLER names it)\n",
           path, path);
    return true;
}

/* Without --out the new token is all that is printed: it can go into a file. */
static bool add(struct center_verb *verb, struct error *err)
{
    const char *name = center_verb_need(verb, 1, "the token's name", err);
    const char *role = center_verb_option(verb, "role"), *ttl = center_verb_option(verb, "ttl");
    const char *out = center_verb_option(verb, "out");
    struct value *body = value_map(verb->arena);
    const struct value *answer = NULL;

    if (name == NULL || (out != NULL && !center_account_may_be_given(verb->client, out, err)))
        return false;
    value_map_put_string(verb->arena, body, "name", name);
    value_map_put_string(verb->arena, body, "role", role == NULL ? "viewer" : role);
    if (ttl != NULL)
        value_map_put_string(verb->arena, body, "ttl_s", ttl);
    if (!center_client_ask(verb->client, "POST", "/api/v1/tokens", body, &answer, err))
        return false;
    if (out != NULL)
        return give(verb, out, answer, err);
    if (verb->json)
        center_verb_json(verb, answer);
    else
        printf("%s\n", value_map_text(answer, "token"));
    return true;
}

static bool revoke(struct center_verb *verb, struct error *err)
{
    const char *name = center_verb_need(verb, 1, "the token's name", err);
    const struct value *answer = NULL;

    if (name == NULL || !center_client_ask(verb->client, "DELETE", arena_printf(verb->arena, "/api/v1/tokens/%s", name),
                                           NULL, &answer, err))
        return false;
    printf("token %s is revoked\n", name);
    return true;
}

static bool run(struct center_verb *verb, struct error *err)
{
    static const char *const actions[] = { "list", "add", "revoke", NULL };
    const char *action = center_verb_word(verb, 0, actions, err);

    if (action == NULL || !center_verb_at_most(verb, strcmp(action, "list") == 0 ? 1 : 2, err))
        return false;
    return strcmp(action, "list") == 0  ? list(verb, err)
           : strcmp(action, "add") == 0 ? add(verb, err)
                                        : revoke(verb, err);
}

static const struct center_option options[] = {
    { "role", false }, { "ttl", false }, { "out", false }, { NULL, false }
};

static int tokens_run(int argc, char **argv)
{
    static const struct center_action action = {
        &verb_tokens,
        "\n  list            all tokens, without their secrets\n  add NAME        make one; it is printed this once\n"
        "  revoke NAME     it is worth nothing from now on\n\n"
        "  --role ROLE     viewer (default), operator or admin\n  --ttl SECONDS   until it ends; without it, it does not\n"
        "  --out FILE      write it as an account instead (0600), with the CA beside it as FILE.ca.pem\n",
        options, run
    };

    return center_verb_run(&action, argc, argv);
}

VERB_DEFINE(tokens) = { .name = "tokens",
                        .summary = "Operators' tokens for the controller",
                        .usage = "[list | add NAME [--role ROLE] [--ttl SECONDS] [--out FILE] | revoke NAME] [--json]",
                        .run = tokens_run };
