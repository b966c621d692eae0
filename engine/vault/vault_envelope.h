/* SPDX-License-Identifier: Apache-2.0 */
/* The text of an envelope: its parts, and how they are written. */
#pragma once

#include "engine/vault/vault.h"

#define VAULT_MARK "$ANSIBLE_VAULT"
#define VAULT_CIPHER "AES256"
#define VAULT_LINE 80

struct vault_parts {
    const unsigned char *salt, *mac, *data; /* what is encrypted */
    size_t salt_length, mac_length, length;
};

bool vault_parts_read(struct arena *arena, const char *body, size_t length, struct vault_parts *out, struct error *err);
void vault_parts_write(struct arena *arena, const char *id, const struct vault_parts *parts, struct text *out);
