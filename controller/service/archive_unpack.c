/* SPDX-License-Identifier: Apache-2.0 */
/* Reading one: nothing of it is believed before its digests are. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/fd.h"
#include "common/base/hash.h"
#include "common/base/path.h"
#include "common/base/text.h"
#include "controller/service/archive.h"
#include "controller/service/archive_header.h"

#define PIECE 65536
#define SUMS_MAX ((size_t)64 * 1024 * 1024)

struct unpacking {
    struct arena *arena;
    const char *folder;
    int fd;
    char *piece;       /* what is on its way */
    struct text found; /* digests as they are, in the order of the archive, as in SHA256SUMS */
    bool has_sums;
};

/* "name" or "folder/name", of letters that lead nowhere else. */
static bool name_is_plain(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    size_t first = strspn(name, letters);
    const char *rest = name[first] == '/' ? name + first + 1 : name + first;

    return first > 0 && *name != '.' && *rest != '.' && rest[strspn(rest, letters)] == '\0' &&
           (name[first] != '/' || *rest != '\0');
}

static int file_make(const struct unpacking *unpacking, const char *name, struct error *err)
{
    const char *path = path_join(unpacking->arena, unpacking->folder, name);
    int fd = -1;

    if (mkdir(path_dirname(unpacking->arena, path), 0700) != 0 && errno != EEXIST)
        error_set_errno(err, "cannot make the folder of %s", path);
    else if ((fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)) < 0)
        error_set_errno(err, "cannot make %s", path);
    return fd;
}

static bool cut_off(struct error *err)
{
    return error_set(err, "it is cut off");
}

/* `size` bytes to `fd` (-1: into the text `sums`), and what fills the last block. */
static bool content_take(struct unpacking *unpacking, int64_t size, int fd, struct text *sums, struct error *err)
{
    for (int64_t left = (size + ARCHIVE_BLOCK - 1) / ARCHIVE_BLOCK * ARCHIVE_BLOCK, own = size; left > 0;) {
        size_t wanted = left < PIECE ? (size_t)left : PIECE, got = 0, mine = 0;

        if (!fd_read_all(unpacking->fd, unpacking->piece, wanted, &got, err))
            return false;
        if (got != wanted)
            return cut_off(err);
        mine = own < (int64_t)got ? (size_t)own : got;
        if (fd >= 0 && !fd_write_all(fd, unpacking->piece, mine, err))
            return false;
        if (fd < 0)
            text_add_n(sums, unpacking->piece, mine);
        left -= (int64_t)got;
        own -= (int64_t)mine;
    }
    return true;
}

static bool file_take(struct unpacking *unpacking, const char *name, int64_t size, struct error *err)
{
    FD_SCOPED fd = file_make(unpacking, name, err);
    char digest[HASH_HEX_MAX];

    if (fd < 0 || !content_take(unpacking, size, fd, NULL, err))
        return false;
    if (fsync(fd) != 0)
        return error_set_errno(err, "cannot bring %s to the disk", name);
    if (!hash_hex_of_file(HASH_SHA256, path_join(unpacking->arena, unpacking->folder, name), digest, err))
        return false;
    text_printf(&unpacking->found, "%s  %s\n", digest, name);
    return true;
}

static bool sums_take(struct unpacking *unpacking, int64_t size, struct error *err)
{
    struct text sums = text_new(unpacking->arena);

    if ((uint64_t)size > SUMS_MAX)
        return error_set(err, "its " ARCHIVE_SUMS " is too large");
    if (!content_take(unpacking, size, -1, &sums, err))
        return false;
    unpacking->has_sums = true;
    return text_equal(sums.data, unpacking->found.data) ||
           error_set(err, "it is damaged: its files are not what its " ARCHIVE_SUMS " says");
}

/* *end_out: that was the last one. */
static bool entry_take(struct unpacking *unpacking, bool *end_out, struct error *err)
{
    union archive_block block;
    char name[101];
    int64_t size = 0;
    size_t got = 0;

    if (!fd_read_all(unpacking->fd, &block, sizeof(block), &got, err))
        return false;
    if (got != sizeof(block))
        return cut_off(err);
    *end_out = archive_header_is_end(&block);
    if (*end_out)
        return true;
    if (!archive_header_get(&block, name, &size))
        return error_set(err, "it is no backup of a controller");
    if (strcmp(name, ARCHIVE_SUMS) == 0)
        return sums_take(unpacking, size, err);
    if (unpacking->has_sums || !name_is_plain(name))
        return error_set(err, "it holds '%s', which no backup of a controller has", name);
    return file_take(unpacking, name, size, err);
}

bool archive_unpack(const char *path, const char *folder, struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    FD_SCOPED fd = open(path, O_RDONLY | O_CLOEXEC);
    struct unpacking unpacking = {
        .arena = arena, .folder = folder, .fd = fd, .piece = arena_alloc(arena, PIECE), .found = text_new(arena)
    };
    bool is_end = false;

    if (fd < 0)
        return error_set_errno(err, "cannot read %s", path);
    while (!is_end) {
        if (!entry_take(&unpacking, &is_end, err))
            return error_prefix(err, "%s", path);
    }
    return unpacking.has_sums || error_set(err, "%s: it is cut off", path);
}
