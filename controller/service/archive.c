/* SPDX-License-Identifier: Apache-2.0 */
/* Writing one. */
#include "controller/service/archive.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/fd.h"
#include "common/base/hash.h"
#include "common/base/path.h"
#include "common/base/text.h"
#include "controller/service/archive_header.h"

#define PIECE 65536

struct archive_out {
    struct arena *arena;
    const char *path, *temporary;
    int fd;
    struct text sums;
};

const char *archive_temporary(struct arena *arena, const char *path, const char *what)
{
    return path_join(arena, path_dirname(arena, path),
                     arena_printf(arena, ARCHIVE_TEMPORARY "%ld.%s", (long)getpid(), what));
}

bool archive_create(const char *path, struct archive_out **out, struct error *err)
{
    struct arena *arena = arena_new();
    struct archive_out *archive = arena_new_of(arena, struct archive_out);

    archive->arena = arena;
    archive->path = arena_copy(arena, path);
    archive->temporary = archive_temporary(arena, path, "new");
    archive->sums = text_new(arena);
    (void)unlink(archive->temporary);
    archive->fd = open(archive->temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (archive->fd < 0) {
        error_set_errno(err, "cannot make %s", archive->temporary);
        arena_free(arena);
        return false;
    }
    *out = archive;
    return true;
}

static bool header_write(struct archive_out *archive, const char *name, int64_t size, struct error *err)
{
    union archive_block block;

    archive_header_put(&block, name, size);
    return fd_write_all(archive->fd, &block, sizeof(block), err);
}

/* What is missing to a whole block. */
static bool padding_write(struct archive_out *archive, int64_t size, struct error *err)
{
    static const char zeros[ARCHIVE_BLOCK] = { 0 };
    size_t over = (size_t)(size % ARCHIVE_BLOCK);

    return over == 0 || fd_write_all(archive->fd, zeros, ARCHIVE_BLOCK - over, err);
}

/* Exactly `size` bytes: a file that is another size than a moment ago is a mistake of ours. */
static bool content_write(struct archive_out *archive, int fd, int64_t size, char digest[HASH_HEX_MAX],
                          struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    struct hash *hash = hash_new(arena, HASH_SHA256);
    char *piece = arena_alloc(arena, PIECE);

    for (int64_t left = size; left > 0;) {
        size_t wanted = left < PIECE ? (size_t)left : PIECE, got = 0;

        if (!fd_read_all(fd, piece, wanted, &got, err))
            return false;
        if (got != wanted)
            return error_set(err, "it became shorter while it was read");
        hash_add(hash, piece, got);
        if (!fd_write_all(archive->fd, piece, got, err))
            return false;
        left -= (int64_t)got;
    }
    hash_hex(hash, digest);
    return true;
}

bool archive_add(struct archive_out *archive, const char *name, const char *path, struct error *err)
{
    FD_SCOPED fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    struct stat status;
    char digest[HASH_HEX_MAX];

    if (fd < 0 || fstat(fd, &status) != 0)
        return error_set_errno(err, "cannot read %s", path);
    if (!S_ISREG(status.st_mode) || strlen(name) > ARCHIVE_NAME_MAX)
        return error_set(err, "%s is nothing that a backup holds", path);
    if (!header_write(archive, name, status.st_size, err) || !content_write(archive, fd, status.st_size, digest, err) ||
        !padding_write(archive, status.st_size, err))
        return error_prefix(err, "%s", path);
    text_printf(&archive->sums, "%s  %s\n", digest, name);
    return true;
}

static void archive_free(struct archive_out *archive)
{
    fd_close(archive->fd);
    arena_free(archive->arena);
}

void archive_abandon(struct archive_out *archive)
{
    if (archive == NULL)
        return;
    (void)unlink(archive->temporary);
    archive_free(archive);
}

bool archive_finish(struct archive_out *archive, struct error *err)
{
    static const union archive_block end[2] = { { { 0 } } };
    const char *folder = path_dirname(archive->arena, archive->path);
    int64_t length = (int64_t)archive->sums.length;
    bool ok = header_write(archive, ARCHIVE_SUMS, length, err) &&
              fd_write_all(archive->fd, archive->sums.data, archive->sums.length, err) &&
              padding_write(archive, length, err) && fd_write_all(archive->fd, end, sizeof(end), err);

    if (ok && (fsync(archive->fd) != 0 || rename(archive->temporary, archive->path) != 0))
        ok = error_set_errno(err, "cannot write %s", archive->path);
    if (!ok) {
        archive_abandon(archive);
        return false;
    }
    ok = folder_sync(folder[0] == '\0' ? "." : folder, err);
    archive_free(archive);
    return ok;
}
