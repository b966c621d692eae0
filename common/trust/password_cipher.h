/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a password encrypts and how it is told apart from another: the cipher of Ansible's vault. Keys are derived by
 * PBKDF2-HMAC-SHA256 with 10,000 iterations (RFC 8018), data is AES-256 in counter mode (NIST SP 800-38A), what was
 * encrypted carries an HMAC-SHA256 (RFC 2104) that is checked before anything is decrypted.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define PASSWORD_SALT_LENGTH 32
#define PASSWORD_MAC_LENGTH 32
#define PASSWORD_BLOCK 16 /* of the cipher: data is padded to it, as PKCS #7 says */

struct password_keys {
    unsigned char cipher[32], mac[32], counter[16];
};

/* A secret as good as the password: wipe it. */
void password_keys_derive(struct password_keys *keys, const char *password, size_t password_length, const void *salt,
                          size_t salt_length);
void password_mac(const struct password_keys *keys, const void *data, size_t length,
                  unsigned char out[PASSWORD_MAC_LENGTH]);
/* Takes the same time whatever differs. */
bool password_mac_equal(const unsigned char a[PASSWORD_MAC_LENGTH], const unsigned char b[PASSWORD_MAC_LENGTH]);
/* Both ways; `out` may be `in`. */
void password_crypt(const struct password_keys *keys, const void *in, size_t length, void *out);
