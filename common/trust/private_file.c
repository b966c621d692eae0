/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing and reading files with mode 0600.
 */
#include "common/trust/private_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/trust/secret.h"

#define MODE 0600
#define OTHERS 0077

/* The umask can only take rights away; fchmod gives the owner's back. */
static bool write_new(const char *path, const void *data, size_t length, struct error *err)
{
    FD_SCOPED fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, MODE);

    if (fd < 0)
        return error_set_errno(err, "cannot make a file");
    if (fchmod(fd, MODE) != 0)
        return error_set_errno(err, "cannot set its mode");
    if (!fd_write_all(fd, data, length, err))
        return false;
    return fsync(fd) == 0 || error_set_errno(err, "cannot write it to the disk");
}

bool private_file_write(const char *path, const void *data, size_t length, struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    const char *folder = path_dirname(arena, path), *temporary;
    char id[SECRET_ID_LENGTH + 1];

    if (folder[0] == '\0')
        folder = ".";
    if (!secret_id_make(id, err))
        return false;
    temporary = arena_printf(arena, "%s/.new-%s", folder, id);
    if (!write_new(temporary, data, length, err)) {
        (void)unlink(temporary);
        return error_prefix(err, "cannot write '%s'", path);
    }
    if (rename(temporary, path) != 0) {
        error_set_errno(err, "cannot rename to '%s'", path);
        (void)unlink(temporary);
        return false;
    }
    return folder_sync(folder, err);
}

static bool check_rights(const char *path, const struct stat *info, struct error *err)
{
    if (!S_ISREG(info->st_mode))
        return error_set(err, "'%s' is no plain file", path);
    if (info->st_uid != geteuid() && info->st_uid != 0)
        return error_set(err, "'%s' belongs to user %u, not to user %u: chown %u '%s'", path, info->st_uid, geteuid(),
                         geteuid(), path);
    if ((info->st_mode & OTHERS) != 0)
        return error_set(err, "'%s' is open to others (mode %04o): chmod 600 '%s'", path, info->st_mode & 07777, path);
    return true;
}

bool private_file_read(struct arena *arena, const char *path, size_t limit, struct der *out, bool *missing_out,
                       struct error *err)
{
    FD_SCOPED fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat info;
    size_t got = 0;
    char *data;

    if (missing_out != NULL)
        *missing_out = fd < 0 && errno == ENOENT;
    if (missing_out != NULL && *missing_out)
        return true;
    if (fd < 0 && errno == ELOOP)
        return error_set(err, "'%s' is a symbolic link, which is not followed", path);
    if (fd < 0 || fstat(fd, &info) != 0)
        return error_set_errno(err, "cannot read '%s'", path);
    if (!check_rights(path, &info, err))
        return false;
    data = arena_alloc(arena, limit + 2);
    if (!fd_read_all(fd, data, limit + 1, &got, err))
        return error_prefix(err, "cannot read '%s'", path);
    if (got > limit)
        return error_set_kind(err, ERROR_LIMIT, "'%s' is larger than the %zu bytes that are read at most", path, limit);
    *out = (struct der){ (const unsigned char *)data, got };
    return true;
}
