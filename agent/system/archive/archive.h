/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading archives: tar (plain, gzip, bzip2, xz, zstd, lzma, compress) and zip, through libarchive. Members
 * come in the order of the archive. Names are made safe here: relative, without "." parts; one with ".." is
 * an error.
 */
#pragma once

#include <stdint.h>
#include <sys/stat.h>

#include "common/base/arena.h"
#include "common/base/error.h"

enum archive_member_kind { ARCHIVE_FILE, ARCHIVE_FOLDER, ARCHIVE_SYMLINK, ARCHIVE_HARDLINK, ARCHIVE_DEVICE };

struct archive_member {
    const char *name; /* as a listing shows it: without leading slashes, folders with one at the end */
    const char *path; /* relative to the destination; "" is the destination itself; NULL: stripped to nothing */
    const char *link; /* of ARCHIVE_SYMLINK as stored; of ARCHIVE_HARDLINK relative to the destination; else NULL */
    enum archive_member_kind kind;
    mode_t mode; /* permissions; ARCHIVE_DEVICE: type bits too */
    int64_t size;
    struct timespec mtime;
    const char *user, *group; /* names, or NULL */
    int64_t uid, gid;
    dev_t device;
};

struct archive_reader;

/* Reads from the start of `fd`, which stays the caller's. `name` is for messages. */
bool archive_reader_open(struct arena *arena, int fd, const char *name, struct archive_reader **out, struct error *err);
/* *more_out false: the end. `strip`: leading parts of the name to drop; a member that loses all has no path. */
bool archive_reader_next(struct archive_reader *reader, unsigned strip, struct archive_member *out, bool *more_out,
                         struct error *err);
bool archive_reader_is_known(const struct archive_reader *reader); /* is it an archive at all? */
bool archive_reader_is_zip(const struct archive_reader *reader);   /* known after the first member, as all of these */
bool archive_reader_is_gzip(const struct archive_reader *reader);
/* Writes the content of the member just read to `fd` (holes stay holes). */
bool archive_reader_copy(struct archive_reader *reader, int fd, struct error *err);
/* *same_out: the member just read holds what `fd` holds. */
bool archive_reader_equal(struct archive_reader *reader, int fd, bool *same_out, struct error *err);
void archive_reader_close(struct archive_reader *reader); /* NULL is fine */
void archive_reader_guard(struct archive_reader **reader);
#define ARCHIVE_READER_SCOPED __attribute__((cleanup(archive_reader_guard))) struct archive_reader *

/* A member's name as a safe relative path with `strip` parts dropped. NULL: nothing is left. */
bool archive_path(struct arena *arena, const char *name, unsigned strip, const char **out, struct error *err);
