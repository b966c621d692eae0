/* SPDX-License-Identifier: Apache-2.0 */
/* roost keys: the gateway's keys, and what was used with them. */
#include "cli/center_verb.h"

#include <string.h>

#include "cli/workload_rows.h"
#include "common/base/text.h"

VERB_DECLARE(keys);

static const struct table_column layout[] = {
    { "KEY", "name", false },
    { "MODELS", "models_text", false },
    { "REQUESTS/MIN", "requests_text", false },
    { "TOKENS/MIN", "tokens_text", false },
    { "MADE BY", "created_by", false },
    { "MADE", "created", true },
    { "ENDS", "expires", true },
    { "USED", "used", true },
    { "REVOKED", "revoked", true },
};

static const struct table_column usage_layout[] = {
    { "HOUR", "hour_text", false }, /* left out where there is a row for all hours */
    { "KEY", "key", false },         { "MODEL", "model_text", false },    { "REQUESTS", "requests", false },
    { "DONE", "done", false },       { "FAILED", "failed", false },       { "CANCELLED", "cancelled", false },
    { "REFUSED", "refused", false }, { "TOKENS IN", "tokens_in", false }, { "TOKENS OUT", "tokens_out", false },
};

/* --- listing --- */

static struct value *row_copy(struct arena *arena, const struct value *row)
{
    struct value *copy = value_map(arena);

    for (size_t i = 0; i < value_map_count(row); i++)
        value_map_put(arena, copy, value_text(value_pair_at(row, i)->key), value_pair_at(row, i)->item);
    return copy;
}

static void put_limit(struct arena *arena, struct value *row, const char *from, const char *to)
{
    const struct value *limit = value_map_get(row, from);
    bool is_set = value_is(limit, VALUE_INT) && limit->as.integer > 0;

    value_map_put_string(arena, row, to, is_set ? arena_printf(arena, "%lld", (long long)limit->as.integer) : "-");
}

static const char *models_text(struct arena *arena, const struct value *models)
{
    struct text out = text_new(arena);

    for (size_t i = 0; i < value_count(models); i++)
        text_printf(&out, "%s%s", i > 0 ? ", " : "", value_text(value_item(models, i)));
    return out.length == 0 ? "all" : out.data;
}

static bool list(struct center_verb *verb, struct error *err)
{
    const struct value *rows = NULL;
    struct value *shown = value_list(verb->arena);

    if (!center_client_list(verb->client, "/api/v1/keys", "after", &rows, err))
        return false;
    for (size_t i = 0; i < value_count(rows); i++) {
        struct value *row = row_copy(verb->arena, value_item(rows, i));

        if (!verb->json) {
            value_map_put_string(verb->arena, row, "models_text",
                                 models_text(verb->arena, value_map_get(row, "models")));
            put_limit(verb->arena, row, "requests_per_minute", "requests_text");
            put_limit(verb->arena, row, "tokens_per_minute", "tokens_text");
        }
        value_list_add(verb->arena, shown, row);
    }
    center_verb_print(verb, shown, layout, sizeof(layout) / sizeof(layout[0]),
                      "There is no key; `roost keys add NAME` makes one");
    return true;
}

static const char *since_of(const struct center_verb *verb)
{
    const char *since = center_verb_option(verb, "since");

    return since == NULL ? "86400" : since;
}

static bool usage(struct center_verb *verb, struct error *err)
{
    const char *key = verb->word_count > 1 ? verb->words[1] : NULL;
    bool by_hour = center_verb_option(verb, "by-hour") != NULL;
    const struct value *rows = NULL;
    struct value *shown = value_list(verb->arena);
    const char *path = arena_printf(verb->arena, "/api/v1/usage?since_s=%s%s%s%s", since_of(verb),
                                    by_hour ? "&by_hour=true" : "", key == NULL ? "" : "&key=", key == NULL ? "" : key);

    if (strspn(since_of(verb), "0123456789") != strlen(since_of(verb)) ||
        (key != NULL && strpbrk(key, "&?#% ") != NULL))
        return error_set_kind(err, ERROR_OPTIONS, "--since is a number of seconds, and the key a name");
    if (!center_client_list(verb->client, path, "after", &rows, err))
        return false;
    for (size_t i = 0; i < value_count(rows); i++) {
        struct value *row = row_copy(verb->arena, value_item(rows, i));
        const char *hour = value_map_text(row, "hour"), *model = value_map_text(row, "model");

        if (!verb->json && hour != NULL && strlen(hour) > 16)
            value_map_put_string(verb->arena, row, "hour_text",
                                 arena_printf(verb->arena, "%.10s %.5s", hour, hour + 11));
        if (!verb->json)
            value_map_put_string(verb->arena, row, "model_text", model == NULL || *model == '\0' ? "(none)" : model);
        value_list_add(verb->arena, shown, row);
    }
    center_verb_print(verb, shown, usage_layout + !by_hour, sizeof(usage_layout) / sizeof(usage_layout[0]) - !by_hour,
                      "Nothing was asked in this time");
    return true;
}

/* --- making and revoking --- */

static void put_option(struct center_verb *verb, struct value *body, const char *option, const char *member)
{
    const char *value = center_verb_option(verb, option);

    if (value != NULL)
        value_map_put_string(verb->arena, body, member, value);
}

/* A key may come before its workloads: a name that none has is no error, but it may be a slip. */
static void note_unknown_models(struct center_verb *verb)
{
    const char *models = center_verb_option(verb, "models"), *nearest = NULL;
    const struct value *items = NULL;
    struct error ignored = ERROR_INIT;
    size_t count = 0;
    char **names = NULL;

    if (models == NULL || !center_client_list(verb->client, "/api/v1/workloads", "after", &items, &ignored))
        return;
    names = text_split(verb->arena, models, ',', &count);
    for (size_t i = 0; i < count; i++) {
        const char *name = text_trim(verb->arena, names[i], strlen(names[i]));

        if (!workload_is_among(verb->arena, items, name, true, &nearest))
            fprintf(stderr, "note: no workload or alias is called '%s' so far%s%s%s\n", name,
                    nearest != NULL ? ", did you mean '" : "", nearest != NULL ? nearest : "",
                    nearest != NULL ? "'?" : "");
    }
}

/* Without --json the new key is all that is printed: it can go into a file. */
static bool add(struct center_verb *verb, struct error *err)
{
    const char *name = center_verb_need(verb, 1, "the key's name", err);
    struct value *body = value_map(verb->arena);
    const struct value *answer = NULL;

    if (name == NULL)
        return false;
    value_map_put_string(verb->arena, body, "name", name);
    put_option(verb, body, "models", "models");
    put_option(verb, body, "requests-per-minute", "requests_per_minute");
    put_option(verb, body, "tokens-per-minute", "tokens_per_minute");
    put_option(verb, body, "ttl", "ttl_s");
    if (!center_client_ask(verb->client, "POST", "/api/v1/keys", body, &answer, err))
        return false;
    if (value_map_text(answer, "key") == NULL)
        return error_set(err, "the controller gave no key");
    if (verb->json)
        center_verb_json(verb, answer);
    else
        printf("%s\n", value_map_text(answer, "key"));
    note_unknown_models(verb);
    return true;
}

static bool revoke(struct center_verb *verb, struct error *err)
{
    const char *name = center_verb_need(verb, 1, "the key's name", err);
    const struct value *answer = NULL;

    if (name == NULL || !center_client_ask(verb->client, "DELETE", arena_printf(verb->arena, "/api/v1/keys/%s", name),
                                           NULL, &answer, err))
        return false;
    if (verb->json)
        center_verb_json(verb, answer);
    else
        printf("key %s is revoked\n", name);
    return true;
}

static bool run(struct center_verb *verb, struct error *err)
{
    static const char *const actions[] = { "list", "add", "revoke", "usage", NULL };
    const char *action = center_verb_word(verb, 0, actions, err);

    if (action == NULL || !center_verb_at_most(verb, strcmp(action, "list") == 0 ? 1 : 2, err))
        return false;
    return strcmp(action, "list") == 0     ? list(verb, err)
           : strcmp(action, "add") == 0    ? add(verb, err)
           : strcmp(action, "revoke") == 0 ? revoke(verb, err)
                                           : usage(verb, err);
}

static const struct center_option options[] = { { "models", false },
                                                { "requests-per-minute", false },
                                                { "tokens-per-minute", false },
                                                { "ttl", false },
                                                { "since", false },
                                                { "by-hour", true },
                                                { NULL, false } };

static int keys_run(int argc, char **argv)
{
    static const struct center_action action = {
        &verb_keys,
        "\n  list            all keys, without their secrets\n"
        "  add NAME        make one; it is printed this once\n"
        "  revoke NAME     it is worth nothing from now on; what is under way with it ends\n"
        "  usage [NAME]    requests and tokens by key and model\n\n"
        "  --models A,B                add: names that it may use; without it, all\n"
        "  --requests-per-minute N     add: so many, evenly\n"
        "  --tokens-per-minute N       add: prompts and answers together\n"
        "  --ttl SECONDS               add: until it ends; without it, it does not\n"
        "  --since SECONDS             usage: of the time before now, in whole hours (86400)\n"
        "  --by-hour                   usage: a row for each hour\n",
        options, run
    };

    return center_verb_run(&action, argc, argv);
}

VERB_DEFINE(keys) = { .name = "keys",
                      .summary = "Keys for the gateway, where clients ask for models",
                      .usage = "[list | add NAME [--models A,B] [--requests-per-minute N] [--tokens-per-minute N] "
                               "[--ttl SECONDS] | revoke NAME | usage [NAME] [--since SECONDS] [--by-hour]] [--json]",
                      .run = keys_run };
