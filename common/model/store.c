/* SPDX-License-Identifier: Apache-2.0 */
/* The store's folders, links and locks. What it changes is on the disk when a function returns. */
#include "common/model/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"

char *store_path(const struct model_store *store, const char *path)
{
    return arena_printf(store->arena, "%s/%s", store->root, path);
}

char *store_blob(const struct model_store *store, const char *sha256)
{
    return arena_printf(store->arena, "%s/blobs/sha256/%s", store->root, sha256);
}

/* mkdir -p; a new folder is synced into the one above. */
static bool folder_make(const struct model_store *store, char *path, struct error *err)
{
    for (char *at = path + 1;; at++) {
        char c = *at;
        bool is_made;

        if (c != '/' && c != '\0')
            continue;
        *at = '\0';
        is_made = mkdir(path, 0755) == 0;
        if (!is_made && errno != EEXIST)
            return error_set_errno(err, "cannot make the folder '%s'", path);
        if (is_made && !folder_sync(path_dirname(store->arena, path), err))
            return false;
        *at = c;
        if (c == '\0')
            return true;
    }
}

bool store_folder_make(const struct model_store *store, const char *path, struct error *err)
{
    return folder_make(store, store_path(store, path), err);
}

bool store_prepare(const struct model_store *store, struct error *err)
{
    static const char *const folders[] = { "blobs/sha256", "names", "links", "partial" };

    if (store->root[0] != '/')
        return error_set(err, "the store '%s' is no absolute path", store->root);
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        if (!store_folder_make(store, folders[i], err))
            return error_prefix(err, "store of models");
    }
    return true;
}

bool store_has(const struct model_store *store, const char *sha256, int64_t size, int64_t *size_out)
{
    struct stat info;

    if (lstat(store_blob(store, sha256), &info) != 0 || !S_ISREG(info.st_mode) || (size >= 0 && info.st_size != size))
        return false;
    if (size_out != NULL)
        *size_out = info.st_size;
    return true;
}

bool store_free_bytes(const struct model_store *store, int64_t *out, struct error *err)
{
    const char *path = store->root;
    struct statvfs info;

    while (!path_exists(path) && strcmp(path, "/") != 0)
        path = path_dirname(store->arena, path);
    if (statvfs(path, &info) != 0)
        return error_set_errno(err, "cannot ask for the space on '%s'", path);
    *out = (int64_t)(info.f_bavail * info.f_frsize);
    return true;
}

bool store_lock(const struct model_store *store, int *fd_out, struct error *err)
{
    const char *path = store_path(store, "lock");
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644), locked;

    if (fd < 0)
        return error_set_errno(err, "cannot open '%s'", path);
    do
        locked = flock(fd, LOCK_EX);
    while (locked != 0 && errno == EINTR);
    if (locked != 0) {
        error_set_errno(err, "cannot lock '%s'", path);
        fd_close(fd);
        return false;
    }
    *fd_out = fd;
    return true;
}

/* The name of a temporary file beside `path`: no two processes share one. */
static char *beside(const struct model_store *store, const char *path)
{
    return arena_printf(store->arena, "%s/.new-%ld", path_dirname(store->arena, path), (long)getpid());
}

static bool put_in_place(const struct model_store *store, const char *temporary, const char *path, struct error *err)
{
    if (rename(temporary, path) == 0)
        return folder_sync(path_dirname(store->arena, path), err);
    error_set_errno(err, "cannot rename to '%s'", path);
    (void)unlink(temporary);
    return false;
}

bool store_link_set(const struct model_store *store, const char *path, const char *target, struct error *err)
{
    char *full = store_path(store, path), *temporary = beside(store, full), old[4096];
    ssize_t length = readlink(full, old, sizeof(old) - 1);

    if (length >= 0 && strlen(target) == (size_t)length && memcmp(old, target, (size_t)length) == 0)
        return true;
    if (!folder_make(store, path_dirname(store->arena, full), err))
        return false;
    (void)unlink(temporary);
    if (symlink(target, temporary) != 0)
        return error_set_errno(err, "cannot make the link '%s'", full);
    return put_in_place(store, temporary, full, err);
}

bool store_note_write(const struct model_store *store, const char *path, const char *text, struct error *err)
{
    char *full = store_path(store, path), *temporary = beside(store, full);

    if (!folder_make(store, path_dirname(store->arena, full), err))
        return false;
    FD_SCOPED fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0)
        return error_set_errno(err, "cannot write '%s'", full);
    if (!fd_write_all(fd, text, strlen(text), err) || fsync(fd) != 0) {
        if (err->text[0] == '\0')
            error_set_errno(err, "cannot write");
        (void)unlink(temporary);
        return error_prefix(err, "'%s'", full);
    }
    return put_in_place(store, temporary, full, err);
}

/* --- names --- */

const char *store_name_get(const struct model_store *store, const char *folder, const char *path)
{
    char target[4096];
    ssize_t length = readlink(store_path(store, path_join(store->arena, folder, path)), target, sizeof(target) - 1);
    const char *name;

    if (length < 0)
        return NULL;
    target[length] = '\0';
    name = path_basename(target);
    return digest_is_sha256(name) ? arena_copy(store->arena, name) : NULL;
}

const char *store_revision_get(const struct model_store *store, const char *repository, const char *entry)
{
    const char *path = store_path(store, arena_printf(store->arena, "%s/revisions/%s", repository, entry));
    char target[4096];
    ssize_t length = readlink(path, target, sizeof(target) - 1);
    const char *commit;

    if (length < 0)
        return NULL;
    target[length] = '\0';
    commit = path_basename(target);
    return digest_is_git(commit) ? arena_copy(store->arena, commit) : NULL;
}

bool store_name_set(const struct model_store *store, const char *folder, const char *path, const char *sha256,
                    struct error *err)
{
    struct text target = text_new(store->arena);
    const char *name = path_join(store->arena, folder, path);

    text_add(&target, "");
    for (const char *at = strchr(name, '/'); at != NULL; at = strchr(at + 1, '/'))
        text_add(&target, "../");
    text_printf(&target, "blobs/sha256/%s", sha256);
    return store_link_set(store, name, target.data, err);
}

/* How many parts of a path below names/ are the store's own and stay: names, and its kind. */
#define OWN_PARTS 2

bool store_name_remove(const struct model_store *store, const char *folder, const char *path, struct error *err)
{
    char *name = path_join(store->arena, folder, path), *full = store_path(store, name);

    if (unlink(full) != 0 && errno != ENOENT)
        return error_set_errno(err, "cannot remove '%s'", full);
    for (;;) {
        size_t parts = 0;

        name = path_dirname(store->arena, name);
        for (const char *at = name; at != NULL; at = strchr(at + 1, '/'))
            parts++;
        if (parts <= OWN_PARTS || rmdir(store_path(store, name)) != 0)
            return true;
    }
}
