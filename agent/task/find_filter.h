/* SPDX-License-Identifier: Apache-2.0 */
/* The criteria of the module find: which files it selects. Looks at files, changes nothing. */
#pragma once

#include <sys/stat.h>

#include "agent/task/task_context.h"
#include "common/regex/regex.h"

enum find_type { FIND_FILE, FIND_FOLDER, FIND_LINK, FIND_ANY };
enum find_stamp { FIND_MTIME, FIND_ATIME, FIND_CTIME };

struct find_patterns {
    const struct value *globs; /* list of strings; used when there are no expressions */
    struct regex **expressions;
    size_t count;
};

struct find_filter {
    enum find_type type;
    struct find_patterns patterns, excludes;
    bool has_age, has_size;
    int64_t age_s, size_bytes; /* negative: at most, instead of at least */
    enum find_stamp stamp;
    double now_s;
    struct regex *contains; /* NULL: any content */
    bool read_whole_file;
};

/* "2d", "-1w", "3600" in seconds; "10m", "-1k" in bytes. False: it is none. */
bool find_age_parse(const char *text, int64_t *out);
bool find_size_parse(const char *text, int64_t *out);
/* `list` as globs, or as expressions. */
bool find_patterns_compile(struct arena *arena, const struct value *list, bool use_regex, struct find_patterns *out,
                           struct error *err);
/* *selected_out: the thing at `path` (lstat'ed as `info`), meets all criteria. */
bool find_filter_accepts(const struct find_filter *filter, const char *path, const struct stat *info,
                         bool *selected_out, struct error *err);
