/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of modprobe.d: "options MODULE a=1 b", "blacklist MODULE", "install MODULE /bin/false". */
#include "agent/system/kernel/module_options.h"

#include <string.h>

#include "common/base/path.h"
#include "common/base/text.h"

#define BLANKS " \t\r"

static const char *const folders[] = { "/etc/modprobe.d", "/run/modprobe.d", "/usr/local/lib/modprobe.d",
                                       "/usr/lib/modprobe.d", "/lib/modprobe.d" };

struct reader {
    const struct sysfs *fs;
    struct module_options *out;
    const char *file;
};

char *module_name_normal(struct arena *arena, const char *name, size_t length)
{
    char *copy = arena_copy_n(arena, name, length);

    for (char *c = copy; *c != '\0'; c++)
        if (*c == '-')
            *c = '_';
    return copy;
}

/* The next word of a line; quotes keep blanks together and are taken off. NULL at the end. */
static char *word_next(struct arena *arena, const char **cursor)
{
    const char *start = *cursor + strspn(*cursor, BLANKS), *end = start;
    bool is_quoted = false;
    size_t length = 0;

    if (*start == '\0')
        return NULL;
    for (; *end != '\0' && (is_quoted || strchr(BLANKS, *end) == NULL); end++)
        is_quoted = is_quoted != (*end == '"');
    char *word = arena_alloc(arena, (size_t)(end - start) + 1);
    for (const char *at = start; at < end; at++)
        if (*at != '"')
            word[length++] = *at;
    *cursor = end;
    return word;
}

static void option_add(const struct reader *reader, const char *module, const char *word)
{
    struct module_options *out = reader->out;
    size_t length = strcspn(word, "=");

    if (out->count == out->capacity) {
        size_t capacity = out->capacity == 0 ? 16 : out->capacity * 2;
        out->items = arena_grow(reader->fs->arena, out->items, out->capacity * sizeof *out->items,
                                capacity * sizeof *out->items);
        out->capacity = capacity;
    }
    out->items[out->count++] = (struct module_option){ .module = module,
                                                       .name = module_name_normal(reader->fs->arena, word, length),
                                                       .value = word[length] == '=' ? word + length + 1 : "",
                                                       .file = reader->file };
}

static bool is_nothing(const char *command)
{
    static const char *const commands[] = { "true", "false", NULL };

    return command != NULL && text_in(path_basename(command), commands);
}

static void line_read(const struct reader *reader, const char *line)
{
    struct arena *arena = reader->fs->arena;
    const char *cursor = line, *verb = word_next(arena, &cursor);
    const char *name = verb != NULL && verb[0] != '#' ? word_next(arena, &cursor) : NULL, *word;

    if (name == NULL)
        return;
    const char *module = module_name_normal(arena, name, strlen(name));
    if (strcmp(verb, "options") == 0) {
        while ((word = word_next(arena, &cursor)) != NULL)
            option_add(reader, module, word);
    } else if (strcmp(verb, "blacklist") == 0 ||
               (strcmp(verb, "install") == 0 && is_nothing(word_next(arena, &cursor)))) {
        value_map_put_string(arena, reader->out->blacklisted, module, reader->file);
    }
}

/* A backslash at the end of a line goes on with the next one. */
static void file_read_lines(const struct reader *reader)
{
    const char *cursor = sysfs_document(reader->fs, reader->file, SYSFS_FILE_MAX), *line;
    const char *end = cursor != NULL ? cursor + strlen(cursor) : NULL;
    size_t line_length;
    struct text whole = text_new(reader->fs->arena);

    while (end != NULL && text_line(&cursor, end, &line, &line_length)) {
        bool goes_on = line_length > 0 && line[line_length - 1] == '\\';
        text_add_n(&whole, line, line_length - goes_on);
        if (goes_on)
            continue;
        line_read(reader, whole.data);
        whole = text_new(reader->fs->arena);
    }
    line_read(reader, whole.data);
}

void module_options_read(const struct sysfs *fs, struct module_options *out)
{
    struct value *seen = value_map(fs->arena);

    *out = (struct module_options){ .blacklisted = value_map(fs->arena) };
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        for (const char *const *name = sysfs_names(fs, folders[i]); *name != NULL; name++) {
            if (!text_ends(*name, ".conf") || value_map_get(seen, *name) != NULL)
                continue;
            value_map_put_bool(fs->arena, seen, *name, true);
            struct reader reader = { fs, out, arena_printf(fs->arena, "%s/%s", folders[i], *name) };
            file_read_lines(&reader);
        }
    }
}
