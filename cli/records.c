/* SPDX-License-Identifier: Apache-2.0 */
/* roost records: what was built, as the controller signed it. */
#include <string.h>

#include "cli/center_verb.h"
#include "common/base/fd.h"
#include "common/json/json.h"
#include "common/trust/public_key.h"
#include "common/trust/signature.h"

VERB_DECLARE(records);

#define KEY_FILE_MAX ((size_t)64 * 1024)

static const struct table_column layout[] = {
    { "ID", "id", false },     { "WHEN", "at", true },          { "REBUILD", "rebuild", false },
    { "NODE", "node", false }, { "OUTCOME", "outcome", false }, { "BY", "by", false },
};

static bool record_ask(struct center_verb *verb, const char *id, const struct value **out, struct error *err)
{
    int64_t number = 0;

    return ((text_to_int(id, &number) && number > 0) ||
            error_set_kind(err, ERROR_OPTIONS, "'%s' is no record's number: roost records lists them", id)) &&
           center_client_ask(verb->client, NULL,
                             arena_printf(verb->arena, "/api/v1/build-records/%lld", (long long)number), NULL, out,
                             err);
}

/* The key that must have signed: of --key, else as the controller says. */
static bool key_read(struct center_verb *verb, const struct value *answer, struct public_key *out, struct error *err)
{
    const char *path = center_verb_option(verb, "key"), *pem = value_map_text(answer, "signing_key");
    char *text = NULL;
    size_t length = 0;

    if (path == NULL)
        return pem != NULL ? public_key_read_pem(pem, strlen(pem), out, err)
                           : error_set(err, "the controller names no key");
    return file_read(verb->arena, path, KEY_FILE_MAX, &text, &length, err) &&
           (public_key_read_pem(text, length, out, err) || error_prefix(err, "%s", path));
}

static bool record_verify(struct center_verb *verb, const struct value *answer, struct public_key *key_out,
                          struct error *err)
{
    const char *record = value_map_text(answer, "record"), *digits = value_map_text(answer, "signature");
    unsigned char signature[SIGNATURE_BYTES];

    if (record == NULL || digits == NULL || strlen(digits) != SIGNATURE_DIGITS)
        return error_set(err, "the controller's answer makes no sense");
    return key_read(verb, answer, key_out, err) && signature_read(digits, signature, err) &&
           signature_verify(key_out, &(struct signed_message){ BUILD_RECORD_DOMAIN, record, strlen(record) }, signature,
                            err);
}

static bool verify(struct center_verb *verb, struct error *err)
{
    const struct value *rows = NULL, *answer = NULL;
    struct value *ids = value_list(verb->arena);
    struct public_key key;

    for (size_t i = 1; i < verb->word_count; i++)
        value_list_add(verb->arena, ids, value_string(verb->arena, verb->words[i]));
    if (verb->word_count < 2 && !center_client_list(verb->client, "/api/v1/build-records", "before", &rows, err))
        return false;
    for (size_t i = 0; i < value_count(rows); i++)
        value_list_add(
            verb->arena, ids,
            value_string(verb->arena, json_text(verb->arena, value_map_get(value_item(rows, i), "id"), JSON_COMPACT)));
    for (size_t i = 0; i < value_count(ids); i++) {
        const char *id = value_text(value_item(ids, i));

        if (!record_ask(verb, id, &answer, err))
            return false;
        if (!record_verify(verb, answer, &key, err))
            return error_prefix(err, "record %s", id);
    }
    if (value_count(ids) == 0)
        printf("Nothing was built yet\n");
    else
        printf("%zu record%s: unchanged since the key %.16s... signed %s\n", value_count(ids),
               value_count(ids) == 1 ? "" : "s", key.fingerprint, value_count(ids) == 1 ? "it" : "them");
    return true;
}

static bool show(struct center_verb *verb, struct error *err)
{
    const char *id = center_verb_need(verb, 1, "the record's number", err), *record = NULL;
    const struct value *answer = NULL, *read = NULL;
    struct public_key key;

    if (id == NULL || !center_verb_at_most(verb, 2, err) || !record_ask(verb, id, &answer, err) ||
        !record_verify(verb, answer, &key, err))
        return false;
    record = value_map_text(answer, "record");
    if (!json_read(verb->arena, record, strlen(record), NULL, &read, err))
        return false;
    center_verb_json(verb, verb->json ? answer : read);
    return true;
}

static bool run(struct center_verb *verb, struct error *err)
{
    static const char *const actions[] = { "list", "show", "verify", NULL };
    static const char *const filters[] = { "rebuild", "node" };
    const char *action = center_verb_word(verb, 0, actions, err), *path = "/api/v1/build-records?";
    const struct value *rows = NULL;

    if (action == NULL)
        return false;
    if (strcmp(action, "verify") == 0)
        return verify(verb, err);
    if (strcmp(action, "show") == 0)
        return show(verb, err);
    for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
        const char *given = center_verb_option(verb, filters[i]);

        path = given == NULL ? path : arena_printf(verb->arena, "%s%s=%s&", path, filters[i], given);
    }
    if (!center_verb_at_most(verb, 1, err) ||
        !center_client_list(verb->client, arena_printf(verb->arena, "%slimit=500", path), "before", &rows, err))
        return false;
    center_verb_print(verb, rows, layout, sizeof(layout) / sizeof(layout[0]), "Nothing was built yet");
    return true;
}

static const struct center_option options[] = {
    { "rebuild", false }, { "node", false }, { "key", false }, { NULL, false }
};

static int records_run(int argc, char **argv)
{
    static const struct center_action action = {
        &verb_records,
        "\n  list            what was built, newest first\n  show ID         one, verified\n"
        "  verify [ID...]  these, or all: each is as the controller signed it\n"
        "  --rebuild NAME  of this rebuild only\n  --node NODE     of this node only\n"
        "  --key FILE      the key that must have signed (PEM), in place of the one that the controller names\n",
        options, run
    };

    return center_verb_run(&action, argc, argv);
}

VERB_DEFINE(records) = {
    .name = "records",
    .summary = "What was built, as the controller signed it",
    .usage = "[list | show ID | verify [ID...]] [--rebuild NAME] [--node NODE] [--key FILE] [--json]",
    .run = records_run
};
