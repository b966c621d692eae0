/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Passwords are read into an arena that is wiped, and kept in the vault's locked memory.
 */
#include "engine/command/vault_setup.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/command.h"
#include "common/base/fd.h"
#include "common/base/path.h"
#include "engine/command/ask.h"

#define PASSWORD_FILE_MAX (1024 * 1024)
#define CLIENT_UNKNOWN_ID 2 /* exit code of a client program that does not know the id */
#define PROMPT "prompt"
#define PROMPT_OLD "prompt_ask_vault_pass" /* the wording of --ask-vault-password */

struct reading {
    struct arena *arena; /* wiped in the end */
    struct vault_secrets *secrets;
    const char *label, *source; /* "LABEL@SOURCE" taken apart; label NULL: none */
    const char *id;
    bool is_new;
};

const char *vault_default_id(const struct settings *settings)
{
    const char *id = settings_text(settings, "vault_identity");

    return id == NULL ? VAULT_DEFAULT_ID : id;
}

/* --- the terminal --- */

static bool typed(struct reading *reading, const char *prompt, const char **out, struct error *err)
{
    const char *text = NULL;

    if (!ask_terminal(NULL, prompt, true, reading->arena, &text)) {
        fprintf(stderr, "%s", prompt);
        if (!ask_input(reading->arena, &text))
            return error_set(err, "EOFError (ctrl-d) on prompt for (%s)", reading->id);
    }
    if (*text == '\0')
        return error_set(err, "Invalid vault password was provided");
    *out = text_trim(reading->arena, text, strlen(text));
    return true;
}

static bool from_terminal(struct reading *reading, struct error *err)
{
    bool is_old = strcmp(reading->source, PROMPT_OLD) == 0;
    const char *word = reading->is_new ? (is_old ? "New Vault" : "New vault") : "Vault", *again = NULL, *first = NULL;
    const char *suffix = is_old ? "" : arena_printf(reading->arena, " (%s)", reading->id);

    if (!typed(reading, arena_printf(reading->arena, "%s password%s: ", word, suffix), &first, err))
        return false;
    word = is_old ? "Confirm New Vault" : "Confirm new vault";
    if (reading->is_new && !typed(reading, arena_printf(reading->arena, "%s password%s: ", word, suffix), &again, err))
        return false;
    if (again != NULL && strcmp(first, again) != 0)
        return error_set(err, "Passwords do not match");
    return vault_secrets_add(reading->secrets, reading->id, first, strlen(first), err);
}

/* --- files and programs --- */

/* Without the bytes of `set` at both ends. */
static void strip(const char **data, size_t *length, const char *set)
{
    while (*length > 0 && **data != '\0' && strchr(set, **data) != NULL) {
        ++*data;
        --*length;
    }
    while (*length > 0 && (*data)[*length - 1] != '\0' && strchr(set, (*data)[*length - 1]) != NULL)
        --*length;
}

static bool from_file(struct reading *reading, const char *path, struct error *err)
{
    char *raw = NULL;
    const char *data;
    size_t length = 0;

    if (!file_read(reading->arena, path, PASSWORD_FILE_MAX, &raw, &length, err)) {
        const char *why = arena_copy(reading->arena, err->text);

        return error_set(err, "Could not read vault password file %s: %s", path, why);
    }
    data = raw;
    strip(&data, &length, " \t\n\r\v\f");
    if (vault_is_encrypted(data, length) && !vault_decrypt(reading->secrets, data, length, &data, &length, err))
        return false;
    strip(&data, &length, "\r\n");
    if (length == 0)
        return error_set(err, "Invalid vault password was provided from file (%s)", path);
    return vault_secrets_add(reading->secrets, reading->id, data, length, err);
}

/* "name-client" with or without an extension is told which id is wanted. */
static bool is_client(struct reading *reading, const char *path)
{
    const char *extension = path_extension(path);

    return text_ends(arena_copy_n(reading->arena, path, strlen(path) - strlen(extension)), "-client");
}

static bool check_exit(const struct reading *reading, const char *path, bool client, const struct command_output *out,
                       struct error *err)
{
    int code = WIFEXITED(out->status) ? WEXITSTATUS(out->status) : -WTERMSIG(out->status);
    const char *id = reading->label == NULL ? "None" : reading->label;

    if (code == 0)
        return true;
    if (client && code == CLIENT_UNKNOWN_ID)
        return error_set(err, "Vault password client script %s did not find a secret for vault-id=%s: %s", path, id,
                         out->errors);
    if (client)
        return error_set(
            err, "Vault password client script %s returned non-zero (%d) when getting secret for vault-id=%s: %s", path,
            code, id, out->errors);
    return error_set(err, "Vault password script %s returned non-zero (%d)", path, code);
}

static bool from_program(struct reading *reading, const char *path, struct error *err)
{
    bool client = is_client(reading, path);
    bool named = client && reading->label != NULL;
    const char *argv[] = { path, named ? "--vault-id" : NULL, named ? reading->label : NULL, NULL };
    struct command_output printed = { 0 };
    const char *data;
    size_t length;

    if (!command_output(reading->arena, argv, NULL, &printed, err)) {
        const char *why = arena_copy(reading->arena, err->text);

        return error_set(err,
                         "Problem running vault password %sscript %s (%s). If this is not a script, remove the "
                         "executable bit from the file.",
                         client ? "client " : "", path, why);
    }
    if (!client && printed.errors_length > 0)
        fwrite(printed.errors, 1, printed.errors_length, stderr);
    if (!check_exit(reading, path, client, &printed, err))
        return false;
    data = printed.output;
    length = printed.output_length;
    strip(&data, &length, "\r\n");
    if (length == 0)
        return error_set(err, "Invalid vault password was provided from script (%s)", path);
    return vault_secrets_add(reading->secrets, reading->id, data, length, err);
}

/* --- sources --- */

/* *loading_out: it was there, but gave no password. */
static bool from_path(struct reading *reading, bool *loading_out, struct error *err)
{
    const char *path = path_absolute(reading->arena, path_expand_user(reading->arena, reading->source));

    if (!path_exists(path))
        return error_set(err, "The vault password file %s was not found", path);
    *loading_out = true;
    return access(path, X_OK) == 0 && !path_is_folder(path) ? from_program(reading, path, err)
                                                            : from_file(reading, path, err);
}

struct gathering {
    struct arena *arena;
    const struct settings *settings;
    struct value *warnings;
    struct vault_secrets *secrets;
    bool is_new, any_failed;
    struct error last;
};

static bool source_add(struct gathering *gathering, const char *slug, struct error *err)
{
    struct arena *arena = arena_new();
    const char *at = strchr(slug, '@');
    struct reading reading = { .arena = arena,
                               .secrets = gathering->secrets,
                               .label = at == NULL ? NULL : arena_copy_n(arena, slug, (size_t)(at - slug)),
                               .source = at == NULL ? slug : at + 1,
                               .is_new = gathering->is_new };
    bool asks = text_equal(reading.source, PROMPT) || text_equal(reading.source, PROMPT_OLD), loading = false, ok;
    struct error why = ERROR_INIT;

    reading.id =
        reading.label == NULL || *reading.label == '\0' ? vault_default_id(gathering->settings) : reading.label;
    ok = asks ? from_terminal(&reading, &why) : from_path(&reading, &loading, &why);
    if (!ok) {
        const char *what = asks      ? "Error in vault password prompt"
                           : loading ? "Error in vault password file loading"
                                     : "Error getting vault password file";

        value_list_add(
            gathering->arena, gathering->warnings,
            value_string(gathering->arena, arena_printf(arena, "%s (%s): %s", what,
                                                        reading.label == NULL ? "None" : reading.label, why.text)));
        gathering->last = why;
        gathering->any_failed = true;
        if (asks)
            *err = why;
    }
    arena_free_secret(arena);
    return ok || !asks;
}

static bool sources_add(struct gathering *gathering, const char *const *sources, const char *label, size_t *count,
                        struct error *err)
{
    for (; sources != NULL && *sources != NULL; sources++, ++*count) {
        const char *slug = label == NULL ? *sources : arena_printf(gathering->arena, "%s@%s", label, *sources);

        if (!source_add(gathering, slug, err))
            return false;
    }
    return true;
}

static const char *const *identity_list(struct gathering *gathering)
{
    const char *text = settings_text(gathering->settings, "vault_identity_list");
    size_t count = 0, used = 0;
    char **parts = text_split(gathering->arena, text == NULL ? "" : text, ',', &count);
    const char **list = arena_new_array(gathering->arena, const char *, count + 1);

    for (size_t i = 0; i < count; i++) {
        list[used] = text_trim(gathering->arena, parts[i], strlen(parts[i]));
        used += *list[used] != '\0';
    }
    list[used] = NULL;
    return list;
}

bool vault_setup(struct arena *arena, const struct settings *settings, const struct vault_sources *sources,
                 struct value *warnings, struct vault_secrets **out, struct error *err)
{
    struct gathering gathering = { .arena = arena,
                                   .settings = settings,
                                   .warnings = warnings,
                                   .secrets = vault_secrets_new(),
                                   .is_new = sources->is_new };
    const char *file = settings_text(settings, "vault_password_file"), *label = vault_default_id(settings);
    const char *configured[] = { file == NULL ? NULL : settings_path(settings, arena, file), NULL };
    size_t count = 0;
    bool ok;

    vault_secrets_match(gathering.secrets, settings_bool(settings, "vault_id_match", false));
    ok = (sources->no_defaults || sources_add(&gathering, identity_list(&gathering), NULL, &count, err)) &&
         sources_add(&gathering, sources->ids, NULL, &count, err) &&
         sources_add(&gathering, sources->files, label, &count, err) &&
         sources_add(&gathering, configured, label, &count, err);
    if (ok &&
        (sources->ask || settings_bool(settings, "ask_vault_pass", false) || (count == 0 && sources->asks_without)))
        ok = source_add(&gathering, arena_printf(arena, "%s@%s", label, PROMPT_OLD), err);
    if (ok && gathering.any_failed && vault_secrets_count(gathering.secrets) == 0) {
        *err = gathering.last;
        ok = false;
    }
    if (ok)
        *out = gathering.secrets;
    else
        vault_secrets_free(gathering.secrets);
    return ok;
}
