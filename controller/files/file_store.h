/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files by the SHA-256 of their content, in one folder (0700) of the controller: what bundles and runs are made of. A file is
 * there whole or not at all: it is written beside the others, verified, brought to the disk and renamed. Its mode is 0400 and
 * it never changes. Safe from several threads.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/error.h"

#define FILE_STORE_HASH 64                             /* lower-case hexadecimal digits */
#define FILE_STORE_FILE_MAX ((size_t)64 * 1024 * 1024) /* one file */
#define FILE_STORE_SPARE ((uint64_t)256 * 1024 * 1024) /* of the disk, which files leave to the database */
#define FILE_STORE_PARTS 32                            /* that are being written at the same time */
#define FILE_STORE_GRACE_US ((int64_t)3600 * 1000000)  /* what was put or held so lately is not forgotten */

struct file_store;

/* The folder is made if it is not there; what a crash has left half written is removed. */
bool file_store_open(const char *folder, struct file_store **out, struct error *err);
void file_store_close(struct file_store *store); /* NULL is fine */

/* Whether the text is a SHA-256 at all: 64 digits of 0-9 a-f. Everything else is never looked for. */
bool file_store_is_hash(const char *sha256);
/* Where the file is, whether there or not. */
const char *file_store_path(const struct file_store *store, struct arena *arena, const char *sha256);
bool file_store_has(const struct file_store *store, const char *sha256);
/* The same, and it will not be forgotten within the next hour: for those who are about to use it. `size_out` may be NULL. */
bool file_store_hold(const struct file_store *store, const char *sha256, int64_t *size_out);
/* Its descriptor, to read from; -1 and an error. */
int file_store_read(const struct file_store *store, const char *sha256, int64_t *size_out, struct error *err);

/* A file on its way in. */
struct file_store_part;

/* `expected` bytes will come, as far as that is known (0). ERROR_LIMIT: too large, no room on the disk, or too many at once. */
bool file_store_begin(struct file_store *store, const char *sha256, uint64_t expected, struct file_store_part **out,
                      struct error *err);
bool file_store_add(struct file_store_part *part, const void *data, size_t length, struct error *err);
/* On the disk under its name, or not there; waits for the disk. The part is gone in any case. */
bool file_store_finish(struct file_store_part *part, struct error *err);
void file_store_abandon(struct file_store_part *part); /* NULL is fine */

/* Removes the files of which `is_used` says no; those that were put or held in the last hour stay. *count_out: removed. */
struct file_store_use {
    bool (*is_used)(void *data, const char *sha256);
    void *data;
    int64_t now_us;
};
bool file_store_forget(const struct file_store *store, const struct file_store_use *use, size_t *count_out,
                       struct error *err);
