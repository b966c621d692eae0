/* SPDX-License-Identifier: Apache-2.0 */
/* File times. */
#include "agent/system/file/file_times.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

bool file_time_parse(const char *text, const char *format, struct file_time *out, struct error *err)
{
    struct tm parts = { .tm_mday = 1, .tm_isdst = -1 };

    if (strcmp(text, "preserve") == 0 || strcmp(text, "now") == 0) {
        *out = (struct file_time){ .kind = text[0] == 'n' ? FILE_TIME_NOW : FILE_TIME_PRESERVE };
        return true;
    }
    const char *rest = strptime(text, format, &parts);
    if (!rest || *rest)
        return error_set(err, "time '%s' does not match format '%s'", text, format);
    parts.tm_isdst = -1;
    *out = (struct file_time){ .kind = FILE_TIME_AT, .at = { .tv_sec = mktime(&parts) } };
    return true;
}

struct timespec file_time_resolve(const struct file_time *wanted, struct timespec current)
{
    struct timespec now = { 0 };

    if (wanted->kind == FILE_TIME_PRESERVE)
        return current;
    if (wanted->kind == FILE_TIME_AT)
        return wanted->at;
    clock_gettime(CLOCK_REALTIME, &now);
    return now;
}

bool file_time_equal(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

double file_time_seconds(struct timespec at)
{
    return (double)at.tv_sec + 1e-9 * (double)at.tv_nsec;
}

static struct timespec kernel_time(const struct file_time *wanted)
{
    if (wanted->kind == FILE_TIME_AT)
        return wanted->at;
    return (struct timespec){ .tv_nsec = wanted->kind == FILE_TIME_NOW ? UTIME_NOW : UTIME_OMIT };
}

bool file_times_set(const char *path, const struct file_time *access, const struct file_time *modification,
                    struct error *err)
{
    if (utimensat(AT_FDCWD, path, (struct timespec[]){ kernel_time(access), kernel_time(modification) }, 0) != 0)
        return error_set_errno(err, "cannot set the times of '%s'", path);
    return true;
}
