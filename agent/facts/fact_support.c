/* SPDX-License-Identifier: Apache-2.0 */
/* Small readers that the fact groups share. Everything goes through system->root. */
#include "agent/facts/fact_support.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/fd.h"
#include "common/base/path.h"

#define FACT_FILE_MAX (4 * 1024 * 1024)

/* Files of /proc and /sys have no size, so they are read to their end. */
const char *fact_file_raw(const struct system *system, struct arena *arena, const char *path, size_t *length_out)
{
    struct error ignored = ERROR_INIT;
    FD_SCOPED fd = open(system_path(system, arena, path), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    char buffer[8192];
    size_t got = sizeof buffer;

    if (fd < 0)
        return NULL;
    struct text out = text_new(arena);
    while (got == sizeof buffer && out.length < FACT_FILE_MAX) {
        if (!fd_read_all(fd, buffer, sizeof buffer, &got, &ignored))
            return NULL;
        text_add_n(&out, buffer, got);
    }
    if (length_out)
        *length_out = out.length;
    return out.data;
}

static const char *clean_utf8(struct arena *arena, const char *data)
{
    size_t length = strlen(data);

    if (text_utf8_valid(data, length))
        return data;
    char *copy = arena_copy_n(arena, data, length);
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)copy[i] >= 0x80)
            copy[i] = '?';
    return copy;
}

const char *fact_file(const struct system *system, struct arena *arena, const char *path)
{
    const char *raw = fact_file_raw(system, arena, path, NULL);
    const char *trimmed = raw ? text_trim(arena, raw, strlen(raw)) : NULL;

    return trimmed && trimmed[0] ? clean_utf8(arena, trimmed) : NULL;
}

bool fact_exists(const struct system *system, struct arena *arena, const char *path)
{
    return path_exists(system_path(system, arena, path));
}

const char *const *fact_folder(const struct system *system, struct arena *arena, const char *path)
{
    struct dirent **entries = NULL;
    int count = scandir(system_path(system, arena, path), &entries, NULL, alphasort);
    const char **names = arena_new_array(arena, const char *, (count > 0 ? count : 0) + 1);
    size_t kept = 0;

    for (int i = 0; i < count; i++) {
        if (strcmp(entries[i]->d_name, ".") != 0 && strcmp(entries[i]->d_name, "..") != 0)
            names[kept++] = arena_copy(arena, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    return names;
}

const char *fact_link_name(const struct system *system, struct arena *arena, const char *path)
{
    char target[LIMIT_PATH];
    ssize_t length = readlink(system_path(system, arena, path), target, sizeof target - 1);

    if (length <= 0)
        return NULL;
    target[length] = '\0';
    return arena_copy(arena, path_basename(target));
}

static const char *shell_unquote(struct arena *arena, const char *data, size_t length)
{
    struct text out = text_new(arena);
    char quote = length >= 2 && (data[0] == '"' || data[0] == '\'') && data[length - 1] == data[0] ? data[0] : '\0';
    size_t start = quote ? 1 : 0, end = quote ? length - 1 : length;

    for (size_t i = start; i < end; i++) {
        if (quote == '"' && data[i] == '\\' && i + 1 < end && strchr("\"\\$`", data[i + 1]))
            i++;
        text_add_char(&out, data[i]);
    }
    return out.data;
}

const char *fact_shell_value(struct arena *arena, const char *data, const char *key)
{
    const char *at = data ? data : "", *end = at + strlen(at), *line, *found = NULL;
    size_t length, key_length = strlen(key);

    while (text_line(&at, end, &line, &length)) {
        while (length > 0 && (line[length - 1] == ' ' || line[length - 1] == '\r' || line[length - 1] == '\t'))
            length--;
        if (length > key_length && strncmp(line, key, key_length) == 0 && line[key_length] == '=')
            found = shell_unquote(arena, line + key_length + 1, length - key_length - 1);
    }
    return found;
}

void fact_put_file(const struct system *system, struct arena *arena, struct value *map, const char *key,
                   const char *path)
{
    value_map_put_string(arena, map, key, fact_file(system, arena, path));
}

struct value *fact_words(struct arena *arena, const char *text)
{
    struct value *words = value_list(arena);

    for (const char *at = text;;) {
        at += strspn(at, " \t\r\n\v\f");
        size_t length = strcspn(at, " \t\r\n\v\f");
        if (length == 0)
            return words;
        value_list_add(arena, words, value_string_n(arena, at, length));
        at += length;
    }
}

bool fact_has_program(const struct system *system, struct arena *arena, const char *name)
{
    static const char *const folders[] = { "/usr/bin",       "/usr/sbin",       "/bin", "/sbin",
                                           "/usr/local/bin", "/usr/local/sbin", NULL };

    for (const char *const *folder = folders; *folder; folder++)
        if (access(system_path(system, arena, arena_printf(arena, "%s/%s", *folder, name)), X_OK) == 0)
            return true;
    return false;
}

bool fact_is_live(const struct system *system)
{
    return !system->root || system->root[0] == '\0';
}
