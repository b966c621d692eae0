/* SPDX-License-Identifier: Apache-2.0 */
/* The files of a new bundle: those that the bundle before has too are linked, the others fetched; each is hashed on the way. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "agent/daemon/bundle_parts.h"
#include "agent/system/file/file_tree.h"
#include "common/base/fd.h"
#include "common/base/hash.h"
#include "common/base/path.h"
#include "common/base/text.h"

#define REFUSAL_MAX 65536 /* of an answer that is no file; what is a file is bounded by its size */

/* --- from the bundle that is here --- */

/* Whoever is root may have changed it meanwhile: only what has the right content and mode is taken over. */
static bool is_as_named(const char *path, const struct bundle_file *file)
{
    FD_SCOPED fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct error ignored = ERROR_INIT;
    struct stat info;
    char hex[HASH_HEX_MAX];

    return fd >= 0 && fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_size == file->size &&
           (info.st_mode & 07777) == file->mode && hash_hex_of_fd(HASH_SHA256, fd, hex, &ignored) &&
           strcmp(hex, file->sha256) == 0;
}

bool bundle_is_whole(const struct bundle_work *work)
{
    const char *folder = path_join(work->arena, work->current, "files");
    bool is_whole = true;

    for (size_t i = 0; is_whole && i < work->here.files_count; i++)
        is_whole = is_as_named(path_join(work->arena, folder, work->here.files[i].path), &work->here.files[i]);
    return is_whole;
}

static bool take_over(const struct bundle_work *work, const struct bundle_file *file, const char *path)
{
    const char *known = value_map_text(work->old, file->sha256);

    return known != NULL && is_as_named(known, file) && link(known, path) == 0;
}

/* --- from the controller --- */

struct arriving {
    const struct bundle_file *file;
    struct hash *hash;
    int fd;
    int64_t got;
};

static bool arriving_write(void *data, const char *bytes, size_t length, struct error *err)
{
    struct arriving *arriving = data;

    arriving->got += (int64_t)length;
    if (arriving->got > arriving->file->size)
        return error_set(err, "more than its %lld bytes came", (long long)arriving->file->size);
    hash_add(arriving->hash, bytes, length);
    return fd_write_all(arriving->fd, bytes, length, err);
}

static bool arriving_check(struct arriving *arriving, struct error *err)
{
    char hex[HASH_HEX_MAX];

    if (arriving->got != arriving->file->size)
        return error_set(err, "%lld bytes came, not %lld", (long long)arriving->got, (long long)arriving->file->size);
    if (strcmp(hash_hex(arriving->hash, hex), arriving->file->sha256) != 0)
        return error_set(err, "what came has the SHA-256 %s, not %s", hex, arriving->file->sha256);
    return fchmod(arriving->fd, (mode_t)arriving->file->mode) == 0 && fsync(arriving->fd) == 0
               ? true
               : error_set_errno(err, "cannot write it to the disk");
}

static bool fetch_to(const struct bundle_work *work, struct arena *arena, struct arriving *arriving, struct error *err)
{
    const struct http_sink sink = { arriving_write, arriving };
    const struct controller_fetch fetch = { .path = arena_printf(arena, "/agent/v1/bundle/%s", arriving->file->sha256),
                                            .sink = &sink,
                                            .limit_bytes = arriving->file->size + REFUSAL_MAX };
    struct controller_answer answer;

    if (!controller_talk_fetch(work->talk, arena, &fetch, &answer, err))
        return false;
    if (answer.status != 200)
        return error_set(err, "the controller answers with status %d%s%s", answer.status,
                         *answer.message == '\0' ? "" : ": ", answer.message);
    return arriving_check(arriving, err);
}

static bool file_fetch(const struct bundle_work *work, const struct bundle_file *file, const char *path,
                       struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    FD_SCOPED fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    struct arriving arriving = { .file = file, .hash = hash_new(arena, HASH_SHA256), .fd = fd };

    if (fd < 0)
        return error_set_errno(err, "cannot make '%s'", path);
    return fetch_to(work, arena, &arriving, err) || error_prefix(err, "file '%s' of the bundle", file->path);
}

/* --- the folder --- */

static bool has_room(const struct bundle_work *work, struct error *err)
{
    struct statvfs info;
    uint64_t room = 0, needed = 0;

    for (size_t i = 0; i < work->manifest.files_count; i++) {
        const struct bundle_file *file = &work->manifest.files[i];

        needed += value_map_get(work->old, file->sha256) == NULL ? (uint64_t)file->size : 0;
    }
    if (statvfs(work->options->state, &info) != 0)
        return error_set_errno(err, "cannot look at the disk of '%s'", work->options->state);
    room = (uint64_t)info.f_bavail * info.f_frsize;
    return room >= needed + BUNDLE_SPARE ||
           error_set_kind(err, ERROR_LIMIT,
                          "the bundle needs %llu MiB and leaves %llu free, but '%s' has only %llu MiB left",
                          (unsigned long long)(needed >> 20), (unsigned long long)(BUNDLE_SPARE >> 20),
                          work->options->state, (unsigned long long)(room >> 20));
}

static bool folder_make(const char *path, struct error *err)
{
    return mkdir(path, 0700) == 0 || errno == EEXIST || error_set_errno(err, "cannot make the folder '%s'", path);
}

/* The folders of a path below `base`. The manifest's rules see to it that no part is "." or "..". */
static bool folders_make(struct arena *arena, const char *base, const char *path, struct error *err)
{
    for (const char *slash = strchr(path, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        if (!folder_make(path_join(arena, base, arena_copy_n(arena, path, (size_t)(slash - path))), err))
            return false;
    }
    return true;
}

static bool folder_flush(void *context, const char *path, const struct stat *info, struct error *err)
{
    (void)context;
    return !S_ISDIR(info->st_mode) || folder_sync(path, err);
}

static bool files_take(struct bundle_work *work, const char *folder, struct error *err)
{
    for (size_t i = 0; i < work->manifest.files_count; i++) {
        const struct bundle_file *file = &work->manifest.files[i];
        const char *path = path_join(work->arena, folder, file->path);

        bundle_step(work, "file");
        if (!folders_make(work->arena, folder, file->path, err) ||
            (!take_over(work, file, path) && !file_fetch(work, file, path, err)))
            return false;
    }
    return true;
}

bool bundle_fill(struct bundle_work *work, struct error *err)
{
    const char *folder = path_join(work->arena, work->next, "files");
    const struct file_tree_visitor flush = { .visit = folder_flush };

    if (!file_tree_remove(work->next, err) || !has_room(work, err) || !folder_make(work->next, err) ||
        !folder_make(folder, err) || !files_take(work, folder, err))
        return false;
    bundle_step(work, "folders");
    return file_tree_walk(work->arena, folder, &flush, err) && folder_sync(folder, err);
}
