/* SPDX-License-Identifier: Apache-2.0 */
/* Variables from the command line. Their text is the operator's own: trusted, so templates in it are evaluated. */
#include "engine/command/extra_vars.h"

#include <ctype.h>
#include <string.h>

#include "common/base/path.h"
#include "common/base/text.h"
#include "common/yaml/yaml_reader.h"

static const struct value *trusted_text(struct arena *arena, const char *data, size_t length)
{
    struct value *value = value_string_n(arena, data, length);
    value->marks = VALUE_TRUSTED;
    if (!value_text_is_template(data, length))
        value->marks |= VALUE_STATIC;
    return value;
}

/* A value up to the next blank outside quotes and template braces; quotes around it are taken off. */
static bool read_word(struct arena *arena, const char **cursor, const struct value **out)
{
    struct text word = text_new(arena);
    const char *at = *cursor;
    char quote = 0;
    int braces = 0;
    for (; *at && (quote || braces > 0 || !isspace((unsigned char)*at)); at++) {
        if (*at == '\\' && at[1] && quote) {
            text_add_char(&word, *++at);
            continue;
        }
        if (quote ? *at == quote : (braces == 0 && (*at == '\'' || *at == '"'))) {
            quote = quote ? 0 : *at;
            continue;
        }
        if (at[0] == '{' && (at[1] == '{' || at[1] == '%'))
            braces++;
        if (at[0] == '}' && at > *cursor && (at[-1] == '}' || at[-1] == '%') && braces > 0)
            braces--;
        text_add_char(&word, *at);
    }
    *cursor = at;
    *out = trusted_text(arena, word.data, word.length);
    return quote == 0;
}

static bool read_pairs(struct arena *arena, const char *text, struct value *map, struct error *err)
{
    const char *cursor = text;
    for (;;) {
        const struct value *value = NULL;
        while (isspace((unsigned char)*cursor))
            cursor++;
        if (!*cursor)
            return true;
        size_t length = strcspn(cursor, "= \t\n");
        if (cursor[length] != '=')
            return error_set_kind(err, ERROR_OPTIONS, "expected key=value, found '%.*s' in: %s", (int)length, cursor,
                                  text);
        const char *key = arena_copy_n(arena, cursor, length);
        cursor += length + 1;
        if (!read_word(arena, &cursor, &value))
            return error_set_kind(err, ERROR_OPTIONS, "a quote is not closed in: %s", text);
        value_map_put(arena, map, key, value);
    }
}

bool key_values_read(struct arena *arena, const char *text, const struct value **out, struct error *err)
{
    struct value *map = value_map(arena);
    if (!read_pairs(arena, text, map, err))
        return false;
    *out = map;
    return true;
}

/* Ansible's sentence and exit code for a file that is not there. */
static bool read_file(struct arena *arena, const char *path, const struct value **out, struct error *err)
{
    path = path_absolute(arena, path_expand_user(arena, path));
    if (path_exists(path) && yaml_read_file(arena, path, true, out, err))
        return true;
    if (path_exists(path)) {
        err->kind = ERROR_PARSE;
        return error_prefix(err, "--extra-vars");
    }
    return error_set(err,
                     "Unable to retrieve file contents\nCould not find or access '%s' on the Ansible Controller.\nIf "
                     "you are using a module and expect the file to exist on the remote, see the remote_src option",
                     path);
}

static bool read_item(struct arena *arena, const char *item, const struct value **out, struct error *err)
{
    const char *text = item + strspn(item, " \t\n");
    if (*text == '@')
        return read_file(arena, text + 1, out, err);
    if (*text != '{' && *text != '[')
        return key_values_read(arena, text, out, err) || error_prefix(err, "--extra-vars");
    struct yaml_source source = { .data = text, .length = strlen(text), .path = "--extra-vars", .trusted = true };
    return yaml_read(arena, &source, out, err) || error_prefix(err, "--extra-vars");
}

bool extra_vars_read(struct arena *arena, const char *const *items, const struct value **out, struct error *err)
{
    const struct value *merged = value_map(arena);
    for (; items && *items; items++) {
        const struct value *one = NULL;
        if (!read_item(arena, *items, &one, err))
            return false;
        if (value_is(one, VALUE_NULL))
            continue;
        if (!value_is(one, VALUE_MAP))
            return error_set_kind(err, ERROR_OPTIONS,
                                  "--extra-vars: expected a mapping of variables, found a %s in '%s'",
                                  value_kind_text(one), *items);
        merged = value_merge(arena, merged, one, false);
    }
    *out = merged;
    return true;
}
