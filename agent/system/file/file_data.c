/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copies and compares contents through descriptors. Holes and reflinks are the kernel's business
 * (copy_file_range); where it does not take the pair of files, a buffer does.
 */
#include "agent/system/file/file_data.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/fd.h"

#define BUFFER_SIZE (64 * 1024)
#define RANGE_SIZE (64 * 1024 * 1024)

static bool copy_with_buffer(int in, int out, const char *to, struct error *err)
{
    char buffer[BUFFER_SIZE];

    for (;;) {
        size_t got = 0;
        if (!fd_read_all(in, buffer, sizeof(buffer), &got, err))
            return error_prefix(err, "cannot read what goes to '%s'", to);
        if (got > 0 && !fd_write_all(out, buffer, got, err))
            return error_prefix(err, "cannot write '%s'", to);
        if (got < sizeof(buffer))
            return true;
    }
}

bool file_data_copy(int in, int out, const char *to, struct error *err)
{
    bool some = false;

    for (;;) {
        ssize_t moved = copy_file_range(in, NULL, out, NULL, RANGE_SIZE, 0);
        if (moved > 0) {
            some = true;
            continue;
        }
        if (moved == 0 && some)
            return true;
        if (moved < 0 && errno == EINTR)
            continue;
        if (moved < 0 && (errno == ENOSPC || errno == EDQUOT || errno == EIO || errno == EFBIG))
            return error_set_errno(err, "cannot write '%s'", to);
        break; /* not possible for these files, or one that only claims to be empty (/proc) */
    }
    return copy_with_buffer(in, out, to, err);
}

static bool compare_open(int a, int b, const char *name, bool *same_out, struct error *err)
{
    char left[BUFFER_SIZE / 2], right[BUFFER_SIZE / 2];

    for (;;) {
        size_t got_left = 0, got_right = 0;
        if (!fd_read_all(a, left, sizeof(left), &got_left, err) ||
            !fd_read_all(b, right, sizeof(right), &got_right, err))
            return error_prefix(err, "cannot compare '%s'", name);
        if (got_left != got_right || memcmp(left, right, got_left) != 0) {
            *same_out = false;
            return true;
        }
        if (got_left < sizeof(left)) {
            *same_out = true;
            return true;
        }
    }
}

bool file_data_equal(const char *a, const char *b, bool *same_out, struct error *err)
{
    struct stat left, right;

    if (stat(a, &left) != 0)
        return error_set_errno(err, "cannot read '%s'", a);
    if (stat(b, &right) != 0)
        return error_set_errno(err, "cannot read '%s'", b);
    if (!S_ISREG(left.st_mode) || !S_ISREG(right.st_mode) || left.st_size != right.st_size) {
        *same_out = false;
        return true;
    }
    FD_SCOPED one = open(a, O_RDONLY | O_CLOEXEC);
    if (one < 0)
        return error_set_errno(err, "cannot open '%s'", a);
    FD_SCOPED two = open(b, O_RDONLY | O_CLOEXEC);
    if (two < 0)
        return error_set_errno(err, "cannot open '%s'", b);
    return compare_open(one, two, b, same_out, err);
}
