/* SPDX-License-Identifier: Apache-2.0 */
/* Kernel parameters: reading and writing /proc/sys, and applying files to it. */
#include "agent/system/kernel/sysctl.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <string.h>
#include <unistd.h>

#include "common/base/fd.h"
#include "common/base/path.h"

#define SYSCTL_VALUE_LIMIT (64 * 1024)
#define SYSCTL_FILE_LIMIT (16 * 1024 * 1024)
#define PROC_SYS "/proc/sys/"

const char *sysctl_path(struct arena *arena, const char *name)
{
    char *path = arena_printf(arena, PROC_SYS "%s", name);
    const char *first = strpbrk(name, "./");

    if (first == NULL || *first == '/')
        return path;
    for (char *at = path + strlen(PROC_SYS); *at != '\0'; at++) {
        if (*at == '.')
            *at = '/';
        else if (*at == '/')
            *at = '.';
    }
    return path;
}

/* In one piece: many of these files answer a second read with nothing. */
const char *sysctl_read(const struct system *system, struct arena *arena, const char *name)
{
    const char *path = system_path(system, arena, sysctl_path(arena, name));
    struct error ignored = ERROR_INIT;
    size_t length = 0;

    if (!path_exists(path))
        return "";
    FD_SCOPED fd = open(path, O_RDONLY | O_CLOEXEC);
    char *data = arena_alloc(arena, SYSCTL_VALUE_LIMIT);
    if (fd < 0 || !fd_read_all(fd, data, SYSCTL_VALUE_LIMIT, &length, &ignored))
        return NULL;
    return text_trim(arena, data, length);
}

static bool write_failed(const char *name, const char *path, int number, struct error *err)
{
    switch (number) {
    case ENOENT:
        return error_set(err, "sysctl: cannot stat %s: No such file or directory", path);
    case EACCES:
    case EPERM:
        return error_set(err, "sysctl: permission denied on key \"%s\"", name);
    default:
        return error_set(err, "sysctl: setting key \"%s\": %s", name, strerror(number));
    }
}

static bool write_path(const char *name, const char *path, const char *value, bool ignore_missing, struct error *err)
{
    size_t length = strlen(value);
    FD_SCOPED fd = open(path, O_WRONLY | O_CLOEXEC);

    if (fd < 0)
        return (errno == ENOENT && ignore_missing) || write_failed(name, path, errno, err);
    /* One write for the whole value: the kernel takes each write as a new value. */
    if (write(fd, value, length) != (ssize_t)length)
        return write_failed(name, path, errno, err);
    return true;
}

bool sysctl_write(const struct system *system, struct arena *arena, const char *name, const char *value,
                  bool ignore_missing, struct error *err)
{
    const char *path = system_path(system, arena, sysctl_path(arena, name));

    return write_path(name, path, arena_printf(arena, "%s\n", value), ignore_missing, err);
}

bool sysctl_same_value(const char *a, const char *b)
{
    const char *blanks = " \t\r\n\f\v";

    if (a == NULL || b == NULL)
        return false;
    for (;;) {
        a += strspn(a, blanks);
        b += strspn(b, blanks);
        size_t a_length = strcspn(a, blanks), b_length = strcspn(b, blanks);

        if (a_length != b_length || memcmp(a, b, a_length) != 0)
            return false;
        if (a_length == 0)
            return true;
        a += a_length;
        b += b_length;
    }
}

/* A setting of a file: "-name" may fail, globs name many. */
static void apply_setting(const struct system *system, struct arena *arena, const char *name, const char *value,
                          bool may_fail, struct text *errors)
{
    struct error err = ERROR_INIT;
    glob_t found;
    const char *path = system_path(system, arena, sysctl_path(arena, name));
    const char *line = arena_printf(arena, "%s\n", value);
    bool is_glob = strpbrk(name, "*?[") != NULL;

    if (!is_glob || glob(path, GLOB_NOSORT, NULL, &found) != 0) {
        if (!write_path(name, path, line, may_fail || is_glob, &err) && !may_fail)
            text_printf(errors, "%s\n", err.text);
        return;
    }
    for (size_t i = 0; i < found.gl_pathc; i++) {
        if (!write_path(name, found.gl_pathv[i], line, false, &err) && !may_fail)
            text_printf(errors, "%s\n", err.text);
    }
    globfree(&found);
}

bool sysctl_file_apply(const struct system *system, struct arena *arena, const char *path, bool ignore_missing,
                       struct text *errors, struct error *err)
{
    char *data = NULL;
    size_t length = 0;
    int number = 0;
    const char *raw;

    if (!file_read(arena, system_path(system, arena, path), SYSCTL_FILE_LIMIT, &data, &length, err))
        return error_prefix(err, "reading kernel parameters");
    const char *cursor = data, *end = data + length;
    while (text_line(&cursor, end, &raw, &length)) {
        const char *line = text_trim(arena, raw, length);
        const char *equals = strchr(line, '=');
        bool may_fail = line[0] == '-';

        number++;
        if (line[0] == '\0' || line[0] == '#' || line[0] == ';')
            continue;
        if (equals == NULL) {
            text_printf(errors, "sysctl: %s(%d): invalid syntax, continuing...\n", path, number);
            continue;
        }
        const char *name = text_trim(arena, line + may_fail, (size_t)(equals - line) - may_fail);
        const char *value = text_trim(arena, equals + 1, strlen(equals + 1));
        const char *real = system_path(system, arena, sysctl_path(arena, name));
        if (ignore_missing && strpbrk(name, "*?[") == NULL && !path_exists(real))
            continue;
        apply_setting(system, arena, name, value, may_fail, errors);
    }
    return true;
}
