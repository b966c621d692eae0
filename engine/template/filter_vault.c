/* SPDX-License-Identifier: Apache-2.0 */
/* vault and unvault: with a password of their own, not with those of the run. */
#include "engine/template/filter.h"
#include "engine/vault/vault.h"

static bool is_text(const struct value *value)
{
    return value != NULL && value->kind == VALUE_STRING;
}

static const struct value *wrong_type(struct eval *eval, const char *sentence, const struct value *value)
{
    return eval_fail_type(eval, "%s <class '%s'>", sentence, value == NULL ? "NoneType" : eval_type(value));
}

/* One password under one id; *failed_out: the error is set. */
static struct vault_secrets *secrets_of(struct eval *eval, const struct value *password, const char *id)
{
    struct vault_secrets *secrets = vault_secrets_new();

    if (vault_secrets_add(secrets, id, password->as.string.data, password->as.string.length, eval->err))
        return secrets;
    vault_secrets_free(secrets);
    return NULL;
}

static const struct value *filter_vault(struct eval *eval, const struct value *input, struct call_args *args)
{
    const char *id = args_text(eval, args->bound[2], "filter_default", "vaultid");
    const struct value *salt = args->bound[1], *secret = args->bound[0];
    struct vault_target target = { .id = id };
    struct vault_secrets *secrets;
    struct text made = text_new(eval->arena);
    struct value *out;
    bool ok;

    if (value_is(secret, VALUE_UNDEFINED))
        return eval_fail_undefined(eval, secret);
    if (!is_text(secret))
        return wrong_type(eval, "Secret passed is required to be a string, instead we got:", secret);
    if (!is_text(input))
        return wrong_type(eval, "Can only vault strings, instead we got:", input);
    if (salt != NULL && salt->kind != VALUE_NULL)
        salt = eval_str(eval, salt);
    secrets = id == NULL || (args->bound[1] != NULL && salt == NULL) ? NULL : secrets_of(eval, secret, id);
    if (secrets == NULL)
        return NULL;
    if (is_text(salt)) {
        target.salt = salt->as.string.data;
        target.salt_length = salt->as.string.length;
    }
    ok = vault_encrypt(secrets, &target, input->as.string.data, input->as.string.length, &made, eval->err);
    vault_secrets_free(secrets);
    if (!ok)
        return eval_fail(eval, "Unable to encrypt: %s", arena_copy(eval->arena, eval->err->text));
    out = value_string_borrow(eval->arena, made.data, made.length);
    if (args_true(args->bound[3], false))
        out->marks = VALUE_VAULT;
    return out;
}

static const struct value *filter_unvault(struct eval *eval, const struct value *input, struct call_args *args)
{
    const char *id = args_text(eval, args->bound[1], "filter_default", "vaultid");
    const struct value *secret = args->bound[0], *made = NULL;
    struct vault_secrets *secrets;
    const char *plain = NULL;
    size_t length = 0;

    if (value_is(secret, VALUE_UNDEFINED))
        return eval_fail_undefined(eval, secret);
    if (!is_text(secret))
        return wrong_type(eval, "Secret passed is required to be as string, instead we got:", secret);
    if (!is_text(input))
        return wrong_type(eval, "Vault should be in the form of a string, instead we got:", input);
    if (!vault_is_encrypted(input->as.string.data, input->as.string.length))
        return input;
    secrets = id == NULL ? NULL : secrets_of(eval, secret, id);
    if (secrets == NULL)
        return NULL;
    if (vault_decrypt(secrets, input->as.string.data, input->as.string.length, &plain, &length, eval->err))
        made = value_mark(eval->arena, eval_string(eval, plain, length), VALUE_SECRET, 0);
    else
        eval_fail(eval, "Unable to decrypt: %s", arena_copy(eval->arena, eval->err->text));
    vault_secrets_free(secrets);
    return made;
}

const struct filter filters_vault[] = {
    { "vault", filter_vault, "secret! salt vaultid wrap_object", FILTER_KEEPS },
    { "unvault", filter_unvault, "secret! vaultid", FILTER_TAKES_VAULT },
    { .name = NULL },
};
