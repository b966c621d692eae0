/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random bytes of the kernel as text, and comparing without telling where it stopped.
 */
#include "common/trust/secret.h"

#include <errno.h>
#include <nettle/memops.h>
#include <string.h>
#include <sys/random.h>

#include "common/base/hash.h"

#define ID_BYTES 8
#define SECRET_BYTES 32

static const char hex_digits[] = "0123456789abcdef";
static const char url_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

bool random_fill(void *out, size_t length, struct error *err)
{
    unsigned char *at = out;

    while (length > 0) {
        ssize_t got = getrandom(at, length, 0);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return error_set_errno(err, "the kernel gives no random bytes");
        at += got;
        length -= (size_t)got;
    }
    return true;
}

bool secret_id_make(char out[SECRET_ID_LENGTH + 1], struct error *err)
{
    unsigned char bytes[ID_BYTES];

    if (!random_fill(bytes, sizeof(bytes), err))
        return false;
    for (size_t i = 0; i < sizeof(bytes); i++) {
        out[2 * i] = hex_digits[bytes[i] >> 4];
        out[2 * i + 1] = hex_digits[bytes[i] & 15];
    }
    out[SECRET_ID_LENGTH] = '\0';
    return true;
}

bool secret_make(struct arena *arena, struct secret *out, struct error *err)
{
    unsigned char bytes[SECRET_BYTES + 1] = { 0 }; /* 43 digits of six bits read two bits of a byte behind the last */
    char *text = arena_alloc(arena, SECRET_LENGTH + 1);

    if (!random_fill(bytes, SECRET_BYTES, err))
        return false;
    for (size_t i = 0; i < SECRET_LENGTH; i++) {
        size_t bit = 6 * i;
        unsigned pair = (unsigned)bytes[bit / 8] << 8 | bytes[bit / 8 + 1];

        text[i] = url_digits[pair >> (10 - bit % 8) & 63];
    }
    explicit_bzero(bytes, sizeof(bytes));
    out->hidden = text;
    return true;
}

/* Exactly `wanted` of these digits. */
static bool check_digits(const char *text, size_t length, const char *digits, size_t wanted, struct error *err)
{
    if (length != wanted)
        return error_set(err, "it has %zu characters, expected %zu", length, wanted);
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\0' || strchr(digits, text[i]) == NULL)
            return error_set(err, "character %zu is none of %s", i + 1,
                             digits == hex_digits ? "0-9 a-f" : "A-Z a-z 0-9 - _");
    }
    return true;
}

bool secret_id_check(const char *text, size_t length, struct error *err)
{
    return check_digits(text, length, hex_digits, SECRET_ID_LENGTH, err) || error_prefix(err, "token id");
}

bool secret_read(struct arena *arena, const char *text, size_t length, struct secret *out, struct error *err)
{
    if (!check_digits(text, length, url_digits, SECRET_LENGTH, err))
        return error_prefix(err, "secret");
    out->hidden = arena_copy_n(arena, text, length);
    return true;
}

const char *secret_hash(struct secret secret, char out[SECRET_HASH_LENGTH + 1])
{
    char hex[HASH_HEX_MAX];
    struct arena *arena = arena_new();
    struct hash *hash = hash_new(arena, HASH_SHA256);

    hash_add(hash, secret.hidden, strlen(secret.hidden));
    memcpy(out, hash_hex(hash, hex), SECRET_HASH_LENGTH + 1);
    arena_free_secret(arena); /* the state of the hash is as good as the text */
    return out;
}

bool secret_matches(struct secret secret, const char *hash)
{
    char own[SECRET_HASH_LENGTH + 1];

    return secret.hidden != NULL && secret_equal(secret_hash(secret, own), hash);
}

bool secret_equal(const char *a, const char *b)
{
    size_t length = a == NULL ? 0 : strlen(a);

    if (a == NULL || b == NULL || strlen(b) != length)
        return false;
    return memeql_sec(a, b, length) != 0;
}
