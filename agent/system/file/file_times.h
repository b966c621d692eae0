/* SPDX-License-Identifier: Apache-2.0 */
/* Modification and access times as users write them, and setting them. */
#pragma once

#include <sys/stat.h>
#include <time.h>

#include "common/base/error.h"

enum file_time_kind { FILE_TIME_PRESERVE, FILE_TIME_NOW, FILE_TIME_AT };

struct file_time {
    enum file_time_kind kind;
    struct timespec at; /* for FILE_TIME_AT */
};

/* "preserve", "now", or a local time written in strptime's `format`. */
bool file_time_parse(const char *text, const char *format, struct file_time *out, struct error *err);
/* The time `wanted` means for a file that has `current`. */
struct timespec file_time_resolve(const struct file_time *wanted, struct timespec current);
bool file_time_equal(struct timespec a, struct timespec b);
double file_time_seconds(struct timespec at); /* as Python's st_mtime */
/* Links are followed. Setting both to now needs only write permission. */
bool file_times_set(const char *path, const struct file_time *access, const struct file_time *modification,
                    struct error *err);
