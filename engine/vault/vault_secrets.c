/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Passwords with their ids.
 */
#include "engine/vault/vault_secrets.h"

#include <string.h>

struct vault_secrets *vault_secrets_new(void)
{
    struct locked_memory *memory = locked_memory_new();
    struct vault_secrets *secrets = locked_memory_alloc(memory, sizeof(*secrets));

    secrets->memory = memory;
    secrets->end = &secrets->first;
    return secrets;
}

void vault_secrets_free(struct vault_secrets *secrets)
{
    if (secrets != NULL)
        locked_memory_free(secrets->memory);
}

char *vault_secrets_buffer(struct vault_secrets *secrets, size_t size)
{
    return locked_memory_alloc(secrets->memory, size);
}

static const char *kept(struct vault_secrets *secrets, const char *data, size_t length)
{
    char *copy = vault_secrets_buffer(secrets, length + 1);

    memcpy(copy, data, length);
    return copy;
}

bool vault_secrets_add(struct vault_secrets *secrets, const char *id, const char *password, size_t length,
                       struct error *err)
{
    struct vault_secret *secret;

    if (length == 0)
        return error_set(err, "Invalid vault password was provided");
    secret = locked_memory_alloc(secrets->memory, sizeof(*secret));
    secret->id = kept(secrets, id, strlen(id));
    secret->password = kept(secrets, password, length);
    secret->length = length;
    *secrets->end = secret;
    secrets->end = &secret->next;
    secrets->count++;
    return true;
}

void vault_secrets_match(struct vault_secrets *secrets, bool only_equal_ids)
{
    secrets->only_equal_ids = only_equal_ids;
}

size_t vault_secrets_count(const struct vault_secrets *secrets)
{
    return secrets == NULL ? 0 : secrets->count;
}

const struct vault_secret *vault_secret_at(const struct vault_secrets *secrets, size_t index)
{
    const struct vault_secret *secret = secrets->first;

    while (secret != NULL && index-- > 0)
        secret = secret->next;
    return secret;
}

const char *vault_secrets_id(const struct vault_secrets *secrets, size_t index)
{
    const struct vault_secret *secret = vault_secret_at(secrets, index);

    return secret == NULL ? NULL : secret->id;
}

bool vault_secrets_find(const struct vault_secrets *secrets, const char *id, size_t *index_out)
{
    size_t index = 0;

    for (const struct vault_secret *secret = secrets->first; secret != NULL; secret = secret->next, index++) {
        if (id == NULL || strcmp(secret->id, id) == 0) {
            *index_out = index;
            return true;
        }
    }
    return false;
}
