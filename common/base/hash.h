/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Digests (nettle, which uses the processor's SHA instructions) and encodings. Hex is lower case.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/error.h"

enum hash_kind {
    HASH_MD5,
    HASH_SHA1,
    HASH_SHA224,
    HASH_SHA256,
    HASH_SHA384,
    HASH_SHA512,
    HASH_SHA3_224,
    HASH_SHA3_256,
    HASH_SHA3_384,
    HASH_SHA3_512,
};

#define HASH_HEX_MAX 129 /* SHA-512 and its NUL */

struct hash; /* streaming state, in an arena */

bool hash_kind_from_name(const char *name, enum hash_kind *out); /* "sha256" */
struct hash *hash_new(struct arena *arena, enum hash_kind kind);
void hash_add(struct hash *hash, const void *data, size_t length);
const char *hash_hex(struct hash *hash, char out[HASH_HEX_MAX]); /* ends the stream */

const char *hash_hex_of(enum hash_kind kind, const void *data, size_t length, char out[HASH_HEX_MAX]);
/* Digest of what `fd` holds from its current offset to its end. */
bool hash_hex_of_fd(enum hash_kind kind, int fd, char out[HASH_HEX_MAX], struct error *err);
bool hash_hex_of_file(enum hash_kind kind, const char *path, char out[HASH_HEX_MAX], struct error *err);

/* HMAC (RFC 2104) with SHA-256. `key` is a secret text. */
const char *hash_hmac_sha256_hex(const char *key, const void *data, size_t length, char out[HASH_HEX_MAX]);

uint64_t hash_quick(const void *data, size_t length); /* FNV-1a: for tables, never for trust */

char *base64_encode(struct arena *arena, const void *data, size_t length);
bool base64_decode(struct arena *arena, const char *text, size_t length, char **data_out, size_t *length_out,
                   struct error *err);
