/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole reads and writes on file descriptors, and whole files into an arena.
 */
#include "common/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/path.h"

#define FILE_STEP (64 * 1024)

struct file_content {
    char *data;
    size_t length;
};

void fd_close(int fd)
{
    int saved = errno;

    if (fd >= 0)
        close(fd);
    errno = saved;
}

void fd_guard(int *fd)
{
    fd_close(*fd);
}

/* After a failed read or write: true if it may be tried again. */
static bool fd_wait(int fd, short events)
{
    struct pollfd wait = { .fd = fd, .events = events };

    if (errno == EINTR)
        return true;
    if (errno != EAGAIN)
        return false;
    return poll(&wait, 1, -1) >= 0 || errno == EINTR;
}

bool fd_write_all(int fd, const void *data, size_t length, struct error *err)
{
    const char *at = data;

    while (length > 0) {
        ssize_t written = write(fd, at, length);

        if (written < 0) {
            if (!fd_wait(fd, POLLOUT))
                return error_set_errno(err, "write failed");
            continue;
        }
        at += written;
        length -= (size_t)written;
    }
    return true;
}

bool fd_read_all(int fd, void *data, size_t length, size_t *got_out, struct error *err)
{
    char *at = data;
    size_t got = 0;

    while (got < length) {
        ssize_t taken = read(fd, at + got, length - got);

        if (taken == 0)
            break;
        if (taken > 0)
            got += (size_t)taken;
        else if (!fd_wait(fd, POLLIN))
            return error_set_errno(err, "read failed");
    }
    *got_out = got;
    return true;
}

bool fd_set_nonblocking(int fd, bool on, struct error *err)
{
    int flags = fcntl(fd, F_GETFL);
    int wanted = on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;

    if (flags < 0 || (wanted != flags && fcntl(fd, F_SETFL, wanted) < 0))
        return error_set_errno(err, "cannot change a file descriptor's mode");
    return true;
}

/* Reads to the end of what may be a pipe or a file of /proc: `size` is only a first guess. */
static bool fd_read_whole(int fd, struct arena *arena, size_t size, size_t limit, struct error *err,
                          struct file_content *out)
{
    size_t capacity = size < limit ? size + 1 : limit + 1;
    size_t length = 0, got = 0;
    char *data = arena_alloc(arena, capacity + 1);

    for (;;) {
        size_t wider = capacity + FILE_STEP < 2 * capacity ? 2 * capacity : capacity + FILE_STEP;

        if (!fd_read_all(fd, data + length, capacity - length, &got, err))
            return false;
        length += got;
        if (length < capacity || capacity == limit + 1)
            break;
        wider = wider < limit + 1 ? wider : limit + 1;
        data = arena_grow(arena, data, capacity + 1, wider + 1);
        capacity = wider;
    }
    if (length > limit)
        return error_set_kind(err, ERROR_LIMIT, "larger than the %zu bytes that are read at most", limit);
    data[length] = '\0';
    *out = (struct file_content){ .data = data, .length = length };
    return true;
}

bool file_read(struct arena *arena, const char *path, size_t limit, char **data_out, size_t *length_out,
               struct error *err)
{
    struct file_content content = { 0 };
    struct stat info;
    size_t size = FILE_STEP; /* a file of /proc says 0, and may give its content to one read only */
    FD_SCOPED fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0 || fstat(fd, &info) < 0)
        return error_set_errno(err, "cannot read '%s'", path);
    if (S_ISDIR(info.st_mode))
        return error_set(err, "cannot read '%s': it is a folder", path);
    if (S_ISREG(info.st_mode) && info.st_size > 0)
        size = (size_t)info.st_size;
    if (!fd_read_whole(fd, arena, size, limit, err, &content))
        return error_prefix(err, "cannot read '%s'", path);
    *data_out = content.data;
    if (length_out != NULL)
        *length_out = content.length;
    return true;
}

bool folder_create(struct arena *arena, const char *path, mode_t mode, struct error *err)
{
    if (mkdir(path, mode) == 0 || (errno == EEXIST && path_is_folder(path)))
        return true;
    if (errno != ENOENT || strcmp(path, "/") == 0)
        return error_set_errno(err, "cannot make the folder %s", path);
    return folder_create(arena, path_dirname(arena, path), 0755, err) &&
           (mkdir(path, mode) == 0 || error_set_errno(err, "cannot make the folder %s", path));
}

bool folder_sync(const char *folder, struct error *err)
{
    FD_SCOPED fd = open(folder[0] == '\0' ? "." : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    return (fd >= 0 && fsync(fd) == 0) || error_set_errno(err, "cannot write the folder '%s' to the disk", folder);
}
