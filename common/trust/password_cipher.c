/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nettle does the work; states that hold keys are wiped.
 */
#include "common/trust/password_cipher.h"

#include <nettle/aes.h>
#include <nettle/ctr.h>
#include <nettle/hmac.h>
#include <nettle/memops.h>
#include <nettle/pbkdf2.h>
#include <stdint.h>
#include <string.h>

#define ITERATIONS 10000

void password_keys_derive(struct password_keys *keys, const char *password, size_t password_length, const void *salt,
                          size_t salt_length)
{
    _Static_assert(sizeof(*keys) == 80, "the three keys lie in the order in which they are derived");
    pbkdf2_hmac_sha256(password_length, (const uint8_t *)password, ITERATIONS, salt_length, salt, sizeof(*keys),
                       (uint8_t *)keys);
}

void password_mac(const struct password_keys *keys, const void *data, size_t length,
                  unsigned char out[PASSWORD_MAC_LENGTH])
{
    struct hmac_sha256_ctx state;

    hmac_sha256_set_key(&state, sizeof(keys->mac), keys->mac);
    hmac_sha256_update(&state, length, data);
    hmac_sha256_digest(&state, PASSWORD_MAC_LENGTH, out);
    explicit_bzero(&state, sizeof(state));
}

bool password_mac_equal(const unsigned char a[PASSWORD_MAC_LENGTH], const unsigned char b[PASSWORD_MAC_LENGTH])
{
    return memeql_sec(a, b, PASSWORD_MAC_LENGTH) != 0;
}

static void encrypt_blocks(const void *state, size_t length, uint8_t *out, const uint8_t *in)
{
    aes256_encrypt(state, length, out, in);
}

void password_crypt(const struct password_keys *keys, const void *in, size_t length, void *out)
{
    struct aes256_ctx state;
    uint8_t counter[sizeof(keys->counter)];

    memcpy(counter, keys->counter, sizeof(counter));
    aes256_set_encrypt_key(&state, keys->cipher);
    ctr_crypt(&state, encrypt_blocks, AES_BLOCK_SIZE, counter, length, out, in);
    explicit_bzero(&state, sizeof(state));
    explicit_bzero(counter, sizeof(counter));
}
