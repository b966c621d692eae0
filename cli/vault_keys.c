/* SPDX-License-Identifier: Apache-2.0 */
/* Which password opens and which one encrypts: ansible-vault's rules. */
#include <stdio.h>
#include <string.h>

#include "cli/vault_verb.h"
#include "common/base/text.h"
#include "engine/command/vault_setup.h"

void vault_warnings_print(struct vault_job *job)
{
    for (size_t i = 0; i < value_count(job->warnings); i++)
        fprintf(stderr, "[WARNING]: %s\n", value_text(value_item(job->warnings, i)));
    job->warnings->as.list.count = 0;
}

static bool keys_read(struct vault_job *job, const struct vault_sources *sources, struct vault_secrets **out,
                      struct error *err)
{
    bool ok = vault_setup(job->arena, &job->settings, sources, job->warnings, out, err);

    vault_warnings_print(job);
    return ok;
}

static const char *known_ids(struct arena *arena, const struct vault_secrets *secrets, const char *format,
                             const char *between)
{
    struct text out = text_new(arena);

    for (size_t i = 0; i < vault_secrets_count(secrets); i++) {
        text_add(&out, i == 0 ? "" : between);
        text_add(&out, format);
        text_add(&out, vault_secrets_id(secrets, i));
        text_add(&out, format);
    }
    return out.data;
}

/* The password of --encrypt-vault-id, else the first. */
static bool key_choose(struct vault_job *job, const char *wanted, struct error *err)
{
    const char *salt = settings_text(&job->settings, "vault_encrypt_salt");

    if (!vault_secrets_find(job->new_secrets, wanted, &job->target.index))
        return error_set(err, "Did not find a match for --encrypt-vault-id=%s in the known vault-ids [%s]", wanted,
                         known_ids(job->arena, job->new_secrets, "'", ", "));
    job->target.id = vault_secrets_id(job->new_secrets, job->target.index);
    job->target.salt = salt;
    job->target.salt_length = salt == NULL ? 0 : strlen(salt);
    return true;
}

static bool required(const struct vault_secrets *secrets, const char *sentence, struct error *err)
{
    return vault_secrets_count(secrets) > 0 || error_set_kind(err, ERROR_OPTIONS, "%s", sentence);
}

static bool new_keys(struct vault_job *job, const char *wanted, struct error *err)
{
    const struct vault_options *options = job->options;
    const char *ids[] = { options->new_id, NULL }, *files[] = { options->new_file, NULL };
    const struct vault_sources sources = { .ids = ids,
                                           .files = files,
                                           .ask = options->ask,
                                           .is_new = true,
                                           .asks_without = true,
                                           .no_defaults = wanted == NULL };

    return keys_read(job, &sources, &job->new_secrets, err) &&
           required(job->new_secrets, "A new vault password is required to use Ansible's Vault rekey", err) &&
           key_choose(job, wanted, err);
}

bool vault_keys_prepare(struct vault_job *job, struct error *err)
{
    static const char *const makers[] = { "encrypt", "encrypt_string", "create", NULL };
    static const char needed[] = "A vault password is required to use Ansible's Vault";
    const struct vault_options *options = job->options;
    bool makes = text_in(options->action, makers);
    const struct vault_sources sources = { .ids = options->ids.items,
                                           .files = options->files.items,
                                           .ask = options->ask,
                                           .is_new = makes,
                                           .asks_without = true };
    const char *wanted =
        options->encrypt_id != NULL ? options->encrypt_id : settings_text(&job->settings, "vault_encrypt_identity");

    if (!keys_read(job, &sources, &job->secrets, err))
        return false;
    if (!makes)
        return required(job->secrets, needed, err) &&
               (strcmp(options->action, "rekey") != 0 || new_keys(job, wanted, err));
    if (vault_secrets_count(job->secrets) > 1 && wanted == NULL)
        return error_set_kind(err, ERROR_OPTIONS,
                              "The vault-ids %s are available to encrypt. Specify the vault-id to encrypt with "
                              "--encrypt-vault-id",
                              known_ids(job->arena, job->secrets, "", ","));
    job->new_secrets = job->secrets;
    return required(job->secrets, needed, err) && key_choose(job, wanted, err);
}
