/* SPDX-License-Identifier: Apache-2.0 */
/*
 * INI inventories: [group], [group:vars], [group:children], hosts with key=value variables whose values are Python
 * literals where they can be. Errors say line, column and what was expected.
 */
#include <ctype.h>
#include <string.h>

#include "common/base/text.h"
#include "common/value/value_python.h"
#include "engine/inventory/inventory_internal.h"

enum ini_section { INI_HOSTS, INI_VARS, INI_CHILDREN };

/* A group named before it was declared. */
struct ini_pending {
    const char *name;
    int line;
    bool is_vars;
    const char *parent; /* the newest, for the message */
    struct inventory_group **parents;
    size_t parent_count;
};

struct ini_reader {
    struct inventory *inventory;
    struct arena *arena;
    const char *path;
    const char *line_start; /* of the line being read, for columns */
    int line;
    enum ini_section section;
    struct inventory_group *group;
    struct ini_pending *pending;
    size_t pending_count;
    struct error *err;
};

static bool ini_error(struct ini_reader *reader, const char *at, const char *text)
{
    struct source_position position = { reader->path, reader->line,
                                        at == NULL ? 1 : (int)(at - reader->line_start) + 1 };

    return error_set_at(reader->err, &position, "%s", text);
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* --- values --- */

/* "5  # five" is 5: Python's reader stops at a comment; inside quotes a # is text. */
static size_t comment_start(const char *text, size_t length)
{
    char quote = 0;

    for (size_t i = 0; i < length; i++) {
        if (quote != 0) {
            if (text[i] == '\\')
                i++;
            else if (text[i] == quote)
                quote = 0;
        } else if (text[i] == '"' || text[i] == '\'') {
            quote = text[i];
        } else if (text[i] == '#') {
            while (i > 0 && is_blank(text[i - 1]))
                i--;
            return i;
        }
    }
    return length;
}

static bool may_be_literal(char c)
{
    return isdigit((unsigned char)c) || strchr("\"'[({-+.TFNbruBRU", c) != NULL;
}

static const struct value *ini_value(struct ini_reader *reader, const char *text, size_t length, const char *at)
{
    const struct value *found = NULL;
    struct error ignored = ERROR_INIT;
    struct value *string;
    size_t literal = comment_start(text, length);

    if (length > 0 && may_be_literal(text[0]) && literal > 0 &&
        value_from_python(reader->arena, text, literal, &found, &ignored))
        return value_mark(reader->arena, found, VALUE_TRUSTED, 0);
    string = value_string_n(reader->arena, text, length);
    string->marks = VALUE_TRUSTED;
    if (!value_text_is_template(text, length))
        string->marks |= VALUE_STATIC;
    string->path = reader->path;
    string->line = (uint32_t)reader->line;
    string->column = (uint16_t)(at - reader->line_start + 1);
    return string;
}

/* --- words of a host line: shell quoting, # starts a comment --- */

struct ini_words {
    const char *at, *end;
    const char *start; /* of the newest word in the line */
    struct text word;
};

static bool quoted_read(struct ini_reader *reader, struct ini_words *words)
{
    char quote = *words->at++;

    while (words->at < words->end && *words->at != quote) {
        if (quote == '"' && *words->at == '\\' && words->at + 1 < words->end &&
            (words->at[1] == '"' || words->at[1] == '\\'))
            words->at++;
        text_add_char(&words->word, *words->at++);
    }
    if (words->at >= words->end)
        return ini_error(reader, words->start,
                         arena_printf(reader->arena, "Error parsing host definition '%.*s': No closing quotation",
                                      (int)(words->end - reader->line_start), reader->line_start));
    words->at++;
    return true;
}

/* One word; *found false at the end of the line. */
static bool word_read(struct ini_reader *reader, struct ini_words *words, bool *found)
{
    *found = false;
    while (words->at < words->end && is_blank(*words->at))
        words->at++;
    words->start = words->at;
    words->word = text_new(reader->arena);
    while (words->at < words->end && !is_blank(*words->at)) {
        if (*words->at == '#') {
            words->at = words->end;
            break;
        }
        *found = true;
        if (*words->at == '"' || *words->at == '\'') {
            if (!quoted_read(reader, words))
                return false;
        } else {
            if (*words->at == '\\' && ++words->at >= words->end)
                return ini_error(reader, words->start, "Error parsing host definition: No escaped character");
            text_add_char(&words->word, *words->at++);
        }
    }
    return true;
}

static bool host_name_check(struct ini_reader *reader, const char *pattern)
{
    size_t length = strlen(pattern);

    if (length > 0 && pattern[length - 1] == ':')
        return ini_error(reader, reader->line_start,
                         arena_printf(reader->arena,
                                      "Invalid host pattern '%s' supplied, ending in ':' is not allowed, "
                                      "this character is reserved to provide a port.",
                                      pattern));
    if (strcmp(pattern, "---") == 0)
        return ini_error(reader, reader->line_start,
                         "Invalid host pattern '---' supplied, '---' is normally a sign this is "
                         "a YAML file.");
    return true;
}

/* "name value" is what most write who forget the equals sign. */
static bool assignment_error(struct ini_reader *reader, struct ini_words *words)
{
    const char *name = words->word.data, *start = words->start, *hint = "";
    bool found = false;

    if (word_read(reader, words, &found) && found && memchr(words->word.data, '=', words->word.length) == NULL)
        hint = arena_printf(reader->arena, " (did you mean %s=%s?)", name, words->word.data);
    return ini_error(reader, start,
                     arena_printf(reader->arena, "Expected key=value host variable assignment, got: %s%s", name, hint));
}

static bool host_line(struct ini_reader *reader, const char *start, const char *end)
{
    struct ini_words words = { .at = start, .end = end };
    struct value *vars = value_map(reader->arena);
    struct source_position at = { reader->path, reader->line, (int)(start - reader->line_start) + 1 };
    const char *pattern;
    bool found = false;

    if (!word_read(reader, &words, &found))
        return false;
    if (!found)
        return true;
    pattern = words.word.data;
    if (!host_name_check(reader, pattern))
        return false;
    while (word_read(reader, &words, &found) && found) {
        const char *equals = memchr(words.word.data, '=', words.word.length);

        if (equals == NULL)
            return assignment_error(reader, &words);
        value_map_put(
            reader->arena, vars, arena_copy_n(reader->arena, words.word.data, (size_t)(equals - words.word.data)),
            ini_value(reader, equals + 1, words.word.length - (size_t)(equals + 1 - words.word.data), words.start));
    }
    if (reader->err->text[0] != '\0')
        return false;
    return inventory_add_pattern(reader->inventory, reader->group, pattern, vars, reader->err) ||
           error_locate(reader->err, &at);
}

/* --- sections --- */

static struct ini_pending *pending_find(struct ini_reader *reader, const char *name)
{
    for (size_t i = 0; i < reader->pending_count; i++) {
        if (reader->pending[i].name != NULL && strcmp(reader->pending[i].name, name) == 0)
            return &reader->pending[i];
    }
    return NULL;
}

static struct ini_pending *pending_add(struct ini_reader *reader, const char *name)
{
    size_t size = reader->pending_count * sizeof(struct ini_pending);
    struct ini_pending *added;

    reader->pending = arena_grow(reader->arena, reader->pending, size, size + sizeof(struct ini_pending));
    added = &reader->pending[reader->pending_count++];
    added->name = name;
    added->line = reader->line;
    return added;
}

static bool pending_parent(struct ini_reader *reader, const char *name)
{
    struct ini_pending *pending = pending_find(reader, name);
    size_t size;

    if (pending == NULL)
        pending = pending_add(reader, name);
    size = pending->parent_count * sizeof(struct inventory_group *);
    pending->parents = arena_grow(reader->arena, pending->parents, size, size + sizeof(struct inventory_group *));
    pending->parents[pending->parent_count++] = reader->group;
    pending->parent = reader->group->name;
    return true;
}

/* The group is declared: what waited for it is done. */
static bool pending_resolve(struct ini_reader *reader, const char *name)
{
    struct ini_pending *pending = pending_find(reader, name);

    if (pending == NULL)
        return true;
    for (size_t i = 0; i < pending->parent_count; i++) {
        struct source_position at = { reader->path, pending->line, 1 };

        if (!inventory_try_child(reader->inventory, pending->parents[i], reader->group, reader->err))
            return error_locate(reader->err, &at);
    }
    pending->name = NULL;
    return true;
}

/* Python's \w. */
static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

static size_t group_name_length(const char *text, size_t length)
{
    size_t taken = 0;

    while (taken < length && text[taken] != ':' && text[taken] != ']' && !is_blank(text[taken]))
        taken++;
    return taken;
}

/* Only blanks and a comment follow. */
static bool ends_here(const char *at, const char *end)
{
    while (at < end && is_blank(*at))
        at++;
    return at == end || *at == '#';
}

static bool kind_error(struct ini_reader *reader, const char *name, const char *kind)
{
    static const char *const kinds[] = { "hosts", "vars", "children" };
    const char *nearest = text_nearest(kind, kinds, 3), *at = strstr(reader->line_start, kind);

    return ini_error(
        reader, at,
        arena_printf(reader->arena, "Section [%s:%s] has unknown type: %s (expected hosts, vars or children%s)", name,
                     kind, kind, nearest == NULL ? "" : arena_printf(reader->arena, "; did you mean '%s'?", nearest)));
}

static bool section_kind(struct ini_reader *reader, const char *name, const char *kind)
{
    if (kind == NULL || strcmp(kind, "hosts") == 0)
        reader->section = INI_HOSTS;
    else if (strcmp(kind, "vars") == 0)
        reader->section = INI_VARS;
    else if (strcmp(kind, "children") == 0)
        reader->section = INI_CHILDREN;
    else
        return kind_error(reader, name, kind);
    return true;
}

/* *is_section false: the line is no header. */
static bool section_line(struct ini_reader *reader, const char *start, const char *end, bool *is_section)
{
    size_t length = group_name_length(start + 1, (size_t)(end - start - 1));
    const char *at = start + 1 + length, *kind = NULL, *name;
    bool is_new;

    *is_section = false;
    if (length == 0 || at >= end)
        return true;
    name = arena_copy_n(reader->arena, start + 1, length);
    if (*at == ':') {
        const char *kind_start = ++at;

        while (at < end && is_word(*at))
            at++;
        if (at == kind_start)
            return true;
        kind = arena_copy_n(reader->arena, kind_start, (size_t)(at - kind_start));
    }
    if (at >= end || *at != ']' || !ends_here(at + 1, end))
        return true;
    *is_section = true;
    name = inventory_group_name(reader->inventory, name);
    if (!section_kind(reader, name, kind))
        return false;
    is_new = inventory_find_group(reader->inventory, name) == NULL;
    if (is_new && reader->section == INI_VARS && pending_find(reader, name) == NULL)
        pending_add(reader, name)->is_vars = true;
    reader->group = inventory_add_group(reader->inventory, name);
    return reader->section == INI_VARS || pending_resolve(reader, name);
}

static bool child_line(struct ini_reader *reader, const char *start, const char *end)
{
    size_t length = group_name_length(start, (size_t)(end - start));
    struct source_position at = { reader->path, reader->line, (int)(start - reader->line_start) + 1 };
    struct inventory_group *child;
    const char *name;

    if (length == 0 || !ends_here(start + length, end))
        return ini_error(reader, start,
                         arena_printf(reader->arena, "Expected group name, got: %.*s", (int)(end - start), start));
    name = arena_copy_n(reader->arena, start, length);
    child = inventory_find_group(reader->inventory, name);
    if (child == NULL)
        return pending_parent(reader, name);
    return inventory_try_child(reader->inventory, reader->group, child, reader->err) || error_locate(reader->err, &at);
}

static bool vars_line(struct ini_reader *reader, const char *start, const char *end)
{
    const char *equals = memchr(start, '=', (size_t)(end - start));
    char *key, *text;
    struct value *name;

    if (equals == NULL)
        return ini_error(reader, start,
                         arena_printf(reader->arena, "Expected key=value, got: %.*s", (int)(end - start), start));
    key = text_trim(reader->arena, start, (size_t)(equals - start));
    text = text_trim(reader->arena, equals + 1, (size_t)(end - equals - 1));
    name = value_string(reader->arena, key);
    inventory_group_set(reader->inventory, reader->group, name, ini_value(reader, text, strlen(text), equals + 1));
    return true;
}

static bool ini_line(struct ini_reader *reader, const char *start, const char *end)
{
    bool is_section = false;

    while (start < end && is_blank(*start))
        start++;
    while (end > start && is_blank(end[-1]))
        end--;
    if (start == end || *start == '#' || *start == ';')
        return true;
    if (*start == '[') {
        if (!section_line(reader, start, end, &is_section))
            return false;
        if (is_section)
            return true;
        if (memchr(start, ']', (size_t)(end - start)) == NULL)
            return ini_error(reader, start,
                             arena_printf(reader->arena, "Invalid section entry: '%.*s': the closing ] is missing",
                                          (int)(end - start), start));
        if (end[-1] == ']')
            return ini_error(reader, start,
                             arena_printf(reader->arena,
                                          "Invalid section entry: '%.*s'. Please make sure that there are no "
                                          "spaces in the section entry, and that there are no other invalid "
                                          "characters",
                                          (int)(end - start), start));
    }
    if (reader->section == INI_VARS)
        return vars_line(reader, start, end);
    return reader->section == INI_CHILDREN ? child_line(reader, start, end) : host_line(reader, start, end);
}

/* Comments may hold any bytes. */
static bool encoding_check(struct ini_reader *reader, const char *line, size_t length)
{
    if (reader->section != INI_VARS) /* there a # may be text */
        length = comment_start(line, length);
    if (text_utf8_valid(line, length) || line[0] == ';')
        return true;
    for (size_t offset = 0; offset < length;) {
        size_t start = offset;

        text_utf8_next(line, length, &offset);
        if (!text_utf8_valid(line + start, offset - start))
            return ini_error(reader, line + start, "bytes that are no UTF-8");
    }
    return ini_error(reader, NULL, "bytes that are no UTF-8");
}

static bool pending_check(struct ini_reader *reader)
{
    for (size_t i = 0; i < reader->pending_count; i++) {
        const struct ini_pending *pending = &reader->pending[i];

        if (pending->name == NULL)
            continue;
        reader->line = pending->line;
        if (pending->is_vars)
            return ini_error(reader, NULL,
                             arena_printf(reader->arena, "Section [%s:vars] not valid for undefined group: %s",
                                          pending->name, pending->name));
        return ini_error(reader, NULL,
                         arena_printf(reader->arena, "Section [%s:children] includes undefined group: %s",
                                      pending->parent, pending->name));
    }
    return true;
}

bool inventory_read_ini(struct inventory *inventory, const char *path, const char *data, size_t length,
                        struct error *err)
{
    struct ini_reader reader = {
        .inventory = inventory, .arena = inventory->arena, .path = path, .err = err, .group = inventory->groups[1]
    };
    const char *cursor = data, *line = NULL;
    size_t line_length = 0;
    bool is_text = text_utf8_valid(data, length);

    error_clear(err);
    while (text_line(&cursor, data + length, &line, &line_length)) {
        reader.line++;
        reader.line_start = line;
        if ((!is_text && !encoding_check(&reader, line, line_length)) || !ini_line(&reader, line, line + line_length))
            return false;
    }
    return pending_check(&reader);
}
