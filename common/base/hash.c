/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Digests through nettle's table of hash functions: of memory, of what a descriptor holds, of a file.
 */
#include "common/base/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <nettle/hmac.h>
#include <nettle/nettle-meta.h>
#include <string.h>
#include <unistd.h>

#include "common/base/fd.h"

#define READ_SIZE (64 * 1024)
#define DIGEST_MAX 64

struct hash {
    const struct nettle_hash *method;
    _Alignas(max_align_t) char state[];
};

struct hash_method {
    const char *name;
    const struct nettle_hash *method;
};

static const struct hash_method *hash_method(enum hash_kind kind)
{
    static const struct hash_method methods[] = {
        [HASH_MD5] = { "md5", &nettle_md5 },
        [HASH_SHA1] = { "sha1", &nettle_sha1 },
        [HASH_SHA224] = { "sha224", &nettle_sha224 },
        [HASH_SHA256] = { "sha256", &nettle_sha256 },
        [HASH_SHA384] = { "sha384", &nettle_sha384 },
        [HASH_SHA512] = { "sha512", &nettle_sha512 },
        [HASH_SHA3_224] = { "sha3_224", &nettle_sha3_224 },
        [HASH_SHA3_256] = { "sha3_256", &nettle_sha3_256 },
        [HASH_SHA3_384] = { "sha3_384", &nettle_sha3_384 },
        [HASH_SHA3_512] = { "sha3_512", &nettle_sha3_512 },
    };

    return &methods[kind];
}

bool hash_kind_from_name(const char *name, enum hash_kind *out)
{
    for (enum hash_kind kind = HASH_MD5; kind <= HASH_SHA3_512; kind++) {
        if (strcmp(hash_method(kind)->name, name) == 0) {
            *out = kind;
            return true;
        }
    }
    return false;
}

struct hash *hash_new(struct arena *arena, enum hash_kind kind)
{
    const struct nettle_hash *method = hash_method(kind)->method;
    struct hash *hash = arena_alloc(arena, sizeof(*hash) + method->context_size);

    hash->method = method;
    method->init(hash->state);
    return hash;
}

void hash_add(struct hash *hash, const void *data, size_t length)
{
    if (length > 0)
        hash->method->update(hash->state, length, data);
}

static const char *hex_put(const uint8_t *digest, size_t size, char out[HASH_HEX_MAX])
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < size; i++) {
        out[2 * i] = digits[digest[i] >> 4];
        out[2 * i + 1] = digits[digest[i] & 15];
    }
    out[2 * size] = '\0';
    return out;
}

const char *hash_hex(struct hash *hash, char out[HASH_HEX_MAX])
{
    uint8_t digest[DIGEST_MAX] = { 0 };

    hash->method->digest(hash->state, hash->method->digest_size, digest);
    return hex_put(digest, hash->method->digest_size, out);
}

const char *hash_hmac_sha256_hex(const char *key, const void *data, size_t length, char out[HASH_HEX_MAX])
{
    struct hmac_sha256_ctx context;
    uint8_t digest[SHA256_DIGEST_SIZE] = { 0 };

    hmac_sha256_set_key(&context, strlen(key), (const uint8_t *)key);
    hmac_sha256_update(&context, length, data);
    hmac_sha256_digest(&context, sizeof(digest), digest);
    return hex_put(digest, sizeof(digest), out);
}

const char *hash_hex_of(enum hash_kind kind, const void *data, size_t length, char out[HASH_HEX_MAX])
{
    ARENA_SCOPED arena = arena_new();
    struct hash *hash = hash_new(arena, kind);

    hash_add(hash, data, length);
    return hash_hex(hash, out);
}

bool hash_hex_of_fd(enum hash_kind kind, int fd, char out[HASH_HEX_MAX], struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    struct hash *hash = hash_new(arena, kind);
    char *buffer = arena_alloc(arena, READ_SIZE);
    size_t got = READ_SIZE;

    while (got == READ_SIZE) {
        if (!fd_read_all(fd, buffer, READ_SIZE, &got, err))
            return false;
        hash_add(hash, buffer, got);
    }
    hash_hex(hash, out);
    return true;
}

bool hash_hex_of_file(enum hash_kind kind, const char *path, char out[HASH_HEX_MAX], struct error *err)
{
    FD_SCOPED fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return error_set_errno(err, "cannot read '%s'", path);
    if (!hash_hex_of_fd(kind, fd, out, err))
        return error_prefix(err, "cannot read '%s'", path);
    return true;
}

uint64_t hash_quick(const void *data, size_t length)
{
    const unsigned char *at = data;
    uint64_t hash = UINT64_C(14695981039346656037);

    for (size_t i = 0; i < length; i++)
        hash = (hash ^ at[i]) * UINT64_C(1099511628211);
    return hash;
}
