/* SPDX-License-Identifier: Apache-2.0 */
/* Assembling a text of the files of a folder. */
#include "common/base/fragments.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/fd.h"
#include "common/base/limits.h"
#include "common/base/path.h"

#define NAMES_MAX 100000

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool names_read(struct arena *arena, const char *folder, const char ***out, size_t *count_out, struct error *err)
{
    DIR *stream = opendir(folder);
    const char **names = NULL;
    size_t count = 0, capacity = 0;
    struct dirent *entry;

    if (stream == NULL)
        return error_set_errno(err, "cannot read the folder '%s'", folder);
    while ((entry = readdir(stream)) != NULL && count < NAMES_MAX) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (count == capacity) {
            size_t larger = capacity * 2 + 16;

            names = arena_grow(arena, names, capacity * sizeof(*names), larger * sizeof(*names));
            capacity = larger;
        }
        names[count++] = arena_copy(arena, entry->d_name);
    }
    closedir(stream);
    if (count > 1)
        qsort(names, count, sizeof(*names), by_text);
    *out = names;
    *count_out = count;
    return true;
}

/* Up to `most` digits of that base; how many were taken. */
static size_t number_read(const char *at, int base, size_t most, char *out)
{
    char digits[4] = "";
    size_t count = strspn(at, base == 16 ? "0123456789abcdefABCDEF" : "01234567");

    count = count > most ? most : count;
    memcpy(digits, at, count);
    *out = (char)(unsigned char)strtoul(digits, NULL, base);
    return count;
}

/* One escape behind its backslash, by the rules of Python's bytes; how many characters were taken. */
static size_t escape_read(const char *at, struct text *out)
{
    static const char letters[] = "abfnrtv\\'\"", meant[] = "\a\b\f\n\r\t\v\\'\"";
    const char *letter = *at == '\0' ? NULL : strchr(letters, *at);
    size_t count;
    char byte;

    if (letter != NULL) {
        text_add_char(out, meant[letter - letters]);
        return 1;
    }
    if (*at == '\n')
        return 1;
    if (*at >= '0' && *at <= '7') {
        count = number_read(at, 8, 3, &byte);
        text_add_char(out, byte);
        return count;
    }
    if (*at == 'x' && number_read(at + 1, 16, 2, &byte) == 2) {
        text_add_char(out, byte);
        return 3;
    }
    text_add_char(out, '\\');
    return 0;
}

static struct text unescaped(struct arena *arena, const char *delimiter)
{
    struct text out = text_new(arena);

    for (const char *at = delimiter; *at != '\0';) {
        if (*at != '\\')
            text_add_char(&out, *at++);
        else
            at += 1 + escape_read(at + 1, &out);
    }
    return out;
}

static bool fragment_read(const struct fragments_request *request, struct arena *arena, const char *path,
                          const char **data, size_t *length, struct error *err)
{
    char *read = NULL;

    if (request->read != NULL)
        return request->read(request->context, path, data, length, err);
    if (!file_read(arena, path, LIMIT_SOURCE_FILE, &read, length, err))
        return false;
    *data = read;
    return true;
}

static bool is_wanted(const struct fragments_request *request, const char *name, const char *path, bool *out,
                      struct error *err)
{
    *out = true;
    if (request->wants != NULL && !request->wants(request->context, name, out, err))
        return false;
    *out = *out && path_is_file(path) && !(request->ignore_hidden && name[0] == '.');
    return true;
}

static void part_add(struct text *out, const struct text *delimiter, const char *data, size_t length, bool is_first)
{
    if (!is_first && out->length > 0 && out->data[out->length - 1] != '\n')
        text_add_char(out, '\n');
    if (!is_first && delimiter->length > 0) {
        text_add_n(out, delimiter->data, delimiter->length);
        if (delimiter->data[delimiter->length - 1] != '\n')
            text_add_char(out, '\n');
    }
    text_add_n(out, data, length);
}

bool fragments_assemble(const struct fragments_request *request, struct text *out, struct error *err)
{
    struct text delimiter = unescaped(out->arena, request->delimiter == NULL ? "" : request->delimiter);
    const char **names = NULL;
    size_t count = 0;
    bool is_first = true;

    if (!names_read(out->arena, request->folder, &names, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        const char *path = path_join(out->arena, request->folder, names[i]), *data = NULL;
        size_t length = 0;
        bool wanted = false;

        if (!is_wanted(request, names[i], path, &wanted, err))
            return false;
        if (!wanted)
            continue;
        if (!fragment_read(request, out->arena, path, &data, &length, err))
            return false;
        if (out->length + length > LIMIT_SOURCE_FILE)
            return error_set(err, "the files of '%s' are more than %d bytes together", request->folder,
                             LIMIT_SOURCE_FILE);
        part_add(out, &delimiter, data, length, is_first);
        is_first = false;
    }
    return true;
}
