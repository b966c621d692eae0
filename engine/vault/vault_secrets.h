/* SPDX-License-Identifier: Apache-2.0 */
/* What a struct vault_secrets is made of: all of it lies in its own locked memory. */
#pragma once

#include "common/base/hash.h"
#include "common/trust/locked_memory.h"
#include "engine/vault/vault.h"

#define VAULT_OPENED_BUCKETS 256

struct vault_secret {
    struct vault_secret *next;
    const char *id, *password;
    size_t length;
};

/* An envelope that was tried: by its SHA-256, so that the hosts of a run open it once. */
struct vault_opened {
    struct vault_opened *next;
    char digest[HASH_HEX_MAX];
    const char *plain; /* NULL: none of the first `tried` passwords opens it */
    size_t length, used, tried;
};

#define VAULT_HIDDEN_TABLES 2 /* of short texts and of long ones: vault_hide.c */

struct vault_hidden {
    struct vault_hidden *next; /* in its bucket */
    const char *text;
    size_t length;
};

struct vault_hidden_table {
    struct vault_hidden **buckets; /* by how texts begin */
    size_t size, count;            /* a power of two; 0: nothing is hidden */
};

struct vault_secrets {
    struct locked_memory *memory;
    struct vault_secret *first, **end;
    size_t count;
    bool only_equal_ids;
    struct vault_opened *opened[VAULT_OPENED_BUCKETS];
    struct vault_hidden_table hidden[VAULT_HIDDEN_TABLES];
    size_t hidden_count;
};

const struct vault_secret *vault_secret_at(const struct vault_secrets *secrets, size_t index);
