/* SPDX-License-Identifier: Apache-2.0 */
/* The file: a header, then a row for each chunk. A row is written digest first, so that who reads beside never sees a state without. */
#include "common/model/chunk_map.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"

#define FOLDER "chunks"
#define BOOT_MAX 40
#define READ_SIZE ((size_t)1024 * 1024)

static const char map_magic[8] = "RoostCM1";

struct header {
    char magic[8];
    int64_t size, chunk;
    char identity[DIGEST_HEX];
    char boot[BOOT_MAX]; /* during which what it says was written */
    char rest[128 - DIGEST_HEX - BOOT_MAX];
};

struct chunk_map {
    pthread_mutex_t mutex;
    struct arena *arena;
    const char *path;
    int fd;
    struct header header;
    int64_t count;
    char *rows;
    bool is_doubted; /* written before the machine was started */
};

static void boot_read(char out[BOOT_MAX])
{
    FD_SCOPED fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? 0 : read(fd, out, BOOT_MAX - 1);

    memset(out + (got < 0 ? 0 : got), 0, (size_t)(BOOT_MAX - (got < 0 ? 0 : got)));
    out[strcspn(out, "\n")] = '\0';
}

static char *map_path(const struct model_store *store, struct arena *arena, const char *key)
{
    return arena_printf(arena, "%s/" FOLDER "/%s", store->root, key);
}

static void identity_hash(const char *identity, char out[DIGEST_HEX])
{
    struct digest digest;

    digest_start(&digest);
    digest_add(&digest, identity, strlen(identity));
    digest_hex(&digest, out);
}

/* --- a copy --- */

static bool header_is_good(const struct header *header, int64_t file_size)
{
    return memcmp(header->magic, map_magic, sizeof(map_magic)) == 0 && header->chunk == CHUNK_SIZE &&
           header->size >= 0 && header->size <= CHUNKS_MAX * CHUNK_SIZE &&
           file_size >= (int64_t)sizeof(*header) + chunk_count_of(header->size) * CHUNK_ROW;
}

static bool row_is_good(const char *row)
{
    char digest[DIGEST_HEX];

    memcpy(digest, row + 1, DIGEST_HEX - 1);
    digest[DIGEST_HEX - 1] = '\0';
    return row[0] == CHUNK_MISSING || ((row[0] == CHUNK_KNOWN || row[0] == CHUNK_HAVE) && digest_is_sha256(digest));
}

static char *rows_read(struct arena *arena, int fd, int64_t count)
{
    size_t length = (size_t)count * CHUNK_ROW, got = 0;
    char *rows = arena_alloc(arena, length + 1);
    struct error ignored = ERROR_INIT;

    if (lseek(fd, (off_t)sizeof(struct header), SEEK_SET) < 0 || !fd_read_all(fd, rows, length, &got, &ignored) ||
        got != length)
        return NULL;
    for (int64_t i = 0; i < count; i++) {
        if (!row_is_good(rows + i * CHUNK_ROW))
            rows[i * CHUNK_ROW] = CHUNK_MISSING;
    }
    return rows;
}

static bool header_read(int fd, struct header *out)
{
    struct stat info;

    return fstat(fd, &info) == 0 && pread(fd, out, sizeof(*out), 0) == (ssize_t)sizeof(*out) &&
           header_is_good(out, info.st_size);
}

bool chunk_list_read(const struct model_store *store, struct arena *arena, const char *key, struct chunk_list *out,
                     bool *found_out, struct error *err)
{
    const char *path = map_path(store, arena, key);
    FD_SCOPED fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct header header;
    char boot[BOOT_MAX];

    *found_out = false;
    if (fd < 0)
        return errno == ENOENT || error_set_errno(err, "cannot open '%s'", path);
    if (!header_read(fd, &header))
        return true;
    boot_read(boot);
    *out = (struct chunk_list){ .size = header.size,
                                .count = chunk_count_of(header.size),
                                .is_doubted = strncmp(header.boot, boot, BOOT_MAX) != 0 };
    out->rows = rows_read(arena, fd, out->count);
    *found_out = out->rows != NULL;
    return true;
}

enum chunk_state chunk_list_state(const struct chunk_list *list, int64_t index)
{
    return index < 0 || index >= list->count ? CHUNK_MISSING : (enum chunk_state)list->rows[index * CHUNK_ROW];
}

const char *chunk_list_digest(const struct chunk_list *list, int64_t index)
{
    return list->rows + index * CHUNK_ROW + 1;
}

/* --- the one that is written --- */

static bool map_write(struct chunk_map *map, struct error *err)
{
    size_t length = (size_t)map->count * CHUNK_ROW;

    if (ftruncate(map->fd, 0) != 0 || lseek(map->fd, 0, SEEK_SET) < 0)
        return error_set_errno(err, "cannot write '%s'", map->path);
    return (fd_write_all(map->fd, &map->header, sizeof(map->header), err) &&
            fd_write_all(map->fd, map->rows, length, err)) ||
           error_prefix(err, "cannot write '%s'", map->path);
}

static bool row_write(struct chunk_map *map, int64_t index, enum chunk_state state, const char *digest)
{
    char *row = map->rows + index * CHUNK_ROW;
    off_t at = (off_t)sizeof(struct header) + (off_t)(index * CHUNK_ROW);

    row[0] = (char)state;
    memcpy(row + 1, digest, DIGEST_HEX - 1);
    return pwrite(map->fd, row + 1, DIGEST_HEX - 1, at + 1) == DIGEST_HEX - 1 && pwrite(map->fd, row, 1, at) == 1;
}

static bool map_take_up(struct chunk_map *map, const char *boot)
{
    struct header header;

    if (!header_read(map->fd, &header) || header.size != map->header.size ||
        memcmp(header.identity, map->header.identity, DIGEST_HEX) != 0)
        return false;
    map->rows = rows_read(map->arena, map->fd, map->count);
    map->is_doubted = strncmp(header.boot, boot, BOOT_MAX) != 0;
    return map->rows != NULL;
}

static bool map_fill(struct chunk_map *map, bool *kept_out, struct error *err)
{
    memcpy(map->header.magic, map_magic, sizeof(map_magic));
    map->header.chunk = CHUNK_SIZE;
    boot_read(map->header.boot);
    map->count = chunk_count_of(map->header.size);
    *kept_out = map_take_up(map, map->header.boot);
    if (!*kept_out) {
        map->rows = arena_alloc(map->arena, (size_t)map->count * CHUNK_ROW + 1);
        memset(map->rows, ' ', (size_t)map->count * CHUNK_ROW);
    }
    /* while it is doubted the file stays as it was: who is killed now leaves the doubt to the next */
    return (*kept_out && map->is_doubted) || map_write(map, err);
}

bool chunk_map_open(const struct chunk_map_place *place, struct chunk_map **out, bool *kept_out, struct error *err)
{
    struct chunk_map *map;

    if (place->size < 0 || place->size > CHUNKS_MAX * CHUNK_SIZE)
        return error_set(err, "a file of %lld bytes has no chunks", (long long)place->size);
    if (!store_folder_make(place->store, FOLDER, err))
        return false;
    map = calloc(1, sizeof(*map));
    if (map == NULL)
        return error_set(err, "no memory");
    (void)pthread_mutex_init(&map->mutex, NULL);
    map->arena = arena_new();
    map->path = map_path(place->store, map->arena, place->key);
    map->header.size = place->size;
    identity_hash(place->identity, map->header.identity);
    map->fd = open(map->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (map->fd < 0 ? !error_set_errno(err, "cannot open '%s'", map->path) : !map_fill(map, kept_out, err)) {
        chunk_map_close(map);
        return false;
    }
    *out = map;
    return true;
}

void chunk_map_close(struct chunk_map *map)
{
    if (map == NULL)
        return;
    fd_close(map->fd);
    (void)pthread_mutex_destroy(&map->mutex);
    arena_free(map->arena);
    free(map);
}

bool chunk_digest_of(int fd, int64_t size, int64_t index, char out[DIGEST_HEX], struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    char *buffer = arena_alloc(arena, READ_SIZE);
    int64_t at = index * CHUNK_SIZE, end = at + chunk_length_of(size, index);
    struct digest digest;

    digest_start(&digest);
    while (at < end) {
        size_t wanted = end - at < (int64_t)READ_SIZE ? (size_t)(end - at) : READ_SIZE;
        ssize_t got = pread(fd, buffer, wanted, (off_t)at);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? error_set_errno(err, "a chunk cannot be read") : error_set(err, "the file is too short");
        digest_add(&digest, buffer, (size_t)got);
        at += got;
    }
    digest_hex(&digest, out);
    return true;
}

/* What a row says of the content is so, or the row does not say it any more. */
static void row_check(struct chunk_map *map, int fd, int64_t index, int64_t verified)
{
    const char *row = map->rows + index * CHUNK_ROW;
    int64_t end = index * CHUNK_SIZE + chunk_length_of(map->header.size, index);
    bool is_behind = end > verified;
    char digest[DIGEST_HEX];
    struct error ignored = ERROR_INIT;

    if (row[0] != CHUNK_HAVE && is_behind)
        return;
    if (row[0] == CHUNK_HAVE && !is_behind && !map->is_doubted)
        return;
    if (!chunk_digest_of(fd, map->header.size, index, digest, &ignored))
        map->rows[index * CHUNK_ROW] = CHUNK_MISSING;
    else if (!is_behind)
        (void)row_write(map, index, CHUNK_HAVE, digest);
    else if (memcmp(digest, row + 1, DIGEST_HEX - 1) != 0)
        map->rows[index * CHUNK_ROW] = CHUNK_KNOWN;
}

bool chunk_map_check(struct chunk_map *map, int fd, int64_t verified, struct error *err)
{
    struct stat info;
    bool ok;

    if (fstat(fd, &info) != 0)
        return error_set_errno(err, "cannot look at a partial file");
    pthread_mutex_lock(&map->mutex);
    for (int64_t i = 0; i < map->count; i++) {
        int64_t end = i * CHUNK_SIZE + chunk_length_of(map->header.size, i);

        if (map->rows[i * CHUNK_ROW] == CHUNK_HAVE && end > info.st_size)
            map->rows[i * CHUNK_ROW] = CHUNK_KNOWN;
        if (map->is_doubted || end <= verified)
            row_check(map, fd, i, verified);
    }
    ok = map_write(map, err);
    map->is_doubted = map->is_doubted && !ok;
    pthread_mutex_unlock(&map->mutex);
    return ok;
}

void chunk_map_reset(struct chunk_map *map)
{
    struct error ignored = ERROR_INIT;

    pthread_mutex_lock(&map->mutex);
    memset(map->rows, ' ', (size_t)map->count * CHUNK_ROW);
    map->is_doubted = false;
    if (!map_write(map, &ignored))
        (void)unlink(map->path);
    pthread_mutex_unlock(&map->mutex);
}

int64_t chunk_map_size(const struct chunk_map *map)
{
    return map->header.size;
}

int64_t chunk_map_count(const struct chunk_map *map)
{
    return map->count;
}

enum chunk_state chunk_map_state(struct chunk_map *map, int64_t index, char digest_out[DIGEST_HEX])
{
    enum chunk_state state;

    pthread_mutex_lock(&map->mutex);
    state = (enum chunk_state)map->rows[index * CHUNK_ROW];
    if (digest_out != NULL && state != CHUNK_MISSING) {
        memcpy(digest_out, map->rows + index * CHUNK_ROW + 1, DIGEST_HEX - 1);
        digest_out[DIGEST_HEX - 1] = '\0';
    }
    pthread_mutex_unlock(&map->mutex);
    return state;
}

void chunk_map_know(struct chunk_map *map, int64_t index, const char *digest)
{
    pthread_mutex_lock(&map->mutex);
    if (map->rows[index * CHUNK_ROW] != CHUNK_HAVE)
        (void)row_write(map, index, CHUNK_KNOWN, digest); /* what does not get to the file is asked again */
    pthread_mutex_unlock(&map->mutex);
}

bool chunk_map_have(struct chunk_map *map, int64_t index, const char *digest, struct error *err)
{
    bool ok;

    pthread_mutex_lock(&map->mutex);
    ok = row_write(map, index, CHUNK_HAVE, digest) || error_set_errno(err, "cannot write '%s'", map->path);
    pthread_mutex_unlock(&map->mutex);
    return ok;
}

int64_t chunk_map_have_bytes(struct chunk_map *map)
{
    int64_t bytes = 0;

    pthread_mutex_lock(&map->mutex);
    for (int64_t i = 0; i < map->count; i++) {
        if (map->rows[i * CHUNK_ROW] == CHUNK_HAVE)
            bytes += chunk_length_of(map->header.size, i);
    }
    pthread_mutex_unlock(&map->mutex);
    return bytes;
}

int64_t chunk_map_missing(struct chunk_map *map, int64_t from, int64_t *end_out)
{
    int64_t size = map->header.size, index = from / CHUNK_SIZE, end, first;

    pthread_mutex_lock(&map->mutex);
    while (index < map->count && map->rows[index * CHUNK_ROW] == CHUNK_HAVE)
        index++;
    end = index;
    while (end < map->count && map->rows[end * CHUNK_ROW] != CHUNK_HAVE)
        end++;
    pthread_mutex_unlock(&map->mutex);
    first = index * CHUNK_SIZE > from ? index * CHUNK_SIZE : from;
    *end_out = end * CHUNK_SIZE < size ? end * CHUNK_SIZE : size;
    return first < size ? first : size;
}

int64_t chunk_map_front(struct chunk_map *map)
{
    int64_t end;

    return chunk_map_missing(map, 0, &end);
}

void chunk_map_rename(const struct model_store *store, const char *key, const char *sha256)
{
    ARENA_SCOPED arena = arena_new();
    FD_SCOPED fd = open(map_path(store, arena, key), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

    if (fd >= 0)
        (void)fdatasync(fd);
    if (strcmp(key, sha256) != 0)
        (void)rename(map_path(store, arena, key), map_path(store, arena, sha256));
}

void chunk_map_sweep(const struct model_store *store)
{
    struct error ignored = ERROR_INIT;
    char **entries = NULL;
    size_t count = 0;

    if (!store_entries(store, FOLDER, &entries, &count, &ignored))
        return;
    for (size_t i = 0; i < count; i++) {
        const char *partial = store_path(store, path_join(store->arena, "partial", entries[i]));

        if (!path_exists(partial) && !(digest_is_sha256(entries[i]) && store_has(store, entries[i], -1, NULL)))
            (void)unlink(map_path(store, store->arena, entries[i]));
    }
}
