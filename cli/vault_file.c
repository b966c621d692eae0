/* SPDX-License-Identifier: Apache-2.0 */
/* Files of `roost vault`: read whole, replaced by a rename, overwritten when what was in them was not encrypted. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/vault_verb.h"
#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/trust/secret.h"

#define CHUNK (64 * 1024)

const char *vault_file_real(struct arena *arena, const char *path)
{
    char real[LIMIT_PATH];

    if (strcmp(path, "-") == 0)
        return path;
    path = path_absolute(arena, path_expand_user(arena, path));
    return realpath(path, real) == NULL ? path : arena_copy(arena, real);
}

static bool input_read(struct arena *arena, struct vault_bytes *out, struct error *err)
{
    size_t capacity = CHUNK, got = 0;

    out->data = arena_alloc(arena, capacity + 1);
    for (;;) {
        if (!fd_read_all(STDIN_FILENO, out->data + out->length, capacity - out->length, &got, err))
            return false;
        out->length += got;
        if (out->length < capacity)
            return true;
        if (capacity >= LIMIT_SOURCE_FILE)
            return error_set(err, "standard input is larger than %d bytes", LIMIT_SOURCE_FILE);
        out->data = arena_grow(arena, out->data, capacity + 1, 2 * capacity + 1);
        capacity *= 2;
    }
}

bool vault_file_read(struct arena *arena, const char *path, struct vault_bytes *out, struct error *err)
{
    const char *why;

    *out = (struct vault_bytes){ 0 };
    if (strcmp(path, "-") == 0)
        return input_read(arena, out, err);
    if (file_read(arena, path, LIMIT_SOURCE_FILE, &out->data, &out->length, err))
        return true;
    why = arena_copy(arena, err->text);
    return error_set(err, "Unable to read source file (%s): %s", path, why);
}

void vault_file_shred(int fd)
{
    struct error ignored = ERROR_INIT;
    unsigned char noise[4096];
    struct stat info;
    off_t left = fstat(fd, &info) == 0 && S_ISREG(info.st_mode) ? info.st_size : 0;

    if (lseek(fd, 0, SEEK_SET) != 0)
        return;
    while (left > 0 && random_fill(noise, sizeof(noise), &ignored)) {
        size_t part = left < (off_t)sizeof(noise) ? (size_t)left : sizeof(noise);

        if (!fd_write_all(fd, noise, part, &ignored))
            return;
        left -= (off_t)part;
    }
    (void)fsync(fd);
}

static bool temporary_fill(int fd, const struct vault_write *write, const char *data, size_t length, struct error *err)
{
    if (!fd_write_all(fd, data, length, err))
        return error_prefix(err, "Unable to write to temporary vault file");
    if (write->keeps_owner && fchown(fd, write->owner, write->group) != 0 && errno != EPERM)
        return error_set_errno(err, "cannot give '%s' back to its owner", write->path);
    if (fchmod(fd, write->mode & 07777) != 0 || fsync(fd) != 0)
        return error_set_errno(err, "Unable to write to temporary vault file");
    return true;
}

/* A new file beside it, then one rename. */
static bool replace(const struct vault_write *write, const char *data, size_t length, struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    const char *folder = path_dirname(arena, write->path);
    char *temporary = arena_printf(arena, "%s/.%s.XXXXXX", *folder == '\0' ? "." : folder, path_basename(write->path));
    FD_SCOPED fd = mkostemp(temporary, O_CLOEXEC);

    if (fd < 0)
        return error_set_errno(err, "Problem creating temporary vault file: '%s'", temporary);
    if (temporary_fill(fd, write, data, length, err)) {
        if (rename(temporary, write->path) == 0)
            return folder_sync(folder, err);
        error_set_errno(err, "cannot replace '%s'", write->path);
    }
    unlink(temporary);
    return false;
}

bool vault_file_write(const struct vault_write *write, const char *data, size_t length, struct error *err)
{
    struct stat info;
    FD_SCOPED old = -1;

    if (strcmp(write->path, "-") == 0) {
        fflush(stdout);
        return fd_write_all(STDOUT_FILENO, data, length, err);
    }
    if (stat(write->path, &info) == 0 && !S_ISREG(info.st_mode)) {
        FD_SCOPED fd = open(write->path, O_WRONLY | O_CLOEXEC | O_NOCTTY); /* /dev/null, a pipe */

        if (fd < 0)
            return error_set_errno(err, "cannot write to '%s'", write->path);
        return fd_write_all(fd, data, length, err);
    }
    if (write->shreds)
        old = open(write->path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (!replace(write, data, length, err))
        return false;
    if (old >= 0 && fstat(old, &info) == 0 && info.st_nlink == 0) /* it has no other name */
        vault_file_shred(old);
    return true;
}

bool vault_file_encrypt(struct vault_job *job, const struct vault_bytes *plain, struct text *out, struct error *err)
{
    *out = text_new(job->arena);
    return vault_encrypt(job->new_secrets, &job->target, plain->data, plain->length, out, err);
}

bool vault_file_decrypt(struct vault_job *job, const char *path, const struct vault_bytes *envelope,
                        struct text *plain_out, size_t *used_out, struct error *err)
{
    const char *why;

    if (!vault_is_encrypted(envelope->data, envelope->length))
        return error_set(err, "input is not vault encrypted data. %s is not a vault encrypted file for %s", path, path);
    if (vault_decrypt_used(job->secrets, envelope->data, envelope->length, plain_out, used_out, err))
        return true;
    why = arena_copy(job->arena, err->text);
    if (text_starts(why, "Decryption failed"))
        return error_set(err, "%s on %s for %s", why, path, path);
    return error_set(err, "%s for %s", why, path);
}
