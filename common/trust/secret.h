/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random ids and secrets that programs choose. An id is 64 random bits as 16 hexadecimal digits and may be shown; a
 * secret is 256 random bits as 43 characters of base64url (RFC 4648) and may not. What is stored is a secret's SHA-256:
 * a slow hash is for secrets that people choose. An arena that held secrets is ended by arena_free_secret.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/base/arena.h"
#include "common/base/error.h"

#define SECRET_ID_LENGTH 16
#define SECRET_LENGTH 43
#define SECRET_HASH_LENGTH 64
#define SECRET_HIDDEN "***" /* stands where a secret would */

/* A struct, so that none gets into a format string by accident: who must send it says secret_reveal(). */
struct secret {
    const char *hidden;
};

bool random_fill(void *out, size_t length, struct error *err);
bool secret_id_make(char out[SECRET_ID_LENGTH + 1], struct error *err);
bool secret_make(struct arena *arena, struct secret *out, struct error *err);

/* Errors tell lengths and positions, never the text: what is in the wrong place may be the secret. */
bool secret_id_check(const char *text, size_t length, struct error *err);
bool secret_read(struct arena *arena, const char *text, size_t length, struct secret *out, struct error *err);

static inline const char *secret_reveal(struct secret secret)
{
    return secret.hidden;
}
/* SHA-256, lower-case hexadecimal. */
const char *secret_hash(struct secret secret, char out[SECRET_HASH_LENGTH + 1]);
/* Takes the same time whatever differs. `hash` that is no SHA-256 matches nothing. */
bool secret_matches(struct secret secret, const char *hash);
/* The same for two texts; their lengths are no secret. NULL equals nothing. */
bool secret_equal(const char *a, const char *b);
