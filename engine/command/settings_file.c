/* SPDX-License-Identifier: Apache-2.0 */
/* The dialect of Python's configparser: sections, key = value or key: value, # and ; comments, ; behind a value, continuation
 * lines that are indented. */
#include "engine/command/settings_file.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"

struct reader {
    struct arena *arena;
    const char *path;
    const char *section, *key;
    struct text value;
    struct value *out;
    struct value *sections; /* those that have begun */
    size_t indent;          /* of the last line that was no continuation */
    int line, key_line;
};

static void finish_key(struct reader *reader)
{
    struct value *text;

    if (!reader->key)
        return;
    text = value_string(reader->arena, text_trim(reader->arena, reader->value.data, reader->value.length));
    text->path = reader->path;
    text->line = (uint32_t)reader->key_line;
    text->column = 1;
    value_map_put(reader->arena, reader->out, arena_printf(reader->arena, "%s.%s", reader->section, reader->key), text);
    reader->key = NULL;
}

static bool line_error(const struct reader *reader, const char *what, struct error *err)
{
    struct source_position at = { reader->path, reader->line, 1 };
    error_set_at(err, &at, "%s", what);
    err->kind = ERROR_OPTIONS;
    return false;
}

/* What stands behind " ;" is a comment. */
static size_t without_comment(const char *text, size_t length)
{
    for (size_t i = 1; i < length; i++)
        if (text[i] == ';' && isspace((unsigned char)text[i - 1]))
            return i;
    return length;
}

static bool read_key(struct reader *reader, const char *line, size_t length, struct error *err)
{
    size_t name = 0;
    while (name < length && line[name] != '=' && line[name] != ':')
        name++;
    if (name == length)
        return line_error(reader, "expected 'key = value', found a line without '='", err);
    if (!reader->section)
        return line_error(reader, "expected a [section] before the first key", err);
    reader->key = text_lower(text_trim(reader->arena, line, name));
    reader->key_line = reader->line;
    if (value_map_get(reader->out, arena_printf(reader->arena, "%s.%s", reader->section, reader->key)))
        return line_error(reader,
                          arena_printf(reader->arena, "'%s' is set twice in [%s]", reader->key, reader->section), err);
    reader->value = text_new(reader->arena);
    text_add_n(&reader->value, line + name + 1, without_comment(line + name + 1, length - name - 1));
    return true;
}

static bool read_section(struct reader *reader, const char *line, struct error *err)
{
    const char *close = strrchr(line, ']');

    if (close == NULL)
        return line_error(reader, "expected ']' at the end of the section name", err);
    reader->section = arena_copy_n(reader->arena, line + 1, (size_t)(close - line) - 1);
    if (value_map_get(reader->sections, reader->section) != NULL)
        return line_error(reader, arena_printf(reader->arena, "section [%s] is there twice", reader->section), err);
    value_map_put(reader->arena, reader->sections, reader->section, value_null());
    return true;
}

/* A line goes on with the value before it when it is indented deeper than that value's key. */
static bool read_line(struct reader *reader, const char *line, size_t length, struct error *err)
{
    const char *trimmed = text_trim(reader->arena, line, length);
    size_t indent = 0;

    if (*trimmed == '#' || *trimmed == ';')
        return true;
    if (*trimmed == '\0') {
        if (reader->key != NULL)
            text_add(&reader->value, "\n");
        return true;
    }
    while (isspace((unsigned char)line[indent]))
        indent++;
    if (reader->key != NULL && indent > reader->indent) {
        text_printf(&reader->value, "\n%.*s", (int)without_comment(trimmed, strlen(trimmed)), trimmed);
        return true;
    }
    reader->indent = indent;
    finish_key(reader);
    return *trimmed == '[' ? read_section(reader, trimmed, err) : read_key(reader, trimmed, strlen(trimmed), err);
}

bool settings_file_read(struct arena *arena, const char *path, struct value *out, struct error *err)
{
    char *data = NULL;
    size_t length = 0, line_length = 0;
    const char *line = NULL;
    struct reader reader = { .arena = arena, .path = path, .out = out, .sections = value_map(arena) };
    if (!file_read(arena, path, LIMIT_SOURCE_FILE, &data, &length, err))
        return false;
    const char *cursor = data;
    while (text_line(&cursor, data + length, &line, &line_length)) {
        reader.line++;
        if (!read_line(&reader, line, line_length, err))
            return error_prefix(err, "configuration");
    }
    finish_key(&reader);
    return true;
}

static bool is_readable(const char *path)
{
    return path_exists(path) && access(path, R_OK) == 0;
}

const char *settings_file_find(struct arena *arena, struct value *warnings)
{
    const char *chosen = getenv("ANSIBLE_CONFIG"), *home = path_expand_user(arena, "~/.ansible.cfg");
    bool is_public = false;
    struct stat status;

    if (chosen) {
        chosen = path_absolute(arena, path_expand_user(arena, chosen));
        chosen = path_is_folder(chosen) ? path_join(arena, chosen, "ansible.cfg") : chosen;
        if (is_readable(chosen))
            return chosen;
    }
    if (path_exists("ansible.cfg")) {
        is_public = stat(".", &status) != 0 || (status.st_mode & S_IWOTH) != 0;
        if (!is_public && is_readable("ansible.cfg"))
            return path_absolute(arena, "ansible.cfg");
    }
    if (is_public)
        value_list_add(arena, warnings,
                       value_string(arena, arena_printf(arena,
                                                        "Ansible is being run in a world writable directory (%s), "
                                                        "ignoring it as an ansible.cfg source.",
                                                        path_absolute(arena, "."))));
    return is_readable(home) ? home : is_readable("/etc/ansible/ansible.cfg") ? "/etc/ansible/ansible.cfg" : NULL;
}
