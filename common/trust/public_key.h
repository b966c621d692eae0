/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The public half of a key as its SubjectPublicKeyInfo (RFC 5480 for ECDSA P-256, RFC 8410 for Ed25519; no other kind is
 * taken). Its SHA-256 is the fingerprint by which nodes and CAs are known. Needs no library beside nettle.
 */
#pragma once

#include "common/trust/pem.h"

#define PUBLIC_KEY_SPKI_MAX 91
#define PUBLIC_KEY_FINGERPRINT 64
#define ED25519_KEY_BYTES 32

enum key_kind { KEY_ECDSA_P256, KEY_ED25519 };

struct public_key {
    enum key_kind kind;
    size_t length;
    unsigned char spki[PUBLIC_KEY_SPKI_MAX];
    char fingerprint[PUBLIC_KEY_FINGERPRINT + 1]; /* lower-case hexadecimal */
};

const char *key_kind_text(enum key_kind kind); /* "ECDSA P-256" */
bool public_key_read_der(struct der spki, struct public_key *out, struct error *err);
bool public_key_read_pem(const char *text, size_t length, struct public_key *out, struct error *err);
char *public_key_pem(struct arena *arena, const struct public_key *key);
/* The key that `raw`, ED25519_KEY_BYTES of it, makes; and back. */
void public_key_from_ed25519(const unsigned char *raw, struct public_key *out);
const unsigned char *public_key_ed25519(const struct public_key *key);
