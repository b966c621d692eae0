/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 by nettle, whose context is open: eight words and a count of blocks are all there is to it. */
#include "common/model/digest.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/base/fd.h"
#include "common/base/hash.h"
#include "common/model/digest_blocks.h"

#define READ_SIZE (256 * 1024)
#define BLOCKS_WORTH_IT 8

void digest_start(struct digest *digest)
{
    sha256_init(&digest->context);
    digest->length = 0;
}

void digest_resume(struct digest *digest, const struct digest_state *state)
{
    sha256_init(&digest->context);
    memcpy(digest->context.state, state->words, sizeof(state->words));
    digest->context.count = (uint64_t)state->length / DIGEST_BLOCK;
    digest->length = state->length;
}

void digest_add(struct digest *digest, const void *data, size_t length)
{
    const uint8_t *bytes = data;
    size_t whole = digest->context.index == 0 ? length / DIGEST_BLOCK : 0;

    digest->length += (int64_t)length;
    if (whole >= BLOCKS_WORTH_IT && digest_blocks(digest->context.state, bytes, whole)) {
        digest->context.count += whole;
        bytes += whole * DIGEST_BLOCK;
        length -= whole * DIGEST_BLOCK;
    }
    sha256_update(&digest->context, length, bytes);
}

bool digest_save(const struct digest *digest, struct digest_state *out)
{
    if (digest->context.index != 0)
        return false;
    memcpy(out->words, digest->context.state, sizeof(out->words));
    out->length = digest->length;
    return true;
}

void digest_hex(struct digest *digest, char out[DIGEST_HEX])
{
    uint8_t bytes[SHA256_DIGEST_SIZE];

    sha256_digest(&digest->context, sizeof(bytes), bytes);
    for (size_t i = 0; i < sizeof(bytes); i++)
        (void)snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

static bool is_hex(const char *text, size_t length)
{
    return text != NULL && strlen(text) == length && strspn(text, "0123456789abcdef") == length;
}

bool digest_is_sha256(const char *text)
{
    return is_hex(text, 64);
}

bool digest_is_git(const char *text)
{
    return is_hex(text, 40);
}

bool digest_git_of_fd(int fd, int64_t size, char out[DIGEST_HEX], struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    struct hash *hash = hash_new(arena, HASH_SHA1);
    char *buffer = arena_alloc(arena, READ_SIZE), head[32], hex[HASH_HEX_MAX];
    int length = snprintf(head, sizeof(head), "blob %lld", (long long)size);

    hash_add(hash, head, (size_t)length + 1);
    for (int64_t at = 0; at < size;) {
        ssize_t got = pread(fd, buffer, READ_SIZE, at);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return error_set_errno(err, "cannot read what was downloaded");
        hash_add(hash, buffer, (size_t)got);
        at += got;
    }
    memcpy(out, hash_hex(hash, hex), 41);
    return true;
}
