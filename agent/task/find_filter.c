/* SPDX-License-Identifier: Apache-2.0 */
/* Age, size, name, type and content of files, judged as the module find does. */
#include "agent/task/find_filter.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "agent/system/file/file_times.h"
#include "common/base/fd.h"
#include "common/base/path.h"

#define CONTENT_MAX ((size_t)512 * 1024 * 1024)

/* A number and one letter of `units`, whose factors are `factors`. */
static bool quantity_parse(const char *text, const char *units, const int64_t *factors, int64_t *out)
{
    size_t length = strlen(text);
    const char *unit = length > 0 && isalpha((unsigned char)text[length - 1])
                           ? strchr(units, tolower((unsigned char)text[length - 1]))
                           : NULL;
    char digits[32];
    int64_t number = 0, factor = unit ? factors[unit - units] : 1;

    length -= unit ? 1 : 0;
    if (length == 0 || length >= sizeof(digits))
        return false;
    memcpy(digits, text, length);
    digits[length] = '\0';
    if (!isdigit((unsigned char)digits[digits[0] == '-']) || !text_to_int(digits, &number))
        return false;
    return !__builtin_mul_overflow(number, factor, out);
}

bool find_age_parse(const char *text, int64_t *out)
{
    static const int64_t factors[] = { 1, 60, 3600, 86400, 604800 };

    return quantity_parse(text, "smhdw", factors, out);
}

bool find_size_parse(const char *text, int64_t *out)
{
    static const int64_t factors[] = { 1, INT64_C(1) << 10, INT64_C(1) << 20, INT64_C(1) << 30, INT64_C(1) << 40 };

    return quantity_parse(text, "bkmgt", factors, out);
}

bool find_patterns_compile(struct arena *arena, const struct value *list, bool use_regex, struct find_patterns *out,
                           struct error *err)
{
    out->globs = list;
    out->count = value_count(list);
    if (!use_regex || out->count == 0)
        return true;
    out->expressions = arena_new_array(arena, struct regex *, out->count);
    for (size_t i = 0; i < out->count; i++) {
        const char *pattern = value_text(value_item(list, i));
        if (!regex_compile(arena, pattern, strlen(pattern), REGEX_TEXT, &out->expressions[i], err))
            return false;
    }
    return true;
}

static bool patterns_match(const struct find_patterns *patterns, const char *name, bool *out, struct error *err)
{
    const struct regex_range range = { .subject = name, .length = strlen(name), .only_there = true };

    *out = false;
    for (size_t i = 0; i < patterns->count && !*out; i++) {
        if (!patterns->expressions)
            *out = fnmatch(value_text(value_item(patterns->globs, i)), name, FNM_NOESCAPE) == 0;
        else if (!regex_search_range(patterns->expressions[i], &range, NULL, out, err))
            return false;
    }
    return true;
}

static bool name_matches(const struct find_filter *filter, const char *name, bool *out, struct error *err)
{
    bool is_excluded = false;

    if (!patterns_match(&filter->patterns, name, out, err) ||
        (*out && !patterns_match(&filter->excludes, name, &is_excluded, err)))
        return false;
    *out = *out && !is_excluded;
    return true;
}

static bool age_matches(const struct find_filter *filter, const struct stat *info)
{
    struct timespec stamp = filter->stamp == FIND_MTIME   ? info->st_mtim
                            : filter->stamp == FIND_ATIME ? info->st_atim
                                                          : info->st_ctim;
    double age = filter->now_s - file_time_seconds(stamp);

    if (!filter->has_age)
        return true;
    return filter->age_s >= 0 ? age >= (double)filter->age_s : age <= (double)-filter->age_s;
}

static bool size_matches(const struct find_filter *filter, const struct stat *info)
{
    if (!filter->has_size || !S_ISREG(info->st_mode))
        return true;
    return filter->size_bytes >= 0 ? info->st_size >= filter->size_bytes : info->st_size <= -filter->size_bytes;
}

/* "\r\n" and "\r" become "\n", as when Python reads a text. Returns the new length. */
static size_t newlines_unify(char *data, size_t length)
{
    size_t to = 0;

    for (size_t from = 0; from < length; from++) {
        if (data[from] == '\r' && from + 1 < length && data[from + 1] == '\n')
            continue;
        data[to++] = data[from] == '\r' ? '\n' : data[from];
    }
    data[to] = '\0';
    return to;
}

/* Files that cannot be read, or are no UTF-8 text, hold nothing that could match. */
static bool content_matches(const struct find_filter *filter, const char *path, bool *out, struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    struct error ignored = ERROR_INIT;
    char *data = NULL;
    size_t length = 0;

    *out = filter->contains == NULL;
    if (*out || !file_read(arena, path, CONTENT_MAX, &data, &length, &ignored) || !text_utf8_valid(data, length))
        return true;
    length = newlines_unify(data, length);
    if (filter->read_whole_file)
        return regex_search(filter->contains, data, length, NULL, out, err);
    for (const char *at = data, *end = data + length; at < end && !*out;) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *next = newline ? newline + 1 : end;
        const struct regex_range range = { .subject = at, .length = (size_t)(next - at), .only_there = true };
        if (!regex_search_range(filter->contains, &range, NULL, out, err))
            return false;
        at = next;
    }
    return true;
}

static bool type_matches(enum find_type type, mode_t mode)
{
    switch (type) {
    case FIND_FILE:
        return S_ISREG(mode);
    case FIND_FOLDER:
        return S_ISDIR(mode);
    case FIND_LINK:
        return S_ISLNK(mode);
    case FIND_ANY:
        break;
    }
    return true;
}

bool find_filter_accepts(const struct find_filter *filter, const char *path, const struct stat *info,
                         bool *selected_out, struct error *err)
{
    const char *name = path_basename(path);

    *selected_out = false;
    if (!type_matches(filter->type, info->st_mode) || !age_matches(filter, info) || !size_matches(filter, info))
        return true;
    if (!name_matches(filter, name, selected_out, err))
        return false;
    return !*selected_out || filter->type != FIND_FILE || content_matches(filter, path, selected_out, err);
}
