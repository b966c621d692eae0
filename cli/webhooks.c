/* SPDX-License-Identifier: Apache-2.0 */
/* roost webhooks: who is told of what happens. */
#include "cli/center_verb.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/base/fd.h"
#include "common/base/text.h"

VERB_DECLARE(webhooks);

#define SECRET_MAX 1024

static const struct table_column layout[] = {
    { "WEBHOOK", "name", false }, { "MADE BY", "created_by", false },
    { "MADE", "created", true },  { "TOLD OF", "kinds", false },
    { "URL", "url", false },
};
static const struct table_column log_layout[] = {
    { "ID", "id", false },         { "WHEN", "created", true },  { "WEBHOOK", "webhook", false },
    { "KIND", "kind", false },     { "STATE", "state", false },  { "TRIES", "tries", false },
    { "STATUS", "status", false }, { "NEXT", "next_try", true }, { "ERROR", "error", false },
};

static bool list(struct center_verb *verb, struct error *err)
{
    const struct value *rows = NULL;

    if (!center_client_list(verb->client, "/api/v1/webhooks", "after", &rows, err))
        return false;
    center_verb_print(verb, rows, layout, sizeof(layout) / sizeof(layout[0]), "There is no webhook");
    return true;
}

/* "Nothing was delivered yet" would be said of a slip of the finger too. */
static bool webhook_known(struct center_verb *verb, const char *name, struct error *err)
{
    const struct value *rows = NULL;
    const char **names = NULL, *nearest = NULL;

    if (!center_client_list(verb->client, "/api/v1/webhooks", "after", &rows, err))
        return false;
    names = arena_new_array(verb->arena, const char *, value_count(rows) + 1);
    for (size_t i = 0; i < value_count(rows); i++) {
        names[i] = value_map_text(value_item(rows, i), "name");
        if (text_equal(names[i], name))
            return true;
    }
    nearest = text_nearest(name, names, value_count(rows));
    return error_set(err, "there is no webhook '%s'%s%s%s", name, nearest == NULL ? "" : "; did you mean ",
                     nearest == NULL ? "" : nearest, nearest == NULL ? "" : "?");
}

static bool deliveries(struct center_verb *verb, struct error *err)
{
    const struct value *rows = NULL;
    const char *path = "/api/v1/webhook-deliveries";

    if (verb->word_count > 1 && !webhook_known(verb, verb->words[1], err))
        return false;
    if (verb->word_count > 1)
        path = arena_printf(verb->arena, "%s?webhook=%s", path, verb->words[1]);
    if (!center_client_list(verb->client, path, "before", &rows, err))
        return false;
    center_verb_print(verb, rows, log_layout, sizeof(log_layout) / sizeof(log_layout[0]), "Nothing was delivered yet");
    return true;
}

/* The first line of the standard input: a secret is no word of a command line. */
static bool secret_read_line(struct center_verb *verb, const char **out, struct error *err)
{
    char *line = arena_alloc(verb->arena, SECRET_MAX);
    size_t length = 0;

    if (!fd_read_all(STDIN_FILENO, line, SECRET_MAX - 1, &length, err))
        return false;
    line[length] = '\0';
    line[strcspn(line, "\r\n")] = '\0';
    *out = line;
    return *line != '\0' || error_set(err, "the standard input holds no secret");
}

/* A secret that is made there is all that is printed: it can go into a file. */
static bool add(struct center_verb *verb, struct error *err)
{
    const char *name = center_verb_need(verb, 1, "the webhook's name", err);
    const char *url = name == NULL ? NULL : center_verb_need(verb, 2, "the URL", err);
    const char *kinds = center_verb_option(verb, "kinds"), *secret = NULL;
    struct value *body = value_map(verb->arena);
    const struct value *answer = NULL;

    if (url == NULL)
        return false;
    value_map_put_string(verb->arena, body, "name", name);
    value_map_put_string(verb->arena, body, "url", url);
    if (kinds != NULL)
        value_map_put_string(verb->arena, body, "kinds", kinds);
    if (center_verb_option(verb, "insecure-http") != NULL)
        value_map_put_bool(verb->arena, body, "insecure_http", true);
    if (center_verb_option(verb, "secret-stdin") != NULL) {
        if (!secret_read_line(verb, &secret, err))
            return false;
        value_map_put_string(verb->arena, body, "secret", secret);
    }
    if (!center_client_ask(verb->client, "POST", "/api/v1/webhooks", body, &answer, err))
        return false;
    if (verb->json)
        center_verb_json(verb, answer);
    else if (value_map_text(answer, "secret") != NULL)
        printf("%s\n", value_map_text(answer, "secret"));
    return true;
}

static bool drop(struct center_verb *verb, struct error *err)
{
    const char *name = center_verb_need(verb, 1, "the webhook's name", err);
    const struct value *answer = NULL;

    if (name == NULL || !center_client_ask(verb->client, "DELETE",
                                           arena_printf(verb->arena, "/api/v1/webhooks/%s", name), NULL, &answer, err))
        return false;
    printf("webhook %s is removed\n", name);
    return true;
}

static bool try_it(struct center_verb *verb, struct error *err)
{
    const char *name = center_verb_need(verb, 1, "the webhook's name", err);
    const struct value *answer = NULL, *number = NULL;

    if (name == NULL ||
        !center_client_ask(verb->client, "POST", arena_printf(verb->arena, "/api/v1/webhooks/%s/test", name), NULL,
                           &answer, err))
        return false;
    number = value_map_get(answer, "delivery");
    printf("delivery %lld is on its way: roost webhooks log %s tells what became of it\n",
           value_is(number, VALUE_INT) ? (long long)number->as.integer : 0LL, name);
    return true;
}

static bool run(struct center_verb *verb, struct error *err)
{
    static const char *const actions[] = { "list", "add", "remove", "test", "log", NULL };
    const char *action = center_verb_word(verb, 0, actions, err);

    if (action == NULL || !center_verb_at_most(verb,
                                               strcmp(action, "list") == 0  ? 1
                                               : strcmp(action, "add") == 0 ? 3
                                                                            : 2,
                                               err))
        return false;
    if (strcmp(action, "list") == 0)
        return list(verb, err);
    if (strcmp(action, "log") == 0)
        return deliveries(verb, err);
    return strcmp(action, "add") == 0      ? add(verb, err)
           : strcmp(action, "remove") == 0 ? drop(verb, err)
                                           : try_it(verb, err);
}

static const struct center_option options[] = {
    { "kinds", false }, { "secret-stdin", true }, { "insecure-http", true }, { NULL, false }
};

static int webhooks_run(int argc, char **argv)
{
    static const struct center_action action = {
        &verb_webhooks,
        "\n  list            all webhooks, without their secrets\n"
        "  add NAME URL    tell this URL by POST; the secret that signs is printed this once\n"
        "  remove NAME     with its deliveries\n  test NAME       deliver something of kind test\n"
        "  log [NAME]      deliveries and what became of them\n\n"
        "  --kinds K,K     run_failed, drift_found, node_lost (these three without it), node_back, workload_failed\n"
        "  --secret-stdin  take the secret from the first line of the standard input\n"
        "  --insecure-http let http:// go beyond loopback: whoever is between reads it\n",
        options, run
    };

    return center_verb_run(&action, argc, argv);
}

VERB_DEFINE(webhooks) = {
    .name = "webhooks",
    .summary = "Who is told of what happens",
    .usage = "[list | add NAME URL [--kinds K,K] | remove NAME | test NAME | log [NAME]] [--json]",
    .run = webhooks_run
};
