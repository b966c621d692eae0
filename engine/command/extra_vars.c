/* SPDX-License-Identifier: Apache-2.0 */
/* Variables from the command line. Their text is the operator's own: trusted, so templates in it are evaluated. */
#include "engine/command/extra_vars.h"

#include <ctype.h>
#include <string.h>

#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"
#include "common/yaml/yaml_reader.h"
#include "engine/template/template.h"

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

/* Exit code 1 for a file that is not there, as Ansible. */
static bool read_file(struct arena *arena, const char *written, const struct value **out, struct error *err)
{
    char *path = path_absolute(arena, path_expand_user(arena, written)), *data = NULL;
    struct yaml_source source = { .path = path, .trusted = true };
    struct source_position start = { path, 1, 1 };
    bool ok;

    if (!path_exists(path))
        return error_set(err, "extra vars file '%s' does not exist", written);
    ok = file_read(arena, path, LIMIT_YAML_FILE, &data, &source.length, err);
    source.data = data;
    if (ok && text_starts(data, "$ANSIBLE_VAULT;"))
        ok = error_set_at(err, &start, TEMPLATE_NO_VAULT);
    if (ok && yaml_read(arena, &source, out, err))
        return true;
    err->kind = ERROR_PARSE;
    return error_prefix(err, "--extra-vars");
}

static bool read_item(struct arena *arena, const char *item, const struct value **out, struct error *err)
{
    const char *text = item + strspn(item, " \t\n");
    if (*text == '@')
        return read_file(arena, text + 1, out, err);
    if (*text != '{' && *text != '[')
        return key_values_read(arena, text, out, err) || error_prefix(err, "--extra-vars");
    struct yaml_source source = { .data = text, .length = strlen(text), .path = "--extra-vars", .trusted = true };
    return yaml_read(arena, &source, out, err) || error_prefix(err, "--extra-vars '%s'", item);
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
