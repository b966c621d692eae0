/* SPDX-License-Identifier: Apache-2.0 */
/* The folder of files and the parts on their way into it. */
#include "controller/files/file_store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "common/base/fd.h"
#include "common/base/hash.h"
#include "common/base/path.h"
#include "common/base/text.h"

#define PART_PREFIX ".part-"

struct file_store {
    struct arena *arena;
    const char *folder;
    atomic_uint parts;         /* that are open */
    atomic_uint_fast64_t made; /* for their names */
};

struct file_store_part {
    struct arena *arena;
    struct file_store *store;
    const char *sha256, *path;
    struct hash *hash;
    int fd;
    size_t size;
};

/* --- opening --- */

static bool is_part(const char *name)
{
    return text_starts(name, PART_PREFIX);
}

/* Names of the folder that `wanted` takes. */
static bool folder_names(struct arena *arena, const char *folder, bool (*wanted)(const char *name), char ***out,
                         size_t *count_out, struct error *err)
{
    DIR *stream = opendir(folder);
    size_t count = 0, capacity = 0;
    char **names = NULL;

    if (stream == NULL)
        return error_set_errno(err, "cannot read the folder '%s'", folder);
    for (const struct dirent *entry = readdir(stream); entry != NULL; entry = readdir(stream)) {
        if (!wanted(entry->d_name))
            continue;
        if (count == capacity) {
            size_t wider = capacity == 0 ? 64 : 2 * capacity;

            names = arena_grow(arena, names, capacity * sizeof(*names), wider * sizeof(*names));
            capacity = wider;
        }
        names[count++] = arena_copy(arena, entry->d_name);
    }
    closedir(stream);
    *out = names;
    *count_out = count;
    return true;
}

static bool leftovers_remove(const struct file_store *store, struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    char **names = NULL;
    size_t count = 0;

    if (!folder_names(arena, store->folder, is_part, &names, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        const char *path = path_join(arena, store->folder, names[i]);

        if (unlink(path) != 0 && errno != ENOENT)
            return error_set_errno(err, "cannot remove '%s'", path);
    }
    return true;
}

bool file_store_open(const char *folder, struct file_store **out, struct error *err)
{
    struct arena *arena = arena_new();
    struct file_store *store = arena_new_of(arena, struct file_store);

    store->arena = arena;
    store->folder = arena_copy(arena, folder);
    if (!folder_create(arena, folder, 0700, err) || !leftovers_remove(store, err)) {
        arena_free(arena);
        return false;
    }
    *out = store;
    return true;
}

void file_store_close(struct file_store *store)
{
    if (store != NULL)
        arena_free(store->arena);
}

/* --- looking --- */

bool file_store_is_hash(const char *sha256)
{
    return strlen(sha256) == FILE_STORE_HASH && strspn(sha256, "0123456789abcdef") == FILE_STORE_HASH;
}

const char *file_store_path(const struct file_store *store, struct arena *arena, const char *sha256)
{
    return path_join(arena, store->folder, sha256);
}

bool file_store_has(const struct file_store *store, const char *sha256)
{
    ARENA_SCOPED arena = arena_new();

    return file_store_is_hash(sha256) && path_is_file(file_store_path(store, arena, sha256));
}

bool file_store_hold(const struct file_store *store, const char *sha256, int64_t *size_out)
{
    ARENA_SCOPED arena = arena_new();
    const char *path = file_store_path(store, arena, sha256);
    struct stat info;

    if (!file_store_is_hash(sha256) || utimensat(AT_FDCWD, path, NULL, AT_SYMLINK_NOFOLLOW) != 0 ||
        lstat(path, &info) != 0)
        return false;
    if (size_out != NULL)
        *size_out = info.st_size;
    return true;
}

int file_store_read(const struct file_store *store, const char *sha256, int64_t *size_out, struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    struct stat info;
    int fd = -1;

    if (!file_store_is_hash(sha256)) {
        error_set(err, "'%s' is not the SHA-256 of a file", sha256);
        return -1;
    }
    fd = open(file_store_path(store, arena, sha256), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &info) != 0) {
        error_set_errno(err, "cannot read file %s", sha256);
        fd_close(fd);
        return -1;
    }
    *size_out = info.st_size;
    return fd;
}

/* --- coming in --- */

static bool has_room(const struct file_store *store, uint64_t expected, struct error *err)
{
    struct statvfs info;
    uint64_t room = 0;

    if (statvfs(store->folder, &info) != 0)
        return error_set_errno(err, "cannot look at the disk of '%s'", store->folder);
    room = (uint64_t)info.f_bavail * info.f_frsize;
    return room >= expected + FILE_STORE_SPARE ||
           error_set_kind(err, ERROR_LIMIT,
                          "the controller's disk has %llu MiB left, of which %llu MiB stay free for its database",
                          (unsigned long long)(room >> 20), (unsigned long long)(FILE_STORE_SPARE >> 20));
}

static bool may_begin(struct file_store *store, const char *sha256, uint64_t expected, struct error *err)
{
    if (!file_store_is_hash(sha256))
        return error_set(err, "'%s' is not a SHA-256: expected %d digits of 0-9 a-f", sha256, FILE_STORE_HASH);
    if (expected > FILE_STORE_FILE_MAX)
        return error_set_kind(err, ERROR_LIMIT, "%llu bytes are more than the %zu that one file may have",
                              (unsigned long long)expected, FILE_STORE_FILE_MAX);
    return has_room(store, expected, err);
}

bool file_store_begin(struct file_store *store, const char *sha256, uint64_t expected, struct file_store_part **out,
                      struct error *err)
{
    struct arena *arena = NULL;
    struct file_store_part *part = NULL;

    if (!may_begin(store, sha256, expected, err))
        return false;
    if (atomic_fetch_add(&store->parts, 1) >= FILE_STORE_PARTS) {
        atomic_fetch_sub(&store->parts, 1);
        return error_set_kind(err, ERROR_LIMIT, "%d files are being written already: try again", FILE_STORE_PARTS);
    }
    arena = arena_new();
    part = arena_new_of(arena, struct file_store_part);
    part->arena = arena;
    part->store = store;
    part->sha256 = arena_copy(arena, sha256);
    part->path = arena_printf(arena, "%s/" PART_PREFIX "%llu", store->folder,
                              (unsigned long long)atomic_fetch_add(&store->made, 1));
    part->hash = hash_new(arena, HASH_SHA256);
    part->fd = open(part->path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (part->fd < 0) {
        error_set_errno(err, "cannot make '%s'", part->path);
        file_store_abandon(part);
        return false;
    }
    *out = part;
    return true;
}

bool file_store_add(struct file_store_part *part, const void *data, size_t length, struct error *err)
{
    if (length > FILE_STORE_FILE_MAX - part->size)
        return error_set_kind(err, ERROR_LIMIT, "the file has more than %zu bytes", FILE_STORE_FILE_MAX);
    hash_add(part->hash, data, length);
    part->size += length;
    return fd_write_all(part->fd, data, length, err) || error_prefix(err, "cannot write file %s", part->sha256);
}

static bool part_keep(struct file_store_part *part, struct error *err)
{
    const char *path = file_store_path(part->store, part->arena, part->sha256);
    char hex[HASH_HEX_MAX];

    if (strcmp(hash_hex(part->hash, hex), part->sha256) != 0)
        return error_set(err, "what came is not the file %s: its %zu bytes have the SHA-256 %s", part->sha256,
                         part->size, hex);
    if (fchmod(part->fd, 0400) != 0 || fsync(part->fd) != 0 || rename(part->path, path) != 0)
        return error_set_errno(err, "cannot keep file %s", part->sha256);
    return folder_sync(part->store->folder, err);
}

bool file_store_finish(struct file_store_part *part, struct error *err)
{
    bool ok = part_keep(part, err);

    file_store_abandon(part);
    return ok;
}

void file_store_abandon(struct file_store_part *part)
{
    if (part == NULL)
        return;
    fd_close(part->fd);
    (void)unlink(part->path);
    atomic_fetch_sub(&part->store->parts, 1);
    arena_free(part->arena);
}

/* --- forgetting --- */

bool file_store_forget(const struct file_store *store, const struct file_store_use *use, size_t *count_out,
                       struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    char **names = NULL;
    size_t count = 0, removed = 0;

    if (!folder_names(arena, store->folder, file_store_is_hash, &names, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        const char *path = path_join(arena, store->folder, names[i]);
        struct stat info;

        if (use->is_used(use->data, names[i]) || stat(path, &info) != 0 ||
            (int64_t)info.st_mtime * 1000000 > use->now_us - FILE_STORE_GRACE_US)
            continue;
        if (unlink(path) != 0 && errno != ENOENT)
            return error_set_errno(err, "cannot remove '%s'", path);
        removed++;
    }
    *count_out = removed;
    return true;
}
