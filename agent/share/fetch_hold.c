/* SPDX-License-Identifier: Apache-2.0 */
/* Chunk maps of blobs that came without neighbours: each chunk is told as soon as it is digested, and the whole is held against its name. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "agent/share/fetch_parts.h"
#include "common/base/fd.h"

#define PIECE ((size_t)1024 * 1024)

static bool chunk_add(struct chunk_map *map, int fd, int64_t index, struct digest *whole, struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    int64_t at = index * CHUNK_SIZE, end = at + chunk_length_of(chunk_map_size(map), index);
    char *piece = arena_alloc(arena, PIECE), hex[DIGEST_HEX];
    struct digest digest;

    digest_start(&digest);
    while (at < end) {
        size_t wanted = end - at < (int64_t)PIECE ? (size_t)(end - at) : PIECE;
        ssize_t got = pread(fd, piece, wanted, (off_t)at);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? error_set_errno(err, "a blob cannot be read") : error_set(err, "a blob is too short");
        digest_add(&digest, piece, (size_t)got);
        digest_add(whole, piece, (size_t)got);
        at += got;
    }
    digest_hex(&digest, hex);
    return chunk_map_have(map, index, hex, err);
}

static bool is_whole(struct chunk_map *map)
{
    return chunk_map_front(map) >= chunk_map_size(map);
}

static bool map_fill(struct fetch *fetch, struct chunk_map *map, int fd, const char *sha256, struct error *err)
{
    struct digest whole;
    char hex[DIGEST_HEX];

    digest_start(&whole);
    for (int64_t i = 0; i < chunk_map_count(map); i++) {
        if (fetch_is_stopping(fetch))
            return error_set_kind(err, ERROR_CANCELLED, "cancelled");
        if (!chunk_add(map, fd, i, &whole, err))
            return false;
    }
    digest_hex(&whole, hex);
    if (strcmp(hex, sha256) == 0)
        return true;
    chunk_map_reset(map);
    return error_set(
        err, "the blob %.16s... in this node's store is not what its name says: roost models verify puts it away",
        sha256);
}

static bool file_hold(struct fetch *fetch, const struct model_file *file, struct error *err)
{
    const struct model_store *store = &fetch->plan.store;
    FD_SCOPED fd = open(store_blob(store, file->sha256), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct chunk_list list;
    struct chunk_map *map = NULL;
    bool found = false, kept = false, ok;

    if (fd < 0)
        return error_set_errno(err, "cannot open a blob");
    if (!chunk_list_read(store, fetch->arena, file->sha256, &list, &found, err))
        return false;
    for (int64_t i = 0; found && i < list.count; i++)
        found = chunk_list_state(&list, i) == CHUNK_HAVE;
    if (found && list.size == file->size)
        return true;
    if (!chunk_map_open(&(struct chunk_map_place){ store, file->sha256, "blob", file->size }, &map, &kept, err))
        return false;
    ok = is_whole(map) || map_fill(fetch, map, fd, file->sha256, err);
    chunk_map_close(map);
    return ok;
}

bool fetch_hold(struct fetch *fetch, struct error *err)
{
    for (size_t i = 0; i < fetch->plan.files.count; i++) {
        if (!file_hold(fetch, &fetch->plan.files.items[i], err))
            return false;
    }
    return true;
}
