/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signing and verifying with Ed25519.
 */
#include "common/trust/signature.h"

#include <string.h>

#include "common/trust/hogweed_library.h"
#include "common/trust/private_key_parts.h"

/* Ed25519 reads the message twice, so it is needed in one piece. */
static struct der message_bytes(struct arena *arena, const struct signed_message *message)
{
    size_t domain = strlen(message->domain) + 1;
    unsigned char *bytes = arena_alloc(arena, domain + message->length);

    memcpy(bytes, message->domain, domain);
    if (message->length > 0)
        memcpy(bytes + domain, message->data, message->length);
    return (struct der){ bytes, domain + message->length };
}

static bool check_kind(const struct public_key *key, struct error *err)
{
    return key->kind == KEY_ED25519 ||
           error_set(err, "signatures need a key of Ed25519, this one is of %s", key_kind_text(key->kind));
}

bool signature_make(const struct private_key *key, const struct signed_message *message,
                    unsigned char out[SIGNATURE_BYTES], struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    struct hogweed_library hogweed;
    struct der bytes;

    if (!check_kind(&key->public, err) || !hogweed_library_load(&hogweed, err))
        return false;
    bytes = message_bytes(arena, message);
    hogweed.sign(public_key_ed25519(&key->public), private_key_ed25519(key), bytes.length, bytes.data, out);
    return true;
}

bool signature_verify(const struct public_key *key, const struct signed_message *message,
                      const unsigned char signature[SIGNATURE_BYTES], struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    struct hogweed_library hogweed;
    struct der bytes;

    if (!check_kind(key, err) || !hogweed_library_load(&hogweed, err))
        return false;
    bytes = message_bytes(arena, message);
    if (hogweed.verify(public_key_ed25519(key), bytes.length, bytes.data, signature) != 1)
        return error_set(err, "the signature is not of the key %.16s...", key->fingerprint);
    return true;
}

static int digit_value(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

void signature_write(const unsigned char signature[SIGNATURE_BYTES], char out[SIGNATURE_DIGITS + 1])
{
    for (size_t i = 0; i < SIGNATURE_BYTES; i++) {
        out[2 * i] = "0123456789abcdef"[signature[i] >> 4];
        out[2 * i + 1] = "0123456789abcdef"[signature[i] & 15];
    }
    out[SIGNATURE_DIGITS] = '\0';
}

bool signature_read(const char *digits, unsigned char out[SIGNATURE_BYTES], struct error *err)
{
    for (size_t i = 0; i < SIGNATURE_BYTES; i++) {
        int high = digit_value(digits[2 * i]), low = high < 0 ? -1 : digit_value(digits[2 * i + 1]);

        if (low < 0)
            return error_set(err, "its signature is not %zu digits of 0-9 a-f", SIGNATURE_DIGITS);
        out[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}
