/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a private key, for the files of this folder that sign with it. */
#pragma once

#include "common/trust/gnutls_library.h"
#include "common/trust/private_key.h"

#define PRIVATE_KEY_PKCS8_MAX 256

struct private_key {
    struct public_key public;
    size_t length;
    unsigned char pkcs8[PRIVATE_KEY_PKCS8_MAX];
};

const unsigned char *private_key_ed25519(const struct private_key *key); /* the seed, ED25519_KEY_BYTES */
/* Into a handle of GnuTLS, which the caller ends. */
bool private_key_to_gnutls(const struct private_key *key, const struct gnutls_library *gnutls,
                           gnutls_x509_privkey_t *out, struct error *err);
