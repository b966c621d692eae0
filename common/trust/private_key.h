/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A key that never leaves this machine: ECDSA P-256 for certificates, Ed25519 for signatures. Its bytes lie in one block
 * that is wiped when the key is freed. In files: PKCS#8 in PEM (RFC 5958, RFC 7468), not encrypted, mode 0600.
 */
#pragma once

#include "common/trust/public_key.h"

struct private_key;

bool private_key_generate(enum key_kind kind, struct private_key **out, struct error *err);
void private_key_free(struct private_key *key); /* NULL is fine */
void private_key_guard(struct private_key **key);
#define PRIVATE_KEY_SCOPED __attribute__((cleanup(private_key_guard))) struct private_key *

const struct public_key *private_key_public(const struct private_key *key);
/* `secrets` is to be freed by arena_free_secret. */
char *private_key_pem(struct arena *secrets, const struct private_key *key);

/* On the disk when it returns, and never readable to others; replaces a file that is there. */
bool private_key_save(const struct private_key *key, const char *path, struct error *err);
/* Refuses a file that is not ours or open to others; the sentence says how to mend it. *missing_out as in private_file.h
 * (may be NULL); *out is NULL then. */
bool private_key_load(const char *path, struct private_key **out, bool *missing_out, struct error *err);
