/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One controller at a time: the file "lock" is held with flock(2) as long as the store is open (the kernel lets go however the
 * process ends), and is empty only after a clean end.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/fd.h"
#include "common/base/path.h"
#include "controller/store/store_internal.h"

static bool folder_prepare(const char *folder, struct error *err)
{
    struct stat info;

    if (mkdir(folder, 0700) != 0 && errno != EEXIST)
        return error_set_errno(err, "cannot make the store's folder %s", folder);
    if (lstat(folder, &info) != 0)
        return error_set_errno(err, "cannot look at the store's folder %s", folder);
    if (!S_ISDIR(info.st_mode))
        return error_set(err, "the store's folder %s is no folder", folder);
    if (info.st_uid != geteuid())
        return error_set(err, "the store's folder %s belongs to user %u, and this is user %u", folder, info.st_uid,
                         geteuid());
    if ((info.st_mode & 077) != 0)
        return error_set(err, "the store's folder %s is open to others (mode %04o): chmod 700 %s", folder,
                         info.st_mode & 07777, folder);
    return true;
}

int store_folder_lock(const char *folder, bool *unclean_out, struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    const char *path = path_join(arena, folder, "lock");
    struct stat info;
    int fd = -1;

    if (!folder_prepare(folder, err))
        return -1;
    fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        error_set_errno(err, "cannot open %s", path);
        return -1;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK)
            error_set(err, "another controller uses the store in %s", folder);
        else
            error_set_errno(err, "cannot lock %s", path);
    } else if (fstat(fd, &info) != 0) {
        error_set_errno(err, "cannot look at %s", path);
    } else {
        *unclean_out = info.st_size > 0;
        return fd;
    }
    fd_close(fd);
    return -1;
}

bool store_folder_mark(int fd, bool running, struct error *err)
{
    char text[32];
    int length = snprintf(text, sizeof(text), "%ld\n", (long)getpid());

    if (ftruncate(fd, 0) != 0 || lseek(fd, 0, SEEK_SET) != 0)
        return error_set_errno(err, "cannot write the store's lock");
    if (running && !fd_write_all(fd, text, (size_t)length, err))
        return error_prefix(err, "cannot write the store's lock");
    return fsync(fd) == 0 || error_set_errno(err, "cannot write the store's lock to the disk");
}
