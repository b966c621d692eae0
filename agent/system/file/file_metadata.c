/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copying owner, mode, extended attributes, times and flags from one file to another. What the file system or
 * this user's rights do not allow is left out quietly, as `cp -p` does; a full disk is an error.
 */
#include "agent/system/file/file_metadata.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "common/base/fd.h"
#include "common/base/text.h"

#define ACL_XATTR "system.posix_acl_access"

mode_t file_umask(void)
{
    mode_t mask = umask(0);
    umask(mask);
    return mask;
}

void file_metadata_drop_acl(int fd)
{
    (void)fremovexattr(fd, ACL_XATTR);
}

/* Attributes that vouch for the old content or belong to a lower layer must not go to new content. */
static bool xattr_is_bound_to_content(const char *name)
{
    return strcmp(name, "security.capability") == 0 || strcmp(name, "security.ima") == 0 ||
           strcmp(name, "security.evm") == 0 || text_starts(name, "trusted.overlay.") || text_starts(name, "btrfs.");
}

static bool xattr_error_is_harmless(int error)
{
    return error == ENOTSUP || error == EPERM || error == EACCES || error == ENODATA || error == EINVAL;
}

static bool xattr_copy(struct arena *arena, const char *from, int fd, const char *to, const char *name,
                       struct error *err)
{
    ssize_t size = getxattr(from, name, NULL, 0);
    if (size < 0)
        return true;
    char *value = arena_alloc(arena, (size_t)size + 1);
    size = getxattr(from, name, value, (size_t)size);
    if (size < 0)
        return true;
    if (fsetxattr(fd, name, value, (size_t)size, 0) != 0 && !xattr_error_is_harmless(errno))
        return error_set_errno(err, "cannot set extended attribute %s on '%s'", name, to);
    return true;
}

static bool xattrs_copy(struct arena *arena, const char *from, int fd, const char *to, struct error *err)
{
    if (getxattr(from, ACL_XATTR, NULL, 0) < 0)
        file_metadata_drop_acl(fd);
    ssize_t size = listxattr(from, NULL, 0);
    if (size <= 0)
        return true;
    char *names = arena_alloc(arena, (size_t)size + 1);
    size = listxattr(from, names, (size_t)size);
    for (char *name = names; size > 0 && name < names + size; name += strlen(name) + 1) {
        if (!xattr_is_bound_to_content(name) && !xattr_copy(arena, from, fd, to, name, err))
            return false;
    }
    return true;
}

static void flags_copy(const char *from, int fd)
{
    FD_SCOPED source = open(from, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    int flags = 0;

    if (source >= 0 && ioctl(source, FS_IOC_GETFLAGS, &flags) == 0 && flags != 0)
        (void)ioctl(fd, FS_IOC_SETFLAGS, &flags);
}

bool file_metadata_copy(struct arena *arena, const char *from, int fd, const char *to, unsigned parts,
                        struct error *err)
{
    struct stat old, now;

    if (stat(from, &old) != 0)
        return error_set_errno(err, "cannot read the attributes of '%s'", from);
    if (fstat(fd, &now) != 0)
        return error_set_errno(err, "cannot read the attributes of '%s'", to);
    mode_t mode = old.st_mode & 07777;
    if ((parts & FILE_METADATA_OWNER) && (old.st_uid != now.st_uid || old.st_gid != now.st_gid) &&
        fchown(fd, old.st_uid, old.st_gid) != 0) {
        if (errno != EPERM)
            return error_set_errno(err, "cannot set the owner of '%s'", to);
        mode &= (mode_t)~06000;
    }
    if ((parts & FILE_METADATA_XATTRS) && !xattrs_copy(arena, from, fd, to, err))
        return false;
    if ((parts & FILE_METADATA_MODE) && fchmod(fd, mode) != 0)
        return error_set_errno(err, "cannot set the mode of '%s'", to);
    if ((parts & FILE_METADATA_TIMES) && futimens(fd, (struct timespec[]){ old.st_atim, old.st_mtim }) != 0 &&
        errno != EPERM)
        return error_set_errno(err, "cannot set the times of '%s'", to);
    if (parts & FILE_METADATA_FLAGS)
        flags_copy(from, fd);
    return true;
}
