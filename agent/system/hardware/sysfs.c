/* SPDX-License-Identifier: Apache-2.0 */
/* Files of /sys and /proc: bounded reading and turning into numbers. Holds no state. */
#include "agent/system/hardware/sysfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"

#define SYSFS_CHUNK 4096

static const char *sysfs_path(const struct sysfs *fs, const char *folder, const char *file)
{
    return system_path(fs->system, fs->arena, arena_printf(fs->arena, "%s/%s", folder, file));
}

/* Files of /sys and /proc have no size: they are read to their end. */
char *sysfs_data(const struct sysfs *fs, const char *path, size_t limit, size_t *length_out)
{
    struct error ignored = ERROR_INIT;
    FD_SCOPED fd = open(system_path(fs->system, fs->arena, path), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    size_t capacity = SYSFS_CHUNK, length = 0, got = 0;
    char *data;

    if (fd < 0)
        return NULL;
    data = arena_alloc(fs->arena, capacity + 1);
    while (fd_read_all(fd, data + length, capacity - length, &got, &ignored)) {
        length += got;
        if (length > limit)
            return NULL;
        if (length < capacity) {
            data[length] = '\0';
            if (length_out != NULL)
                *length_out = length;
            return data;
        }
        data = arena_grow(fs->arena, data, capacity + 1, capacity * 4 + 1);
        capacity *= 4;
    }
    return NULL;
}

static void clean_utf8(char *data, size_t length)
{
    if (text_utf8_valid(data, length))
        return;
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)data[i] >= 0x80)
            data[i] = '?';
}

char *sysfs_document(const struct sysfs *fs, const char *path, size_t limit)
{
    char *data = sysfs_data(fs, path, limit, NULL);

    if (data != NULL)
        clean_utf8(data, strlen(data));
    return data;
}

const char *sysfs_text(const struct sysfs *fs, const char *folder, const char *file)
{
    char *data = sysfs_document(fs, arena_printf(fs->arena, "%s/%s", folder, file), SYSFS_FILE_MAX);
    char *text = data != NULL ? text_trim(fs->arena, data, strlen(data)) : NULL;

    return text != NULL && text[0] != '\0' ? text : NULL;
}

static bool number_parse(const char *text, int64_t *out)
{
    char *end = NULL;

    if (!(text[0] == '0' && (text[1] == 'x' || text[1] == 'X')))
        return text_to_int(text, out);
    errno = 0;
    long long number = strtoll(text, &end, 16);
    if (errno != 0 || end == text + 1 || *end != '\0')
        return false;
    *out = number;
    return true;
}

bool sysfs_number(const struct sysfs *fs, const char *folder, const char *file, int64_t *out)
{
    const char *text = sysfs_text(fs, folder, file);

    return text != NULL && number_parse(text, out);
}

const char *sysfs_hex(const struct sysfs *fs, const char *folder, const char *file)
{
    const char *text = sysfs_text(fs, folder, file);
    size_t digits = text != NULL && text_starts(text, "0x") ? strspn(text + 2, "0123456789abcdefABCDEF") : 0;

    if (digits == 0 || digits > 16 || text[2 + digits] != '\0')
        return NULL;
    return text_lower(arena_copy(fs->arena, text + 2));
}

bool sysfs_exists(const struct sysfs *fs, const char *folder, const char *file)
{
    return path_exists(sysfs_path(fs, folder, file));
}

const char *sysfs_link(const struct sysfs *fs, const char *folder, const char *file)
{
    char target[LIMIT_PATH];
    ssize_t length = readlink(sysfs_path(fs, folder, file), target, sizeof target - 1);

    if (length <= 0)
        return NULL;
    target[length] = '\0';
    const char *name = path_basename(target);
    return name[0] != '\0' ? arena_copy(fs->arena, name) : NULL;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char *const *sysfs_names(const struct sysfs *fs, const char *folder)
{
    size_t count = 0, capacity = 16;
    const char **names = arena_new_array(fs->arena, const char *, capacity + 1);
    DIR *dir = opendir(system_path(fs->system, fs->arena, folder));
    struct dirent *entry;

    while (dir != NULL && count < SYSFS_NAMES_MAX && (entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        if (count == capacity) {
            names = arena_grow(fs->arena, names, (capacity + 1) * sizeof *names, (capacity * 4 + 1) * sizeof *names);
            capacity *= 4;
        }
        names[count++] = arena_copy(fs->arena, entry->d_name);
    }
    if (dir != NULL)
        (void)closedir(dir);
    qsort(names, count, sizeof *names, compare_names);
    return names;
}

/* All that is left over after a common prefix are digits: shorter is smaller. */
static int compare_numbered(const void *a, const void *b)
{
    const char *left = *(const char *const *)a, *right = *(const char *const *)b;
    size_t left_length = strlen(left), right_length = strlen(right);

    if (left_length != right_length)
        return left_length < right_length ? -1 : 1;
    return strcmp(left, right);
}

const char *const *sysfs_numbered(const struct sysfs *fs, const char *folder, const char *prefix)
{
    const char *const *all = sysfs_names(fs, folder);
    size_t count = 0, kept = 0, length = strlen(prefix);

    while (all[count] != NULL)
        count++;
    const char **names = arena_new_array(fs->arena, const char *, count + 1);
    for (size_t i = 0; i < count; i++) {
        const char *rest = all[i] + length;
        if (strncmp(all[i], prefix, length) == 0 && rest[0] != '\0' && strspn(rest, "0123456789") == strlen(rest))
            names[kept++] = all[i];
    }
    qsort(names, kept, sizeof *names, compare_numbered);
    return names;
}

void sysfs_put(const struct sysfs *fs, struct value *map, const char *key, const char *text)
{
    if (text != NULL)
        value_map_put_string(fs->arena, map, key, text);
}

void sysfs_put_text(const struct sysfs *fs, struct value *map, const char *key, const char *folder, const char *file)
{
    sysfs_put(fs, map, key, sysfs_text(fs, folder, file));
}

void sysfs_put_number(const struct sysfs *fs, struct value *map, const char *key, const char *folder, const char *file)
{
    int64_t number;

    if (sysfs_number(fs, folder, file, &number))
        value_map_put_int(fs->arena, map, key, number);
}

void sysfs_put_count(const struct sysfs *fs, struct value *map, const char *key, const char *folder, const char *file)
{
    int64_t number;

    if (sysfs_number(fs, folder, file, &number) && number >= 0)
        value_map_put_int(fs->arena, map, key, number);
}

void sysfs_put_hex(const struct sysfs *fs, struct value *map, const char *key, const char *folder, const char *file)
{
    sysfs_put(fs, map, key, sysfs_hex(fs, folder, file));
}

void sysfs_put_real(const struct sysfs *fs, struct value *map, const char *key, double real)
{
    value_map_put(fs->arena, map, key, value_real(fs->arena, real));
}
