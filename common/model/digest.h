/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA-256 whose state can be saved and taken up again: a download that goes on where it stood need not read what it
 * has verified. Also what a digest looks like, for those that hubs and users send.
 */
#pragma once

#include <nettle/sha2.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/error.h"

#define DIGEST_HEX 65 /* 64 lower-case digits and a NUL */
#define DIGEST_BLOCK 64

struct digest {
    struct sha256_ctx context;
    int64_t length; /* bytes taken in */
};

/* A digest's state between two blocks. */
struct digest_state {
    uint32_t words[8];
    int64_t length; /* a multiple of DIGEST_BLOCK */
};

void digest_start(struct digest *digest);
void digest_resume(struct digest *digest, const struct digest_state *state);
void digest_add(struct digest *digest, const void *data, size_t length);
/* Only between two blocks: false otherwise. */
bool digest_save(const struct digest *digest, struct digest_state *out);
void digest_hex(struct digest *digest, char out[DIGEST_HEX]); /* ends it */

bool digest_is_sha256(const char *text); /* ^[0-9a-f]{64}$; NULL is none */
bool digest_is_git(const char *text);    /* ^[0-9a-f]{40}$: a commit, or the name of a file's content */
/* The name git gives the content of that file, in 40 digits. */
bool digest_git_of_fd(int fd, int64_t size, char out[DIGEST_HEX], struct error *err);
