/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Both kinds of key have a SubjectPublicKeyInfo of fixed length that begins with fixed bytes, so reading is comparing.
 */
#include "common/trust/public_key.h"

#include <string.h>

#include "common/base/hash.h"

#define LABEL "PUBLIC KEY"

struct spki_shape {
    const char *name;
    const char *head;
    size_t head_length, length;
};

/* RFC 5480 (id-ecPublicKey, secp256r1, uncompressed point) and RFC 8410. */
static const struct spki_shape *spki_shape(enum key_kind kind)
{
    static const struct spki_shape shapes[] = {
        [KEY_ECDSA_P256] = { "ECDSA P-256",
                             "\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01"
                             "\x07\x03\x42\x00\x04",
                             27, 91 },
        [KEY_ED25519] = { "Ed25519", "\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00", 12, 44 },
    };

    return &shapes[kind];
}

const char *key_kind_text(enum key_kind kind)
{
    return spki_shape(kind)->name;
}

/* For the sentence only: an object identifier among the first bytes. */
static const char *other_kind(struct der spki)
{
    static const struct {
        const char *name, *oid;
        size_t length;
    } kinds[] = {
        { "an RSA key", "\x2a\x86\x48\x86\xf7\x0d\x01\x01", 8 },
        { "a P-384 key", "\x2b\x81\x04\x00\x22", 5 },
        { "a P-521 key", "\x2b\x81\x04\x00\x23", 5 },
        { "an elliptic curve key of another curve or form", "\x2a\x86\x48\xce\x3d\x02\x01", 7 },
        { "an Ed448 key", "\x2b\x65\x71", 3 },
    };
    size_t length = spki.length < 40 ? spki.length : 40;

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (memmem(spki.data, length, kinds[i].oid, kinds[i].length) != NULL)
            return kinds[i].name;
    }
    return "something else";
}

bool public_key_read_der(struct der spki, struct public_key *out, struct error *err)
{
    for (enum key_kind kind = KEY_ECDSA_P256; kind <= KEY_ED25519; kind++) {
        const struct spki_shape *shape = spki_shape(kind);
        char hex[HASH_HEX_MAX];

        if (spki.length != shape->length || memcmp(spki.data, shape->head, shape->head_length) != 0)
            continue;
        *out = (struct public_key){ .kind = kind, .length = spki.length };
        memcpy(out->spki, spki.data, spki.length);
        memcpy(out->fingerprint, hash_hex_of(HASH_SHA256, spki.data, spki.length, hex), PUBLIC_KEY_FINGERPRINT + 1);
        return true;
    }
    return error_set(err, "found %s, expected a key of ECDSA P-256 or Ed25519", other_kind(spki));
}

bool public_key_read_pem(const char *text, size_t length, struct public_key *out, struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    struct der der;

    return pem_read(arena, LABEL, (struct der){ (const unsigned char *)text, length }, LIMIT_KEY_FILE, &der, err) &&
           public_key_read_der(der, out, err);
}

char *public_key_pem(struct arena *arena, const struct public_key *key)
{
    return pem_text(arena, LABEL, (struct der){ key->spki, key->length });
}

void public_key_from_ed25519(const unsigned char *raw, struct public_key *out)
{
    const struct spki_shape *shape = spki_shape(KEY_ED25519);
    unsigned char spki[PUBLIC_KEY_SPKI_MAX];

    memcpy(spki, shape->head, shape->head_length);
    memcpy(spki + shape->head_length, raw, ED25519_KEY_BYTES);
    (void)public_key_read_der((struct der){ spki, shape->length }, out, NULL);
}

const unsigned char *public_key_ed25519(const struct public_key *key)
{
    return key->spki + key->length - ED25519_KEY_BYTES;
}
