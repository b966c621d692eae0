/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OpenPGP public keys (RFC 4880, RFC 9580) as keyrings hold them: which keys there are, when they expire, adding and
 * removing them. Nothing is verified: that is for whoever uses the keyring. No gpg is needed.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/error.h"

struct gpg_key {
    const char *fingerprint; /* upper case */
    const char *id;          /* 16 digits */
    bool is_sub;
    int64_t expires;   /* second; 0: never */
    size_t start, end; /* of a primary key: all that belongs to it, subkeys and signatures, in the data */
};

struct gpg_keys {
    const char *data; /* binary */
    size_t length;
    struct gpg_key *items;
    size_t count;
};

bool gpg_is_armored(const char *data, size_t length);
/* Binary data of armored text; all blocks one after the other. What is binary already is returned as it is. */
bool gpg_dearmor(struct arena *arena, const char *data, size_t length, char **out, size_t *length_out,
                 struct error *err);
char *gpg_armor(struct arena *arena, const char *data, size_t length);
/* Armored or binary. An error for what is no OpenPGP data (a keybox of GnuPG 2 is named as such). */
bool gpg_keys_parse(struct arena *arena, const char *data, size_t length, struct gpg_keys *out, struct error *err);
bool gpg_key_is_expired(const struct gpg_key *key, int64_t now_s);
/* A keyring without the primary keys whose ID or fingerprint ends with `id` (upper case), or that have such a subkey. */
char *gpg_keys_without(struct arena *arena, const struct gpg_keys *keys, const char *id, size_t *length_out);
/* A keyring with the keys of `more` behind those of `keys`; a key that is in both is taken from `more`. */
char *gpg_keys_with(struct arena *arena, const struct gpg_keys *keys, const struct gpg_keys *more, size_t *length_out);
