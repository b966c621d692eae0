/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening and making envelopes. Ciphertext is worked on in an arena of its own; plaintext comes to be in locked memory.
 */
#include "engine/vault/vault.h"

#include <string.h>

#include "common/trust/password_cipher.h"
#include "common/trust/secret.h"
#include "engine/vault/vault_envelope.h"
#include "engine/vault/vault_secrets.h"

/* --- opening --- */

/* The length without the padding; SIZE_MAX: it is none. */
static size_t unpadded(const char *plain, size_t length)
{
    size_t padding = length == 0 || length % PASSWORD_BLOCK != 0 ? 0 : (unsigned char)plain[length - 1];

    if (padding == 0 || padding > PASSWORD_BLOCK)
        return SIZE_MAX;
    for (size_t i = length - padding; i < length; i++) {
        if ((unsigned char)plain[i] != padding)
            return SIZE_MAX;
    }
    return length - padding;
}

enum trial { TRIAL_OPENED, TRIAL_OTHER_PASSWORD, TRIAL_BROKEN };

static enum trial secret_try(struct vault_secrets *secrets, const struct vault_secret *secret,
                             const struct vault_parts *parts, struct text *plain_out)
{
    unsigned char mac[PASSWORD_MAC_LENGTH];
    struct password_keys keys;
    enum trial result = TRIAL_OTHER_PASSWORD;
    char *plain;

    password_keys_derive(&keys, secret->password, secret->length, parts->salt, parts->salt_length);
    password_mac(&keys, parts->data, parts->length, mac);
    if (parts->mac_length == sizeof(mac) && password_mac_equal(mac, parts->mac)) {
        plain = vault_secrets_buffer(secrets, parts->length + 1);
        password_crypt(&keys, parts->data, parts->length, plain);
        *plain_out = (struct text){ .data = plain, .length = unpadded(plain, parts->length) };
        result = plain_out->length == SIZE_MAX ? TRIAL_BROKEN : TRIAL_OPENED;
        if (result == TRIAL_OPENED)
            plain[plain_out->length] = '\0';
    }
    explicit_bzero(&keys, sizeof(keys));
    return result;
}

static bool no_password_fits(struct error *err)
{
    return error_set(err, "Decryption failed (no vault secrets were found that could decrypt)");
}

/* Passwords with the envelope's id first, then, unless ids must match, the others. */
static bool secrets_try(struct vault_secrets *secrets, const char *id, const struct vault_parts *parts,
                        struct vault_opened *opened, struct error *err)
{
    for (int pass = 0; pass < (secrets->only_equal_ids ? 1 : 2); pass++) {
        const struct vault_secret *secret = secrets->first;

        for (size_t i = 0; secret != NULL; secret = secret->next, i++) {
            struct text plain = { 0 };
            enum trial trial = TRIAL_OTHER_PASSWORD;

            if ((strcmp(secret->id, id) == 0) == (pass == 0))
                trial = secret_try(secrets, secret, parts, &plain);
            if (trial == TRIAL_BROKEN)
                return error_set(err, "Decryption failed: the padding is not valid");
            if (trial == TRIAL_OTHER_PASSWORD)
                continue;
            opened->plain = plain.data;
            opened->length = plain.length;
            opened->used = i;
            return true;
        }
    }
    opened->tried = secrets->count;
    return no_password_fits(err);
}

static bool envelope_open(struct vault_secrets *secrets, const char *data, size_t length, struct vault_opened *opened,
                          struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    struct vault_head head = { 0 };
    struct vault_parts parts = { 0 };

    if (!vault_is_encrypted(data, length))
        return error_set(err, "input is not vault encrypted data");
    if (!vault_head_read(arena, data, length, &head, err))
        return false;
    if (secrets->count == 0)
        return error_set(err, "Attempting to decrypt but no vault secrets found");
    return vault_parts_read(arena, data + head.body, length - head.body, &parts, err) &&
           secrets_try(secrets, head.id, &parts, opened, err);
}

/* Opened before, or now. */
static const struct vault_opened *opened_get(struct vault_secrets *secrets, const char *data, size_t length,
                                             struct error *err)
{
    char digest[HASH_HEX_MAX];
    struct vault_opened **bucket, *opened;

    hash_hex_of(HASH_SHA256, data, length, digest);
    bucket = &secrets->opened[hash_quick(digest, strlen(digest)) % VAULT_OPENED_BUCKETS];
    for (opened = *bucket; opened != NULL && strcmp(opened->digest, digest) != 0; opened = opened->next)
        continue;
    if (opened != NULL && opened->plain != NULL)
        return opened;
    if (opened != NULL && opened->tried == secrets->count) {
        no_password_fits(err);
        return NULL;
    }
    if (opened == NULL) {
        opened = locked_memory_alloc(secrets->memory, sizeof(*opened));
        memcpy(opened->digest, digest, sizeof(digest));
        opened->tried = SIZE_MAX;
        opened->next = *bucket;
        *bucket = opened;
    }
    return envelope_open(secrets, data, length, opened, err) ? opened : NULL;
}

bool vault_decrypt_used(struct vault_secrets *secrets, const char *data, size_t length, struct text *plain_out,
                        size_t *used_out, struct error *err)
{
    const struct vault_opened *opened = opened_get(secrets, data, length, err);

    if (opened == NULL)
        return false;
    *plain_out = (struct text){ .length = opened->length };
    /* text.data is not const: nobody writes to it, as it has no arena to grow in */
    memcpy(&plain_out->data, &opened->plain, sizeof(plain_out->data));
    *used_out = opened->used;
    return true;
}

bool vault_decrypt(void *secrets, const char *data, size_t length, const char **out, size_t *length_out,
                   struct error *err)
{
    struct text plain = { 0 };
    size_t used = 0;

    if (secrets == NULL)
        return error_set(err, "Attempting to decrypt but no vault secrets found");
    if (!vault_decrypt_used(secrets, data, length, &plain, &used, err))
        return false;
    *out = plain.data;
    *length_out = plain.length;
    return true;
}

/* --- making --- */

static bool salt_make(struct arena *arena, const struct vault_target *target, struct vault_parts *parts,
                      struct error *err)
{
    unsigned char *salt = arena_alloc(arena, PASSWORD_SALT_LENGTH);

    parts->salt = target->salt == NULL ? salt : (const unsigned char *)target->salt;
    parts->salt_length = target->salt == NULL ? PASSWORD_SALT_LENGTH : target->salt_length;
    return target->salt != NULL || random_fill(salt, PASSWORD_SALT_LENGTH, err);
}

static void parts_encrypt(struct arena *arena, const struct vault_secret *secret, const char *data, size_t length,
                          struct vault_parts *parts)
{
    unsigned char *work, *mac = arena_alloc(arena, PASSWORD_MAC_LENGTH);
    size_t padding = PASSWORD_BLOCK - length % PASSWORD_BLOCK;
    struct password_keys keys;

    work = arena_alloc(arena, length + padding);
    if (length > 0)
        memcpy(work, data, length);
    memset(work + length, (int)padding, padding);
    password_keys_derive(&keys, secret->password, secret->length, parts->salt, parts->salt_length);
    password_crypt(&keys, work, length + padding, work);
    password_mac(&keys, work, length + padding, mac);
    explicit_bzero(&keys, sizeof(keys));
    parts->data = work;
    parts->length = length + padding;
    parts->mac = mac;
    parts->mac_length = PASSWORD_MAC_LENGTH;
}

bool vault_encrypt(struct vault_secrets *secrets, const struct vault_target *target, const char *data, size_t length,
                   struct text *out, struct error *err)
{
    const struct vault_secret *secret = vault_secret_at(secrets, target->index);
    struct vault_parts parts = { 0 };
    struct arena *arena;
    bool ok;

    if (secret == NULL)
        return error_set(err, "A vault password must be specified to encrypt data");
    if (vault_is_encrypted(data, length))
        return error_set(err, "input is already encrypted");
    arena = arena_new();
    ok = salt_make(arena, target, &parts, err);
    if (ok) {
        parts_encrypt(arena, secret, data, length, &parts);
        vault_parts_write(arena, target->id, &parts, out);
    }
    arena_free_secret(arena);
    return ok;
}
