/* SPDX-License-Identifier: Apache-2.0 */
/* Envelopes from arbitrary bytes, beside one password; what can be opened is encrypted again. */
#include <stdlib.h>

#include "engine/vault/vault.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    ARENA_SCOPED arena = arena_new();
    struct vault_secrets *secrets = vault_secrets_new();
    struct error err = ERROR_INIT;
    struct vault_head head = { 0 };
    struct text plain = { 0 }, again = text_new(arena);
    size_t used = 0;

    if (!vault_secrets_add(secrets, VAULT_DEFAULT_ID, "secretpw", 8, &err))
        abort();
    if (size <= 100 * 1000 && vault_head_read(arena, (const char *)data, size, &head, &err) &&
        vault_decrypt_used(secrets, (const char *)data, size, &plain, &used, &err) &&
        !vault_encrypt(secrets, &(struct vault_target){ .id = head.id }, plain.data, plain.length, &again, &err) &&
        !vault_is_encrypted(plain.data, plain.length))
        abort();
    vault_secrets_free(secrets);
    return 0;
}
